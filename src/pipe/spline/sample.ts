import type { Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../image.ts";
import {
  boundaryIndex,
  type SplineBoundary,
  type SplineOrder,
  splineCoefficients,
  splineTaps,
} from "./bspline.ts";

/** Where an image is read on a grid of its own: the coordinates of each axis, in voxels of the image. */
export interface SampleGrid {
  readonly coordinates: readonly [z: ArrayLike<number>, y: ArrayLike<number>, x: ArrayLike<number>];
  readonly order: SplineOrder;
  readonly boundary: SplineBoundary;
}

/**
 * Values of an image's spline on a grid whose axes are the image's: one axis after the other, in float64.
 *
 * @returns  as many values an axis as there are coordinates
 */
export function sampleGrid(image: PipeImage, { coordinates, order, boundary }: SampleGrid): PipeImage {
  const coefficients = Float64Array.from(image.data);
  image.shape.forEach((length, axis) => {
    splineCoefficients(coefficients, { length, inner: innerOf(image.shape, axis) }, { order, boundary });
  });
  let shape: Shape3 = image.shape;
  let values: Float64Array = coefficients;
  coordinates.forEach((places, axis) => {
    values = sampleAxis(
      values,
      { length: shape[axis], inner: innerOf(shape, axis) },
      { places, order, boundary },
    );
    shape = [
      axis === 0 ? places.length : shape[0],
      axis === 1 ? places.length : shape[1],
      axis === 2 ? places.length : shape[2],
    ];
  });
  return { data: Float32Array.from(values), shape };
}

function innerOf(shape: Shape3, axis: number): number {
  return shape.slice(axis + 1).reduce((product, length) => product * length, 1);
}

function sampleAxis(
  values: Float64Array,
  { length, inner }: { readonly length: number; readonly inner: number },
  { places, order, boundary }: { places: ArrayLike<number>; order: SplineOrder; boundary: SplineBoundary },
): Float64Array {
  const { first, weights } = splineTaps(places, order);
  const outer = values.length / (length * inner);
  const result = new Float64Array(outer * places.length * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < places.length; i++) {
      const to = (o * places.length + i) * inner;
      for (let tap = 0; tap <= order; tap++) {
        const weight = weights[i * (order + 1) + tap];
        const from = (o * length + boundaryIndex(first[i] + tap, length, boundary)) * inner;
        for (let k = 0; k < inner; k++) result[to + k] += weight * values[from + k];
      }
    }
  return result;
}
