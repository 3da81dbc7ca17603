/** Tables of numbers, as the server sends them (`src/server/columns.ts`). */
import { ask, type Query } from "./api.ts";

const ARRAYS = {
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** A column. */
export type ColumnValues = InstanceType<(typeof ARRAYS)[keyof typeof ARRAYS]>;

/** What was said besides, and columns by their names. */
export interface Columns<Facts> {
  readonly facts: Facts;
  readonly columns: Readonly<Record<string, ColumnValues>>;
}

/** Asks for a table. The server is of the same version: its answers are as described. @throws {Error} with what the server says */
export async function askColumns<Facts = object>(
  route: string,
  query: Query,
  signal?: AbortSignal,
): Promise<Columns<Facts>> {
  return parseColumns<Facts>(await (await ask(route, query, signal)).arrayBuffer());
}

/** The length of a JSON text, the text, and columns from multiples of 8 on. */
export function parseColumns<Facts>(bytes: ArrayBuffer): Columns<Facts> {
  const length = new DataView(bytes).getUint32(0, true);
  const { columns, ...facts } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(bytes, 4, length)),
  ) as Facts & {
    readonly columns: readonly {
      readonly name: string;
      readonly type: keyof typeof ARRAYS;
      readonly length: number;
    }[];
  };
  let at = 8 * Math.ceil((4 + length) / 8);
  const read = columns.map(({ name, type, length: count }) => {
    const values = new ARRAYS[type](bytes, at, count);
    at += 8 * Math.ceil(values.byteLength / 8);
    return [name, values] as const;
  });
  return { facts: facts as unknown as Facts, columns: Object.fromEntries(read) };
}
