import type { PlanArray } from "../../compute/index.ts";

/** Statistics of the correlation as the kernels keep them: blocks of 4 rows, and in a block column by column. */

/** What is kept for every place: float32 maximum, int32 index of the first maximum (-1: none), float64 sum and sum of squares. */
export type StatisticName = "maximum" | "index" | "sum" | "squaredSum";

/** Position of a statistic's 4 rows in an element of 16 (float32) or 8 (float64) numbers. */
const OFFSET: Record<StatisticName, number> = { maximum: 0, index: 4, sum: 0, squaredSum: 4 };
const ELEMENT: Record<StatisticName, number> = { maximum: 16, index: 16, sum: 8, squaredSum: 8 };

type Numbers = PlanArray;

interface Rows {
  readonly name: StatisticName;
  readonly columns: number;
  readonly firstRow: number;
}

/** Visits rows of a statistic: `visit(index in the blocks, index in row-major order)`. */
function eachPlace(
  count: number,
  { name, columns, firstRow }: Rows,
  visit: (at: number, i: number) => void,
): void {
  const element = ELEMENT[name];
  for (let i = 0, y = firstRow; i < count; y++) {
    let at = (y >> 2) * columns * element + OFFSET[name] + (y & 3);
    for (let x = 0; x < columns && i < count; x++, i++, at += element) visit(at, i);
  }
}

/** Copies rows out of the blocks. */
export function readStatistic(blocks: Numbers, into: Numbers, rows: Rows): void {
  eachPlace(into.length, rows, (at, i) => {
    into[i] = blocks[at];
  });
}

/** Copies rows into the blocks. */
export function restoreStatistic(blocks: Numbers, from: Numbers, rows: Rows): void {
  eachPlace(from.length, rows, (at, i) => {
    blocks[at] = from[i];
  });
}

/** One team's statistics; `values` and `indices` are views of the same bytes. */
export interface TeamStatistics {
  readonly values: Float32Array;
  readonly indices: Int32Array;
  readonly totals: Float64Array;
}

/** Adds `other` to `into` (the larger maximum, of equal ones that with the lower index) and clears its sums. */
export function mergeStatistics(into: TeamStatistics, other: TeamStatistics): void {
  const { values, indices, totals } = into;
  for (let element = 0; element < values.length; element += 16) {
    for (let at = element; at < element + 4; at++) {
      const better = other.values[at] > values[at];
      const earlier = other.values[at] === values[at] && other.indices[at + 4] < indices[at + 4];
      if (!better && !earlier) continue;
      values[at] = other.values[at];
      indices[at + 4] = other.indices[at + 4];
    }
  }
  for (let i = 0; i < totals.length; i++) totals[i] += other.totals[i];
  other.totals.fill(0);
}
