import { VitrineError } from "./error.ts";

/** Deeper than anybody nests, and less than the stack holds: a circle. */
const DEEPEST = 200;

/**
 * A value as JSON holds it, with NaN and infinity, which Python's `json` and so NDTiff's own writers keep as they are. Typed arrays become
 * lists, as numpy's arrays do; a value that is plain already is given back itself.
 *
 * @throws {VitrineError} type: what JSON would drop or change in silence (undefined, a Date, a Map, a bigint ...), with its key
 */
export function plainJson(value: unknown, at: string, depth = 0): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number")
    return value;
  if (typeof value !== "object") throw notJson(at, typeof value);
  if (depth > DEEPEST) throw notJson(at, "a circle, or lists nested too deep");
  if (Array.isArray(value)) return mapped(value, at, depth);
  if (ArrayBuffer.isView(value)) return listOf(value, at);
  if (!isPlainObject(value)) throw notJson(at, `a ${value.constructor?.name ?? "class"}`);
  const entries = Object.entries(value);
  const plain = entries.map(([key, inner]) => plainJson(inner, `${at}.${key}`, depth + 1));
  if (plain.every((inner, i) => Object.is(inner, entries[i][1]))) return value;
  return Object.fromEntries(entries.map(([key], i) => [key, plain[i]]));
}

/** Holes of a list are undefined too. */
function mapped(list: readonly unknown[], at: string, depth: number): readonly unknown[] {
  const plain = Array.from(list, (inner, i) => plainJson(inner, `${at}[${i}]`, depth + 1));
  return plain.every((inner, i) => Object.is(inner, list[i])) ? list : plain;
}

function listOf(view: ArrayBufferView, at: string): readonly number[] {
  if (view instanceof DataView || view instanceof BigInt64Array || view instanceof BigUint64Array)
    throw notJson(at, `a ${view.constructor.name}`);
  return Array.from(view as Float64Array);
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function notJson(at: string, found: string): VitrineError {
  const expected = "a value that JSON holds: text, a number, true, false, null, a list or a plain object";
  return new VitrineError({ code: "type", at, expected, found, hint: "Convert it, or leave the key out" });
}

/** Text for each number that JSON does not know, as Python writes and reads it. */
const NAMES: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** No text of a user begins so. */
const MARK = "\u0000number ";

/** JSON of what {@link plainJson} gave; NaN and infinity as Python writes them. */
export function formatJson(value: unknown): string {
  let hasNames = false;
  const text = JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== "number" || Number.isFinite(inner)) return inner;
    hasNames = true;
    return `${MARK}${inner}`;
  });
  return hasNames ? text.replaceAll(/"\\u0000number (-?\w+)"/g, "$1") : text;
}

/** A string of JSON, or a number that JSON does not know but Python writes. */
const STRING_OR_NAME = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** JSON with the NaN and infinity of Python. @throws {SyntaxError} as JSON.parse */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const marked = text.replace(STRING_OR_NAME, (part) =>
      NAMES.has(part) ? JSON.stringify(`${MARK}${part}`) : part,
    );
    if (marked === text) throw error;
    return JSON.parse(marked, (_, inner: unknown) =>
      typeof inner === "string" && inner.startsWith(MARK) ? NAMES.get(inner.slice(MARK.length)) : inner,
    );
  }
}
