/** Label images into an experiment: an object a label. */
import { VitrineError } from "../../../core/index.ts";
import {
  describeFile,
  type ImageSource,
  memorySource,
  type OptionKeys,
  openImage,
  openImages,
  readNpy,
  requireKnownOptions,
} from "../../../io/index.ts";
import type { Experiment } from "../../experiment.ts";
import { ADD_KEYS, type AddMapobjectsOptions, type AddMapobjectsReport, addRawMapobjects } from "../add.ts";
import type { RawMapobject, RawOutline } from "../mapobject.ts";
import { type TracedLabel, traceLabels } from "../trace.ts";

/** Options of {@link importLabels}. */
export interface ImportLabelsOptions extends AddMapobjectsOptions {
  /** Which image of the file; default: its only label image, else its first image. */
  readonly image?: string;
  /** A label is one object at all time points; default: an object a time point. */
  readonly isTracked?: boolean;
}

/** The keys of {@link ImportLabelsOptions}, which the readers of other files take too. */
export const IMPORT_KEYS: OptionKeys<ImportLabelsOptions> = { ...ADD_KEYS, image: true, isTracked: true };

/** Pixels that are traced together; a single label may take more. */
const BLOCK = 2 ** 24;
/** The largest block that a single label may need. */
const LARGEST_BLOCK = 2 ** 29;
/** Of labels: the tables keep 32 bits with a sign. */
const LARGEST_LABEL = 2 ** 31 - 1;

/**
 * Adds the objects of a label image (TIFF, OME-Zarr, .npy, MRC, NDTiff) to a type: all or none. Outlines run along the edges of pixels, with holes, so
 * that filling them gives the labels back. Pixels of a label that touch at corners alone are parts of a MultiPolygon. One label is one object, in all
 * z planes, and in all time points where it is tracked. Large images are read in parts.
 *
 * @throws {VitrineError} type: values that are no whole numbers; range: below 0, or above 2³¹ − 1; undeterminable: several images to choose
 *   from; shape: further axes; and as `addMapobjects`
 */
export async function importLabels(
  experiment: Experiment,
  { path, type }: { readonly path: string; readonly type: string },
  options: ImportLabelsOptions = {},
): Promise<AddMapobjectsReport> {
  requireKnownOptions("importLabels", options, IMPORT_KEYS);
  await using source = await openLabels(path, options.image);
  requireLabelAxes(source);
  return await addRawMapobjects(experiment, { type, objects: labelObjects(source, options) }, options);
}

async function openLabels(path: string, image: string | undefined): Promise<ImageSource> {
  const wide = /\.npy(\.gz)?$/i.test(path) ? await readWideLabels(path) : undefined;
  if (wide !== undefined) return wide;
  const name = image ?? (await onlyImageOf(path));
  return openImage(path, { image: name });
}

/** numpy's own integers have 64 bits, which pixels have not: an array of them is read whole. */
async function readWideLabels(path: string): Promise<ImageSource | undefined> {
  const known = await describeFile(path);
  if (known.kind !== "npy" || !/^u?int64$/.test(known.dtype)) return undefined;
  const { data, shape } = await readNpy(path);
  const axes = ["time", "z", "y", "x"].slice(-shape.length);
  return memorySource({ data: Float64Array.from(data, Number), shape, axes }, { name: path });
}

async function onlyImageOf(path: string): Promise<string> {
  await using images = await openImages(path);
  return onlyImage(path, images);
}

function onlyImage(
  path: string,
  { images, labels }: { readonly images: readonly string[]; readonly labels: readonly string[] },
): string {
  const choice = labels.length > 0 ? labels : images;
  if (choice.length === 1) return choice[0];
  throw new VitrineError({
    code: "undeterminable",
    at: path,
    expected: "one label image, or the name of one",
    found: choice.join(", "),
    hint: "Name it with --image",
  });
}

/** @throws {VitrineError} shape: axes besides time, z, y and x */
export function requireLabelAxes({ name, axes, levels }: ImageSource): void {
  const other = axes.findIndex(
    (axis, i) => !["time", "z", "y", "x"].includes(axis.name) && levels[0].shape[i] > 1,
  );
  if (other < 0) return;
  throw new VitrineError({
    code: "shape",
    at: name,
    expected: "a label image with time, z, y and x",
    found: `${levels[0].shape[other]} of axis ${axes[other].name}`,
  });
}

/** How long an axis is, or nothing where there is none. */
export function lengthOf({ axes, levels }: ImageSource, name: string): number | undefined {
  const index = axes.findIndex((axis) => axis.name === name);
  return index < 0 ? undefined : levels[0].shape[index];
}

async function* labelObjects(
  source: ImageSource,
  options: ImportLabelsOptions,
): AsyncGenerator<RawMapobject> {
  const [times, planes] = [lengthOf(source, "time"), lengthOf(source, "z")];
  const isPlain = (times ?? 1) === 1 && (planes ?? 1) === 1;
  let joined = new Map<number, RawOutline[]>();
  const flush = function* () {
    for (const [label, outlines] of [...joined].sort(([a], [b]) => a - b))
      yield labelObject(source, label, outlines);
    joined = new Map();
  };
  for (let t = 0; t < (times ?? 1); t++) {
    for (let z = 0; z < (planes ?? 1); z++) {
      // an axis of length 1 says no more than its absence
      const where = { ...((times ?? 1) > 1 && { timepoint: t }), ...((planes ?? 1) > 1 && { zplane: z }) };
      const region = { ...(times !== undefined && { time: t }), ...(planes !== undefined && { z }) };
      for await (const { label, polygons } of traceSource(source, region, options.signal)) {
        const outline: RawOutline = { ...where, label, shape: { kind: "polygons", polygons } };
        if (isPlain) yield labelObject(source, label, [outline]);
        else joined.set(label, [...(joined.get(label) ?? []), outline]);
      }
    }
    if (!options.isTracked) yield* flush();
  }
  yield* flush();
}

function labelObject({ name }: ImageSource, label: number, outlines: readonly RawOutline[]): RawMapobject {
  return { at: `${name} label ${label}`, outlines, isTraced: true };
}

/** The objects of a plane, in blocks of rows where it is large: boxes of labels first, then those that lie together. */
async function* traceSource(
  source: ImageSource,
  plane: Readonly<Record<string, number>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<TracedLabel> {
  const [height, width] = [lengthOf(source, "y") ?? 1, lengthOf(source, "x") ?? 1];
  const read = async (y: number, to: number) => {
    const { data } = await source.read({ region: { ...plane, y: [y, to] }, ...(signal && { signal }) });
    requireLabels(source.name, data);
    return { data, y, height: to - y, width };
  };
  if (height * width <= BLOCK) {
    yield* traceLabels(await read(0, height));
    return;
  }
  const rows = Math.max(1, Math.floor(BLOCK / width));
  const spans = new Map<number, [from: number, to: number]>();
  for (let y = 0; y < height; y += rows) {
    const { data } = await read(y, Math.min(height, y + rows));
    addSpans(spans, data, { y, width });
  }
  for (const group of groupSpans(spans, rows)) {
    if ((group.to - group.from) * width > LARGEST_BLOCK) throw tooTall(source.name, group);
    yield* traceLabels(await read(group.from, group.to), group.labels);
  }
}

/** @throws {VitrineError} type: values that are no whole numbers; range: below 0, or above 2³¹ − 1 */
export function requireLabels(name: string, data: ArrayLike<number>): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value >= 0 && value <= LARGEST_LABEL && Number.isInteger(value)) continue;
    const code = Number.isInteger(value) ? "range" : "type";
    const expected = `labels: whole numbers from 0 to ${LARGEST_LABEL}`;
    throw new VitrineError({ code, at: name, expected, found: String(value) });
  }
}

/** Rows in which each label lies. */
function addSpans(
  spans: Map<number, [from: number, to: number]>,
  data: ArrayLike<number>,
  { y, width }: { readonly y: number; readonly width: number },
): void {
  for (let i = 0, last = 0; i < data.length; i++) {
    if (i % width === 0) last = 0;
    const label = data[i];
    if (label === 0 || label === last) continue;
    last = label;
    const row = y + Math.floor(i / width);
    const span = spans.get(label);
    if (span === undefined) spans.set(label, [row, row + 1]);
    else span[1] = row + 1;
  }
}

interface SpanGroup {
  readonly from: number;
  readonly to: number;
  readonly labels: ReadonlySet<number>;
}

/** Labels that lie within so many rows of each other, from above to below; a taller one by itself. */
function* groupSpans(
  spans: ReadonlyMap<number, readonly [number, number]>,
  rows: number,
): Generator<SpanGroup> {
  let [from, to, labels] = [0, 0, new Set<number>()];
  for (const [label, span] of [...spans].sort(([a, [p]], [b, [q]]) => p - q || a - b)) {
    if (labels.size > 0 && Math.max(to, span[1]) - from > rows) {
      yield { from, to, labels };
      labels = new Set();
    }
    if (labels.size === 0) [from, to] = span;
    to = Math.max(to, span[1]);
    labels.add(label);
  }
  if (labels.size > 0) yield { from, to, labels };
}

function tooTall(name: string, { from, to, labels }: SpanGroup): VitrineError {
  return new VitrineError({
    code: "range",
    at: `${name} label ${[...labels].join(", ")}`,
    expected: `objects within ${LARGEST_BLOCK} pixels of rows`,
    found: `${to - from} rows`,
  });
}
