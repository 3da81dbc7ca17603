import type { PixelType } from "../../../core/index.ts";
import { VitrineError } from "../../../core/index.ts";
import type { SourceAxis } from "../../source/source.ts";

/** Versions of OME-Zarr that are written: 0.4 in Zarr 2, 0.5 in Zarr 3. */
export type MultiscaleVersion = "0.4" | "0.5";

/** How chunks are compressed, all lossless: gzip 1, zstd 1, or blosc's LZ4 after a shuffle of bytes. */
export type MultiscaleCompression = "none" | "gzip" | "zstd" | "blosc";

/**
 * As small as zstd within a fifth for images with noise, several times as fast, and read by zarr-python, tensorstore, zarrita (Vizarr, Viv),
 * n5-zarr (Fiji), Bio-Formats and QuPath alike: all of them have had Blosc since Zarr 2, whose default it was.
 */
export const DEFAULT_COMPRESSION: MultiscaleCompression = "blosc";

/** How values of a lower level come from the up to four above: `mean` rounds for whole numbers, `mode` is the most frequent one. */
export type Reduction = "mean" | "mode" | "nearest";

/** Shape and storage of an image that is to be written. */
export interface MultiscaleLayout {
  /** Outermost first, by the names of sources: `time`, `channel`, `z`, `y`, `x`, any of them but the last two left out. */
  readonly axes: readonly SourceAxis[];
  readonly shape: readonly number[];
  readonly dtype: PixelType;
  /** Of level 0, in the axes' units (default 1). */
  readonly scale?: readonly number[];
  /** Place of the centre of the first pixel, in the axes' units (default 0). */
  readonly translation?: readonly number[];
  /** Default 512 along `y` and `x`, 1 along others. */
  readonly chunkShape?: readonly number[];
  /** A multiple of `chunkShape`: many chunks become one file. 0.5 alone. */
  readonly shardShape?: readonly number[];
  /** Default: until both sides are at most 256. */
  readonly levels?: number;
}

/** One level of a plan; chunks and shards are no larger than the level asks for. */
export interface PlannedLevel {
  /** Its name in the image group. */
  readonly path: string;
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  readonly shardShape: readonly number[] | undefined;
  readonly scale: readonly number[];
  readonly translation: readonly number[];
  /** Rows that are made and stored together: whole chunks or shards, an even number unless they are all. */
  readonly bandRows: number;
}

const SMALLEST_SIDE = 256;
const CHUNK_SIDE = 512;
const MOST_LEVELS = 32;

/** Ranks of the kinds of axes in an NGFF image. */
const ORDER: Readonly<Record<string, number>> = { time: 0, channel: 1, z: 3, y: 4, x: 5 };

/** The names of NGFF. */
const NGFF_NAMES: Readonly<Record<string, string>> = { time: "t", channel: "c" };

/** An axis's name in the store. */
export function ngffName({ name }: SourceAxis): string {
  return NGFF_NAMES[name] ?? name;
}

/**
 * The levels of an image: each halves y and x, odd sides up. The centre of a pixel of level i lies (2^i - 1) / 2 pixels behind
 * that of the first one.
 *
 * @throws {VitrineError} shape, range: axes, chunks or shards that do not fit; unsupported: an order that NGFF does not know
 */
export function planLevels(layout: MultiscaleLayout, at: string): readonly PlannedLevel[] {
  checkAxes(layout, at);
  const { shape } = layout;
  const scale = layout.scale ?? shape.map(() => 1);
  const translation = layout.translation ?? shape.map(() => 0);
  const chunks = layout.chunkShape ?? shape.map((_, i) => (i < shape.length - 2 ? 1 : CHUNK_SIDE));
  checkChunks(layout, chunks, at);
  const count = layout.levels ?? defaultLevels(shape);
  const levels = Array.from({ length: count }, (_, i) =>
    plannedLevel({ i, shape, scale, translation, chunks, shards: layout.shardShape }),
  );
  return levels;
}

/** Halvings until both sides are at most 256, and the full resolution. */
function defaultLevels(shape: readonly number[]): number {
  let [height, width] = shape.slice(-2);
  let levels = 1;
  for (; height > SMALLEST_SIDE || width > SMALLEST_SIDE; levels++) {
    height = Math.ceil(height / 2);
    width = Math.ceil(width / 2);
  }
  return levels;
}

interface LevelRequest {
  readonly i: number;
  readonly shape: readonly number[];
  readonly scale: readonly number[];
  readonly translation: readonly number[];
  readonly chunks: readonly number[];
  readonly shards: readonly number[] | undefined;
}

function plannedLevel({ i, shape, scale, translation, chunks, shards }: LevelRequest): PlannedLevel {
  const isHalved = (axis: number) => axis >= shape.length - 2;
  const factor = 2 ** i;
  const sides = shape.map((side, axis) => (isHalved(axis) ? Math.ceil(side / factor) : side));
  const chunkShape = chunks.map((side, axis) => Math.min(side, sides[axis]));
  const shardShape = shards?.map(
    (side, axis) =>
      chunkShape[axis] * Math.min(side / chunks[axis], Math.ceil(sides[axis] / chunkShape[axis])),
  );
  const unitRows = (shardShape ?? chunkShape)[shape.length - 2];
  const height = sides[shape.length - 2];
  return {
    path: String(i),
    shape: sides,
    chunkShape,
    shardShape,
    scale: scale.map((step, axis) => (isHalved(axis) ? step * factor : step)),
    translation: translation.map((start, axis) =>
      isHalved(axis) ? start + 0.5 * (factor - 1) * scale[axis] : start,
    ),
    bandRows: unitRows % 2 === 1 && unitRows < height ? 2 * unitRows : unitRows,
  };
}

function checkAxes({ axes, shape, scale, translation, levels }: MultiscaleLayout, at: string): void {
  const names = axes.map(({ name }) => name);
  const ranks = names.map((name) => ORDER[name] ?? 2);
  const rising = ranks.every((rank, i) => i === 0 || rank > ranks[i - 1]);
  const custom = names.filter((name) => ORDER[name] === undefined || name === "channel");
  if (
    names.at(-2) !== "y" ||
    names.at(-1) !== "x" ||
    !rising ||
    custom.length > 1 ||
    names.includes("sample")
  ) {
    throw new VitrineError({
      code: "unsupported",
      at: `${at} axes`,
      expected: "some of time, channel or one of another name, z, then y, x",
      found: names.join(", "),
      hint: "Colours of a pixel become channels; write an image for each index of further axes",
    });
  }
  const lengths = [shape, scale ?? shape, translation ?? shape].map(({ length }) => length);
  if (lengths.some((length) => length !== axes.length) || !shape.every(isSide)) {
    const expected = `a shape, scale and translation of ${axes.length} numbers, lengths of at least 1`;
    throw new VitrineError({
      code: "shape",
      at,
      expected,
      found: JSON.stringify({ shape, scale, translation }),
    });
  }
  if (levels !== undefined && !(isSide(levels) && levels <= MOST_LEVELS)) {
    const expected = `a number from 1 to ${MOST_LEVELS}`;
    throw new VitrineError({ code: "range", at: `${at} levels`, expected, found: String(levels) });
  }
}

function checkChunks({ shape, shardShape }: MultiscaleLayout, chunks: readonly number[], at: string): void {
  const whole = chunks.length === shape.length && chunks.every(isSide);
  const multiple =
    shardShape === undefined ||
    (shardShape.length === shape.length && shardShape.every((side, i) => isSide(side / chunks[i])));
  if (whole && multiple) return;
  throw new VitrineError({
    code: "shape",
    at: `${at} ${whole ? "shardShape" : "chunkShape"}`,
    expected: whole
      ? `multiples of the chunk ${chunks.join(" x ")}`
      : `${shape.length} lengths of at least 1`,
    found: (whole ? (shardShape ?? []) : chunks).join(" x "),
  });
}

function isSide(side: number): boolean {
  return Number.isSafeInteger(side) && side > 0;
}
