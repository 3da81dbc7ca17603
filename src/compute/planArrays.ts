import { VitrineError } from "../core/index.ts";
import type { PlanArray } from "./plan.ts";

const TYPES = {
  f32: Float32Array,
  f64: Float64Array,
  i32: Int32Array,
  u16: Uint16Array,
  u8: Uint8Array,
} as const;

/** An array of a plan: `rows` along its first axis, of `rowLength` numbers each. */
export interface PlanArrayShape {
  readonly type: keyof typeof TYPES;
  readonly rows: number;
  readonly rowLength: number;
}

/**
 * Number of rows that data bring or take; see {@link Plan.set}.
 *
 * @param at  how an error calls the array
 * @throws {VitrineError} type: numbers of another type; shape: not whole rows; range: more than there are from row `piece.at` on
 */
export function checkRows(
  at: string,
  { type, rows: all, rowLength }: PlanArrayShape,
  piece: { readonly data: PlanArray; readonly at: number },
): number {
  const { data, at: first } = piece;
  if (!(data instanceof TYPES[type])) {
    throw new VitrineError({ code: "type", at, expected: TYPES[type].name, found: data.constructor.name });
  }
  const rows = data.length / rowLength;
  if (!Number.isInteger(rows)) {
    const expected = `whole rows of ${rowLength} values`;
    throw new VitrineError({ code: "shape", at, expected, found: `${data.length} values` });
  }
  if (Number.isInteger(first) && first >= 0 && first + rows <= all) return rows;
  const unit = rowLength === 1 ? "values" : "rows";
  const found = `${unit} ${first} to ${first + rows}`;
  throw new VitrineError({ code: "range", at, expected: `${unit} 0 to ${all}`, found });
}

/** The error of reading from a plan that has no array to read. */
export function noArray(at: string, name: string): VitrineError {
  const expected = "no array to read: a run returns what was found";
  return new VitrineError({ code: "missing", at, expected, found: `"${name}"` });
}

/** @throws {VitrineError} range: more than a plan has room for */
export function requireAtMost(at: string, count: number, most: number): void {
  if (count <= most) return;
  throw new VitrineError({ code: "range", at, expected: `at most ${most}`, found: `${count}` });
}
