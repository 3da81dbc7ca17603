import { VitrineError } from "../../core/index.ts";
import { parseCsv } from "../../io/index.ts";
import type { DeformationField } from "../../optics/index.ts";
import { requireColumns, twice } from "./particleShifts.ts";
import { Cells } from "./tableCells.ts";

/** Where a row lies in the grid. */
const AXES = ["t", "h", "w"] as const;

/**
 * Reads a deformation field as torch-motion-correction writes it: a row for every point of the grid, `t,h,w,y_shift,x_shift` in any
 * order, other columns beside. Points are numbered along time, y and x; only the order of the numbers counts. Shifts are in Å.
 *
 * @param text  the whole CSV file
 * @param at    how messages call it
 * @throws {VitrineError} missing: a column, or a point of the grid; type: no number; format: not CSV, or a point twice;
 *   range: no points at all
 */
export function parseDeformationTable(text: string, at: string): DeformationField {
  const table = parseCsv(text, at);
  requireColumns(table, [...AXES, "y_shift", "x_shift"], at);
  const rows = table.rows.map((row, i) => new Cells(row, `${at} row ${i + 1}`));
  if (rows.length === 0)
    throw new VitrineError({ code: "range", at, expected: "at least one point", found: "none" });
  const axes = AXES.map((axis) =>
    [...new Set(rows.map((cells) => cells.number(axis)))].sort((a, b) => a - b),
  );
  const [t, h, w] = axes.map((values) => values.length);
  requireEveryPoint(axes, rows, at);
  const shiftsA = new Float32Array(2 * rows.length).fill(Number.NaN);
  const indices = axes.map((values) => new Map(values.map((value, index) => [value, index])));
  for (const cells of rows) {
    const [i, j, k] = AXES.map((axis, n) => indices[n].get(cells.number(axis)) ?? 0);
    const index = (i * h + j) * w + k;
    if (!Number.isNaN(shiftsA[index])) throw twice(cells.at, named(AXES.map((axis) => cells.number(axis))));
    shiftsA[index] = cells.number("y_shift");
    shiftsA[rows.length + index] = cells.number("x_shift");
  }
  return { shape: [t, h, w], shiftsA };
}

/** Stops at the first point without a row: a damaged file may name far more points than it has rows. */
function requireEveryPoint(axes: readonly (readonly number[])[], rows: readonly Cells[], at: string): void {
  const there = new Set(rows.map((cells) => named(AXES.map((axis) => cells.number(axis)))));
  for (const point of pointsOf(axes)) {
    if (there.has(named(point))) continue;
    throw new VitrineError({
      code: "missing",
      at,
      expected: `a row for every point of the ${axes.map((values) => values.length).join(" x ")} grid`,
      found: `none for ${named(point)}`,
    });
  }
}

function* pointsOf([times, ys, xs]: readonly (readonly number[])[]): Generator<readonly number[]> {
  for (const t of times) for (const y of ys) for (const x of xs) yield [t, y, x];
}

function named(point: readonly number[]): string {
  return AXES.map((axis, i) => `${axis} ${point[i]}`).join(", ");
}
