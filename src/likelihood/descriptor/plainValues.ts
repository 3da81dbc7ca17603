import { VitrineError } from "../../core/index.ts";
import { type FileSource, type NpyValue, readNpzValues, sourceName } from "../../io/index.ts";

/** What an entry of an archive says: one value, or a list of them in C order. */
export type PlainValue = null | boolean | number | string | readonly (null | boolean | number | string)[];

/** The archive of a descriptor or a stack, as plain values, and how messages call it. */
export interface PlainArchive {
  readonly name: string;
  readonly values: Readonly<Record<string, PlainValue>>;
}

/**
 * Reads an archive of numbers, texts and Python's None. Nothing of it is run.
 *
 * @throws {VitrineError} missing, storage: the file; format: no archive, damaged, or with other objects; unsupported: an object that only
 *   code could make
 */
export async function readPlainArchive(source: FileSource): Promise<PlainArchive> {
  const name = sourceName(source);
  const entries = [...(await readNpzValues(source))];
  return {
    name,
    values: Object.fromEntries(entries.map(([key, value]) => [key, plain(value, `${name} ${key}`)])),
  };
}

function plain(value: NpyValue, at: string): PlainValue {
  const items = [...value.data].map((item) => scalar(value.dtype === "b1" ? item !== 0 : item, at));
  return value.shape.length === 0 ? items[0] : items;
}

function scalar(item: unknown, at: string): null | boolean | number | string {
  if (typeof item === "bigint") return Number(item);
  if (item === null || typeof item === "boolean" || typeof item === "number" || typeof item === "string")
    return item;
  // numpy keeps a float of its own in an array of objects as an array
  if (typeof item === "object" && "data" in item && ArrayBuffer.isView(item.data) && "shape" in item) {
    const [first] = Array.from(Object.values(item.data));
    if (typeof first === "number" || typeof first === "bigint") return Number(first);
  }
  throw new VitrineError({ code: "format", at, expected: "numbers, texts or None", found: typeof item });
}
