import { elementCount, type Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { LEAST_LIKELIHOOD, relativeLikelihood } from "../kernels/index.ts";
import { IDENTITY, normalizeQuaternion, type Quaternion, type Zyx } from "../molecules/quaternion.ts";
import { type TiltModel, wedgeMask } from "../tilt/tilt.ts";

/** What of a model decides how much its scores say. */
interface Seen {
  readonly shape: Shape3;
  readonly mask: PipeImage | undefined;
  readonly cutoff: number | undefined;
  readonly tilt: TiltModel;
}

/**
 * Independent values that a coefficient compares: voxels under the mask, times the share of frequencies that are left of white noise by the
 * low pass (its power summed and squared, over the sum of its squares) and by the missing wedge.
 */
export function observations({ shape, mask, cutoff, tilt }: Seen): number {
  const voxels = mask === undefined ? elementCount(shape) : mask.data.reduce((sum, value) => sum + value, 0);
  const seen = wedgeMask(tilt, IDENTITY, shape);
  let [powers, squares] = [0, 0];
  const [depth, height, width] = shape;
  const signed = (i: number, n: number) => (2 * i < n ? i : i - n) / n;
  for (let z = 0, at = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, at++) {
        const f = Math.hypot(signed(z, depth), signed(y, height), signed(x, width));
        const power = cutoff === undefined || cutoff <= 0 ? 1 : 1 / (1 + (f / cutoff) ** 4) ** 2;
        powers += seen[at] * power;
        squares += seen[at] * power * power;
      }
  return (voxels * (powers * powers)) / (squares * elementCount(shape));
}

/** What was found of one rotation. */
export interface ScoredPose {
  readonly rotation: Quaternion;
  readonly shiftPx: Zyx;
  readonly score: number;
}

/**
 * Mean of poses, each weighted by how likely its coefficient of n independent values is. Rotations are summed as quaternions of one hemisphere, so that they should lie within some tens of degrees.
 */
export function meanPose(poses: readonly ScoredPose[], n: number): Omit<ScoredPose, "score"> {
  const best = poses.reduce((most, pose) => (pose.score > most.score ? pose : most));
  const sum = [0, 0, 0, 0];
  const shift = [0, 0, 0];
  let total = 0;
  for (const { rotation, shiftPx, score } of poses) {
    const weight = relativeLikelihood(score, best.score, n);
    if (weight < LEAST_LIKELIHOOD) continue;
    const side = rotation.reduce((dot, value, i) => dot + value * best.rotation[i], 0) < 0 ? -1 : 1;
    rotation.forEach((value, i) => {
      sum[i] += side * weight * value;
    });
    shiftPx.forEach((value, i) => {
      shift[i] += weight * value;
    });
    total += weight;
  }
  const [z, y, x] = shift.map((value) => value / total);
  return { rotation: normalizeQuaternion(sum, "mean rotation"), shiftPx: [z, y, x] };
}
