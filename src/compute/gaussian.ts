import { type OptionKeys, requireKnownOptions } from "../core/index.ts";

/** How many standard deviations a Gaussian reaches, as scipy's. */
const TRUNCATE = 4;

/**
 * The weights of a Gaussian, cut at 4 sigma, their sum 1: 2 * floor(4 sigma + 0.5) + 1 of them, one where sigma is small.
 *
 * @param sigma  pixels, 0 or above
 */
export function gaussianWeights(sigma: number): Float64Array {
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  if (radius === 0) return Float64Array.of(1);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Along which axis of an array, and with what, {@link filterAxis} filters. */
export interface AxisFilter {
  /** Of the axis. */
  readonly length: number;
  /** Values from one place of the axis to the next: what the axes behind it hold. */
  readonly inner: number;
  /** An odd number of them. */
  readonly weights: Float64Array;
  /** (length + weights - 1): the place in the line that each place of the line and its surroundings stands for; -1 is `outside`. */
  readonly taps: Int32Array;
  /** Default 0. */
  readonly outside?: number;
}

const KEYS: OptionKeys<AxisFilter> = {
  length: true,
  inner: true,
  weights: true,
  taps: true,
  outside: true,
};

/** Sums of weighted neighbours along one axis of an array in C order, in doubles; a new array. */
export function filterAxis<Data extends Float32Array | Float64Array>(data: Data, filter: AxisFilter): Data {
  requireKnownOptions("filterAxis", filter, KEYS);
  const result = data.slice() as Data;
  const size = filter.length * filter.inner;
  for (let first = 0; first < data.length; first += size) {
    const part = data.subarray(first, first + size);
    if (filter.inner === 1) filterLine(part, filter, result.subarray(first, first + size));
    else filterLines(part, filter, result.subarray(first, first + size));
  }
  return result;
}

type Values = Float32Array | Float64Array;

/** The axis is the last one: one line. */
function filterLine(line: Values, { weights, taps, outside = 0 }: AxisFilter, result: Values): void {
  const wide = Float64Array.from(taps, (from) => (from < 0 ? outside : line[from]));
  for (let i = 0; i < line.length; i++) {
    let sum = 0;
    for (let tap = 0; tap < weights.length; tap++) sum += weights[tap] * wide[i + tap];
    result[i] = sum;
  }
}

/** Lines beside one another, as many as `inner`, place by place. */
function filterLines(
  data: Values,
  { length, inner, weights, taps, outside = 0 }: AxisFilter,
  result: Values,
): void {
  const sums = new Float64Array(inner);
  for (let i = 0; i < length; i++) {
    sums.fill(0);
    for (let tap = 0; tap < weights.length; tap++) {
      const from = taps[i + tap];
      const weight = weights[tap];
      if (from < 0) for (let k = 0; k < inner; k++) sums[k] += weight * outside;
      else for (let k = 0; k < inner; k++) sums[k] += weight * data[from * inner + k];
    }
    result.set(sums, i * inner);
  }
}
