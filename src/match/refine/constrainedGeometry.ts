import {
  type EulerZyz,
  type Matrix3,
  matrixFromZyz,
  multiplyMatrices,
  transposeMatrix,
} from "../../core/index.ts";
import { offsetRotations } from "./refineRotations.ts";

/** Offsets of orientation, and those that slices are taken with where they are others. */
export interface TurnedOffsets {
  readonly offsets: readonly Matrix3[];
  readonly sliceOffsets?: readonly Matrix3[];
}

/**
 * How far a point of the template lies above its centre, Å. It is seen at transpose(R) c, so the third column of R gives its height.
 *
 * @param point  Å from the centre, xyz in the template's frame
 */
export function heightA([x, y, z]: readonly [number, number, number], pose: EulerZyz): number {
  const matrix = matrixFromZyz(pose);
  return matrix[2] * x + matrix[5] * y + matrix[8] * z;
}

/** Offsets turned to an axis: axis times offset times its inverse. @param offsetsDeg (n, 3) phi, theta, psi */
export function turnedOffsets(offsetsDeg: Float64Array, axis: EulerZyz): TurnedOffsets {
  const turn = matrixFromZyz(axis);
  const back = transposeMatrix(turn);
  const offsets = offsetRotations(offsetsDeg).map((offset) =>
    multiplyMatrices(multiplyMatrices(turn, offset), back),
  );
  return { offsets };
}
