import type { PixelArray, PixelType } from "../../../core/index.ts";
import { HOST_IS_LITTLE_ENDIAN } from "../../byteOrder.ts";
import type { Reduction } from "./plan.ts";

/** Rows of a plane that become rows of half the size, and where those go. */
export interface HalvedRows {
  readonly source: PixelArray;
  /** Index of the first value of the first row. */
  readonly offset: number;
  readonly width: number;
  readonly rows: number;
  /** Columns of the source that are taken: the first one even, the end not included. */
  readonly from: number;
  readonly to: number;
  readonly target: PixelArray;
  /** Index of the value that row 0 and column 0 become. */
  readonly targetOffset: number;
  readonly targetWidth: number;
}

type Combine = (rows: HalvedRows) => void;

/**
 * Halves rows and columns. At an odd end the pixels that are there stand alone: a mean of two, or of one.
 *
 * Whole numbers round to the nearest, halves up; `mode` takes the most frequent of the up to four, of equals the first one in
 * the order of rows.
 */
export function halveRows(rows: HalvedRows, reduction: Reduction, dtype: PixelType): void {
  const combine: Combine =
    reduction === "mean" ? MEANS[dtype] : reduction === "mode" ? modeRows : nearestRows;
  combine(rows);
}

const MEANS: Readonly<Record<PixelType, Combine>> = {
  uint8: smallMeanRows,
  int8: smallMeanRows,
  uint16: shortMeanRows,
  int16: smallMeanRows,
  uint32: largeMeanRows,
  int32: largeMeanRows,
  float32: floatMeanRows,
  float64: floatMeanRows,
};

// One loop each: a function a pixel would cost more than its arithmetic. A pixel that is not there is its neighbour once more,
// which leaves the mean, its rounding and the mode as they are.

function smallMeanRows({ source, target, ...at }: HalvedRows): void {
  for (let y = 0; y < at.rows; y += 2) {
    const { top, bottom, out, last } = rowOf(at, y);
    for (let x = at.from; x < last; x += 2) {
      target[out + (x >> 1)] =
        (source[top + x] + source[top + x + 1] + source[bottom + x] + source[bottom + x + 1] + 2) >> 2;
    }
    if (last < at.to) target[out + (last >> 1)] = (source[top + last] + source[bottom + last] + 1) >> 1;
  }
}

/** Two values are read at once where rows begin at a place that allows it. */
function shortMeanRows({ source, target, ...at }: HalvedRows): void {
  const isAligned = (at.offset | at.width) % 2 === 0 && source.byteOffset % 4 === 0 && HOST_IS_LITTLE_ENDIAN;
  if (!isAligned) {
    smallMeanRows({ source, target, ...at });
    return;
  }
  const pairs = new Uint32Array(source.buffer, source.byteOffset, source.length >> 1);
  for (let y = 0; y < at.rows; y += 2) {
    const { top, bottom, out, last } = rowOf(at, y);
    const [first, shift, down] = [(top + at.from) >> 1, out - (top >> 1), (bottom - top) >> 1];
    for (let i = first; i < (top + last) >> 1; i++) {
      const a = pairs[i];
      const b = pairs[i + down];
      target[i + shift] = ((a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16) + 2) >> 2;
    }
    if (last < at.to) target[out + (last >> 1)] = (source[top + last] + source[bottom + last] + 1) >> 1;
  }
}

/** Sums of these pass 32 bits. */
function largeMeanRows({ source, target, ...at }: HalvedRows): void {
  for (let y = 0; y < at.rows; y += 2) {
    const { top, bottom, out, last } = rowOf(at, y);
    for (let x = at.from; x < at.to; x += 2) {
      const next = x < last ? 1 : 0;
      const sum = source[top + x] + source[top + x + next] + source[bottom + x] + source[bottom + x + next];
      target[out + (x >> 1)] = Math.floor((sum + 2) / 4);
    }
  }
}

function floatMeanRows({ source, target, ...at }: HalvedRows): void {
  for (let y = 0; y < at.rows; y += 2) {
    const { top, bottom, out, last } = rowOf(at, y);
    for (let x = at.from; x < at.to; x += 2) {
      const next = x < last ? 1 : 0;
      const sum = source[top + x] + source[top + x + next] + source[bottom + x] + source[bottom + x + next];
      target[out + (x >> 1)] = sum * 0.25;
    }
  }
}

function modeRows({ source, target, ...at }: HalvedRows): void {
  for (let y = 0; y < at.rows; y += 2) {
    const { top, bottom, out, last } = rowOf(at, y);
    for (let x = at.from; x < at.to; x += 2) {
      const next = x < last ? 1 : 0;
      const a = source[top + x];
      const b = source[top + x + next];
      const c = source[bottom + x];
      const d = source[bottom + x + next];
      target[out + (x >> 1)] = a === b || a === c || a === d ? a : b === c || b === d ? b : c === d ? c : a;
    }
  }
}

function nearestRows({ source, target, ...at }: HalvedRows): void {
  for (let y = 0; y < at.rows; y += 2) {
    const { top, out } = rowOf(at, y);
    for (let x = at.from; x < at.to; x += 2) target[out + (x >> 1)] = source[top + x];
  }
}

type Place = Omit<HalvedRows, "source" | "target">;

/** Indices of a pair of rows, of the row that they become, and the last column without a neighbour (or the end). */
function rowOf({ offset, width, rows, from, to, targetOffset, targetWidth }: Place, y: number) {
  const top = offset + y * width;
  return {
    top,
    bottom: y + 1 < rows ? top + width : top,
    out: targetOffset + (y >> 1) * targetWidth,
    last: to - ((to - from) % 2),
  };
}
