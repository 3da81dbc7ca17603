// What TissueMAPS' functions answer, faults and all, for labs whose earlier results depend on it.
import { VitrineError } from "../../core/index.ts";
import type { GridCoordinate } from "./dimensions.ts";
import { clusterCentres } from "./kMeans.ts";
import type { StagePosition } from "./lattice.ts";
import type { StitchLayout } from "./layout.ts";

/**
 * The layout as TissueMAPS guesses it: it looks for the second row where the second column would be, so that it is right for square
 * mosaics alone.
 *
 * @throws {VitrineError} undeterminable: also where it looks behind the last position, as for one row or column
 */
export function calcStitchLayoutCompat(
  [rows, columns]: GridCoordinate,
  positions: readonly StagePosition[],
): StitchLayout {
  // a look-up from -1 on is of the last, as in Python: no rows or columns
  const found = (i: number) => {
    const position = positions.at(i);
    if (position !== undefined) return position;
    throw undetermined(`${rows} x ${columns} with ${positions.length} positions`);
  };
  const rises = [columns, rows].map((length, axis) =>
    [0, length].map((from) => found(from)[axis] < found(from + length - 1)[axis]),
  );
  if (found(0)[0] === found(columns - 1)[0]) return named("horizontal", rises[1]);
  if (found(0)[1] === found(rows - 1)[1]) return named("vertical", rises[0]);
  throw undetermined("neither a first row nor a first column");
}

function named(layout: "horizontal" | "vertical", [first, second]: readonly boolean[]): StitchLayout {
  if (first && second) return layout;
  if (first || second) return `zigzag_${layout}`;
  throw undetermined("two lines that descend");
}

function undetermined(found: string): VitrineError {
  return new VitrineError({
    code: "undeterminable",
    at: "calcStitchLayout positions",
    expected: "a layout",
    found,
  });
}

/**
 * Cells as TissueMAPS finds them: k-means centres, of the ways to write n as a product the one with the smallest quotient on the side that
 * the centres' spread chooses, then equal intervals of y and x.
 *
 * @throws {VitrineError} undeterminable: n is prime or below 4
 */
export function calcGridCoordinatesCompat(positions: readonly StagePosition[], n: number): GridCoordinate[] {
  const centres = clusterCentres(positions, n);
  const [spreadY, spreadX] = [0, 1].map((axis) => deviation(centres.map((centre) => centre[axis])));
  const splits = splitsOf(n, spreadY > spreadX);
  const [rows, columns] = splits.reduce((best, split) =>
    split[0] / split[1] < best[0] / best[1] ? split : best,
  );
  const row = intervals(
    positions.map((position) => position[0]),
    rows,
  );
  const column = intervals(
    positions.map((position) => position[1]),
    columns,
  );
  return positions.map(([y, x]) => [row(y), column(x)]);
}

function splitsOf(n: number, tall: boolean): GridCoordinate[] {
  const splits: GridCoordinate[] = [];
  for (let i = 2; i < n; i++) if (n % i === 0) splits.push([i, n / i]);
  const half = splits.length >> 1;
  const kept = tall ? splits.slice(half) : splits.length === 1 ? splits : splits.slice(0, half);
  if (kept.length > 0) return kept;
  const expected = "a product of two whole numbers above 1";
  throw new VitrineError({
    code: "undeterminable",
    at: "calcGridCoordinatesFromPositions n",
    expected,
    found: `${n}`,
  });
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Gives the last of `count` equal intervals between the extremes that begins at or below a value, as numpy's histogram cuts them. */
function intervals(values: readonly number[], count: number): (value: number) => number {
  let low = values.reduce((least, value) => Math.min(least, value));
  let high = values.reduce((most, value) => Math.max(most, value));
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const edges = Array.from({ length: count }, (_, i) => i * ((high - low) / count) + low);
  return (value) => edges.findLastIndex((edge) => edge <= value);
}
