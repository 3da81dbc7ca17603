import type { GridCoordinate } from "./dimensions.ts";

/** A stage position: y, then x. µm, or any other unit that both share. */
export type StagePosition = readonly [y: number, x: number];

/** A rectangular grid that positions lie on. */
export interface Lattice {
  readonly rows: number;
  readonly columns: number;
  /** The cell of each position, rows and columns in ascending order of y and x. */
  readonly cells: readonly GridCoordinate[];
  /** How many different cells have a position. */
  readonly occupied: number;
}

/** Scatter ends where the next larger gap is so many times larger. It keeps the number of grids to try small. */
const CLEAR_JUMP = 1.5;

/**
 * The grids that scattered positions may stand on: one for each way of telling steps from scatter that makes sense: coordinates closer than a
 * tolerance are one row or column. A tolerance makes sense if what it joins extends over less than half of the smallest step that is left,
 * on either axis; with the tolerance 0 every distinct coordinate is a row or column of its own.
 */
export function lattices(positions: readonly StagePosition[]): Lattice[] {
  const y = sorted(positions.map((position) => position[0]));
  const x = sorted(positions.map((position) => position[1]));
  const gaps = sorted([...gapsOf(y), ...gapsOf(x)]);
  const found = new Map<string, Lattice>();
  for (const tolerance of [0, ...gaps.filter((gap, i) => gaps[i + 1] > CLEAR_JUMP * gap)]) {
    const rows = linesOf(y, tolerance);
    const columns = linesOf(x, tolerance);
    const key = `${rows.length} ${columns.length}`;
    if (found.has(key) || !isPlausible(rows, columns, tolerance)) continue;
    found.set(key, latticeOf(positions, rows, columns));
  }
  return [...found.values()];
}

/** Coordinates that are one row or column. */
interface Line {
  readonly first: number;
  readonly last: number;
}

/** Distinct values in ascending order. */
function sorted(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function gapsOf(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => value - values[i]);
}

function linesOf(values: readonly number[], tolerance: number): Line[] {
  const lines: Line[] = [];
  let first = 0;
  for (let i = 1; i <= values.length; i++) {
    if (i < values.length && values[i] - values[i - 1] <= tolerance) continue;
    lines.push({ first: values[first], last: values[i - 1] });
    first = i;
  }
  return lines;
}

/** Without any step left the scatter has no measure. */
function isPlausible(rows: readonly Line[], columns: readonly Line[], tolerance: number): boolean {
  if (tolerance === 0) return true;
  const extent = Math.max(...[...rows, ...columns].map(({ first, last }) => last - first));
  const steps = [rows, columns].flatMap((lines) =>
    gapsOf(lines.map(({ first, last }) => (first + last) / 2)),
  );
  return steps.length > 0 && extent < Math.min(...steps) / 2;
}

function latticeOf(
  positions: readonly StagePosition[],
  rows: readonly Line[],
  columns: readonly Line[],
): Lattice {
  const cells = positions.map(([y, x]): GridCoordinate => [lineOf(rows, y), lineOf(columns, x)]);
  const occupied = new Set(cells.map(([row, column]) => row * columns.length + column)).size;
  return { rows: rows.length, columns: columns.length, cells, occupied };
}

/** Lines are in ascending order, and every coordinate is in one. */
function lineOf(lines: readonly Line[], value: number): number {
  let [low, high] = [0, lines.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].last < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The grid where positions stand in `n` different cells, with the fewest cells of all such grids; else the nearest to it that has no more
 * than `n`, or the finest.
 */
export function bestLattice(positions: readonly StagePosition[], n: number): Lattice {
  const all = lattices(positions);
  const cellsOf = ({ rows, columns }: Lattice) => rows * columns;
  const missing = ({ occupied }: Lattice) => (occupied > n ? Number.POSITIVE_INFINITY : n - occupied);
  return all.reduce((best, one) => {
    const closer = missing(one) - missing(best);
    return closer < 0 || (closer === 0 && cellsOf(one) < cellsOf(best)) ? one : best;
  });
}
