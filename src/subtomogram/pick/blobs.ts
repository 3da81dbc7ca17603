import type { Shape3 } from "../../core/index.ts";

/** Taps on either side of a Gaussian, as scipy's: four deviations. */
export function gaussianReach(sigma: number): number {
  return Math.trunc(4 * sigma + 0.5);
}

/** A Gaussian of sum 1. */
export function gaussianTaps(sigma: number): Float64Array {
  const reach = gaussianReach(sigma);
  const taps = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp((-0.5 * (i - reach) ** 2) / sigma ** 2),
  );
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

/**
 * The second derivative of {@link gaussianTaps}, of sum 0, so that a value that all voxels have more changes nothing. What scipy's sum to besides, -4e-5
 * for a deviation of 3.2 voxels and -0.065 for 0.6, times a tomogram's mean, is as much as the noise where that is far from 0.
 */
export function curvatureTaps(sigma: number): Float64Array {
  const reach = gaussianReach(sigma);
  const taps = gaussianTaps(sigma);
  const curvature = taps.map((tap, i) => tap * ((i - reach) ** 2 / sigma ** 4 - 1 / sigma ** 2));
  const sum = curvature.reduce((total, tap) => total + tap, 0);
  return curvature.map((tap, i) => tap - sum * taps[i]);
}

/** A block filtered along each axis by taps of its own; the edge of the block is repeated. */
export function filterBlock(
  values: Float32Array,
  shape: Shape3,
  taps: readonly [z: Float64Array, y: Float64Array, x: Float64Array],
): Float32Array {
  return taps.reduce((result, own, axis) => filterAxis(result, { shape, axis, taps: own }), values);
}

function filterAxis(
  values: Float32Array,
  { shape, axis, taps }: { readonly shape: Shape3; readonly axis: number; readonly taps: Float64Array },
): Float32Array {
  if (axis === 2) return filterRows(values, shape[2], taps);
  const inner = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  const length = shape[axis];
  const reach = (taps.length - 1) / 2;
  const result = new Float32Array(values.length);
  const inside = (at: number) => Math.min(Math.max(at, 0), length - 1);
  const sums = new Float64Array(inner);
  for (let line = 0; line < values.length; line += length * inner)
    for (let i = 0; i < length; i++) {
      sums.fill(0);
      for (let k = -reach; k <= reach; k++)
        addScaled(sums, values, { from: line + inside(i + k) * inner, by: taps[k + reach] });
      result.set(sums, line + i * inner);
    }
  return result;
}

function addScaled(
  sums: Float64Array,
  values: Float32Array,
  { from, by }: { readonly from: number; readonly by: number },
): void {
  for (let j = 0; j < sums.length; j++) sums[j] += by * values[from + j];
}

function filterRows(values: Float32Array, width: number, taps: Float64Array): Float32Array {
  const reach = (taps.length - 1) / 2;
  const padded = new Float64Array(width + 2 * reach);
  const result = new Float32Array(values.length);
  for (let row = 0; row < values.length; row += width) {
    padded.fill(values[row], 0, reach).fill(values[row + width - 1], reach + width);
    padded.set(values.subarray(row, row + width), reach);
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < taps.length; k++) sum += taps[k] * padded[x + k];
      result[row + x] = sum;
    }
  }
  return result;
}
