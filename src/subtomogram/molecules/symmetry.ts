import { symmetryRotations } from "../../optics/index.ts";
import { IDENTITY, type Quaternion, quaternionFromMatrix, quaternionFromRotvec } from "./quaternion.ts";

/** An axis of a volume. */
export type AxisName = "z" | "y" | "x";

/**
 * The rotations of a point group on (z, y, x) columns, the identity first. C and D have their axis along `axis`, D a two-fold one
 * along the next of z, y, x, z; T, O and I have theirs as `symmetryRotations` has them, whatever `axis` says.
 *
 * @param symmetry  "C3", "D2", "T", "O", "I"
 * @throws {VitrineError} unsupported: another name
 */
export function symmetryQuaternions(symmetry: string, axis: AxisName): Quaternion[] {
  const rotations = symmetryRotations(symmetry);
  if (!/^[CD]/.test(symmetry))
    return rotations.map((m) =>
      quaternionFromMatrix([m[8], m[7], m[6], m[5], m[4], m[3], m[2], m[1], m[0]], symmetry),
    );
  const order = symmetry.startsWith("C") ? rotations.length : rotations.length / 2;
  const main = ["z", "y", "x"].indexOf(axis);
  const turned = Array.from({ length: order }, (_, k) => turn(main, (2 * Math.PI * k) / order));
  if (symmetry.startsWith("C")) return turned;
  const flipped = Array.from({ length: order }, (_, k) => {
    const along = [0, 0, 0];
    along[(main + 1) % 3] = Math.PI * Math.cos((Math.PI * k) / order);
    along[(main + 2) % 3] = Math.PI * Math.sin((Math.PI * k) / order);
    return quaternionFromRotvec([along[0], along[1], along[2]]);
  });
  return [...turned, ...flipped];
}

function turn(axis: number, angle: number): Quaternion {
  if (angle === 0) return IDENTITY;
  const vector = [0, 0, 0];
  vector[axis] = angle;
  return quaternionFromRotvec([vector[0], vector[1], vector[2]]);
}
