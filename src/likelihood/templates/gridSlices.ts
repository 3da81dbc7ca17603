import { emptyGrid, type FineGrid, modesToGrid } from "../fourier/fineGrid.ts";
import { interpolate, planPoints, roomForPoints } from "../fourier/points.ts";
import type { SliceOf } from "./makeStack.ts";
import { rayPoints, raysToShells } from "./slices.ts";

/** Where slices of a grid lie. */
export interface GridSlicesOptions {
  readonly radii: Float64Array;
  /** Angles of every shell. */
  readonly angles: number;
  /** Radians per mode of a cycle per half box. */
  readonly scale: number;
}

/** Slices of the transform of a real array, which a grid of three axes has modes for. */
export function gridSlices(
  grid: FineGrid,
  data: ArrayLike<number>,
  { radii, angles, scale }: GridSlicesOptions,
): SliceOf {
  const cells = emptyGrid(grid);
  modesToGrid(grid, { data, isReal: true }, cells);
  const count = radii.length * angles;
  const planned = roomForPoints(count, { axes: 3, width: grid.spreading.width });
  const points = [0, 1, 2].map(() => new Float64Array(count));
  const rays = new Float64Array(2 * count);
  return (directions, values) => {
    rayPoints(directions, { radii, scale }, points);
    planPoints(grid, points, planned);
    interpolate(grid, cells, planned, rays);
    raysToShells(rays, radii.length, values);
  };
}
