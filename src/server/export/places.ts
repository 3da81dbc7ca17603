/** What of each address an export keeps. */
import { VitrineError } from "../../core/index.ts";
import type { Roots } from "../roots.ts";
import { json } from "../route.ts";
import type { ExportDesk } from "./desk.ts";
import { exportMolecules } from "./exportMolecules.ts";
import { exportRun } from "./exportRun.ts";
import { exportSearches } from "./exportSearches.ts";
import { tilesOf } from "./levels.ts";
import type { SharedPlace } from "./names.ts";

/** Side of the tiles of images and of layers, as the page asks for them. */
const TILE = 512;
const LAYER_TILE = 256;
/** Objects that are told of one by one; of more, the page shows the numbers that colour them. */
const MOST_OBJECTS = 20_000;
/** Pixels beyond a map in which objects may lie. */
const BEYOND = 1000;

interface Entry {
  readonly name: string;
  readonly at: string;
  readonly kind: string;
  readonly bytes: number | null;
}

interface Listing {
  readonly self: Entry;
  readonly entries: readonly Entry[];
  readonly next: number | null;
}

/** Everything below the roots. */
export async function exportPlaces(roots: Roots, desk: ExportDesk): Promise<void> {
  const found = await desk.ask<readonly Entry[]>("roots", {});
  const entries = found.map((entry) => shownEntry(entry, desk));
  await desk.write("roots", {}, json(entries));
  await desk.keep("tour", {});
  const tree: Tree = { roots, above: [], searches: new Map(), runs: new Map() };
  for (const entry of entries) await exportEntry(entry, tree, desk);
}

/** Where an export is. */
interface Tree {
  readonly roots: Roots;
  /** Folders above, links followed. */
  readonly above: readonly string[];
  /** Searches and runs whose answers are kept already: what is the same has the same key. */
  readonly searches: Map<string, SharedPlace>;
  readonly runs: Map<string, SharedPlace>;
}

async function exportEntry(entry: Entry, tree: Tree, desk: ExportDesk): Promise<void> {
  const { at, kind, bytes } = entry;
  desk.place(at);
  const isFolder = kind === "folder" || (isResult(kind) && bytes === null);
  const real = await tree.roots.resolve(at);
  const isAbove = isFolder && tree.above.includes(real);
  if (isAbove) desk.leaveOut(`what lies behind ${at}, a link to a folder above it`);
  if (isFolder && !isAbove) await exportFolder(at, { ...tree, above: [...tree.above, real] }, desk);
  else await desk.write("browse", { at }, json({ self: entry, entries: [], next: null }));
  try {
    if (kind === "image") await exportImages(at, desk);
    if (kind === "experiment") await exportExperiment(at, desk);
    if (kind === "match") await exportSearches(at, desk, tree.searches);
    if (kind === "subtomogram") await exportMolecules(at, desk);
    if (kind === "likelihood") await exportRun(at, desk, tree.runs);
  } catch (error) {
    // a file that cannot be read is no reason to have no page of the others
    if (!(error instanceof VitrineError) || error.code === "aborted") throw error;
    desk.leaveOut(`${at}, which cannot be read: ${tree.roots.withoutPaths(error.message)}`);
  }
}

function isResult(kind: string): boolean {
  return kind === "match" || kind === "subtomogram" || kind === "likelihood";
}

/** Steps of jobs are folders and files without a server. */
function shownEntry(entry: Entry, desk: ExportDesk): Entry {
  const { kind, bytes } = entry;
  if (kind === "file") desk.leaveOut("files that are no images: they are listed and cannot be saved");
  if (kind !== "job") return entry;
  desk.leaveOut("steps of jobs and their logs");
  return { ...entry, kind: bytes === null ? "folder" : "file" };
}

async function exportFolder(at: string, tree: Tree, desk: ExportDesk): Promise<void> {
  for (let from: number | null = 0; from !== null; ) {
    const query: { readonly at: string; readonly from?: number } = from === 0 ? { at } : { at, from };
    const { self, entries, next } = await desk.ask<Listing>("browse", query);
    const shown = entries.map((entry) => shownEntry(entry, desk));
    await desk.write("browse", query, json({ self: shownEntry(self, desk), entries: shown, next }));
    for (const entry of shown) await exportEntry(entry, tree, desk);
    from = next;
  }
}

interface ImageFacts {
  readonly images: readonly string[];
  readonly wells: readonly { readonly image: string }[];
  readonly labels: readonly string[];
  readonly axes: readonly { readonly name: string; readonly length: number }[];
  readonly views: readonly { readonly height: number; readonly width: number }[];
}

async function exportImages(at: string, desk: ExportDesk): Promise<void> {
  const { images, labels, wells } = await desk.ask<ImageFacts>("image", { at });
  desk.firstImage(at, images[0]);
  const all = [...images, ...wells.map(({ image }) => image), ...labels];
  for (const image of new Set(all)) await exportImage(at, image, desk);
}

async function exportImage(at: string, image: string, desk: ExportDesk): Promise<void> {
  const facts = JSON.parse(String((await desk.keep("image", { at, image })).body)) as ImageFacts;
  for (const places of planesOf(facts)) {
    await desk.keep("image/statistics", { at, image, places });
    for (const [level, { height, width }] of facts.views.entries())
      for (const { row, column } of tilesOf({ height, width }, TILE))
        await desk.keep("image/tile", { at, image, level, row, column, size: TILE, places });
  }
}

/** Every plane, as routes name it; the only one is undefined. */
function planesOf({ axes }: ImageFacts): readonly (string | undefined)[] {
  const others = axes.filter(({ name, length }) => name !== "y" && name !== "x" && length > 1);
  const planes = others.reduce<string[][]>(
    (before, { name, length }) =>
      before.flatMap((plane) => Array.from({ length }, (_, index) => [...plane, `${name}:${index}`])),
    [[]],
  );
  return planes.map((plane) => (plane.length === 0 ? undefined : plane.join(",")));
}

interface ExperimentFacts {
  readonly layers: readonly {
    readonly id: number;
    readonly tpoint: number;
    readonly zplane: number;
    readonly height: number;
    readonly width: number;
    readonly maxZoom: number;
  }[];
  readonly types: readonly {
    readonly name: string;
    readonly objects: number;
    readonly features: readonly string[];
  }[];
}

async function exportExperiment(at: string, desk: ExportDesk): Promise<void> {
  const facts = JSON.parse(String((await desk.keep("experiment", { at })).body)) as ExperimentFacts;
  for (const { id: layer, height, width, maxZoom } of facts.layers)
    for (let level = 0; level <= maxZoom; level++) {
      const size = { height: Math.ceil(height / 2 ** level), width: Math.ceil(width / 2 ** level) };
      for (const { row, column } of tilesOf(size, LAYER_TILE))
        await desk.keep("experiment/tile", { at, layer, level, row, column });
    }
  for (const type of facts.types) await exportObjects(at, type, facts, desk);
}

async function exportObjects(
  at: string,
  { name: type, objects, features }: ExperimentFacts["types"][number],
  { layers }: ExperimentFacts,
  desk: ExportDesk,
): Promise<void> {
  const [first] = layers;
  if (first === undefined) return;
  const window = {
    y: -BEYOND,
    x: -BEYOND,
    height: first.height + 2 * BEYOND,
    width: first.width + 2 * BEYOND,
  };
  const planes = new Map(layers.map(({ tpoint, zplane }) => [`${tpoint} ${zplane}`, { tpoint, zplane }]));
  for (const { tpoint: timepoint, zplane } of planes.values()) {
    for (let zoom = 0; zoom <= first.maxZoom; zoom++)
      await desk.keep("experiment/objects", {
        at,
        type,
        ...window,
        zoom,
        timepoint,
        zplane,
        format: "binary",
      });
    await desk.keep("experiment/objects/columns", { at, type, timepoint, zplane });
  }
  for (const feature of features) await desk.keep("experiment/features", { at, type, feature });
  if (objects > MOST_OBJECTS) {
    desk.leaveOut(
      `what is known of each of the ${objects} objects ${type} of ${at} (more than ${MOST_OBJECTS})`,
    );
    return;
  }
  for (const { id } of await objectsOf(at, type, window, desk))
    await desk.keep("experiment/object", { at, id });
}

async function objectsOf(
  at: string,
  type: string,
  window: Readonly<Record<"y" | "x" | "height" | "width", number>>,
  desk: ExportDesk,
): Promise<readonly { readonly id: number }[]> {
  const { features } = await desk.ask<{ readonly features: readonly { readonly id: number }[] }>(
    "experiment/objects",
    { at, type, ...window, format: "json" },
  );
  return features;
}
