import type { Axes, ImageLayout } from "../../core/index.ts";
import { describeAxes, VitrineError } from "../../core/index.ts";
import type { Dataset } from "./dataset.ts";

/** Places of the axes that everybody has; others stand beside `channel` (ndstorage). */
const ORDER: Readonly<Record<string, number>> = { row: 0, column: 1, position: 2, time: 3, channel: 4, z: 6 };
const ORDER_OF_OTHERS = 5;

/** Pixels that neighbouring tiles share. */
export interface Overlap {
  readonly x: number;
  readonly y: number;
}

/** What of each image goes into the array. */
interface Tile {
  readonly width: number;
  readonly height: number;
  readonly trimTop: number;
  readonly trimLeft: number;
}

interface StackedAxis {
  readonly name: string;
  readonly values: readonly (number | string)[];
}

/** An image and the place of its tile's corner in the plane. */
interface PlacedTile {
  readonly axes: Axes;
  readonly top: number;
  readonly left: number;
}

/** An array over a dataset, sized. */
export interface ArrayPlan {
  /** Of the images, all alike. */
  readonly layout: ImageLayout;
  readonly tile: Tile;
  readonly stacked: readonly StackedAxis[];
  readonly names: readonly string[];
  readonly shape: readonly number[];
  /** The images of one plane, by the indices of the stacked axes. */
  tilesAt(indices: readonly number[]): PlacedTile[];
}

/** Sizes the array of the images that the slice leaves; `overlap` is undefined where tiles stay apart, null where unknown. */
export function planArray(
  dataset: Dataset,
  axes: readonly string[] | undefined,
  { slice, overlap }: { slice: Axes; overlap: Overlap | null | undefined },
): ArrayPlan {
  const at = `${dataset.name} asArray`;
  const images = imagesWithin(dataset, slice, at);
  const layout = dataset.imageLayout(images[0]);
  const joined = overlap === undefined ? [] : ["row", "column"];
  const present = axesOf(images).filter((name) => slice[name] === undefined);
  const free = present.filter((name) => !joined.includes(name));
  const stacked = stackedNames(axes, { free, slice, joined, at }).map((name) => ({
    name,
    values: dataset.axes[name],
  }));
  const fixed = { ...slice, ...singleValues(dataset, free, { stacked, at }) };
  const mosaic = overlap === undefined ? single(layout) : mosaicOf(dataset, layout, { overlap, slice, at });
  const planes = [mosaic.rows.length * mosaic.tile.height, mosaic.columns.length * mosaic.tile.width];
  const colour = layout.channels > 1;
  return {
    layout,
    tile: mosaic.tile,
    stacked,
    names: [...stacked.map(({ name }) => name), "y", "x", ...(colour ? ["sample"] : [])],
    shape: [...stacked.map(({ values }) => values.length), ...planes, ...(colour ? [layout.channels] : [])],
    tilesAt(indices) {
      const outer = Object.fromEntries(stacked.map(({ name, values }, i) => [name, values[indices[i]]]));
      return placeTiles(mosaic, { ...fixed, ...outer });
    },
  };
}

/** A range of indices, without its end. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The axes of every image that the array has a place for, in the array's order. */
export function* tileAxes(plan: ArrayPlan): Generator<Axes> {
  const whole = plan.stacked.map(({ values }) => ({ from: 0, to: values.length }));
  for (const indices of indicesWithin(whole)) {
    for (const { axes } of plan.tilesAt(indices)) yield axes;
  }
}

/** Every choice of one index a span, the last one fastest. */
export function* indicesWithin(spans: readonly Span[]): Generator<readonly number[]> {
  if (spans.length === 0) return yield [];
  const [first, ...rest] = spans;
  for (let index = first.from; index < first.to; index++) {
    for (const inner of indicesWithin(rest)) yield [index, ...inner];
  }
}

function imagesWithin(dataset: Dataset, slice: Axes, at: string): readonly Axes[] {
  const wanted = Object.entries(slice);
  const images = dataset.imageCoordinates().filter((axes) => wanted.every(([name, v]) => axes[name] === v));
  if (images.length > 0) return images;
  throw new VitrineError({
    code: "missing",
    at,
    expected: wanted.length === 0 ? "images" : `images with ${describeAxes(slice)}`,
    found: "none",
  });
}

function axesOf(images: readonly Axes[]): string[] {
  const names = new Set<string>();
  for (const axes of images) for (const name of Object.keys(axes)) names.add(name);
  return inOrder(names);
}

/** Names of axes, outermost first: row, column, position, time, channel, others as they come, z. */
export function inOrder(names: Iterable<string>): string[] {
  const place = (name: string) => ORDER[name] ?? ORDER_OF_OTHERS;
  return [...names].sort((a, b) => place(a) - place(b));
}

interface Choice {
  readonly free: readonly string[];
  readonly slice: Axes;
  readonly joined: readonly string[];
  readonly at: string;
}

function stackedNames(axes: readonly string[] | undefined, { free, slice, joined, at }: Choice): string[] {
  if (axes === undefined) return [...free];
  const unknown = axes.find((name) => ![...free, ...joined].includes(name) && slice[name] === undefined);
  if (unknown !== undefined) {
    const expected = `axes among ${[...free, ...joined].join(", ")}`;
    throw new VitrineError({ code: "missing", at, expected, found: JSON.stringify(unknown) });
  }
  const twice = axes.find((name, i) => axes.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new VitrineError({ code: "range", at, expected: "each axis once", found: `${twice} twice` });
  }
  return axes.filter((name) => free.includes(name));
}

/** Axes that `axes` leaves out are harmless while they have one value; otherwise images would share a place. */
function singleValues(
  dataset: Dataset,
  free: readonly string[],
  { stacked, at }: { stacked: readonly StackedAxis[]; at: string },
): Axes {
  const left = free.filter((name) => !stacked.some((axis) => axis.name === name));
  const several = left.find((name) => dataset.axes[name].length > 1);
  if (several === undefined) return Object.fromEntries(left.map((name) => [name, dataset.axes[name][0]]));
  throw new VitrineError({
    code: "range",
    at,
    expected: `the axis ${several} among the dimensions or in slice`,
    found: `it has ${dataset.axes[several].length} values`,
    hint: `Add it to axes, or choose one value: { slice: { ${several}: ${JSON.stringify(dataset.axes[several][0])} } }`,
  });
}

interface Mosaic {
  /** Values of the axes row and column; undefined where images have no such axis. */
  readonly rows: readonly (number | undefined)[];
  readonly columns: readonly (number | undefined)[];
  readonly tile: Tile;
}

function single({ width, height }: ImageLayout): Mosaic {
  return { rows: [undefined], columns: [undefined], tile: { width, height, trimTop: 0, trimLeft: 0 } };
}

function mosaicOf(
  dataset: Dataset,
  { width, height }: ImageLayout,
  { overlap, slice, at }: { overlap: Overlap | null; slice: Axes; at: string },
): Mosaic {
  if (overlap === null) throw notStitchable(at, "GridPixelOverlapX and GridPixelOverlapY");
  if (slice.row !== undefined || slice.column !== undefined)
    throw notStitchable(at, "row and column in full");
  if (overlap.x >= width || overlap.y >= height) throw notStitchable(at, "tiles larger than their overlap");
  const { row, column } = dataset.axes;
  if (row === undefined && column === undefined)
    throw notStitchable(at, "images with the axes row and column");
  return {
    rows: everyIndex(row, at),
    columns: everyIndex(column, at),
    tile: {
      width: width - overlap.x,
      height: height - overlap.y,
      trimTop: Math.floor(overlap.y / 2),
      trimLeft: Math.floor(overlap.x / 2),
    },
  };
}

/** From the least to the greatest, also those that no image has. */
function everyIndex(values: readonly (number | string)[] | undefined, at: string): (number | undefined)[] {
  if (values === undefined) return [undefined];
  const whole = values.filter((value) => typeof value === "number" && Number.isInteger(value)).map(Number);
  if (whole.length !== values.length) throw notStitchable(at, "whole numbers as rows and columns");
  const [least, greatest] = [whole[0], whole[whole.length - 1]];
  return Array.from({ length: greatest - least + 1 }, (_, i) => least + i);
}

function notStitchable(at: string, expected: string): VitrineError {
  const found = "a dataset or slice without them";
  return new VitrineError({ code: "undeterminable", at: `${at} stitched`, expected, found });
}

function placeTiles({ rows, columns, tile }: Mosaic, axes: Axes): PlacedTile[] {
  return rows.flatMap((row, i) =>
    columns.map((column, j) => ({
      axes: {
        ...axes,
        ...(row !== undefined && { row }),
        ...(column !== undefined && { column }),
      },
      top: i * tile.height,
      left: j * tile.width,
    })),
  );
}
