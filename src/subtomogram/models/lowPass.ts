import type { Shape3 } from "../../core/index.ts";
import type { Log } from "../../program/index.ts";
import { LOW_PASS_CORNER } from "../kernels/index.ts";

/**
 * Butterworth's low pass of order 2 for the half transform of a real volume: 1 / (1 + (f / cutoff)^4), C order (z, y, x).
 *
 * @param cutoff  cycles/voxel; nothing is filtered without one, from 0 down, and from the corner of the frequencies on
 */
export function halfLowPass(shape: Shape3, cutoff: number | undefined): Float32Array {
  const [depth, height, width] = shape;
  const columns = (width >> 1) + 1;
  const gains = new Float32Array(depth * height * columns).fill(1);
  if (cutoff === undefined || cutoff <= 0 || cutoff >= LOW_PASS_CORNER) return gains;
  const square = (i: number, n: number) => ((2 * i < n ? i : i - n) / (n * cutoff)) ** 2;
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < columns; x++)
        gains[at++] = 1 / (1 + (square(z, depth) + square(y, height) + square(x, width)) ** 2);
  return gains;
}

/** Says that a low pass leaves everything as it is. */
export function tellIdleCutoff(cutoff: number | undefined, onLog: Log | undefined): void {
  if (cutoff === undefined || (cutoff > 0 && cutoff < LOW_PASS_CORNER)) return;
  const range = `above 0 and below ${LOW_PASS_CORNER.toFixed(3)} cycles/voxel, the corner of the frequencies`;
  onLog?.(`cutoff ${cutoff} filters nothing: it counts ${range} (--cutoff)`, "warning");
}
