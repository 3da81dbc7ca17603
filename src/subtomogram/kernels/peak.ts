/** Steps of a voxel in which a peak is looked for between voxels. */
export const PEAK_STEPS = 20;

type Three = readonly [z: number, y: number, x: number];

/** Scores of shifts around none, of which those nearest to it may be chosen. */
export interface PeakSearch {
  /** (shape), C order. */
  readonly values: ArrayLike<number>;
  readonly shape: Three;
  /** Values at each end that no whole shift has, but that the spline between them knows. */
  readonly border: Three;
  /** Largest shift, voxels. */
  readonly maxShiftsPx: Three;
  /** Whether steps are counted from the first one in single precision, as acryo's are: no shift is then 1e-8, which its `fit` takes for outside. */
  readonly compat?: boolean;
}

/** A peak between voxels. */
export interface Peak {
  readonly shiftPx: Three;
  readonly score: number;
}

/**
 * The highest value of the cubic spline through all values on a grid of 1/20 voxel, within a voxel of the highest whole shift and within the
 * largest shift; of equal ones the first.
 *
 * @param below  a score that is already known: where the spline's coefficients show that it is not reached, nothing is computed
 */
export function refinePeak(search: PeakSearch, below = Number.NEGATIVE_INFINITY): Peak | undefined {
  const whole = highestWhole(search);
  const { shape } = search;
  const coefficients = Float64Array.from(search.values);
  splineCoefficients(coefficients, shape);
  const axes = shape.map((length, axis) => axisRange(search, { whole: whole[axis], length, axis }));
  const local = localCoefficients(coefficients, shape, axes);
  // A spline is never above its largest coefficient; the slack is for rounding.
  if (largestOf(local) * (1 + 1e-5) + 1e-6 < below) return undefined;
  return highestBetween(local, axes);
}

/** Index of the first highest value that is not in the border. */
function highestWhole({ values, shape, border }: PeakSearch): Three {
  const [, height, width] = shape;
  let best: Three = border;
  let highest = Number.NEGATIVE_INFINITY;
  for (let z = border[0]; z < shape[0] - border[0]; z++)
    for (let y = border[1]; y < height - border[1]; y++)
      for (let x = border[2]; x < width - border[2]; x++) {
        const value = values[(z * height + y) * width + x];
        if (value > highest) {
          highest = value;
          best = [z, y, x];
        }
      }
  return best;
}

interface AxisRange {
  /** First coefficient that is read, and how many there are. */
  readonly first: number;
  readonly taps: number;
  /** Shift of each place, and its taps: index among the coefficients read, four weights. */
  readonly shifts: readonly number[];
  readonly starts: readonly number[];
  readonly weights: Float64Array;
}

function axisRange(
  { maxShiftsPx, compat = false }: PeakSearch,
  { whole, length, axis }: { readonly whole: number; readonly length: number; readonly axis: number },
): AxisRange {
  const shift = whole - (length - 1) / 2;
  const limit = Math.fround(maxShiftsPx[axis]);
  const low = roundHalfEven(Math.max(-shift - limit, -1) * PEAK_STEPS);
  const high = roundHalfEven(Math.min(limit - shift, 1) * PEAK_STEPS);
  const count = Math.max(1, high - low + 1);
  const offsets = Array.from({ length: count }, (_, i) => (low + i) / PEAK_STEPS);
  const first = Math.floor(whole + offsets[0]) - 1;
  const weights = new Float64Array(4 * count);
  const starts = offsets.map((offset, i) => {
    const base = Math.floor(whole + offset);
    weights.set(splineWeights(whole + offset - base), 4 * i);
    return base - 1 - first;
  });
  return {
    first,
    taps: (starts.at(-1) ?? 0) + 4,
    shifts: offsets.map((offset, i) =>
      compat ? shift + (i / PEAK_STEPS + Math.fround(low / PEAK_STEPS)) : shift + offset,
    ),
    starts,
    weights,
  };
}

function splineWeights(t: number): readonly number[] {
  const u = 1 - t;
  return [u ** 3 / 6, (4 - 6 * t * t + 3 * t ** 3) / 6, (4 - 6 * u * u + 3 * u ** 3) / 6, t ** 3 / 6];
}

/** Nearest integer, ties to the even one, as Python and numpy round. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function localCoefficients(all: Float64Array, shape: Three, axes: readonly AxisRange[]): Float64Array {
  const [z, y, x] = axes;
  const indices = axes.map(({ first, taps }, axis) =>
    Array.from({ length: taps }, (_, i) => mirrored(first + i, shape[axis])),
  );
  const local = new Float64Array(z.taps * y.taps * x.taps);
  let at = 0;
  for (const i of indices[0])
    for (const j of indices[1])
      for (const k of indices[2]) local[at++] = all[(i * shape[1] + j) * shape[2] + k];
  return local;
}

/** Index inside an axis that stands for one outside, mirrored at the middle of its last voxels. */
export function mirrored(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * length - 2;
  const inside = ((index % period) + period) % period;
  return inside < length ? inside : period - inside;
}

function largestOf(values: Float64Array): number {
  return values.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY);
}

/** One axis after the other: x last, so that places come in order. */
function highestBetween(local: Float64Array, [z, y, x]: readonly AxisRange[]): Peak {
  const alongZ = sampleFirst(local, z, y.taps * x.taps);
  let best: Three = [z.shifts[0], y.shifts[0], x.shifts[0]];
  let score = Number.NEGATIVE_INFINITY;
  const plane = y.taps * x.taps;
  z.shifts.forEach((shiftZ, i) => {
    const rows = sampleFirst(alongZ.subarray(i * plane, (i + 1) * plane), y, x.taps);
    y.shifts.forEach((shiftY, j) => {
      const found = highestInRow(rows.subarray(j * x.taps, (j + 1) * x.taps), x);
      if (found.score <= score) return;
      score = found.score;
      best = [shiftZ, shiftY, found.shift];
    });
  });
  return { shiftPx: best, score };
}

function highestInRow(row: Float64Array, { shifts, starts, weights }: AxisRange) {
  let score = Number.NEGATIVE_INFINITY;
  let at = 0;
  for (let i = 0; i < shifts.length; i++) {
    const [s, w] = [starts[i], 4 * i];
    // Compared in single precision, in which the peer has them: of equal ones the first counts.
    const value = Math.fround(
      row[s] * weights[w] +
        row[s + 1] * weights[w + 1] +
        row[s + 2] * weights[w + 2] +
        row[s + 3] * weights[w + 3],
    );
    if (value > score) [score, at] = [value, i];
  }
  return { score, shift: shifts[at] };
}

function sampleFirst(values: Float64Array, { starts, weights }: AxisRange, inner: number): Float64Array {
  const out = new Float64Array(starts.length * inner);
  for (let i = 0; i < starts.length; i++)
    for (let tap = 0; tap < 4; tap++) {
      const [weight, from] = [weights[4 * i + tap], (starts[i] + tap) * inner];
      for (let k = 0; k < inner; k++) out[i * inner + k] += weight * values[from + k];
    }
  return out;
}

/** Coefficients of the cubic B-spline through values, mirrored at their ends, in place: tridiagonal equations along each axis. */
export function splineCoefficients(data: Float64Array, shape: Three): void {
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const inner = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
    for (let o = 0; o < data.length; o += length * inner)
      for (let i = 0; i < inner; i++) solveLine(data, { start: o + i, stride: inner, length });
  });
}

/** (1, 4, 1)/6, with mirrored ends (4, 2)/6 and (2, 4)/6, by Thomas' algorithm. */
function solveLine(
  data: Float64Array,
  { start, stride, length }: { readonly start: number; readonly stride: number; readonly length: number },
): void {
  const pivots = pivotsOf(length);
  for (let k = 1, at = start + stride; k < length; k++, at += stride)
    data[at] -= (data[at - stride] * (k === length - 1 ? 2 : 1)) / pivots[k - 1];
  const last = start + (length - 1) * stride;
  data[last] = (6 * data[last]) / pivots[length - 1];
  for (let k = length - 2, at = last - stride; k >= 0; k--, at -= stride)
    data[at] = (6 * data[at] - data[at + stride] * (k === 0 ? 2 : 1)) / pivots[k];
}

const PIVOTS = new Map<number, Float64Array>();

function pivotsOf(length: number): Float64Array {
  const known = PIVOTS.get(length);
  if (known !== undefined) return known;
  const pivots = new Float64Array(length);
  pivots[0] = 4;
  for (let k = 1; k < length; k++) {
    const [lower, upper] = [k === length - 1 ? 2 : 1, k === 1 ? 2 : 1];
    pivots[k] = 4 - (lower * upper) / pivots[k - 1];
  }
  PIVOTS.set(length, pivots);
  return pivots;
}
