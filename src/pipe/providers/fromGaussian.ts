import { type Shape3, VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { callName } from "../curry.ts";
import { requirePositive, roundHalfEven, toThree } from "../image.ts";
import { createProvider, type ImageProvider } from "../pipeline.ts";

type Three = readonly [number, number, number];

/** Options of {@link fromGaussian}. */
export interface FromGaussianOptions {
  /** As acryo makes it: about the far corner of the box, exp(-(Σ d/σ)² / 2). */
  readonly compat?: boolean;
}

/**
 * A Gaussian in a box: exp(-Σ (d / σ)² / 2), with d from the centre of the box, (n - 1) / 2, moved by `shift`.
 *
 * @param shape  nm, of all axes or of z, y and x; rounded to whole voxels
 * @param sigma  nm, as `shape`; default 1
 * @param shift  nm, (z, y, x); default none
 * @throws {VitrineError} range: a side or sigma that is not above 0; when called, a box without voxels
 */
export function fromGaussian(
  shape: number | Three,
  sigma: number | Three = 1,
  shift: Three = [0, 0, 0],
  options: FromGaussianOptions = {},
): ImageProvider {
  requireKnownOptions("fromGaussian", options, { compat: true });
  const sides = toThree(shape, "fromGaussian shape");
  const widths = toThree(sigma, "fromGaussian sigma");
  const moved = toThree(shift, "fromGaussian shift");
  for (const side of sides) requirePositive(side, "fromGaussian shape");
  for (const width of widths) requirePositive(width, "fromGaussian sigma");
  const name = callName("fromGaussian", [shape, sigma, shift]);
  return createProvider((scale) => {
    const [depth, height, width] = sides.map((side) => voxels(side / scale, name));
    const centres = [depth, height, width].map((n, axis) =>
      options.compat === true ? (sides[axis] + moved[axis]) / scale : (n - 1) / 2 + moved[axis] / scale,
    );
    const distances = [depth, height, width].map((n, axis) =>
      Float64Array.from({ length: n }, (_, i) => ((i - centres[axis]) * scale) / widths[axis]),
    );
    const value = options.compat === true ? gaussianOfSum : gaussian;
    return { data: fill([depth, height, width], distances, value), shape: [depth, height, width] };
  }, name);
}

function gaussian(z: number, y: number, x: number): number {
  return Math.exp(-0.5 * (z * z + y * y + x * x));
}

function gaussianOfSum(z: number, y: number, x: number): number {
  return Math.exp(-0.5 * (z + y + x) ** 2);
}

function fill(
  shape: Shape3,
  [zs, ys, xs]: readonly Float64Array[],
  value: (z: number, y: number, x: number) => number,
): Float32Array {
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  let at = 0;
  for (const z of zs) for (const y of ys) for (const x of xs) data[at++] = value(z, y, x);
  return data;
}

function voxels(side: number, at: string): number {
  const count = roundHalfEven(side);
  if (count > 0) return count;
  throw new VitrineError({
    code: "range",
    at,
    expected: "a box of at least one voxel",
    found: `${side} voxels`,
  });
}
