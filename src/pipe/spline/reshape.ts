import type { Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../image.ts";
import { splineTaps } from "./bspline.ts";

/**
 * Crops or pads with zeros about the centre (n - 1) / 2. Between an odd and an even length, the centre lies between voxels, and
 * the values are interpolated linearly.
 */
export function reshapeImage(image: PipeImage, shape: Shape3): PipeImage {
  const taps = shape.map((length, axis) => {
    const offset = (image.shape[axis] - length) / 2;
    // Whole grids have no second tap: it would lie outside at the last voxel.
    const order = Number.isInteger(offset) ? 0 : 1;
    return splineTaps(
      Float64Array.from({ length }, (_, i) => i + offset),
      order,
    );
  });
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  let at = 0;
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++) data[at++] = valueAt(image, taps, [z, y, x]);
  return { data, shape };
}

type Taps = ReturnType<typeof splineTaps>;

/** 0 where any tap lies outside, as scipy's constant mode has it. */
function valueAt({ data, shape }: PipeImage, taps: readonly Taps[], place: Shape3): number {
  const [tz, ty, tx] = taps;
  if (
    taps.some(({ first, order }, axis) => first[place[axis]] < 0 || first[place[axis]] + order >= shape[axis])
  )
    return 0;
  let sum = 0;
  for (let i = 0; i <= tz.order; i++)
    for (let j = 0; j <= ty.order; j++)
      for (let k = 0; k <= tx.order; k++) {
        const weight = weightOf(tz, place[0], i) * weightOf(ty, place[1], j) * weightOf(tx, place[2], k);
        const at =
          ((tz.first[place[0]] + i) * shape[1] + ty.first[place[1]] + j) * shape[2] + tx.first[place[2]] + k;
        sum += weight * data[at];
      }
  return sum;
}

function weightOf({ weights, order }: Taps, output: number, tap: number): number {
  return weights[output * (order + 1) + tap];
}
