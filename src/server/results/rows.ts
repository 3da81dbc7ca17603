/** Tables of numbers as answers: JSON, or bytes where there are many rows. */
import { z } from "zod";
import { type Answer, json } from "../route.ts";

/** More rows than this come as bytes. */
const MOST_JSON = 10_000;

/** The media type of bytes: length of the JSON (4 bytes, little-endian), JSON, and from the next multiple of 8 a float64 column after the other. */
export const ROWS = "application/vnd.vitrine.rows";

/** How rows are answered. */
export const FORMAT = z
  .enum(["json", "binary"])
  .optional()
  .describe(`default: json up to ${MOST_JSON} rows, else binary`);

/** Columns of one length, by name. */
export type Columns = Readonly<Record<string, ArrayLike<number>>>;

/** The answer: `columns`, `count`, what else is said, and in JSON `values`, an array a column; what is no number is null there. */
export function rowsAnswer(columns: Columns, format?: "json" | "binary", more: object = {}): Answer {
  const names = Object.keys(columns);
  const count = columns[names[0]]?.length ?? 0;
  const isBinary = format === "binary" || (format === undefined && count > MOST_JSON);
  if (!isBinary)
    return json({ ...more, columns: names, count, values: names.map((name) => Array.from(columns[name])) });
  const head = new TextEncoder().encode(JSON.stringify({ ...more, columns: names, count }));
  const from = 8 * Math.ceil((4 + head.length) / 8);
  const body = new Uint8Array(from + 8 * count * names.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, head.length, true);
  body.set(head, 4);
  for (const [c, name] of names.entries())
    for (let i = 0; i < count; i++) view.setFloat64(from + 8 * (c * count + i), columns[name][i], true);
  return { type: ROWS, body };
}
