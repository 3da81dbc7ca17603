import { type Backend, irfft3, rfft3 } from "../../compute/index.ts";
import { seededRandom, VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { halfWedge } from "../models/weighted.ts";
import { IDENTITY, type Quaternion } from "../molecules/quaternion.ts";
import type { TiltModel } from "../tilt/tilt.ts";

/** With Gaussian noise of this deviation; the same seed gives the same. @throws {VitrineError} range: below 0 */
export function addNoise(data: Float32Array, sigma: number, seed: number): Float32Array {
  if (!(Number.isFinite(sigma) && sigma >= 0))
    throw new VitrineError({
      code: "range",
      at: "noise",
      expected: "a number not below 0",
      found: `${sigma}`,
    });
  if (sigma === 0) return data;
  const random = seededRandom(seed);
  return data.map((value) => value + sigma * random.normal());
}

/** Without the frequencies that a tilt series does not see; `rotation` of a molecule whose box it is. */
export async function loseWedge(
  backend: Backend,
  { data, shape }: PipeImage,
  { tilt, rotation = IDENTITY }: { readonly tilt: TiltModel; readonly rotation?: Quaternion },
): Promise<PipeImage> {
  const spectrum = await rfft3(backend, data, shape);
  const weights = halfWedge(shape, { tilt, rotation });
  for (let i = 0; i < spectrum.length; i++) spectrum[i] *= weights[i >> 1];
  return { data: await irfft3(backend, spectrum, shape), shape };
}
