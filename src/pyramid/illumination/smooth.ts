import { filterAxis, gaussianWeights } from "../../compute/index.ts";
import type { PixelSize } from "../geometry/levels.ts";

/** A plane of numbers. */
export interface Plane extends PixelSize {
  /** (height, width) */
  readonly data: Float64Array;
}

/**
 * Gaussian filter: weights up to 4 sigma, edges mirrored between pixels (d c b a | a b c d), as scipy's `gaussian_filter` does by default.
 *
 * @param sigma  pixels
 */
export function gaussianFilter({ height, width, data }: Plane, sigma: number): Plane {
  const weights = gaussianWeights(sigma);
  const along = (length: number, inner: number) => {
    const taps = Int32Array.from({ length: length + weights.length - 1 }, (_, i) =>
      mirrored(i - (weights.length >> 1), length),
    );
    return { length, inner, weights, taps };
  };
  const rows = filterAxis(data, along(width, 1));
  return { height, width, data: filterAxis(rows, along(height, width)) };
}

function mirrored(i: number, length: number): number {
  const period = 2 * length;
  const place = ((i % period) + period) % period;
  return place < length ? place : period - 1 - place;
}

/** The polynomial of up to `degree` in y and in x that is nearest to a plane, by least squares. */
export function polynomialTrend({ height, width, data }: Plane, degree: number): Plane {
  const rows = orthonormalPolynomials(height, degree);
  const columns = orthonormalPolynomials(width, degree);
  const trend = new Float64Array(data.length);
  for (const p of rows) {
    for (const q of columns) {
      let sum = 0;
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) sum += p[y] * q[x] * data[y * width + x];
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) trend[y * width + x] += sum * p[y] * q[x];
    }
  }
  return { height, width, data: trend };
}

/** Orthonormal on `length` equal steps, by Gram and Schmidt's method; fewer than asked for where there are fewer steps. */
function orthonormalPolynomials(length: number, degree: number): Float64Array[] {
  const found: Float64Array[] = [];
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  for (let power = 0; power <= Math.min(degree, length - 1); power++) {
    const next = Float64Array.from({ length }, (_, i) => ((2 * i + 1) / length - 1) ** power);
    for (const one of found) {
      const part = dot(one, next);
      one.forEach((value, i) => {
        next[i] -= part * value;
      });
    }
    const norm = Math.sqrt(dot(next, next));
    found.push(next.map((value) => value / norm));
  }
  return found;
}

/** Shrinks an image to at most `side` pixels a side: each new pixel is the mean of its area. Smaller images stay as they are. */
export function shrink({ height, width }: PixelSize, image: ArrayLike<number>, side: number): Plane {
  const rows = Math.min(side, height);
  const columns = Math.min(side, width);
  const sums = new Float64Array(rows * columns);
  const [down, across] = [areaParts(height, rows), areaParts(width, columns)];
  // One more than columns: what of the last pixel would belong to the next is nothing.
  const line = new Float64Array(columns + 1);
  for (let y = 0; y < height; y++) {
    line.fill(0);
    for (let x = 0; x < width; x++) {
      const value = image[y * width + x];
      line[across.index[x]] += across.part[x] * value;
      line[across.index[x] + 1] += across.rest[x] * value;
    }
    addLine(sums, line, { row: down.index[y], part: down.part[y] });
    if (down.rest[y] > 0) addLine(sums, line, { row: down.index[y] + 1, part: down.rest[y] });
  }
  return { height: rows, width: columns, data: sums };
}

function addLine(
  sums: Float64Array,
  line: Float64Array,
  { row, part }: { readonly row: number; readonly part: number },
): void {
  const columns = line.length - 1;
  for (let x = 0; x < columns; x++) sums[row * columns + x] += part * line[x];
}

/** To which new pixel each old one belongs, with which part of the new one, and which part of the next. */
function areaParts(length: number, count: number) {
  const scale = count / length;
  const index = new Int32Array(length);
  const part = new Float64Array(length);
  const rest = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const [start, end] = [i * scale, (i + 1) * scale];
    index[i] = Math.min(count - 1, Math.floor(start));
    // Whole numbers that rounding missed would give a part of nothing to the next pixel.
    const isWithin = end <= index[i] + 1 + 1e-9;
    part[i] = isWithin ? scale : index[i] + 1 - start;
    rest[i] = isWithin ? 0 : end - index[i] - 1;
  }
  return { index, part, rest };
}

/** Enlarges a plane to `size` on the line between pixel centres, flat beyond the outermost. */
export function enlarge(plane: Plane, { height, width }: PixelSize): Float32Array {
  const y = linearWeights(plane.height, height);
  const x = linearWeights(plane.width, width);
  return Float32Array.from({ length: height * width }, (_, i) => {
    const [row, v] = y[Math.floor(i / width)];
    const [column, u] = x[i % width];
    const [below, right] = [Math.min(row + 1, plane.height - 1), Math.min(column + 1, plane.width - 1)];
    const at = (r: number, c: number) => plane.data[r * plane.width + c];
    return (
      (1 - v) * ((1 - u) * at(row, column) + u * at(row, right)) +
      v * ((1 - u) * at(below, column) + u * at(below, right))
    );
  });
}

function linearWeights(length: number, count: number): [index: number, part: number][] {
  return Array.from({ length: count }, (_, i) => {
    const place = Math.min(length - 1, Math.max(0, ((i + 0.5) * length) / count - 0.5));
    return [Math.floor(place), place - Math.floor(place)];
  });
}
