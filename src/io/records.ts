import { VitrineError } from "../core/index.ts";
import { halfToNumber } from "./half.ts";

/** A field of records: numpy's type without its byte order, and how many values of it. */
export interface RecordField {
  readonly kind: string;
  readonly width: number;
  readonly count: number;
  readonly isLittle: boolean;
}

/** Where the values of a field lie. */
export interface PlacedField extends RecordField {
  readonly bytes: Uint8Array;
  /** Of the first record's value, and from there to the next one's. */
  readonly start: number;
  readonly stride: number;
  /** Texts that values count bytes in, each up to a zero: `kind` is O then. */
  readonly texts?: Uint8Array;
}

/** Records of a structured array of numpy, one dimension. Values are read when they are asked for. */
export interface NpyRecords {
  readonly name: string;
  readonly rows: number;
  /** Names of the fields in order. */
  readonly fields: readonly string[];
  has(field: string): boolean;
  /** How many values a record has of a field; 0 where there is no such field. */
  count(field: string): number;
  /** The type of a field: `f4`, `f4 x 3`, `text`. @throws {VitrineError} missing: no such field */
  type(field: string): string;
  /** The text of a field of bytes or characters, or a number's. @throws {VitrineError} missing: no such field */
  text(row: number, field: string): string;
  /** A value of a numeric field, of several the one at `index`. @throws {VitrineError} missing: no such field; type: text */
  number(row: number, field: string, index?: number): number;
}

/** Records whose fields lie where they are said to. */
export function recordsOf(
  fields: ReadonlyMap<string, PlacedField>,
  { rows, at }: { readonly rows: number; readonly at: string },
): NpyRecords {
  const fieldOf = (name: string) => {
    const field = fields.get(name);
    if (field !== undefined) return field;
    throw wrong(at, "missing", { expected: `a field ${name}`, found: [...fields.keys()].join(", ") });
  };
  const number = (row: number, name: string, index = 0) => {
    const field = fieldOf(name);
    const value = numberAt(field, field.start + row * field.stride + index * field.width);
    if (value !== undefined) return value;
    throw wrong(`${at} ${name}`, "type", {
      expected: "numbers",
      found: `${"SUO".includes(field.kind) ? "texts" : "other values"} (${field.kind}${field.width})`,
    });
  };
  return {
    name: at,
    rows,
    fields: [...fields.keys()],
    has: (name) => fields.has(name),
    count: (name) => fields.get(name)?.count ?? 0,
    type(name) {
      const { kind, width, count } = fieldOf(name);
      const one = "SUO".includes(kind) ? "text" : `${kind}${width}`;
      return count === 1 ? one : `${one} x ${count}`;
    },
    number,
    text(row, name) {
      const field = fieldOf(name);
      const from = field.start + row * field.stride;
      if (field.texts !== undefined) return heapText(field.texts, viewOf(field).getBigUint64(from, true));
      if (field.kind === "S") return utf8Text(field.bytes.subarray(from, from + field.width));
      if (field.kind === "U") return wideText(field, from);
      if (field.kind === "u" && field.width === 8)
        return String(viewOf(field).getBigUint64(from, field.isLittle));
      return String(number(row, name));
    },
  };
}

/** A text from its first byte to a zero; nothing where it would lie outside. */
function heapText(texts: Uint8Array, start: bigint): string {
  if (start >= BigInt(texts.length)) return "";
  const from = Number(start);
  const end = texts.indexOf(0, from);
  return new TextDecoder().decode(texts.subarray(from, end < 0 ? undefined : end));
}

function viewOf({ bytes }: PlacedField): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function numberAt(field: PlacedField, at: number): number | undefined {
  const { kind, width, isLittle } = field;
  const view = viewOf(field);
  switch (`${kind}${width}`) {
    case "f4":
      return view.getFloat32(at, isLittle);
    case "f8":
      return view.getFloat64(at, isLittle);
    case "f2":
      return halfToNumber(view.getUint16(at, isLittle));
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

function wideText(field: PlacedField, from: number): string {
  const { width, isLittle } = field;
  const view = viewOf(field);
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
