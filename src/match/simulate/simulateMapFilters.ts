import { type Backend, createFft } from "../../compute/index.ts";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { criticalExposure } from "../../optics/index.ts";

export { criticalExposure };

/** Radiation that fades the fine detail of a map. */
export interface MapExposure {
  /** Exposure before the first frame, electrons/Å². */
  readonly startPerA2: number;
  /** Exposure after the last frame, electrons/Å². */
  readonly endPerA2: number;
  /** Damage depends on it; kV. */
  readonly voltageKv: number;
  /** Critical exposure 4 / (B k²) in place of the fitted curve, Å² per electron/Å². */
  readonly critExposureBFactor?: number;
  /** What becomes of the filter q: `none`: q; `sqrt`: √q; `rel_diff`: 2q / (1 + q). Default `none`. */
  readonly modifySignal?: "none" | "sqrt" | "rel_diff";
}

const EXPOSURE_KEYS: OptionKeys<MapExposure> = {
  startPerA2: true,
  endPerA2: true,
  voltageKv: true,
  critExposureBFactor: true,
  modifySignal: true,
};

/**
 * What is left of the signal at a frequency, averaged over an exposure from N₁ to N₂:
 * (N₂ - N₁)⁻¹ ∫ exp(-N / 2Nₑ) dN.
 *
 * ttsim3d divides by N₂ instead, which is the same where N₁ = 0.
 *
 * @param frequencyPerA  k, 1/Å
 * @returns              1 at k = 0, falling
 * Source: Grant & Grigorieff 2015, eLife 4:e06980, eq. 5.
 */
export function exposureGain(frequencyPerA: number, exposure: MapExposure): number {
  requireKnownOptions("exposure", exposure, EXPOSURE_KEYS);
  const { startPerA2, endPerA2, voltageKv, critExposureBFactor, modifySignal = "none" } = exposure;
  const critical =
    critExposureBFactor === undefined
      ? criticalExposure(frequencyPerA, voltageKv)
      : 4 / (critExposureBFactor * frequencyPerA ** 2);
  const rate = 1 / (2 * critical);
  const span = rate * (endPerA2 - startPerA2);
  const gain = Math.exp(-rate * startPerA2) * (span > 0 ? -Math.expm1(-span) / span : 1);
  if (modifySignal === "sqrt") return Math.sqrt(gain);
  return modifySignal === "rel_diff" ? (2 * gain) / (1 + gain) : gain;
}

/** @throws {VitrineError} range: exposures below 0 or in the wrong order, a voltage or B-factor not above 0 */
export function requireExposure(exposure: MapExposure, at: string): void {
  const { startPerA2, endPerA2, voltageKv, critExposureBFactor = 1 } = exposure;
  const limits = [
    ["startPerA2", startPerA2, startPerA2 >= 0, "0 or more electrons/Å²"],
    ["endPerA2", endPerA2, endPerA2 >= startPerA2, `at least the start, ${startPerA2} electrons/Å²`],
    ["voltageKv", voltageKv, voltageKv > 0, "kV above 0"],
    ["critExposureBFactor", critExposureBFactor, critExposureBFactor > 0, "a number above 0"],
  ] as const;
  for (const [name, value, holds, expected] of limits) {
    if (holds && Number.isFinite(value)) continue;
    throw new VitrineError({ code: "range", at: `${at}.${name}`, expected, found: String(value) });
  }
}

/**
 * Multiplies the spectrum of a cube with a gain that depends on |frequency| alone, in place.
 *
 * @param data (n, n, n)
 * @param gain of a frequency in cycles/voxel, to √3/2
 */
export async function filterRadially(
  backend: Backend,
  data: Float32Array,
  {
    size: n,
    gain,
    signal,
  }: { size: number; gain: (frequency: number) => number; signal?: AbortSignal | undefined },
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const plan = createFft(backend, { kind: "real3d", shape: [n, n, n] });
  try {
    plan.set("real", data);
    await plan.run("forward", options);
    const columns = Math.floor(n / 2) + 1;
    const section = new Float32Array(2 * n * columns);
    for (let z = 0; z < n; z++) {
      plan.read("spectrum", section, z * n);
      for (let y = 0; y < n; y++) {
        const square = signed(z, n) ** 2 + signed(y, n) ** 2;
        for (let x = 0; x < columns; x++) {
          const factor = gain(Math.sqrt(square + x * x) / n);
          section[2 * (y * columns + x)] *= factor;
          section[2 * (y * columns + x) + 1] *= factor;
        }
      }
      plan.set("spectrum", section, z * n);
    }
    await plan.run("inverse", options);
    plan.read("real", data);
  } finally {
    plan.dispose();
  }
}

function signed(index: number, n: number): number {
  return 2 * index < n ? index : index - n;
}
