import type { FineGrid } from "./fineGrid.ts";

/** Where points lie on a fine grid, and how their values spread: everything that does not depend on values. */
export interface PlannedPoints {
  readonly count: number;
  /** Of the cells of each point, in complex numbers from the start of the grid. */
  readonly starts: Int32Array;
  /** Of each axis the `width` values of every point. */
  readonly kernels: readonly Float64Array[];
}

/** Places of points by axis, in radians per mode, of any size: they are periodic. */
export type PointAxes = readonly Float64Array[];

/** Room for the plan of `count` points on `axes` axes. */
export function roomForPoints(
  count: number,
  { axes, width }: { readonly axes: number; readonly width: number },
): PlannedPoints {
  const kernels = Array.from({ length: axes }, () => new Float64Array(count * width));
  return { count, starts: new Int32Array(count), kernels };
}

/**
 * Plans points on a grid of two or three axes.
 *
 * @param into  of as many points, or of more, of which the rest keeps what it has
 */
export function planPoints(grid: FineGrid, points: PointAxes, into: PlannedPoints): void {
  const { spreading, cells, padded } = grid;
  const { width } = spreading;
  const first = 3 - points.length;
  into.starts.fill(0);
  for (const [i, places] of points.entries()) {
    const axis = first + i;
    const [period, stride] = [cells[axis], strideOf(padded, axis)];
    const kernels = into.kernels[i];
    for (let j = 0; j < places.length; j++) {
      const turns = places[j] / (2 * Math.PI);
      const at = (turns - Math.floor(turns)) * period;
      const start = Math.ceil(at - width / 2);
      into.starts[j] += (start < 0 ? start + period : start) * stride;
      spreading.values(start, at, kernels, j * width);
    }
  }
}

function strideOf(padded: readonly number[], axis: number): number {
  return padded.slice(axis + 1).reduce((product, side) => product * side, 1);
}

/** Values of a grid at points: two or three axes. Overwrites complex `out`, of `count` points. */
export function interpolate(
  grid: FineGrid,
  data: Float64Array,
  points: PlannedPoints,
  out: Float64Array,
  count = points.count,
): void {
  if (points.kernels.length === 2) interpolate2(grid, data, { points, out, count });
  else interpolate3(grid, data, { points, out, count });
}

interface Values {
  readonly points: PlannedPoints;
  readonly out: Float64Array;
  readonly count: number;
}

function interpolate2(
  { spreading: { width }, padded }: FineGrid,
  data: Float64Array,
  { points: { starts, kernels }, out, count }: Values,
): void {
  const [along0, along1] = kernels;
  for (let j = 0; j < count; j++) {
    let sumR = 0;
    let sumI = 0;
    for (let a = 0; a < width; a++) {
      let at = 2 * (starts[j] + a * padded[2]);
      let rowR = 0;
      let rowI = 0;
      for (let b = j * width; b < (j + 1) * width; b++) {
        rowR += along1[b] * data[at++];
        rowI += along1[b] * data[at++];
      }
      sumR += along0[j * width + a] * rowR;
      sumI += along0[j * width + a] * rowI;
    }
    out[2 * j] = sumR;
    out[2 * j + 1] = sumI;
  }
}

function interpolate3(
  { spreading: { width }, padded }: FineGrid,
  data: Float64Array,
  { points: { starts, kernels }, out, count }: Values,
): void {
  const [along0, along1, along2] = kernels;
  const plane = padded[1] * padded[2];
  for (let j = 0; j < count; j++) {
    const from = j * width;
    let sumR = 0;
    let sumI = 0;
    for (let a = 0; a < width; a++)
      for (let b = 0; b < width; b++) {
        let at = 2 * (starts[j] + a * plane + b * padded[2]);
        let rowR = 0;
        let rowI = 0;
        for (let c = from; c < from + width; c++) {
          rowR += along2[c] * data[at++];
          rowI += along2[c] * data[at++];
        }
        const share = along0[from + a] * along1[from + b];
        sumR += share * rowR;
        sumI += share * rowI;
      }
    out[2 * j] = sumR;
    out[2 * j + 1] = sumI;
  }
}

/** Adds the complex values of points to a grid: the adjoint of {@link interpolate}. */
export function spread(
  grid: FineGrid,
  values: ArrayLike<number>,
  points: PlannedPoints,
  data: Float64Array,
): void {
  const { spreading, padded } = grid;
  const { width } = spreading;
  const flat = points.kernels.length === 2;
  const [along1, along2] = points.kernels.slice(-2);
  const plane = padded[1] * padded[2];
  for (let j = 0; j < points.count; j++)
    for (let a = 0; a < (flat ? 1 : width); a++) {
      const share = flat ? 1 : points.kernels[0][j * width + a];
      const at = points.starts[j] + a * plane;
      const value = { re: share * values[2 * j], im: share * values[2 * j + 1] };
      spreadPlane(data, { at, row: padded[2], width, from: j * width, value, along1, along2 });
    }
}

interface PlaneSpread {
  readonly at: number;
  readonly row: number;
  readonly width: number;
  readonly from: number;
  readonly value: { readonly re: number; readonly im: number };
  readonly along1: Float64Array;
  readonly along2: Float64Array;
}

function spreadPlane(data: Float64Array, { at, row, width, from, value, along1, along2 }: PlaneSpread): void {
  for (let b = 0; b < width; b++) {
    const re = along1[from + b] * value.re;
    const im = along1[from + b] * value.im;
    let to = 2 * (at + b * row);
    for (let c = from; c < from + width; c++) {
      data[to++] += along2[c] * re;
      data[to++] += along2[c] * im;
    }
  }
}
