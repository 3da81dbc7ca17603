/** How many pixels of a map of z-scores lie above each value, and how many of noise alone would. */
import { erfc } from "./errorFunction.ts";

/** The z-scores at which {@link countsAbove} counts. */
export interface CountSteps {
  /** At the first step and at the last. */
  readonly low: number;
  readonly high: number;
  /** Steps between them: counts are one more. */
  readonly steps: number;
  /** So many values are one pixel; default 1. */
  readonly each?: number;
}

/** The share of pixels above z where the largest of `correlations` values of Gaussian noise stands: 1 - Φ(z)^N, exact in the tail. */
export function noiseAbove(z: number, correlations: number): number {
  return -Math.expm1(correlations * Math.log1p(-0.5 * erfc(z / Math.SQRT2)));
}

/** How many values lie above each step, and how many there are; NaN is none. */
export function countsAbove(
  data: Float32Array,
  { low, high, steps, each = 1 }: CountSteps,
): { readonly above: Float64Array; readonly total: number } {
  const above = new Float64Array(steps + 1);
  const scale = steps / (high - low);
  let total = 0;
  for (const value of data) {
    if (Number.isNaN(value)) continue;
    total++;
    const last = Math.min(steps, Math.ceil((value - low) * scale) - 1); // the last step below it
    if (last >= 0) above[last]++;
  }
  for (let i = steps - 1; i >= 0; i--) above[i] += above[i + 1];
  return { above: above.map((count) => count / each), total: total / each };
}
