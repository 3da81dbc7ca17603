/** Answers of numbers: rows of tables, small pictures. */
import { ask, type Query } from "../scene/api.ts";

/** Columns by their names; NaN where there is no number. */
export interface Rows {
  readonly count: number;
  readonly columns: Readonly<Record<string, Float64Array>>;
}

interface RowsHead {
  readonly columns: readonly string[];
  readonly count: number;
  readonly values?: readonly (readonly (number | null)[])[];
  readonly warnings?: readonly string[];
}

/** Asks for rows, which come as JSON or, where there are many, as bytes. @throws {Error} with what the server says */
export async function askRows(
  route: string,
  query: Query,
  signal?: AbortSignal,
): Promise<Rows & { readonly facts: Pick<RowsHead, "warnings"> }> {
  const response = await ask(route, query, signal);
  if (response.headers.get("Content-Type")?.includes("json")) {
    const whole = (await response.json()) as RowsHead;
    return { ...rowsOf(whole), facts: whole };
  }
  const { head, bytes, from } = splitOf<RowsHead>(await response.arrayBuffer());
  const { columns, count } = head;
  const all = columns.map((name, c) => [name, new Float64Array(bytes, from + 8 * c * count, count)] as const);
  return { count, columns: Object.fromEntries(all), facts: head };
}

function rowsOf({ columns, count, values = [] }: RowsHead): Rows {
  const all = columns.map(
    (name, c) => [name, Float64Array.from(values[c], (value) => value ?? Number.NaN)] as const,
  );
  return { count, columns: Object.fromEntries(all) };
}

/** A picture in C order. */
export interface NumberPicture {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Asks for pictures, and for what is said of them. @throws {Error} with what the server says */
export async function askPictures<Facts>(
  route: string,
  query: Query,
  signal?: AbortSignal,
): Promise<{ readonly facts: Facts; readonly pictures: readonly NumberPicture[] }> {
  const answer = await (await ask(route, query, signal)).arrayBuffer();
  const { head, bytes, from } = splitOf<
    Facts & { readonly pictures: readonly Omit<NumberPicture, "data">[] }
  >(answer);
  let at = from;
  const pictures = head.pictures.map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const data = new Float32Array(bytes, at, length);
    at += 4 * length;
    return { name, shape, data };
  });
  return { facts: head, pictures };
}

/** Length of the JSON, JSON, and from the next multiple of 8 on numbers. */
function splitOf<Head>(bytes: ArrayBuffer) {
  const length = new DataView(bytes).getUint32(0, true);
  // the server is of the same version: its answers are as described
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as Head;
  return { head, bytes, from: 8 * Math.ceil((4 + length) / 8) };
}
