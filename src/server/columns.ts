/** Arrays of one table as an answer: numbers of many objects are no JSON. */
import type { Answer } from "./route.ts";

/** The media type. */
export const COLUMNS = "application/vnd.vitrine.columns";

/** A column. */
export type Column = Uint32Array | Int32Array | Float32Array | Float64Array;

/**
 * Little-endian: the length of a JSON text in 4 bytes, the text, and from the next multiple of 8 on the columns, each from a multiple of 8 on. The text
 * has what is said besides, and in `columns` name, type (`float32`) and length of each.
 */
export function columnsAnswer(facts: object, columns: Readonly<Record<string, Column>>): Answer {
  const list = Object.entries(columns);
  const described = list.map(([name, values]) => ({
    name,
    type: values.constructor.name.replace("Array", "").toLowerCase(),
    length: values.length,
  }));
  const text = new TextEncoder().encode(JSON.stringify({ ...facts, columns: described }));
  const first = padded(4 + text.length);
  const body = new Uint8Array(list.reduce((sum, [, values]) => sum + padded(values.byteLength), first));
  new DataView(body.buffer).setUint32(0, text.length, true);
  body.set(text, 4);
  let at = first;
  for (const [, values] of list) {
    body.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += padded(values.byteLength);
  }
  return { type: COLUMNS, body };
}

function padded(bytes: number): number {
  return 8 * Math.ceil(bytes / 8);
}
