import { type Shape2, VitrineError } from "../core/index.ts";
import { forEachFrequency, requireLength, requireNumber, requireShape, rfftWidth } from "./frequencies.ts";
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
 * A radial curve on the half plane: linear between its points, 1 outside their range (and at the last point).
 *
 * @param shape [H, W] in real space, even or odd
 * @returns     (H, floor(W/2) + 1) gains, rows not shifted
 * @throws {VitrineError} shape: another number of gains than of frequencies, or none; range: frequencies not
 * ascending, or a value that is not finite
 */
export function evaluateRadialCurve(curve: RadialCurve, shape: Shape2): Float32Array<ArrayBuffer> {
  requireShape(shape, "evaluateRadialCurve shape");
  requireCurve(curve);
  return evaluate(shape, (frequency) => interpolate(curve, frequency));
}

/**
 * A band-pass filter on the half plane: 1 for low < f <= high, cos(pi/2 d / falloff) at distance d < falloff outside
 * the nearer cut-off, 0 beyond.
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
  return evaluate(shape, (frequency) => {
    if (frequency > low && frequency <= high) return 1;
    const distance = frequency > high ? frequency - high : low - frequency;
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

function evaluate(shape: Shape2, gain: (frequency: number) => number): Float32Array<ArrayBuffer> {
  const filter = new Float32Array(shape[0] * rfftWidth(shape[1]));
  forEachFrequency(shape, (i, fy, fx) => {
    filter[i] = gain(Math.sqrt(fy * fy + fx * fx));
  });
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
