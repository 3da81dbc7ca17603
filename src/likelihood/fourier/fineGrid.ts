import { createLineFft, type LineFft, smoothLength } from "./lineFft.ts";
import { createSpreading, type Spreading } from "./spreading.ts";

/** Three numbers, one an axis; two-dimensional arrays have 1 for the first. */
export type Sides = readonly [number, number, number];

/** Modes and the grid twice as fine on which they are transformed; its ends are repeated, so that no cell of a point lies outside. */
export interface FineGrid {
  readonly spreading: Spreading;
  readonly modes: Sides;
  /** Cells of a period. */
  readonly cells: Sides;
  /** With the repeated ones: the shape of the array. */
  readonly padded: Sides;
  readonly corrections: readonly [Float64Array, Float64Array, Float64Array];
  readonly ffts: readonly [LineFft, LineFft, LineFft];
}

/** How a grid of modes is transformed. */
export interface FineGridOptions {
  readonly eps: number;
  readonly sign: 1 | -1;
}

/**
 * Plans the grid of two or three axes of modes, each from -floor(n / 2) on.
 *
 * @throws {VitrineError} range: as `createSpreading`
 */
export function createFineGrid(shape: readonly number[], { eps, sign }: FineGridOptions): FineGrid {
  const spreading = createSpreading(eps);
  const modes: Sides = shape.length === 3 ? [shape[0], shape[1], shape[2]] : [1, shape[0], shape[1]];
  const isFlat = (axis: number) => axis === 0 && shape.length === 2;
  const cellsOf = (axis: number) =>
    isFlat(axis) ? 1 : smoothLength(Math.max(2 * modes[axis], 2 * spreading.width));
  const cells = [cellsOf(0), cellsOf(1), cellsOf(2)] as const;
  const paddedOf = (axis: number) => (isFlat(axis) ? 1 : cells[axis] + spreading.width);
  const correctionsOf = (axis: number) =>
    isFlat(axis) ? Float64Array.of(1) : spreading.corrections(modes[axis], cells[axis]);
  const fftOf = (axis: number) => createLineFft(cells[axis], sign);
  return {
    spreading,
    modes,
    cells,
    padded: [paddedOf(0), paddedOf(1), paddedOf(2)],
    corrections: [correctionsOf(0), correctionsOf(1), correctionsOf(2)],
    ffts: [fftOf(0), fftOf(1), fftOf(2)],
  };
}

/** An array of the grid's size, complex zeros. */
export function emptyGrid({ padded }: FineGrid): Float64Array {
  return new Float64Array(2 * padded[0] * padded[1] * padded[2]);
}

/** Where mode i of an axis lies among its cells. */
function cellOf(i: number, n: number, cells: number): number {
  const mode = i - Math.floor(n / 2);
  return mode < 0 ? mode + cells : mode;
}

/** The cells of an axis that have modes, as one or two runs. */
function runsOf(n: number, cells: number): readonly (readonly [first: number, count: number])[] {
  const below = Math.floor(n / 2);
  if (below === 0) return [[0, n]];
  return [
    [0, n - below],
    [cells - below, below],
  ];
}

function eachCell(n: number, cells: number, visit: (cell: number) => void): void {
  for (const [first, count] of runsOf(n, cells)) for (let c = first; c < first + count; c++) visit(c);
}

/**
 * Transforms modes onto the grid.
 *
 * @param modes  in C order, real or complex; real ones take half the work
 * @param data   of `emptyGrid`; overwritten
 */
export function modesToGrid(
  grid: FineGrid,
  modes: { readonly data: ArrayLike<number>; readonly isReal: boolean },
  data: Float64Array,
): void {
  const { cells, padded } = grid;
  data.fill(0);
  if (modes.isReal) placeReal(grid, modes.data, data);
  else placeComplex(grid, modes.data, data);
  const columns = modes.isReal ? cells[2] / 2 + 1 : cells[2];
  transformRows(grid, data, modes.isReal);
  if (cells[0] === 1) transformMiddle(grid, data, columns, 0);
  else {
    eachCell(grid.modes[0], cells[0], (c) => transformMiddle(grid, data, columns, c));
    transformFirst(grid, data, columns);
  }
  if (modes.isReal) mirror(grid, data);
  repeatEnds(data, cells, padded);
}

function placeComplex(grid: FineGrid, values: ArrayLike<number>, data: Float64Array): void {
  eachMode(grid, (at, from, scale) => {
    data[2 * at] = scale * values[2 * from];
    data[2 * at + 1] = scale * values[2 * from + 1];
  });
}

function placeReal(grid: FineGrid, values: ArrayLike<number>, data: Float64Array): void {
  eachMode(grid, (at, from, scale) => {
    data[2 * at] = scale * values[from];
  });
}

/** Visits every mode: its place in the grid, in the modes, and what it is multiplied by. */
function eachMode(
  { modes, cells, padded, corrections }: FineGrid,
  visit: (at: number, from: number, scale: number) => void,
): void {
  let from = 0;
  for (let a = 0; a < modes[0]; a++)
    for (let b = 0; b < modes[1]; b++) {
      const row = (cellOf(a, modes[0], cells[0]) * padded[1] + cellOf(b, modes[1], cells[1])) * padded[2];
      const scale = corrections[0][a] * corrections[1][b];
      for (let c = 0; c < modes[2]; c++)
        visit(row + cellOf(c, modes[2], cells[2]), from++, scale * corrections[2][c]);
    }
}

/** Along the last axis, where there are modes; two real rows at a time as one complex. */
function transformRows(grid: FineGrid, data: Float64Array, isReal: boolean): void {
  const { modes, cells, padded, ffts } = grid;
  eachCell(modes[0], cells[0], (a) => {
    const plane = a * padded[1] * padded[2];
    if (!isReal) {
      for (const [first, count] of runsOf(modes[1], cells[1]))
        ffts[2].run(data, { offset: plane + first * padded[2], stride: 1, count, apart: padded[2] });
      return;
    }
    const rows: number[] = [];
    eachCell(modes[1], cells[1], (b) => rows.push(plane + b * padded[2]));
    for (let i = 0; i < rows.length; i += 2)
      transformPair(data, { one: rows[i], other: rows[i + 1], fft: ffts[2] });
  });
}

interface Pair {
  readonly one: number;
  readonly other: number | undefined;
  readonly fft: LineFft;
}

/** Real rows a and b as a + ib; their transforms are what is even and odd of it. Halves alone are right afterwards. */
function transformPair(data: Float64Array, { one, other, fft }: Pair): void {
  const n = fft.length;
  if (other !== undefined) for (let k = 0; k < n; k++) data[2 * (one + k) + 1] = data[2 * (other + k)];
  fft.run(data, { offset: one, stride: 1, count: 1, apart: 1 });
  if (other === undefined) return;
  for (let k = 0; k <= n / 2; k++) {
    const i = 2 * (one + k);
    const j = 2 * (one + ((n - k) % n));
    const ar = data[i];
    const ai = data[i + 1];
    const br = data[j];
    const bi = data[j + 1];
    data[i] = (ar + br) / 2;
    data[i + 1] = (ai - bi) / 2;
    data[2 * (other + k)] = (ai + bi) / 2;
    data[2 * (other + k) + 1] = (br - ar) / 2;
  }
}

function transformMiddle(
  { padded, ffts }: FineGrid,
  data: Float64Array,
  columns: number,
  plane: number,
): void {
  ffts[1].run(data, { offset: plane * padded[1] * padded[2], stride: padded[2], count: columns, apart: 1 });
}

function transformFirst({ cells, padded, ffts }: FineGrid, data: Float64Array, columns: number): void {
  for (let b = 0; b < cells[1]; b++)
    ffts[0].run(data, { offset: b * padded[2], stride: padded[1] * padded[2], count: columns, apart: 1 });
}

/** The other half of the transform of real modes: values at opposite places are conjugate. */
function mirror({ cells, padded }: FineGrid, data: Float64Array): void {
  for (let a = 0; a < cells[0]; a++)
    for (let b = 0; b < cells[1]; b++) {
      const to = (a * padded[1] + b) * padded[2];
      const from = (((cells[0] - a) % cells[0]) * padded[1] + ((cells[1] - b) % cells[1])) * padded[2];
      for (let c = cells[2] / 2 + 1; c < cells[2]; c++) {
        data[2 * (to + c)] = data[2 * (from + cells[2] - c)];
        data[2 * (to + c) + 1] = -data[2 * (from + cells[2] - c) + 1];
      }
    }
}

function repeatEnds(data: Float64Array, cells: Sides, padded: Sides): void {
  for (let a = 0; a < padded[0]; a++)
    for (let b = 0; b < padded[1]; b++) {
      const to = 2 * (a * padded[1] + b) * padded[2];
      const from = 2 * ((a % cells[0]) * padded[1] + (b % cells[1])) * padded[2];
      if (from !== to) data.copyWithin(to, from, from + 2 * cells[2]);
      data.copyWithin(to + 2 * cells[2], to, to + 2 * (padded[2] - cells[2]));
    }
}

/** Adds what lies on repeated cells to the cells that they repeat, and transforms the grid to complex modes. `data` is changed. */
export function gridToModes(grid: FineGrid, data: Float64Array): Float64Array {
  const { modes, cells, padded, ffts } = grid;
  foldEnds(data, cells, padded);
  if (cells[0] > 1) transformFirst(grid, data, cells[2]);
  eachCell(modes[0], cells[0], (a) => {
    transformMiddle(grid, data, cells[2], a);
    for (const [first, count] of runsOf(modes[1], cells[1]))
      ffts[2].run(data, {
        offset: (a * padded[1] + first) * padded[2],
        stride: 1,
        count,
        apart: padded[2],
      });
  });
  const result = new Float64Array(2 * modes[0] * modes[1] * modes[2]);
  eachMode(grid, (at, to, scale) => {
    result[2 * to] = scale * data[2 * at];
    result[2 * to + 1] = scale * data[2 * at + 1];
  });
  return result;
}

function foldEnds(data: Float64Array, cells: Sides, padded: Sides): void {
  for (let a = 0; a < padded[0]; a++)
    for (let b = 0; b < padded[1]; b++) {
      const row = 2 * (a * padded[1] + b) * padded[2];
      for (let c = 2 * cells[2]; c < 2 * padded[2]; c++) data[row + c - 2 * cells[2]] += data[row + c];
      const to = 2 * ((a % cells[0]) * padded[1] + (b % cells[1])) * padded[2];
      if (to !== row) for (let c = 0; c < 2 * cells[2]; c++) data[to + c] += data[row + c];
    }
}
