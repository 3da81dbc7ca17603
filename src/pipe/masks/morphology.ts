import { type PipeImage, sameShape } from "../image.ts";
import { squaredDistances } from "./distance.ts";

/** Voxels of a ball's radius: whole, rounded up; below one voxel 0, which leaves a mask as it is. */
export function ballRadiusPx(radiusNm: number, scale: number): number {
  const radius = Math.abs(radiusNm / scale);
  return radius < 1 ? 0 : Math.ceil(radius);
}

/** Every voxel within `radius` voxels (a ball, its surface included) of the mask. What is outside the image is no mask. */
export function dilate(mask: PipeImage, radius: number): PipeImage {
  const distances = squaredDistances(mask, 1);
  return sameShape(
    mask,
    Float32Array.from(distances, (d) => (d <= radius * radius ? 1 : 0)),
  );
}

/** Every voxel of the mask whose ball of `radius` voxels lies in it; what is outside the image does not. */
export function erode(mask: PipeImage, radius: number): PipeImage {
  const distances = squaredDistances(mask, 0);
  const eroded = Float32Array.from(distances, (d) => (d > radius * radius ? 1 : 0));
  clearBorder(eroded, mask.shape, radius);
  return sameShape(mask, eroded);
}

/** The nearest voxel outside lies straight across a face. */
function clearBorder(data: Float32Array, [depth, height, width]: PipeImage["shape"], radius: number): void {
  const isNear = (at: number, length: number) => at < radius || at >= length - radius;
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const isRowNear = isNear(z, depth) || isNear(y, height);
      for (let x = 0; x < width; x++, at++) if (isRowNear || isNear(x, width)) data[at] = 0;
    }
}
