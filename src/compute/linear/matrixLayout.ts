import { type OptionKeys, VitrineError } from "../../core/index.ts";

/**
 * Where a matrix's values lie, in values from its first: transposes, parts of larger matrices and matrices that a whole batch
 * shares (`batchStride: 0`) are strides. A complex value is two floats, re and im.
 */
export interface MatrixLayout {
  /** From a row to the next; default: the number of columns. */
  readonly rowStride?: number;
  /** From a column to the next; default 1. */
  readonly columnStride?: number;
  /** From a matrix of the batch to the next; default: what one spans, with no gap between them. */
  readonly batchStride?: number;
}

/** Keys of {@link MatrixLayout}. */
export const LAYOUT_KEYS: OptionKeys<MatrixLayout> = {
  rowStride: true,
  columnStride: true,
  batchStride: true,
};

/** A layout with all strides; those of axes of length 1 are 0. */
export interface Strides {
  readonly row: number;
  readonly column: number;
  readonly batch: number;
}

/** What {@link stridesOf} needs to know of a matrix; `name` is for errors. */
export interface MatrixShape {
  readonly name: string;
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
}

/** Completes a layout. @throws {VitrineError} shape: a stride that is not a whole number from 0 */
export function stridesOf({ name, batch, rows, columns }: MatrixShape, layout: MatrixLayout = {}): Strides {
  const row = rows === 1 ? 0 : (layout.rowStride ?? columns);
  const column = columns === 1 ? 0 : (layout.columnStride ?? 1);
  const apart = layout.batchStride ?? (rows - 1) * row + (columns - 1) * column + 1;
  const strides = { row, column, batch: batch === 1 ? 0 : apart };
  const wrong = Object.values(strides).find((stride) => !Number.isSafeInteger(stride) || stride < 0);
  if (wrong === undefined) return strides;
  const expected = "strides that are whole numbers from 0";
  throw new VitrineError({ code: "shape", at: `matrix ${name}`, expected, found: `${wrong}` });
}

/** Values from the first of the batch to its last, both included. */
export function spanOf({ batch, rows, columns }: MatrixShape, strides: Strides): number {
  return (batch - 1) * strides.batch + (rows - 1) * strides.row + (columns - 1) * strides.column + 1;
}

/** Holds that no two values of a result share a place. @throws {VitrineError} shape: two may */
export function checkDistinct(shape: MatrixShape, strides: Strides): void {
  const axes = [
    { length: shape.rows, stride: strides.row },
    { length: shape.columns, stride: strides.column },
    { length: shape.batch, stride: strides.batch },
  ].filter(({ length }) => length > 1);
  let reach = 0;
  for (const { length, stride } of axes.sort((a, b) => a.stride - b.stride)) {
    if (stride <= reach) throw overlap(shape.name, strides);
    reach += (length - 1) * stride;
  }
}

function overlap(name: string, { row, column, batch }: Strides): VitrineError {
  return new VitrineError({
    code: "shape",
    at: `matrix ${name}`,
    expected: "values that do not overlap: each stride beyond the reach of the shorter ones",
    found: `strides of ${row} (row), ${column} (column), ${batch} (batch)`,
  });
}
