import { firstNotFinite, VitrineError } from "../../core/index.ts";

/** Rows of numbers: lists of lists, one list for a single row, or all numbers in one typed array. */
export type RowsInput = readonly (readonly number[])[] | readonly number[] | Float32Array | Float64Array;

/**
 * Takes rows of a given width, flat.
 *
 * @returns  (n, width) values
 * @throws {VitrineError} shape: a row of another width; range: a number that is not finite
 */
export function toRows(input: RowsInput, width: number, at: string): Float64Array {
  const flat = flatten(input, width, at);
  if (flat.length % width !== 0)
    throw new VitrineError({
      code: "shape",
      at,
      expected: `rows of ${width}`,
      found: `${flat.length} numbers`,
    });
  const other = firstNotFinite(flat);
  if (other < 0) return flat;
  const place = `${at} row ${Math.floor(other / width)}`;
  throw new VitrineError({ code: "range", at: place, expected: "finite numbers", found: `${flat[other]}` });
}

function flatten(input: RowsInput, width: number, at: string): Float64Array {
  if (ArrayBuffer.isView(input)) return Float64Array.from(input);
  const rows = input.map((row) => (typeof row === "number" ? [row] : row));
  const isFlat = input.every((row) => typeof row === "number");
  const wrong = isFlat ? undefined : rows.findIndex((row) => row.length !== width);
  if (wrong === undefined || wrong < 0) return Float64Array.from(rows.flat());
  const place = `${at} row ${wrong}`;
  throw new VitrineError({
    code: "shape",
    at: place,
    expected: `${width} numbers`,
    found: `${rows[wrong].length}`,
  });
}

/** One row for each, or one row that stands for all. @throws {VitrineError} shape: another number of rows */
export function rowsFor(
  input: RowsInput,
  { count, width, at }: { count: number; width: number; at: string },
) {
  const rows = toRows(input, width, at);
  const given = rows.length / width;
  if (given !== 1 && given !== count)
    throw new VitrineError({ code: "shape", at, expected: `one row, or ${count}`, found: `${given}` });
  return (index: number) =>
    rows.subarray(given === 1 ? 0 : index * width, given === 1 ? width : (index + 1) * width);
}
