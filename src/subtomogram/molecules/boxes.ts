import { type Quaternion, quaternionMatrix, type Zyx } from "./quaternion.ts";

/** Gives a row of three numbers for each molecule. */
type RowOf = (index: number) => ArrayLike<number>;

/** (n, 16) matrices that move `from` to the origin, turn, and move to `to`; row-major, coordinates z y x 1. */
export function affineMatrices(rotator: readonly Quaternion[], from: RowOf, to: RowOf): Float32Array {
  const matrices = rotator.flatMap((q, i) => {
    const m = quaternionMatrix(q);
    const row = (r: number) => {
      const [a, b, c] = [m[3 * r], m[3 * r + 1], m[3 * r + 2]];
      return [a, b, c, to(i)[r] - (a * from(i)[0] + b * from(i)[1] + c * from(i)[2])];
    };
    return [...row(0), ...row(1), ...row(2), 0, 0, 0, 1];
  });
  return Float32Array.from(matrices);
}

/**
 * Coordinates of the voxels of a box about each molecule, in voxels of the tomogram: (n, 3, depth, height, width).
 *
 * @param places  nm
 * @param box     its shape, and nm/pixel of both
 */
export function boxCoordinates(
  places: readonly Zyx[],
  rotator: readonly Quaternion[],
  { shape, scale }: { readonly shape: Zyx; readonly scale: number },
): Float32Array {
  const [depth, height, width] = shape;
  const voxels = depth * height * width;
  const result = new Float32Array(places.length * 3 * voxels);
  rotator.forEach((q, index) => {
    const m = quaternionMatrix(q);
    for (let axis = 0; axis < 3; axis++) {
      const centre = places[index][axis] / scale;
      let at = (index * 3 + axis) * voxels;
      for (let z = 0; z < depth; z++)
        for (let y = 0; y < height; y++) {
          const start =
            centre + m[3 * axis] * (z - (depth - 1) / 2) + m[3 * axis + 1] * (y - (height - 1) / 2);
          for (let x = 0; x < width; x++) result[at++] = start + m[3 * axis + 2] * (x - (width - 1) / 2);
        }
    }
  });
  return result;
}
