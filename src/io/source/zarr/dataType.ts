import { bytesPerValue, type PixelType, VitrineError } from "../../../core/index.ts";
import { numberToHalf } from "../../half.ts";
import type { WideType } from "../../wide.ts";

/** Types of values as they are stored: {@link readType} tells as what they are read. */
export type StoredType = PixelType | WideType | "float16" | "bool";

const STORED: readonly StoredType[] = [
  ...(["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] as const),
  ...(["float16", "int64", "uint64", "bool"] as const),
];

/** Where pixels have no such type, the one that holds the same numbers; whole numbers of 64 bits up to 2⁵³. */
const READ_AS = { float16: "float32", int64: "float64", uint64: "float64", bool: "uint8" } as const;

/** The type that stored values are read as. */
export function readType(type: StoredType): PixelType {
  return isPixelType(type) ? type : READ_AS[type];
}

/** Whether stored values are whole numbers of 64 bits. */
export function isWide(type: StoredType): type is WideType {
  return type === "int64" || type === "uint64";
}

function isPixelType(type: StoredType): type is PixelType {
  return !Object.hasOwn(READ_AS, type);
}

/** Bytes of a stored value. */
export function storedBytes(type: StoredType): number {
  return type === "float16" ? 2 : bytesPerValue(readType(type));
}

/** What the library is to take a type for: halves are decoded here, and true and false are bytes. */
export function libraryType(type: StoredType): Exclude<StoredType, "float16" | "bool"> {
  if (type === "float16") return "uint16";
  return type === "bool" ? "uint8" : type;
}

const WORDS: Readonly<Record<string, string>> = { u: "uint", i: "int", f: "float", c: "complex" };

/**
 * The type that Zarr 3 names, or a numpy string of Zarr 2 (`<u2`).
 *
 * @throws {VitrineError} unsupported: no type of numbers (complex, text, structures), by its name
 */
export function parseDataType(value: unknown, at: string): StoredType {
  const text = typeof value === "string" ? value : JSON.stringify(value).slice(0, 60);
  const [, letter, bytes] = /^[<>|=]([a-zA-Z])(\d+)$/.exec(text) ?? [];
  const numpy = letter === "b" ? "bool" : WORDS[letter] && `${WORDS[letter]}${8 * Number(bytes)}`;
  const name = numpy ?? text;
  const found = STORED.find((type) => type === name);
  if (found !== undefined) return found;
  throw new VitrineError({
    code: "unsupported",
    at: `${at} data type`,
    expected: `one of ${STORED.join(", ")}`,
    found: name === text ? text : `${name} (${text})`,
    hint: "Convert the values first",
  });
}

/** What chunks that are not there read as; null is 0. @throws {VitrineError} format: no value of the type */
export function parseFill(value: unknown, type: StoredType, at: string): number {
  const number = fillNumber(value, type);
  const isFloat = type.startsWith("float");
  if (number !== undefined && (isFloat || (isWide(type) ? Number.isSafeInteger : Number.isInteger)(number)))
    return number;
  throw new VitrineError({
    code: "format",
    at: `${at} fill_value`,
    expected: isWide(type) ? `a value of ${type} within 2^53` : `a value of ${type}`,
    found: JSON.stringify(value)?.slice(0, 60) ?? "nothing",
  });
}

const SPECIAL: Readonly<Record<string, number>> = { NaN, Infinity, "-Infinity": -Infinity };

function fillNumber(value: unknown, type: StoredType): number | undefined {
  if (value === null || value === undefined || value === false) return 0;
  if (typeof value === "number") return value;
  if (value === true && type === "bool") return 1;
  if (typeof value !== "string") return undefined;
  if (Object.hasOwn(SPECIAL, value)) return SPECIAL[value];
  // the bits of a float, as Zarr 3 writes NaN that carry something
  if (!/^0x[0-9a-f]+$/i.test(value) || value.length !== 2 + 2 * storedBytes(type)) return undefined;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value) << BigInt(64 - 8 * storedBytes(type)));
  if (type === "float32") return view.getFloat32(0);
  return type === "float64" ? view.getFloat64(0) : undefined;
}

/** A fill value as the library is to have it: halves by their bits, and what JSON has no number for by its name. */
export function storedFill(fill: number, type: StoredType): number | string {
  if (type === "float16") return numberToHalf(fill);
  return Number.isFinite(fill) ? fill : String(fill);
}
