import { VitrineError } from "../../../core/index.ts";
import type { WellIndex, WellSlice } from "./schema.ts";

/** Row and column of a well, from 0. */
export type Well = readonly [row: number, column: number];

interface Shape {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The wells that an index expression selects, as numpy does: one index selects rows, two select rows and columns; lists on
 * both sides are broadcast against each other, everything else gives all pairs. As in useq, 0 and an empty list select none.
 *
 * @throws {VitrineError} range: a well outside the plate; shape: lists that do not go together
 */
export function selectedWells(
  selection: WellIndex | null | undefined,
  plate: Shape,
  at: string,
): readonly Well[] {
  if (selection == null || selection === 0) return [];
  const indices: readonly WellIndex[] = isList(selection) ? selection : [selection];
  if (indices.length === 0) return [];
  if (indices.length > 2) {
    throw mismatch(at, `${indices.length} of them`);
  }
  const [row, column = {}] = indices;
  if (isSlice(row) || isSlice(column)) {
    const columns = flatIndices(column, plate.columns, at);
    return flatIndices(row, plate.rows, at).flatMap((r) => columns.map((c): Well => [r, c]));
  }
  const rows = indexArray(row, plate.rows, at);
  return broadcastPairs(rows, indexArray(column, plate.columns, at), at);
}

const isList = (index: WellIndex): index is readonly WellIndex[] => Array.isArray(index);
const isSlice = (index: WellIndex): index is WellSlice => typeof index === "object" && !isList(index);

function flatIndices(index: WellIndex, size: number, at: string): readonly number[] {
  return isSlice(index) ? sliceIndices(index, size, at) : indexArray(index, size, at).values;
}

/** An index or a nested list of them: its shape, and its values in C order. */
interface IndexArray {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function indexArray(index: WellIndex, size: number, at: string): IndexArray {
  if (typeof index === "number") {
    if (index >= size || index < -size) {
      throw new VitrineError({
        code: "range",
        at,
        expected: `an index from ${-size} to ${size - 1}`,
        found: `${index}`,
      });
    }
    return { shape: [], values: [index < 0 ? index + size : index] };
  }
  if (isSlice(index)) throw mismatch(at, "a slice inside a list");
  const items = index.map((item) => indexArray(item, size, at));
  const shape = items[0]?.shape ?? [];
  if (items.some((item) => item.shape.join() !== shape.join()))
    throw mismatch(at, "lists of different lengths in a list");
  return { shape: [items.length, ...shape], values: items.flatMap(({ values }) => values) };
}

function broadcastPairs(rows: IndexArray, columns: IndexArray, at: string): readonly Well[] {
  const rank = Math.max(rows.shape.length, columns.shape.length);
  const [a, b] = [rows, columns].map(({ shape }) => [
    ...new Array<number>(rank - shape.length).fill(1),
    ...shape,
  ]);
  if (a.some((length, i) => length !== b[i] && length !== 1 && b[i] !== 1)) {
    throw mismatch(at, `lists of shape ${a.join(" x ")} and ${b.join(" x ")}`);
  }
  const shape = a.map((length, i) => (length === 1 ? b[i] : length));
  const count = shape.reduce((product, length) => product * length, 1);
  return Array.from({ length: count }, (_, i): Well => {
    return [rows.values[offsetIn(a, shape, i)], columns.values[offsetIn(b, shape, i)]];
  });
}

/** Where the `i`-th value of a broadcast shape lies in an array of shape `own`. */
function offsetIn(own: readonly number[], shape: readonly number[], i: number): number {
  let [rest, stride, offset] = [i, 1, 0];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const index = rest % shape[axis];
    rest = (rest - index) / shape[axis];
    if (own[axis] !== 1) offset += index * stride;
    stride *= own[axis];
  }
  return offset;
}

/** Python's `slice(start, stop, step)`. */
function sliceIndices({ start, stop, step: given }: WellSlice, size: number, at: string): readonly number[] {
  const step = given ?? 1;
  if (step === 0) throw new VitrineError({ code: "range", at, expected: "a step that is not 0", found: "0" });
  const [first, last] = step > 0 ? [0, size] : [-1, size - 1];
  const within = (bound: number) => Math.min(Math.max(bound < 0 ? bound + size : bound, first), last);
  const begin = start == null ? (step > 0 ? first : last) : within(start);
  const end = stop == null ? (step > 0 ? last : first) : within(stop);
  const count = Math.max(0, Math.ceil((end - begin) / step));
  return Array.from({ length: count }, (_, i) => begin + i * step);
}

function mismatch(at: string, found: string): VitrineError {
  return new VitrineError({
    code: "shape",
    at,
    expected: "an index of rows, or two indices of rows and columns that go together",
    found,
  });
}
