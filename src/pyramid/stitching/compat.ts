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
 * @throws {VitrineError} undeterminable: also for one row or column, and too few positions
 */
export function calcStitchLayoutCompat(
  [rows, columns]: GridCoordinate,
  positions: readonly StagePosition[],
): StitchLayout {
  const looked = [columns, 2 * columns - 1, rows, 2 * rows - 1].every((i) => i < positions.length);
  if (!looked || rows < 2 || columns < 2)
    throw undetermined(`${rows} x ${columns} with ${positions.length} positions`);
  const y = positions.map((position) => position[0]);
  const x = positions.map((position) => position[1]);
  const rising = [y, x].map((values, axis) => {
    const length = axis === 0 ? columns : rows;
    return [values[0] < values[length - 1], values[length] < values[2 * length - 1]];
  });
  if (y[0] === y[columns - 1]) return named("horizontal", rising[1]);
  if (x[0] === x[rows - 1]) return named("vertical", rising[0]);
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
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const edges = Array.from({ length: count }, (_, i) => i * ((high - low) / count) + low);
  return (value) => edges.findLastIndex((edge) => edge <= value);
}
