import { type OptionKeys, requireKnownOptions } from "../core/index.ts";
import { requireNumber } from "./frequencies.ts";

/** How the frames of a movie were exposed. */
export interface FrameExposure {
  /** Electrons/Å² of each frame. */
  readonly dosePerFrameA2: number;
  /** Electrons/Å² before the first frame; 0 where absent. */
  readonly preExposureA2?: number;
  /** 300 where absent. */
  readonly voltageKv?: number;
  /** Divide by √Σq², so that noise stays white (default true). */
  readonly restoresNoise?: boolean;
}

const KEYS: OptionKeys<FrameExposure> = {
  dosePerFrameA2: true,
  preExposureA2: true,
  voltageKv: true,
  restoresNoise: true,
};

/**
 * Exposure after which the signal at a frequency has fallen to 1/e in amplitude squared:
 * 0.245 k^-1.665 + 2.81 electrons/Å² at 300 kV, times 0.8 at 200 kV and 0.64 at 100 kV; between them linear, outside as at the
 * nearer of them.
 *
 * @param frequencyPerA  k, 1/Å
 * @returns              Infinity at k = 0
 * Source: Grant & Grigorieff 2015, eLife 4:e06980, eq. 3; factors as RELION and Leopard-EM have them.
 */
export function criticalExposure(frequencyPerA: number, voltageKv: number): number {
  const kv = Math.min(300, Math.max(100, voltageKv));
  const factor = kv > 200 ? 0.8 + 0.002 * (kv - 200) : 0.64 + 0.0016 * (kv - 100);
  return factor * (0.245 * frequencyPerA ** -1.665 + 2.81);
}

/**
 * Gains of a movie's frames at one frequency: q = exp(-N / 2Nₑ) with the exposure N at each frame's end, divided by √Σq², so
 * that white noise keeps the variance of one frame in the sum of all. Exposure before the first frame fades all frames
 * alike, so it counts only without that division.
 *
 * @param frequencyPerA k, 1/Å
 * @param frames        how many
 * @throws {VitrineError} range: an exposure below 0, a voltage not above 0, no frames
 * Source: Grant & Grigorieff 2015, eLife 4:e06980, eqs. 5 and 9; checked with torch-fourier-filter's `dose_weight_movie`.
 */
export function doseWeights(
  frequencyPerA: number,
  frames: number,
  exposure: FrameExposure,
): Float64Array<ArrayBuffer> {
  requireExposure(exposure);
  requireNumber(frames, Number.isInteger(frames) && frames > 0, {
    at: "doseWeights frames",
    expected: "1 or more",
  });
  const rate = damageRate(frequencyPerA, exposure);
  const weights = Float64Array.from({ length: frames }, (_, i) => Math.exp(-rate * doseAfter(i, exposure)));
  if (exposure.restoresNoise === false) return weights;
  const norm = Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0));
  return weights.map((weight) => (norm > 0 ? weight / norm : 0));
}

/** 1 / 2Nₑ: how fast the signal at a frequency (1/Å) fades, Å² per electron. */
export function damageRate(frequencyPerA: number, { voltageKv = 300 }: FrameExposure): number {
  return 0.5 / criticalExposure(frequencyPerA, voltageKv);
}

/** Electrons/Å² at the end of frame `index`. */
export function doseAfter(index: number, { dosePerFrameA2, preExposureA2 = 0 }: FrameExposure): number {
  return preExposureA2 + dosePerFrameA2 * (index + 1);
}

/** @throws {VitrineError} range: an exposure below 0, a voltage not above 0 */
export function requireExposure(exposure: FrameExposure): void {
  requireKnownOptions("exposure", exposure, KEYS);
  const { dosePerFrameA2, preExposureA2 = 0, voltageKv = 300 } = exposure;
  const expected = "0 or more electrons/Å²";
  requireNumber(dosePerFrameA2, dosePerFrameA2 >= 0, { at: "exposure dosePerFrameA2", expected });
  requireNumber(preExposureA2, preExposureA2 >= 0, { at: "exposure preExposureA2", expected });
  requireNumber(voltageKv, voltageKv > 0, { at: "exposure voltageKv", expected: "kV above 0" });
}
