import type { Backend } from "../../compute/index.ts";
import { createPool, irfft3, rfft3 } from "../../compute/index.ts";
import { type PipeImage, sameShape } from "../image.ts";

/** A Butterworth filter; `cutoff` in cycles/voxel, where the gain of both kinds is 1/2. */
export interface Butterworth {
  readonly kind: "lowpass" | "highpass";
  readonly cutoff: number;
  readonly order: number;
}

/** Corner of a cube of frequencies: beyond it nothing is filtered. */
const GREATEST_FREQUENCY = Math.sqrt(3) / 2;

/**
 * Filters in Fourier space: gain 1 / (1 + (f / cutoff)^(2 order)), or 1 minus it. A cutoff of 0 or below, or beyond the corner of
 * the frequencies (0.866), passes everything low: a high pass then leaves nothing.
 *
 * @param backend  makes the transform's plans; left out, one worker thread is started for this call
 */
export async function butterworth(
  image: PipeImage,
  filter: Butterworth,
  backend?: Backend,
): Promise<PipeImage> {
  if (filter.cutoff <= 0 || filter.cutoff >= GREATEST_FREQUENCY)
    return filter.kind === "lowpass" ? image : sameShape(image, new Float32Array(image.data.length));
  if (backend !== undefined) return filterWith(backend, image, filter);
  await using pool = await createPool({ workers: 1 });
  return await filterWith(pool, image, filter);
}

async function filterWith(backend: Backend, image: PipeImage, filter: Butterworth): Promise<PipeImage> {
  const spectrum = await rfft3(backend, image.data, image.shape);
  applyGain(spectrum, image.shape, filter);
  return sameShape(image, await irfft3(backend, spectrum, image.shape));
}

/** Multiplies a half transform, (depth, height, width/2+1, 2). */
function applyGain(
  spectrum: Float32Array,
  shape: PipeImage["shape"],
  { kind, cutoff, order }: Butterworth,
): void {
  const [z, y, x] = shape.map((length) => squaredFrequencies(length, cutoff));
  const columns = Math.floor(shape[2] / 2) + 1;
  let at = 0;
  for (const fz of z)
    for (const fy of y)
      for (let column = 0; column < columns; column++) {
        const low = 1 / (1 + (fz + fy + x[column]) ** order);
        const gain = kind === "lowpass" ? low : 1 - low;
        spectrum[at++] *= gain;
        spectrum[at++] *= gain;
      }
}

/** (f / cutoff)² in the order of a transform. */
function squaredFrequencies(length: number, cutoff: number): Float64Array {
  return Float64Array.from(
    { length },
    (_, i) => ((i <= length / 2 ? i : i - length) / (length * cutoff)) ** 2,
  );
}
