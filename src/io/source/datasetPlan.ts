import type { Axes, ImageLayout } from "../../core/index.ts";
import { describeAxes, VitrineError } from "../../core/index.ts";
import { inOrder } from "../dataset/arrayPlan.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { overlapOf } from "../ndtiff/format.ts";
import { binned, sourceAxis } from "./axes.ts";
import type { DatasetScale } from "./datasetScale.ts";
import type { SourceAxis, SourceLevel } from "./source.ts";

/** Tiles that are joined to planes: their numbers, the last one included. */
interface Mosaic {
  readonly hasRows: boolean;
  readonly hasColumns: boolean;
  readonly rows: readonly [first: number, last: number];
  readonly columns: readonly [first: number, last: number];
}

/** How images by their axes lie in one array. */
export interface DatasetPlan {
  readonly layout: ImageLayout;
  /** Axes of each image that is meant. */
  readonly images: readonly Axes[];
  /** How many of them have every axis. */
  readonly placed: number;
  readonly outer: readonly { readonly name: string; readonly values: readonly (number | string)[] }[];
  /** Left out where images are planes. */
  readonly mosaic?: Mosaic;
  /** What of an image goes into the plane. */
  readonly tile: {
    readonly width: number;
    readonly height: number;
    readonly trimTop: number;
    readonly trimLeft: number;
  };
}

/** Sizes and types of a dataset's images, each once, in order of appearance. */
export function layoutsOf(dataset: Dataset): ImageLayout[] {
  const found = new Map<string, ImageLayout>();
  for (const axes of dataset.imageCoordinates()) {
    const layout = dataset.imageLayout(axes);
    const key = describeLayout(layout);
    if (!found.has(key)) found.set(key, layout);
  }
  return [...found.values()];
}

/** A size and type in words: `512 x 512 uint16`, which also names an image of a dataset that has several. */
export function describeLayout({ width, height, channels, dtype }: ImageLayout): string {
  return `${width} x ${height}${channels === 1 ? "" : ` x ${channels}`} ${dtype}`;
}

/** Sizes the array of all images of one layout. @throws {VitrineError} missing: there is none; range: tiles smaller than their overlap */
export function planDataset(dataset: Dataset, layout: ImageLayout): DatasetPlan {
  const wanted = describeLayout(layout);
  const images = dataset
    .imageCoordinates()
    .filter((at) => describeLayout(dataset.imageLayout(at)) === wanted);
  if (images.length === 0)
    throw new VitrineError({
      code: "missing",
      at: dataset.name,
      expected: `images of ${wanted}`,
      found: "none",
    });
  const names = inOrder(new Set(images.flatMap((at) => Object.keys(at))));
  const mosaic = mosaicOf(dataset, images);
  const outer = names
    .filter((name) => mosaic === undefined || !isTileAxis(name))
    .map((name) => {
      const present = new Set(images.map((at) => at[name]));
      return { name, values: acquiredOrder(dataset, name, present) };
    });
  const placed = images.filter((at) => Object.keys(at).length === names.length).length;
  return { layout, images, placed, outer, ...(mosaic && { mosaic }), tile: tileOf(dataset, layout, mosaic) };
}

/**
 * Numbers as they rise, then names as they were acquired: channels as the summary metadata list them (ChNames), else in the
 * order of the first images. (The arrays of a dataset sort names, as ndstorage does.)
 */
function acquiredOrder(
  { axes, summaryMetadata }: Dataset,
  name: string,
  present: ReadonlySet<number | string>,
): readonly (number | string)[] {
  const numbers = axes[name].filter((value) => typeof value === "number" && present.has(value));
  const names = [...present].filter((value) => typeof value === "string");
  const { ChNames: told } = summaryMetadata;
  const listed = name === "channel" && Array.isArray(told) ? told : [];
  if (names.every((value) => listed.includes(value)))
    names.sort((a, b) => listed.indexOf(a) - listed.indexOf(b));
  return [...numbers, ...names];
}

/** Axes of the source. */
export function axesOfPlan({ outer, layout }: DatasetPlan, { units }: DatasetScale): SourceAxis[] {
  const stacked = outer.map(({ name, values }) => {
    const isCounted = values.every((value, i) => value === i);
    return sourceAxis(name, { unit: units[name], ...(!isCounted && { values }) });
  });
  const plane = ["y", "x"].map((name) => sourceAxis(name, { unit: units[name] }));
  return [...stacked, ...plane, ...(layout.channels > 1 ? [sourceAxis("sample")] : [])];
}

/** A level, and where its first pixel lies among its tiles. */
export interface PlannedLevel {
  readonly level: SourceLevel;
  /** Place of its first pixel in the tiles, an entry an axis. */
  readonly origin: readonly number[];
  readonly firstRow: number;
  readonly firstColumn: number;
}

/** The level whose pixels stand for `factor` x `factor` ones; it ends where the full resolution ends. */
export function levelOf(plan: DatasetPlan, factor: number, { steps }: DatasetScale): PlannedLevel {
  const { outer, mosaic, layout, tile } = plan;
  const y = along(mosaic?.rows ?? [0, 0], tile.height, factor);
  const x = along(mosaic?.columns ?? [0, 0], tile.width, factor);
  const samples = layout.channels > 1 ? [layout.channels] : [];
  const ones = outer.map(() => 1);
  const scale = [
    ...outer.map(({ name }) => steps[name] ?? 1),
    steps.y ?? 1,
    steps.x ?? 1,
    ...samples.map(() => 1),
  ];
  const full = { scale, translation: scale.map(() => 0) };
  const level = binned(full, [...ones, factor, factor, ...samples.map(() => 1)]);
  const offsets = [...ones.map(() => 0), y.shift, x.shift, ...samples.map(() => 0)];
  return {
    level: {
      shape: [...outer.map(({ values }) => values.length), y.length, x.length, ...samples],
      chunkShape: [...ones, tile.height, tile.width, ...samples],
      scale: level.scale,
      translation: level.translation.map((place, i) => place + offsets[i] * scale[i]),
    },
    origin: [...ones.map(() => 0), y.origin, x.origin, ...samples.map(() => 0)],
    firstRow: y.firstTile,
    firstColumn: x.firstTile,
  };
}

/** Tiles, pixels and place of a level along one side; `shift` in pixels of the full resolution. */
function along([first, last]: readonly [number, number], side: number, factor: number) {
  const [from, to] = [first * side, (last + 1) * side];
  const firstPixel = Math.floor(from / factor);
  const firstTile = Math.floor(firstPixel / side);
  return {
    firstTile,
    origin: firstPixel - firstTile * side,
    length: Math.ceil(to / factor) - firstPixel,
    shift: firstPixel * factor - from,
  };
}

function isTileAxis(name: string): boolean {
  return name === "row" || name === "column";
}

/** Tiles can be joined where their numbers are whole and their overlap is known. */
function mosaicOf(dataset: Dataset, images: readonly Axes[]): Mosaic | undefined {
  const { row, column } = dataset.axes;
  if ((row ?? column) === undefined || overlapOf(dataset.summaryMetadata) === undefined) return undefined;
  const isWhole = images.every((at) =>
    Object.entries(at).every(([name, v]) => !isTileAxis(name) || Number.isInteger(v)),
  );
  if (!isWhole) return undefined;
  return {
    hasRows: row !== undefined,
    hasColumns: column !== undefined,
    rows: rangeOf(images, "row"),
    columns: rangeOf(images, "column"),
  };
}

function rangeOf(images: readonly Axes[], name: string): [number, number] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const at of images) {
    const value = Number(at[name] ?? 0);
    first = Math.min(first, value);
    last = Math.max(last, value);
  }
  return [first, last];
}

function tileOf(
  dataset: Dataset,
  { width, height }: ImageLayout,
  mosaic: Mosaic | undefined,
): DatasetPlan["tile"] {
  const overlap = (mosaic && overlapOf(dataset.summaryMetadata)) ?? { x: 0, y: 0 };
  const tile = {
    width: width - overlap.x,
    height: height - overlap.y,
    trimTop: Math.floor(overlap.y / 2),
    trimLeft: Math.floor(overlap.x / 2),
  };
  if (tile.width > 0 && tile.height > 0 && overlap.x >= 0 && overlap.y >= 0) return tile;
  throw new VitrineError({
    code: "range",
    at: `${dataset.name} GridPixelOverlapX, GridPixelOverlapY`,
    expected: `less than the tiles' ${width} x ${height}`,
    found: describeAxes({ x: overlap.x, y: overlap.y }),
  });
}
