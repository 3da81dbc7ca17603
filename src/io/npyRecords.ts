import { VitrineError } from "../core/index.ts";
import { isCsdat, parseCsdat } from "./csdat.ts";
import { type FileSource, sourceName } from "./files.ts";
import { readUnpacked } from "./gzip.ts";
import { npyHeaderEnd } from "./npy.ts";
import { type NpyRecords, type RecordField, recordsOf } from "./records.ts";

/**
 * Reads a structured array, as a `.cs` file of cryoSPARC is one: texts, integers, floats and booleans, alone or in short lists (complex
 * numbers are passed over). Or the same in cryoSPARC's own newer form, as `parseCsdat`.
 *
 * @throws {VitrineError} missing, storage: the file; format: not `.npy`, damaged or truncated; type: not records; unsupported: Python
 *   objects in it, several dimensions
 *
 * Source: numpy/lib/format.py, format versions 1.0 to 3.0.
 */
export async function readNpyRecords(source: FileSource): Promise<NpyRecords> {
  const bytes = await readUnpacked(source);
  return isCsdat(bytes) ? parseCsdat(bytes, sourceName(source)) : parseNpyRecords(bytes, sourceName(source));
}

/** As {@link readNpyRecords} of a whole file of numpy in memory, which must stay unchanged. */
export function parseNpyRecords(bytes: Uint8Array, at: string): NpyRecords {
  const start = npyHeaderEnd(bytes, at);
  const head = new TextDecoder("utf-8").decode(bytes.subarray(bytes[6] === 1 ? 10 : 12, start));
  const { fields, size } = fieldsOf(head, at);
  const rows = rowsOf(head, at);
  if (bytes.length !== start + rows * size) {
    const expected = `${rows} records of ${size} bytes`;
    throw wrong(at, "format", { expected, found: `${bytes.length - start} bytes` });
  }
  const placed = [...fields].map(([name, { offset, ...field }]) => {
    return [name, { ...field, bytes, start: start + offset, stride: size }] as const;
  });
  return recordsOf(new Map(placed), { rows, at });
}

const ITEM = /\(\s*'((?:[^'\\]|\\.)*)'\s*,\s*'([<>|=]?)([a-zA-Z])(\d*)'\s*(?:,\s*\(([\d,\s]*)\)\s*)?\)/g;

function fieldsOf(
  head: string,
  at: string,
): {
  readonly fields: ReadonlyMap<string, RecordField & { readonly offset: number }>;
  readonly size: number;
} {
  const list = /'descr'\s*:\s*\[([\s\S]*?)\]\s*,\s*'/.exec(head)?.[1];
  if (list === undefined)
    throw wrong(`${at} header.descr`, "type", { expected: "records", found: "one type" });
  const fields = new Map<string, RecordField & { readonly offset: number }>();
  let size = 0;
  for (const [, name, order, kind, digits, shape = ""] of list.matchAll(ITEM)) {
    const width = kind === "U" ? 4 * Number(digits) : Number(digits || 1);
    const count = (shape.match(/\d+/g) ?? []).reduce((product, side) => product * Number(side), 1);
    // values of an unused field may be of any width
    if (!"SUiufbc".includes(kind)) {
      const expected = "texts, integers, floats and booleans";
      const hint = "Save it again without Python objects";
      throw wrong(`${at} ${name}`, "unsupported", { expected, found: `${kind}${digits}`, hint });
    }
    fields.set(name, { kind, width, count, offset: size, isLittle: order !== ">" });
    size += width * count;
  }
  const told = list.match(/\(\s*'/g)?.length ?? 0;
  if (told === fields.size && size > 0) return { fields, size };
  throw wrong(`${at} header.descr`, "unsupported", {
    expected: "plain fields",
    found: "nested or doubled ones",
  });
}

function rowsOf(head: string, at: string): number {
  const shape = /'shape'\s*:\s*\((\d+)\s*,?\s*\)/.exec(head)?.[1];
  if (shape !== undefined) return Number(shape);
  throw wrong(`${at} header.shape`, "unsupported", { expected: "one dimension", found: "another shape" });
}

function wrong(
  at: string,
  code: "format" | "type" | "missing" | "unsupported",
  fault: { readonly expected: string; readonly found: string; readonly hint?: string },
): VitrineError {
  return new VitrineError({ code, at, ...fault });
}
