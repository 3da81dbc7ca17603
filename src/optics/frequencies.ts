import { type Shape2, VitrineError } from "../core/index.ts";

/** Number of columns of the half transform of a real image `width` pixels wide. */
export function rfftWidth(width: number): number {
  return Math.floor(width / 2) + 1;
}

/** Signed frequency (cycles/pixel) of row `index` of a transform of length `n`; -1/2 at n/2, as in NumPy's fftfreq. */
export function signedFrequency(index: number, n: number): number {
  return (2 * index < n ? index : index - n) / n;
}

/**
 * Calls `visit(index, fy, fx)` for every coefficient of the half transform of an image, row by row.
 *
 * @param shape [height, width] of the image in real space, even or odd
 * @param visit index in the (height, floor(width / 2) + 1) array; fy in [-1/2, 1/2) and fx in [0, 1/2] in cycles/pixel
 */
export function forEachFrequency(
  [height, width]: Shape2,
  visit: (index: number, fy: number, fx: number) => void,
): void {
  const columns = rfftWidth(width);
  for (let y = 0; y < height; y++) {
    const fy = signedFrequency(y, height);
    for (let x = 0; x < columns; x++) visit(y * columns + x, fy, x / width);
  }
}

/**
 * How often a column of the half transform occurs in the full transform: once for the first column and for the
 * Nyquist column, which only even widths have; twice for the others.
 */
export function columnWeight(column: number, width: number): number {
  return column === 0 || 2 * column === width ? 1 : 2;
}

/** @throws {VitrineError} shape: a length that is not a whole number above 0 */
export function requireShape(shape: readonly number[], at: string): void {
  if (shape.every((length) => Number.isInteger(length) && length > 0)) return;
  throw new VitrineError({ code: "shape", at, expected: "whole numbers above 0", found: shape.join(" x ") });
}

/** @throws {VitrineError} shape: an array that does not have `count` values */
export function requireLength(data: ArrayLike<number>, count: number, at: string): void {
  if (data.length === count) return;
  throw new VitrineError({ code: "shape", at, expected: `${count} values`, found: `${data.length}` });
}

/** @throws {VitrineError} range: a value for which `holds` is false, or that is not finite */
export function requireNumber(
  value: number,
  holds: boolean,
  { at, expected }: { at: string; expected: string },
) {
  if (holds && Number.isFinite(value)) return;
  throw new VitrineError({ code: "range", at, expected, found: String(value) });
}
