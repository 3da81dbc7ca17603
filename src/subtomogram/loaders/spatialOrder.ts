import type { Molecules } from "../molecules/molecules.ts";

/** Cells along an axis: fine enough that a cell's boxes share chunks. */
const CELLS = 64;

/**
 * An order in which molecules that lie near each other follow each other: by cells of a grid, every second row of cells and plane of
 * rows backwards.
 *
 * @param extent  of the tomogram, nm (z, y, x)
 * @returns       indices of molecules
 */
export function spatialOrder(molecules: Molecules, extent: readonly number[]): readonly number[] {
  const cell = Math.max(...extent) / CELLS;
  const keys = Array.from({ length: molecules.count }, (_, i) =>
    snakeKey(molecules.place(i).map((at) => Math.floor(at / cell))),
  );
  return Array.from(keys, (_, i) => i).sort((a, b) => keys[a] - keys[b] || a - b);
}

function snakeKey([z, y, x]: readonly number[]): number {
  const inside = (at: number) => Math.min(Math.max(at, 0), CELLS);
  const [plane, row, column] = [inside(z), inside(y), inside(x)];
  const snakedRow = plane % 2 === 0 ? row : CELLS - row;
  const snakedColumn = (plane + row) % 2 === 0 ? column : CELLS - column;
  return (plane * (CELLS + 1) + snakedRow) * (CELLS + 1) + snakedColumn;
}
