/** Length of an image or volume along each axis; C order, so the last axis is contiguous. */
export type Shape2 = readonly [height: number, width: number];
export type Shape3 = readonly [depth: number, height: number, width: number];

/** A 2D image (y, x) in C order. */
export interface Image {
  readonly data: Float32Array;
  readonly shape: Shape2;
  /** Å per pixel in y and x; 0 where the file does not say. */
  readonly pixelSizeA: number;
}

/** A 3D map (z, y, x) in C order. */
export interface Volume {
  readonly data: Float32Array;
  readonly shape: Shape3;
  /** Å per voxel along every axis; 0 where the file does not say. */
  readonly voxelSizeA: number;
}

/** Number of elements of an array of this shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
