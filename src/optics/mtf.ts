import { VitrineError } from "../core/index.ts";
import { interpolateLinear } from "./interpolation.ts";

/** A camera's modulation transfer function. */
export interface Mtf {
  /** Cycles/pixel, ascending; Nyquist is 0.5. */
  readonly frequencies: ArrayLike<number>;
  readonly amplitudes: ArrayLike<number>;
}

/** @throws {VitrineError} range: fewer than two points, frequencies that do not ascend, values not finite, no amplitude above 0 */
export function requireMtf<T extends Mtf>(mtf: T, at: string): T {
  const { frequencies, amplitudes } = mtf;
  const fault = (expected: string, found: string) => new VitrineError({ code: "range", at, expected, found });
  if (frequencies.length < 2 || amplitudes.length !== frequencies.length) {
    const found = `${frequencies.length} and ${amplitudes.length}`;
    throw fault("as many amplitudes as frequencies, two or more", found);
  }
  for (let i = 0; i < frequencies.length; i++) {
    const rises = i === 0 || frequencies[i] > frequencies[i - 1];
    if (rises && Number.isFinite(frequencies[i]) && Number.isFinite(amplitudes[i])) continue;
    throw fault("finite values with ascending frequencies", `${frequencies[i]} ${amplitudes[i]} in row ${i}`);
  }
  if (Array.from(amplitudes).every((amplitude) => amplitude <= 0))
    throw fault("an amplitude above 0", "none");
  return mtf;
}

/** The function at a frequency in cycles/pixel: linear between its points, outside as at the nearer end. */
export function mtfGain({ frequencies, amplitudes }: Mtf, frequency: number): number {
  const last = frequencies.length - 1;
  if (frequency <= frequencies[0]) return amplitudes[0];
  if (frequency >= frequencies[last]) return amplitudes[last];
  return interpolateLinear(frequencies, amplitudes, frequency);
}
