import { seededRandom } from "../../src/core/index.ts";

/** Standard normal deviates. */
export function noise(length: number, seed = 1): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => random.normal());
}
