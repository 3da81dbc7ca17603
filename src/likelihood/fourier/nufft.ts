import { VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { createFineGrid, emptyGrid, gridToModes, modesToGrid } from "./fineGrid.ts";
import { interpolate, type PointAxes, planPoints, roomForPoints, spread } from "./points.ts";

/** How a non-uniform transform is made. */
export interface NufftOptions {
  /** Error, as a share of the norm of the values, from 1e-14 to 0.1; default 1e-12. */
  readonly eps?: number;
  /** Of the exponent; default -1 of type 2 and 1 of type 1, as images are transformed and come back. */
  readonly sign?: 1 | -1;
}

/** Complex values of modes, in C order; mode i of an axis of n has the number i - floor(n / 2). */
export interface Modes {
  /** Two or three axes. */
  readonly shape: readonly number[];
  /** Real and imaginary part in turn. */
  readonly data: ArrayLike<number>;
}

/**
 * Non-uniform Fourier transform of type 2, from modes to points: of each point x the sum over modes m of data[m] · exp(sign · i m·x).
 *
 * @param points  an array an axis, radians
 * @returns       complex values of the points
 * @throws {VitrineError} shape: other than two or three axes, or arrays of other lengths; range: `eps`
 *
 * Accuracy: within `eps` of direct sums, as the root of the mean square, 1e-6 and 1e-12 tested (fourier.test.ts).
 * Source: Barnett, Magland & af Klinteberg 2019, SIAM J. Sci. Comput. 41:C479.
 */
export function nufftType2(modes: Modes, points: PointAxes, options: NufftOptions = {}): Float64Array {
  requireKnownOptions("nufftType2", options, { eps: true, sign: true });
  const { eps = 1e-12, sign = -1 } = options;
  const { shape } = modes;
  checkAxes(shape, points);
  const grid = createFineGrid(shape, { eps, sign });
  requireLength(
    "nufftType2 data",
    modes.data.length,
    shape.reduce((product, side) => product * side, 2),
  );
  const data = emptyGrid(grid);
  modesToGrid(grid, { data: modes.data, isReal: false }, data);
  const planned = roomForPoints(points[0].length, { axes: points.length, width: grid.spreading.width });
  planPoints(grid, points, planned);
  const out = new Float64Array(2 * planned.count);
  interpolate(grid, data, planned, out);
  return out;
}

/**
 * Non-uniform Fourier transform of type 1, from points to modes: of each mode m the sum over points of values · exp(sign · i m·x).
 *
 * @param values   complex, of the points
 * @param points   as of {@link nufftType2}
 * @param options  `shape`: of the modes, two or three axes
 * @throws {VitrineError} as {@link nufftType2}
 */
export function nufftType1(
  values: ArrayLike<number>,
  points: PointAxes,
  options: NufftOptions & { readonly shape: readonly number[] },
): Float64Array {
  requireKnownOptions("nufftType1", options, { eps: true, sign: true, shape: true });
  const { shape, eps = 1e-12, sign = 1 } = options;
  checkAxes(shape, points);
  requireLength("nufftType1 values", values.length, 2 * points[0].length);
  const grid = createFineGrid(shape, { eps, sign });
  const planned = roomForPoints(points[0].length, { axes: points.length, width: grid.spreading.width });
  planPoints(grid, points, planned);
  const data = emptyGrid(grid);
  spread(grid, values, planned, data);
  return gridToModes(grid, data);
}

function checkAxes(shape: readonly number[], points: PointAxes): void {
  const isKnown = (shape.length === 2 || shape.length === 3) && points.length === shape.length;
  if (!isKnown || shape.some((side) => !Number.isInteger(side) || side < 1))
    throw wrong(
      "nufft shape",
      "two or three axes, of modes and of points",
      `${shape.length} and ${points.length}`,
    );
  for (const places of points) requireLength("nufft points", places.length, points[0].length);
}

function requireLength(at: string, found: number, expected: number): void {
  if (found !== expected) throw wrong(at, `${expected} values`, `${found}`);
}

function wrong(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "shape", at, expected, found });
}
