import { type Shape2, VitrineError } from "../core/index.ts";
import { requireLength, requireNumber, requireShape, rfftWidth } from "./frequencies.ts";
import { interpolateLinear } from "./interpolation.ts";

/** A gain that depends on |frequency| alone; frequencies in cycles/pixel, ascending. */
export interface RadialCurve {
  readonly frequencies: ArrayLike<number>;
  readonly gains: ArrayLike<number>;
}

/** Cut-offs in cycles/pixel (Nyquist is 0.5). */
export interface BandPass {
  /** 0 where absent. */
  readonly lowFreqCutoff?: number;
  /** 1, beyond every frequency of an image, where absent. */
  readonly highFreqCutoff?: number;
  /** Width of the cosine edge outside each cut-off; 0 where absent: a hard edge. */
  readonly falloff?: number;
}

/**
 * A radial curve on the half plane: linear between its points, 1 outside their range (and at the last point); frequencies in float32,
 * as in torch-fourier-filter.
 *
 * @param shape [H, W] in real space, even or odd
 * @returns     (H, floor(W/2) + 1) gains, rows not shifted
 * @throws {VitrineError} shape: another number of gains than of frequencies, or none; range: frequencies not
 * ascending, or a value that is not finite
 */
export function evaluateRadialCurve(curve: RadialCurve, shape: Shape2): Float32Array<ArrayBuffer> {
  requireShape(shape, "evaluateRadialCurve shape");
  requireCurve(curve);
  const points = { frequencies: Float32Array.from(curve.frequencies), gains: curve.gains };
  return evaluate(shape, (frequency) => interpolate(points, frequency));
}

/**
 * A band-pass filter on the half plane: 1 for low < f <= high, cos(pi/2 d / falloff) at distance d < falloff outside
 * the nearer cut-off, 0 beyond; f in float32, as in torch-fourier-filter.
 *
 * @param shape [H, W] in real space, even or odd
 * @returns     (H, floor(W/2) + 1) gains, rows not shifted
 * @throws {VitrineError} range: a negative cut-off or fall-off, or low not below high
 * Source: torch-fourier-filter's band-pass, which Leopard-EM uses.
 */
export function bandPassFilter(
  { lowFreqCutoff: low = 0, highFreqCutoff: high = 1, falloff = 0 }: BandPass,
  shape: Shape2,
): Float32Array<ArrayBuffer> {
  requireShape(shape, "bandPassFilter shape");
  requireNumber(low, low >= 0, { at: "bandPassFilter lowFreqCutoff", expected: "cycles/pixel, 0 or more" });
  requireNumber(high, high > low, {
    at: "bandPassFilter highFreqCutoff",
    expected: `cycles/pixel above ${low}`,
  });
  requireNumber(falloff, falloff >= 0, { at: "bandPassFilter falloff", expected: "cycles/pixel, 0 or more" });
  const [first, last] = [Math.fround(low), Math.fround(high)];
  return evaluate(shape, (frequency) => {
    if (frequency > first && frequency <= last) return 1;
    const distance = frequency > last ? frequency - last : first - frequency;
    return distance < falloff ? Math.cos(((Math.PI / 2) * distance) / falloff) : 0;
  });
}

/**
 * The product of filters of one shape; all ones without any.
 *
 * @param filters (H, floor(W/2) + 1) gains each
 * @param shape   [H, W] in real space
 * @throws {VitrineError} shape: a filter of another size
 */
export function combineFilters(filters: readonly Float32Array[], shape: Shape2): Float32Array<ArrayBuffer> {
  requireShape(shape, "combineFilters shape");
  const product = new Float64Array(shape[0] * rfftWidth(shape[1])).fill(1);
  for (const [i, filter] of filters.entries()) {
    requireLength(filter, product.length, `combineFilters filters[${i}]`);
    for (let k = 0; k < product.length; k++) product[k] *= filter[k];
  }
  return Float32Array.from(product);
}

/**
 * Frequencies are those of torch-fourier-filter: multiples of 1 / n in float32, every step rounded. Cut-offs like 0.45 fall on
 * samples' own frequencies, and rounding decides which of them a hard edge takes.
 */
function evaluate([height, width]: Shape2, gain: (frequency: number) => number): Float32Array<ArrayBuffer> {
  const columns = rfftWidth(width);
  const filter = new Float32Array(height * columns);
  const f = Math.fround;
  const [perRow, perColumn] = [f(1 / height), f(1 / width)];
  for (let y = 0; 2 * y <= height; y++) {
    const fy = f(y * perRow);
    const row = filter.subarray(y * columns, (y + 1) * columns);
    for (let x = 0; x < columns; x++) {
      const fx = f(x * perColumn);
      row[x] = gain(f(Math.sqrt(f(f(fy * fy) + f(fx * fx)))));
    }
    // the same frequencies but for their sign
    if (y > 0 && 2 * y < height) filter.set(row, (height - y) * columns);
  }
  return filter;
}

function interpolate({ frequencies, gains }: RadialCurve, frequency: number): number {
  const last = frequencies.length - 1;
  if (!(frequency >= frequencies[0] && frequency < frequencies[last])) return 1;
  return interpolateLinear(frequencies, gains, frequency);
}

function requireCurve({ frequencies, gains }: RadialCurve): void {
  requireLength(gains, Math.max(1, frequencies.length), "curve gains");
  for (let i = 0; i < frequencies.length; i++) {
    requireNumber(gains[i], true, { at: `curve gains[${i}]`, expected: "a finite number" });
    const rises = i === 0 || frequencies[i] > frequencies[i - 1];
    if (rises && Number.isFinite(frequencies[i])) continue;
    const expected = "finite frequencies in ascending order";
    const found = String(frequencies[i]);
    throw new VitrineError({ code: "range", at: `curve frequencies[${i}]`, expected, found });
  }
}
