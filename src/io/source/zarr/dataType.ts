import { bytesPerValue, type PixelType, VitrineError } from "../../../core/index.ts";
import { numberToHalf } from "../../half.ts";

/** Types of values as they are stored; `float16` is read as float32. */
export type StoredType = PixelType | "float16";

const STORED: readonly StoredType[] = [
  ...(["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] as const),
  "float16",
];

/** Bytes of a stored value. */
export function storedBytes(type: StoredType): number {
  return type === "float16" ? 2 : bytesPerValue(type);
}

const WORDS: Readonly<Record<string, string>> = { u: "uint", i: "int", f: "float", c: "complex" };

/**
 * The type that Zarr 3 names, or a numpy string of Zarr 2 (`<u2`).
 *
 * @throws {VitrineError} unsupported: no type of pixels (64-bit integers, complex, bool, text, structures), by its name
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
  if (number !== undefined && (isFloat || Number.isInteger(number))) return number;
  throw new VitrineError({
    code: "format",
    at: `${at} fill_value`,
    expected: `a value of ${type}`,
    found: JSON.stringify(value)?.slice(0, 60) ?? "nothing",
  });
}

const SPECIAL: Readonly<Record<string, number>> = { NaN, Infinity, "-Infinity": -Infinity };

function fillNumber(value: unknown, type: StoredType): number | undefined {
  if (value === null || value === undefined || value === false) return 0;
  if (typeof value === "number") return value;
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
