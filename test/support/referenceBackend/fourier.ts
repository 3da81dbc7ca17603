import { elementCount } from "../../../src/core/index.ts";
import { Line, type Planes, planes } from "./line.ts";

/** An axis of an array (outer, length, inner) of complex numbers in C order. */
interface Axis {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

const LINES = new Map<number, Line>();

/** The transform of a length, made once. */
export function lineOf(length: number): Line {
  const line = LINES.get(length) ?? new Line(length);
  LINES.set(length, line);
  return line;
}

/** Transforms in place along one axis, unnormalised. */
export function transformAxis(data: Planes, axis: Axis, inverse = false): void {
  if (axis.length === 1) return;
  if (axis.inner === 1) transformLast(data, axis, inverse);
  else for (let o = 0; o < axis.outer; o++) transformPart(data, { ...axis, outer: o }, inverse);
}

/** One of the outer parts, `outer` being which. */
function transformPart({ re, im }: Planes, { outer, length, inner }: Axis, inverse: boolean): void {
  const size = length * inner;
  const part = {
    re: re.slice(outer * size, (outer + 1) * size),
    im: im.slice(outer * size, (outer + 1) * size),
  };
  const found = lineOf(length).transform(part, planes(size), { inner, inverse });
  re.set(found.re, outer * size);
  im.set(found.im, outer * size);
}

/** The last axis becomes the first one and is brought back. */
function transformLast({ re, im }: Planes, { outer, length }: Axis, inverse: boolean): void {
  const part = { re: transposed(re, outer, length), im: transposed(im, outer, length) };
  const found = lineOf(length).transform(part, planes(re.length), { inner: outer, inverse });
  re.set(transposed(found.re, length, outer));
  im.set(transposed(found.im, length, outer));
}

function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) out[x * rows + y] = matrix[y * columns + x];
  return out;
}

/**
 * Half spectra (batch, ..., width/2+1, 2) of real arrays (batch, ...shape), unnormalised. Yields after each axis but the last of them, so
 * that a long transform can be left.
 */
export function* forwardReal(data: Float64Array, shape: readonly number[]): Generator<void, Float64Array> {
  const width = shape[shape.length - 1];
  const columns = Math.floor(width / 2) + 1;
  const rows = data.length / width;
  const whole = { re: data.slice(), im: new Float64Array(data.length) };
  transformAxis(whole, { outer: rows, length: width, inner: 1 });
  const half = planes(rows * columns);
  for (let y = 0; y < rows; y++) {
    half.re.set(whole.re.subarray(y * width, y * width + columns), y * columns);
    half.im.set(whole.im.subarray(y * width, y * width + columns), y * columns);
  }
  for (const axis of otherAxes(half.re.length, shape, columns)) {
    yield;
    transformAxis(half, axis);
  }
  return interleaved(half);
}

/** The inverse of {@link forwardReal}, divided by the number of elements; ignores imaginary parts that no real array has. */
export function* inverseReal(
  spectrum: Float64Array,
  shape: readonly number[],
): Generator<void, Float64Array> {
  const width = shape[shape.length - 1];
  const columns = Math.floor(width / 2) + 1;
  const half = separated(spectrum);
  for (const axis of otherAxes(half.re.length, shape, columns)) {
    transformAxis(half, axis, true);
    yield;
  }
  const whole = completed(half, width);
  transformAxis(whole, { outer: whole.re.length / width, length: width, inner: 1 }, true);
  const scale = 1 / elementCount(shape);
  return whole.re.map((value) => scale * value);
}

/** What a generator returns in the end. */
export function finished<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** All axes of half spectra but the last, which has `columns` values. */
function otherAxes(values: number, shape: readonly number[], columns: number): Axis[] {
  return shape.slice(0, -1).map((length, axis) => {
    const inner = elementCount(shape.slice(axis + 1, -1)) * columns;
    return { outer: values / (length * inner), length, inner };
  });
}

/** Whole rows of `width` values from their first halves. */
function completed({ re, im }: Planes, width: number): Planes {
  const columns = Math.floor(width / 2) + 1;
  const rows = re.length / columns;
  const whole = planes(rows * width);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const from = y * columns + x;
      const isOwnMirror = x === 0 || 2 * x === width;
      whole.re[y * width + x] = re[from];
      whole.im[y * width + x] = isOwnMirror ? 0 : im[from];
      if (isOwnMirror) continue;
      whole.re[(y + 1) * width - x] = re[from];
      whole.im[(y + 1) * width - x] = -im[from];
    }
  }
  return whole;
}

/** Real and imaginary parts by turns. */
export function interleaved({ re, im }: Planes): Float64Array {
  const out = new Float64Array(2 * re.length);
  for (let i = 0; i < re.length; i++) {
    out[2 * i] = re[i];
    out[2 * i + 1] = im[i];
  }
  return out;
}

/** The inverse of {@link interleaved}. */
export function separated(values: Float64Array): Planes {
  const out = planes(values.length / 2);
  for (let i = 0; i < out.re.length; i++) {
    out.re[i] = values[2 * i];
    out.im[i] = values[2 * i + 1];
  }
  return out;
}
