import { VitrineError } from "../core/index.ts";
import { type FileSource, sourceName } from "./files.ts";
import { readUnpacked } from "./gzip.ts";
import { npyHeaderEnd } from "./npy.ts";

/** A field of records: numpy's type without its byte order, and how many values of it. */
interface Field {
  readonly kind: string;
  readonly width: number;
  readonly count: number;
  readonly offset: number;
  readonly isLittle: boolean;
}

/** Records of a structured array of numpy, one dimension. Values are read when they are asked for. */
export interface NpyRecords {
  readonly name: string;
  readonly rows: number;
  /** Names of the fields in order. */
  readonly fields: readonly string[];
  has(field: string): boolean;
  /** The text of a field of bytes or characters, or a number's. @throws {VitrineError} missing: no such field */
  text(row: number, field: string): string;
  /** A value of a numeric field, of several the one at `index`. @throws {VitrineError} missing: no such field; type: text */
  number(row: number, field: string, index?: number): number;
}

/**
 * Reads a structured array, as a `.cs` file of cryoSPARC is one: texts, integers, floats and booleans, alone or in short lists.
 *
 * @throws {VitrineError} missing, storage: the file; format: not `.npy`, damaged or truncated; type: not records; unsupported: Python
 *   objects in it, several dimensions
 *
 * Source: numpy/lib/format.py, format versions 1.0 to 3.0.
 */
export async function readNpyRecords(source: FileSource): Promise<NpyRecords> {
  return parseNpyRecords(await readUnpacked(source), sourceName(source));
}

/** As {@link readNpyRecords} of a whole file in memory, which must stay unchanged. */
export function parseNpyRecords(bytes: Uint8Array, at: string): NpyRecords {
  const start = npyHeaderEnd(bytes, at);
  const head = new TextDecoder("utf-8").decode(bytes.subarray(bytes[6] === 1 ? 10 : 12, start));
  const { fields, size } = fieldsOf(head, at);
  const rows = rowsOf(head, at);
  if (bytes.length !== start + rows * size) {
    const expected = `${rows} records of ${size} bytes`;
    throw wrong(at, "format", { expected, found: `${bytes.length - start} bytes` });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fieldOf = (name: string) => {
    const field = fields.get(name);
    if (field !== undefined) return field;
    throw wrong(at, "missing", { expected: `a field ${name}`, found: [...fields.keys()].join(", ") });
  };
  const number = (row: number, name: string, index = 0) => {
    const field = fieldOf(name);
    const value = numberAt(view, start + row * size + field.offset + index * field.width, field);
    if (value !== undefined) return value;
    throw wrong(`${at} ${name}`, "type", {
      expected: "numbers",
      found: `texts (${field.kind}${field.width})`,
    });
  };
  return {
    name: at,
    rows,
    fields: [...fields.keys()],
    has: (name) => fields.has(name),
    number,
    text: (row, name) => {
      const field = fieldOf(name);
      const from = start + row * size + field.offset;
      if (field.kind === "S") return utf8Text(bytes.subarray(from, from + field.width));
      if (field.kind === "U") return wideText(view, from, field);
      if (field.kind === "u" && field.width === 8) return String(view.getBigUint64(from, field.isLittle));
      return String(number(row, name));
    },
  };
}

const ITEM = /\(\s*'((?:[^'\\]|\\.)*)'\s*,\s*'([<>|=]?)([a-zA-Z])(\d*)'\s*(?:,\s*\(([\d,\s]*)\)\s*)?\)/g;

function fieldsOf(
  head: string,
  at: string,
): { readonly fields: ReadonlyMap<string, Field>; readonly size: number } {
  const list = /'descr'\s*:\s*\[([\s\S]*?)\]\s*,\s*'/.exec(head)?.[1];
  if (list === undefined)
    throw wrong(`${at} header.descr`, "type", { expected: "records", found: "one type" });
  const fields = new Map<string, Field>();
  let size = 0;
  for (const [, name, order, kind, digits, shape = ""] of list.matchAll(ITEM)) {
    const width = kind === "U" ? 4 * Number(digits) : Number(digits || 1);
    const count = (shape.match(/\d+/g) ?? []).reduce((product, side) => product * Number(side), 1);
    if (!"SUiufb".includes(kind)) {
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

function numberAt(view: DataView, at: number, { kind, width, isLittle }: Field): number | undefined {
  switch (`${kind}${width}`) {
    case "f4":
      return view.getFloat32(at, isLittle);
    case "f8":
      return view.getFloat64(at, isLittle);
    case "u4":
      return view.getUint32(at, isLittle);
    case "i4":
      return view.getInt32(at, isLittle);
    case "u8":
      return Number(view.getBigUint64(at, isLittle));
    case "i8":
      return Number(view.getBigInt64(at, isLittle));
    case "u2":
      return view.getUint16(at, isLittle);
    case "i2":
      return view.getInt16(at, isLittle);
    case "b1":
    case "u1":
      return view.getUint8(at);
    case "i1":
      return view.getInt8(at);
    default:
      return undefined;
  }
}

/** Texts are filled up with zeros. */
function utf8Text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\0+$/, "");
}

function wideText(view: DataView, from: number, { width, isLittle }: Field): string {
  let text = "";
  for (let at = from; at < from + width; at += 4) text += String.fromCodePoint(view.getUint32(at, isLittle));
  return text.replace(/\0+$/, "");
}

function wrong(
  at: string,
  code: "format" | "type" | "missing" | "unsupported",
  fault: { readonly expected: string; readonly found: string; readonly hint?: string },
): VitrineError {
  return new VitrineError({ code, at, ...fault });
}
