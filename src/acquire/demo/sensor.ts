import { seededRandom } from "../../core/index.ts";
import type { PixelArray } from "../../io/index.ts";
import { hashSeed } from "./hash.ts";

/** How light becomes numbers. */
export interface SensorSettings {
  readonly bitDepth: number;
  /** Counts at 16 bits that no light gives. */
  readonly offset: number;
  /** Standard deviation of a dark pixel, photoelectrons. */
  readonly readNoise: number;
  /** Whether photons and the sensor are noisy; without, equal light gives equal counts. */
  readonly isNoisy: boolean;
}

/** One reading of the sensor. */
export interface Reading extends SensorSettings {
  /** Noise follows from it. */
  readonly seed: number;
  /** Values a pixel; each is `tint` times the light. */
  readonly tint: readonly number[];
}

const NORMALS_BITS = 16;

let normals: Float32Array | undefined;

/** Standard normal deviates, exact in mean and variance. */
function standardNormals(): Float32Array {
  if (normals !== undefined) return normals;
  const random = seededRandom(20_260);
  const half = Float32Array.from({ length: 2 ** (NORMALS_BITS - 1) }, () => random.normal());
  const scale = Math.sqrt(half.length / half.reduce((sum, value) => sum + value * value, 0));
  // each with its opposite: the mean is 0
  normals = Float32Array.from(
    { length: 2 * half.length },
    (_, i) => (i % 2 === 0 ? scale : -scale) * half[i >> 1],
  );
  return normals;
}

/**
 * Reads an exposed sensor: counts = (offset + electrons) 2^(bitDepth - 16), rounded, within the bits. One photoelectron is one
 * count at 16 bits. Electrons vary by sqrt(light + readNoise^2) around the light, which stands for Poisson's distribution.
 *
 * @param light  photoelectrons of each pixel
 * @param out    as many values a pixel as `tint` has
 */
export function readSensor(light: Float32Array, reading: Reading, out: PixelArray): void {
  const { bitDepth, offset, readNoise, isNoisy, tint } = reading;
  const deviates = standardNormals();
  const scale = 2 ** (bitDepth - 16);
  const most = 2 ** bitDepth - 1;
  const dark = readNoise * readNoise;
  const noise = isNoisy ? 1 : 0;
  let state = hashSeed(reading.seed) || 1;
  for (let channel = 0; channel < tint.length; channel++) {
    for (let i = 0, at = channel; i < light.length; i++, at += tint.length) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const electrons = tint[channel] * light[i];
      const deviate =
        noise * deviates[state >>> (32 - NORMALS_BITS)] * Math.sqrt(Math.max(0, electrons) + dark);
      const count = scale * (offset + electrons + deviate) + 0.5;
      out[at] = count <= 0 ? 0 : count >= most ? most : count;
    }
  }
}
