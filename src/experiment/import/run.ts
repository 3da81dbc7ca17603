import { cp, rm } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, parse, relative, sep } from "node:path";
import { requireKnownOptions, requireNotAborted, VitrineError } from "../../core/index.ts";
import { fileExists, makeFolder } from "../../io/index.ts";
import { addContentWithin, addWells, type WholeContent } from "../content.ts";
import type { Experiment, Query } from "../experiment.ts";
import { requireOwnChannels } from "./channelNames.ts";
import type { ImportPlan } from "./plan.ts";

/** Options of {@link importImages}. */
export interface ImportOptions {
  /** Copy the images below the experiment's folder (default: they stay, and are linked by their path). */
  readonly copy?: boolean;
  /** Replace what the experiment has of the same plates and cycles. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
}

/** What was imported. */
export interface ImportReport {
  readonly plates: number;
  readonly wells: number;
  readonly sites: number;
  readonly images: number;
  readonly copied: number;
  /** What the experiment says otherwise than the images. */
  readonly warnings: readonly string[];
}

/** Where copies lie. */
const COPIES = "images";

/**
 * Adds what was planned to an experiment: all of it or nothing. Plates, wells, sites, channels and cycles that are there already are used, so
 * that a later cycle joins the sites of the first. The experiment takes the pixel size where it has none.
 *
 * @throws {VitrineError} exists: it has images of these plates and cycles, or of these channels in another cycle; shape: a site of another size; storage: copying; busy; aborted
 */
export async function importImages(
  experiment: Experiment,
  plan: ImportPlan,
  options: ImportOptions = {},
): Promise<ImportReport> {
  requireKnownOptions("importImages", options, { copy: true, overwrite: true, signal: true });
  await requireNone(experiment.query, plan, options);
  const { copied, made } = options.copy === true ? await copyImages(experiment, plan, options) : NO_COPIES;
  const images = plan.content.images.map((image) => ({
    ...image,
    path: linked(experiment.directory, copied.get(image.path) ?? image.path),
  }));
  const warnings: string[] = [];
  try {
    await experiment.transaction(async (query) => {
      await requireNone(query, plan, options);
      if (options.overwrite === true) await removeImages(query, plan.content);
      await addContentWithin(experiment, query, {
        ...(await newContent(query, plan.content, warnings)),
        images,
      });
      if (plan.channelNames !== "as-found")
        await requireOwnChannels(
          query,
          plan.content.channels.map(({ name }) => name),
        );
      await keepPixelSize(query, plan, warnings);
    });
  } catch (error) {
    await removeAll(made);
    throw error;
  }
  const { plates, sites } = plan.content;
  const wells = plates.reduce((sum, plate) => sum + (plate.wells?.length ?? 0), 0);
  return {
    plates: plates.length,
    wells,
    sites: sites.length,
    images: images.length,
    copied: copied.size,
    warnings,
  };
}

/** Relative to the experiment where it lies below it, so that both can move; else absolute. */
function linked(directory: string, path: string): string {
  const short = relative(directory, path);
  return short.startsWith("..") || isAbsolute(short) ? path : short.split(sep).join("/");
}

interface Copies {
  /** Where the copy of a path is. */
  readonly copied: ReadonlyMap<string, string>;
  /** Those that were not there before. */
  readonly made: readonly string[];
}

const NO_COPIES: Copies = { copied: new Map(), made: [] };

/** Copies files and stores; what was made is removed again if one fails. */
async function copyImages(
  { directory }: Experiment,
  { folder, content }: ImportPlan,
  { signal, overwrite = false }: ImportOptions,
): Promise<Copies> {
  const copied = new Map<string, string>();
  const made: string[] = [];
  try {
    for (const path of new Set(content.images.map((image) => image.path))) {
      requireNotAborted(signal, `import of ${folder}`);
      const to = join(directory, COPIES, basename(folder), placeOfCopy(folder, path));
      const isThere = await fileExists(to);
      if (isThere && !overwrite) throw exists(to, "no file", "one", "Move it away, or give --overwrite");
      await makeFolder(dirname(to));
      if (!isThere) made.push(to);
      copied.set(path, to);
      // of a link, what it leads to
      await cp(path, to, { recursive: true, dereference: true });
    }
  } catch (error) {
    await removeAll(made);
    if (error instanceof VitrineError) throw error;
    const found = error instanceof Error ? error.message : String(error);
    throw new VitrineError(
      { code: "storage", at: join(directory, COPIES), expected: "room for a copy of the images", found },
      { cause: error },
    );
  }
  return { copied, made };
}

/** As below the folder; what a table has elsewhere lies in a folder of its own. */
function placeOfCopy(folder: string, path: string): string {
  const short = relative(folder, path);
  const isBelow = short !== ".." && !short.startsWith(`..${sep}`) && !isAbsolute(short);
  return isBelow ? short : join("elsewhere", relative(parse(path).root, path));
}

async function removeAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { recursive: true, force: true });
}

type Content = WholeContent;

async function requireNone(
  query: Query,
  { content }: ImportPlan,
  { overwrite = false }: ImportOptions,
): Promise<void> {
  if (overwrite) return;
  const { plate, cycleIndex, count } = (await imagesOf(query, content))[0] ?? { count: 0 };
  if (count === 0) return;
  const at = `plate ${plate} cycle ${cycleIndex}`;
  const hint = "Replace them with --overwrite, or import these as another cycle (--cycle) or plate (--plate)";
  throw exists(at, "no images of it in the experiment", `${count}`, hint);
}

/** Numbers of images of the same plates and cycles. */
function imagesOf(query: Query, { plates, cycles }: Content) {
  return query
    .selectFrom("imageFiles")
    .innerJoin("sites", "sites.id", "imageFiles.siteId")
    .innerJoin("wells", "wells.id", "sites.wellId")
    .innerJoin("plates", "plates.id", "wells.plateId")
    .innerJoin("cycles", "cycles.id", "imageFiles.cycleId")
    .select((of) => ["plates.name as plate", "cycleIndex", of.fn.countAll<number>().as("count")])
    .where(
      "plates.name",
      "in",
      plates.map(({ name }) => name),
    )
    .where(
      "cycleIndex",
      "in",
      cycles.map((of) => of.cycleIndex),
    )
    .groupBy(["plates.name", "cycleIndex"])
    .orderBy("plates.name")
    .execute();
}

/** Removes the images of the plates' cycles, and sites that then have none. */
async function removeImages(query: Query, { plates, cycles }: Content): Promise<void> {
  const sites = query
    .selectFrom("sites")
    .innerJoin("wells", "wells.id", "sites.wellId")
    .innerJoin("plates", "plates.id", "wells.plateId")
    .select("sites.id")
    .where(
      "plates.name",
      "in",
      plates.map(({ name }) => name),
    );
  const ids = cycles.map((of) => of.cycleIndex);
  const ofCycles = query.selectFrom("cycles").select("id").where("cycleIndex", "in", ids);
  await query
    .deleteFrom("imageFiles")
    .where("siteId", "in", sites)
    .where("cycleId", "in", ofCycles)
    .execute();
  const used = query.selectFrom("imageFiles").select("siteId");
  await query.deleteFrom("sites").where("id", "in", sites).where("id", "not in", used).execute();
}

/** What of the content is not there yet. @throws {VitrineError} shape: a site of another size */
async function newContent(
  query: Query,
  content: Content,
  warnings: string[],
): Promise<Omit<Content, "images">> {
  const channels = new Map(
    (await query.selectFrom("channels").selectAll().execute()).map((of) => [of.name, of]),
  );
  const cycles = (await query.selectFrom("cycles").select("cycleIndex").execute()).map((of) => of.cycleIndex);
  for (const { name, bitDepth } of content.channels) {
    const there = channels.get(name);
    if (there !== undefined && there.bitDepth !== bitDepth)
      warnings.push(`channel ${name}: the experiment says ${there.bitDepth} bits, the images ${bitDepth}`);
  }
  return {
    plates: await newPlates(query, content),
    cycles: content.cycles.filter(({ cycleIndex }) => !cycles.includes(cycleIndex)),
    channels: content.channels.filter(({ name }) => !channels.has(name)),
    sites: await newSites(query, content),
  };
}

/** Plates that are not there; wells that a plate lacks are added to it. */
async function newPlates(query: Query, { plates }: Content): Promise<Content["plates"]> {
  const there = new Map((await query.selectFrom("plates").selectAll().execute()).map((of) => [of.name, of]));
  for (const { name, wells = [] } of plates) {
    const plate = there.get(name);
    if (plate === undefined) continue;
    const rows = await query.selectFrom("wells").select("name").where("plateId", "=", plate.id).execute();
    const names = new Set(rows.map((row) => row.name));
    await addWells(
      query,
      plate,
      wells.filter((well) => !names.has(well.name)),
    );
  }
  return plates.filter(({ name }) => !there.has(name));
}

/** @throws {VitrineError} shape: a site of another size */
async function newSites(query: Query, { plates, sites }: Content): Promise<Content["sites"]> {
  const rows = await query
    .selectFrom("sites")
    .innerJoin("wells", "wells.id", "sites.wellId")
    .innerJoin("plates", "plates.id", "wells.plateId")
    .select(["plates.name as plate", "wells.name as well", "siteIndex", "height", "width"])
    .where(
      "plates.name",
      "in",
      plates.map(({ name }) => name),
    )
    .execute();
  const key = (site: { readonly plate: string; readonly well: string; readonly siteIndex: number }) =>
    [site.plate, site.well, site.siteIndex].join("\u0000");
  const there = new Map(rows.map((row) => [key(row), row]));
  return sites.filter((site) => {
    const before = there.get(key(site));
    if (before === undefined) return true;
    if (before.height === site.height && before.width === site.width) return false;
    const at = `plate ${site.plate} well ${site.well} site ${site.siteIndex}`;
    const [expected, found] = [before, site].map(({ height, width }) => `${height} x ${width}`);
    throw new VitrineError({ code: "shape", at, expected: `${expected}, as its other images`, found });
  });
}

async function keepPixelSize(query: Query, { pixelSizeUm }: ImportPlan, warnings: string[]): Promise<void> {
  if (pixelSizeUm === undefined) return;
  const { pixelSizeUm: said } = await query
    .selectFrom("experiments")
    .select("pixelSizeUm")
    .executeTakeFirstOrThrow();
  if (said === null) await query.updateTable("experiments").set({ pixelSizeUm }).execute();
  else if (Math.abs(said / pixelSizeUm - 1) > 1e-4)
    warnings.push(`pixel size: the experiment says ${said} µm, the images ${pixelSizeUm}`);
}

function exists(at: string, expected: string, found: string, hint: string): VitrineError {
  return new VitrineError({ code: "exists", at, expected, found, hint });
}
