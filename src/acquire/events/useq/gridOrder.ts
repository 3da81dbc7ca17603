import type { TiledPlan } from "./gridSchema.ts";

/** Row and column of a tile, from the top left. */
export type Tile = readonly [row: number, column: number];
export type GridMode = NonNullable<TiledPlan["mode"]>;

/** The tiles of a grid in the order of their visit. Source: useq-schema 0.9.2, `OrderMode`. */
export function* tilesInOrder(rows: number, columns: number, mode: GridMode): Generator<Tile> {
  if (mode === "spiral") return yield* spiral(rows, columns);
  const isSnake = mode === "row_wise_snake" || mode === "column_wise_snake";
  if (mode === "row_wise" || mode === "row_wise_snake") {
    for (const [row, column] of lines(rows, columns, isSnake)) yield [row, column];
  } else {
    for (const [column, row] of lines(columns, rows, isSnake)) yield [row, column];
  }
}

/** Line after line; of a snake every other one backwards. */
function* lines(count: number, length: number, isSnake: boolean): Generator<readonly [number, number]> {
  for (let line = 0; line < count; line++) {
    for (let i = 0; i < length; i++) yield [line, isSnake && line % 2 === 1 ? length - 1 - i : i];
  }
}

/** From the middle outwards, first to the right, then down; steps outside the grid are left out. */
function* spiral(rows: number, columns: number): Generator<Tile> {
  const middleRow = Math.floor((rows - 1) / 2);
  const middleColumn = Math.floor((columns - 1) / 2);
  let [x, y, dx, dy] = [0, 0, 0, -1];
  for (let step = 0; step < Math.max(rows, columns) ** 2; step++) {
    if (-columns / 2 < x && x <= columns / 2 && -rows / 2 < y && y <= rows / 2) {
      yield [y + middleRow, x + middleColumn];
    }
    if (x === y || (x < 0 && x === -y) || (x > 0 && x === 1 - y)) [dx, dy] = [-dy, dx];
    x += dx;
    y += dy;
  }
}
