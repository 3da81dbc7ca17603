import { VitrineError } from "../../core/index.ts";
import { readStar } from "../../io/index.ts";
import { interpolateLinear } from "../../optics/interpolation.ts";

/** A camera's modulation transfer function. */
export interface Mtf {
  /** Cycles/pixel, ascending; Nyquist is 0.5. */
  readonly frequencies: ArrayLike<number>;
  readonly amplitudes: ArrayLike<number>;
}

/**
 * Reads a modulation transfer function from a STAR file as RELION's: `rlnResolutionInversePixel` and `rlnMtfValue`.
 *
 * @throws {VitrineError} missing: no table with these columns; format: what is no number; range: frequencies that do not
 *   ascend, fewer than two, or values that are not finite
 */
export async function readMtf(path: string): Promise<Mtf> {
  const names = ["rlnResolutionInversePixel", "rlnMtfValue"] as const;
  const file = await readStar(path);
  for (const item of file.blocks.flatMap(({ items }) => items)) {
    if (item.kind !== "table" || !names.every((name) => item.columns.includes(name))) continue;
    const [frequencies, amplitudes] = names.map((name) => item.numbers(name));
    return requireMtf({ frequencies, amplitudes }, path);
  }
  const expected = `a table with ${names.join(" and ")}`;
  throw new VitrineError({ code: "missing", at: path, expected, found: "none" });
}

/** @throws {VitrineError} range: see {@link readMtf} */
export function requireMtf(mtf: Mtf, at: string): Mtf {
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
  return mtf;
}

/** The function at a frequency in cycles/pixel: linear between its points, outside as at the nearer end. */
export function mtfGain({ frequencies, amplitudes }: Mtf, frequency: number): number {
  const last = frequencies.length - 1;
  if (frequency <= frequencies[0]) return amplitudes[0];
  if (frequency >= frequencies[last]) return amplitudes[last];
  return interpolateLinear(frequencies, amplitudes, frequency);
}
