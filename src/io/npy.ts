import { type PixelType, VitrineError } from "../core/index.ts";
import { bytesOf, HOST_IS_LITTLE_ENDIAN, swapBytes } from "./byteOrder.ts";
import { allocate } from "./files.ts";
import { halfToNumber, numberToHalf } from "./half.ts";

/** numpy's numeric types without their byte order: b1 boolean, i integer, u unsigned, f float, c complex; width in bytes. */
export type NpyDtype =
  | "b1"
  | "i1"
  | "i2"
  | "i4"
  | "i8"
  | "u1"
  | "u2"
  | "u4"
  | "u8"
  | "f2"
  | "f4"
  | "f8"
  | "c8"
  | "c16";

/** Pixel types of numpy's; 64-bit integers and complex numbers have none. */
export const NPY_PIXEL_TYPES: Readonly<Partial<Record<NpyDtype, PixelType>>> = {
  b1: "uint8",
  u1: "uint8",
  i1: "int8",
  u2: "uint16",
  i2: "int16",
  u4: "uint32",
  i4: "int32",
  f2: "float32",
  f4: "float32",
  f8: "float64",
};

/**
 * The values of an array. b1 and u1 are Uint8Array, i8 and u8 are BigInt arrays, f2 is decoded to Float32Array, c8 and c16
 * are Float32Array and Float64Array with real and imaginary part in turn (twice as long as the shape says).
 */
export type NpyData =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** An array of a .npy file, in C order. */
export interface NpyArray {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
  readonly data: NpyData;
}

/** An array to be written; without `dtype` it follows from `data` (Float32Array is f4, Uint8Array is u1 ...). */
export interface NpyContent {
  readonly dtype?: NpyDtype;
  readonly shape: readonly number[];
  readonly data: NpyData;
}

/** What the header of a .npy file says. */
export interface NpyHeader {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
  /** Where the values begin, in bytes. */
  readonly dataOffset: number;
}

interface Layout {
  /** Bytes of one element. */
  readonly bytes: number;
  /** Numbers in one element: 2 for complex ones, whose bytes are swapped each on its own. */
  readonly parts: number;
  readonly values: {
    readonly name: string;
    new (buffer: ArrayBufferLike, byteOffset: number, length: number): NpyData;
  };
}

const LAYOUT: Readonly<Record<NpyDtype, Layout>> = {
  b1: { bytes: 1, parts: 1, values: Uint8Array },
  i1: { bytes: 1, parts: 1, values: Int8Array },
  i2: { bytes: 2, parts: 1, values: Int16Array },
  i4: { bytes: 4, parts: 1, values: Int32Array },
  i8: { bytes: 8, parts: 1, values: BigInt64Array },
  u1: { bytes: 1, parts: 1, values: Uint8Array },
  u2: { bytes: 2, parts: 1, values: Uint16Array },
  u4: { bytes: 4, parts: 1, values: Uint32Array },
  u8: { bytes: 8, parts: 1, values: BigUint64Array },
  f2: { bytes: 2, parts: 1, values: Float32Array },
  f4: { bytes: 4, parts: 1, values: Float32Array },
  f8: { bytes: 8, parts: 1, values: Float64Array },
  c8: { bytes: 8, parts: 2, values: Float32Array },
  c16: { bytes: 16, parts: 2, values: Float64Array },
};

/** Every {@link NpyDtype}. */
export const NPY_DTYPES: readonly NpyDtype[] = [
  "b1",
  "i1",
  "i2",
  "i4",
  "i8",
  "u1",
  "u2",
  "u4",
  "u8",
  "f2",
  "f4",
  "f8",
  "c8",
  "c16",
];

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const MOST_DIMENSIONS = 64;

/**
 * Where the header ends, from the first 12 bytes (or all, of a shorter file).
 *
 * @throws {VitrineError} format: not a .npy file; unsupported: a version after 3
 */
export function npyHeaderEnd(bytes: Uint8Array, at: string): number {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw wrong(at, "the first bytes of a .npy file", "others", "Check that this is a .npy file");
  const version = bytes[6];
  if (version < 1 || version > 3) {
    const fault = { at: `${at} version`, expected: "1, 2 or 3", found: `${version}` };
    throw new VitrineError({ code: "unsupported", ...fault, hint: "Save it again with numpy.save" });
  }
  if (version > 1 && bytes.length < 12)
    throw wrong(at, "a header", `${bytes.length} bytes`, "The file is truncated");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return version === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
}

/**
 * Reads the header of a .npy file.
 *
 * @param bytes  at least as far as {@link npyHeaderEnd}
 * @throws {VitrineError} format: damaged or truncated; type: objects, text, records or dates
 *
 * Source: numpy/lib/format.py, format versions 1.0 to 3.0.
 */
export function parseNpyHeader(bytes: Uint8Array, at: string): NpyHeader {
  const dataOffset = npyHeaderEnd(bytes, at);
  if (dataOffset > bytes.length)
    throw wrong(at, `a header of ${dataOffset} bytes`, `${bytes.length} bytes`, "The file is truncated");
  const text = latin1(bytes.subarray(bytes[6] === 1 ? 10 : 12, dataOffset));
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(text)?.[1];
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /['"]shape['"]\s*:\s*\(([\dL,\s]*)\)/.exec(text)?.[1];
  if (descr === undefined && /['"]descr['"]\s*:\s*\[/.test(text)) throw otherDtype("a record", at);
  if (descr === undefined || order === undefined || shape === undefined) {
    const found = JSON.stringify(text.slice(0, 80).trimEnd());
    throw wrong(`${at} header`, "descr, fortran_order and shape", found, "The file is damaged");
  }
  return {
    ...parseDescr(descr, at),
    shape: parseShape(shape, at),
    fortranOrder: order === "True",
    dataOffset,
  };
}

/**
 * Bytes of the values; the file must hold exactly these after its header.
 *
 * @throws {VitrineError} format: it holds fewer or more
 */
export function checkNpySize(header: NpyHeader, fileSize: number, at: string): number {
  const bytes = header.shape.reduce((product, length) => product * length, LAYOUT[header.dtype].bytes);
  const found = fileSize - header.dataOffset;
  if (bytes === found) return bytes;
  const what = `${bytes} bytes of values (${header.shape.join(" x ") || "one value"}, ${header.dtype})`;
  throw wrong(at, what, `${found}`, "The file is truncated, or its header lies about its size");
}

/**
 * Makes the array of the bytes after the header.
 *
 * @param bytes  exactly the values, in a buffer of its own from its start; belongs to the result afterwards
 */
export function npyFromBytes(header: NpyHeader, bytes: Uint8Array): NpyArray {
  const { dtype, shape, bigEndian, fortranOrder } = header;
  const { bytes: width, parts, values } = LAYOUT[dtype];
  if (bigEndian === HOST_IS_LITTLE_ENDIAN) swapBytes(bytes, width / parts);
  const { buffer, byteOffset, byteLength } = bytes;
  const stored =
    dtype === "f2"
      ? Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), halfToNumber)
      : new values(buffer, byteOffset, (byteLength / width) * parts);
  return { dtype, shape, data: fortranOrder && shape.length > 1 ? toCOrder(stored, shape, parts) : stored };
}

/**
 * Reads a .npy file that is in memory. The result shares nothing with `bytes`.
 *
 * @param bytes  the whole file; any view; not changed
 * @throws {VitrineError} format: damaged, truncated or too long; type: not numbers; unsupported: unknown version
 */
export function parseNpy(bytes: Uint8Array, at: string): NpyArray {
  const header = parseNpyHeader(bytes, at);
  const length = checkNpySize(header, bytes.length, at);
  return npyFromBytes(
    header,
    allocate(() => new Uint8Array(bytes.subarray(header.dataOffset)), length, at),
  );
}

/**
 * The bytes of a .npy file: header (version 1, little-endian, C order, values from a multiple of 64 bytes) and values.
 *
 * @returns  two pieces, of which the second may be a view of `data`
 * @throws {VitrineError} shape: data and shape do not agree; type: data of another type than `dtype`
 */
export function npyChunks(content: NpyContent, at: string): [Uint8Array, Uint8Array] {
  const dtype = npyDtypeOf(content);
  checkContent(content, dtype, at);
  const { bytes: width, parts } = LAYOUT[dtype];
  const values = bytesOf(
    dtype === "f2" ? Uint16Array.from(content.data as Float32Array, numberToHalf) : content.data,
  );
  if (HOST_IS_LITTLE_ENDIAN) return [npyHeader(dtype, content.shape), values];
  const swapped = values.slice();
  swapBytes(swapped, width / parts);
  return [npyHeader(dtype, content.shape), swapped];
}

/** The type that content is written as: what it says, else what follows from its data. @throws {VitrineError} type: no typed array */
export function npyDtypeOf({ dtype, data }: NpyContent): NpyDtype {
  return dtype ?? inferDtype(data);
}

/** A whole .npy file as bytes; see `npyChunks`. */
export function formatNpy(content: NpyContent): Uint8Array {
  const [header, values] = npyChunks(content, "formatNpy");
  const bytes = new Uint8Array(header.length + values.length);
  bytes.set(header);
  bytes.set(values, header.length);
  return bytes;
}

function parseDescr(descr: string, at: string): Pick<NpyHeader, "dtype" | "bigEndian"> {
  const [, order, dtype] = /^([<>=|]?)([biufc]\d{1,2}|\?)$/.exec(descr) ?? [];
  const known = dtype === "?" ? "b1" : dtype;
  if (known === undefined || !isDtype(known)) throw otherDtype(JSON.stringify(descr), at);
  return { dtype: known, bigEndian: order === ">" || (order === "=" && !HOST_IS_LITTLE_ENDIAN) };
}

function isDtype(text: string): text is NpyDtype {
  return Object.hasOwn(LAYOUT, text);
}

function parseShape(text: string, at: string): number[] {
  const lengths = text.split(",").map((length) => length.trim());
  if (lengths.at(-1) === "") lengths.pop();
  const shape = lengths.map((length) =>
    /^\d{1,16}L?$/.test(length) ? Number.parseInt(length, 10) : Number.NaN,
  );
  if (shape.length <= MOST_DIMENSIONS && shape.every(Number.isSafeInteger)) return shape;
  throw wrong(`${at} header.shape`, "lengths of at least 0", `(${text.slice(0, 60)})`, "The file is damaged");
}

/** Walks the result in C order and keeps where the element lies in the stored one, whose first axis is contiguous. */
function toCOrder<T extends NpyData>(stored: T, shape: readonly number[], parts: number): T {
  const out = stored.slice() as T;
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) =>
    shape.slice(0, axis).reduce((product, length) => product * length, parts),
  );
  for (let to = 0, from = 0; to < out.length; to += parts) {
    for (let part = 0; part < parts; part++) out[to + part] = stored[from + part];
    let axis = shape.length - 1;
    for (; axis >= 0 && ++index[axis] === shape[axis]; axis--) {
      from -= strides[axis] * (shape[axis] - 1);
      index[axis] = 0;
    }
    if (axis >= 0) from += strides[axis];
  }
  return out;
}

function checkContent({ shape, data }: NpyContent, dtype: NpyDtype, at: string): void {
  if (!(data instanceof LAYOUT[dtype].values)) {
    const fault = {
      at: `${at} data`,
      expected: `${LAYOUT[dtype].values.name} for ${dtype}`,
      found: data.constructor.name,
    };
    throw new VitrineError({ code: "type", ...fault });
  }
  const length = shape.reduce((product, axis) => product * axis, LAYOUT[dtype].parts);
  if (length === data.length && shape.every((axis) => Number.isInteger(axis) && axis >= 0)) return;
  const expected = `${length} values (${shape.join(" x ") || "one value"}, ${dtype})`;
  throw new VitrineError({ code: "shape", at, expected, found: `${data.length}` });
}

const INFERRED: readonly NpyDtype[] = ["u1", "i1", "i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8"];

function inferDtype(data: NpyData): NpyDtype {
  const dtype = INFERRED.find((candidate) => data instanceof LAYOUT[candidate].values);
  if (dtype !== undefined) return dtype;
  throw new VitrineError({ code: "type", at: "data", expected: "a typed array", found: typeof data });
}

/** The header of a .npy file (version 1, C order, little-endian), for values that are written after it. */
export function npyHeader(dtype: NpyDtype, shape: readonly number[]): Uint8Array {
  return npyHeaderOf(`${LAYOUT[dtype].bytes === 1 ? "|" : "<"}${dtype}`, shape);
}

/** @internal As {@link npyHeader} of any type as numpy writes it: `<U12`, `|O`. */
export function npyHeaderOf(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length).fill(0x20);
  bytes.set([...MAGIC, 1, 0, (length - 10) & 255, (length - 10) >> 8]);
  for (let i = 0; i < text.length; i++) bytes[10 + i] = text.charCodeAt(i);
  bytes[length - 1] = 0x0a;
  return bytes;
}

/** Every byte is a character; a header of numbers is ASCII in all versions. */
function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function otherDtype(found: string, at: string): VitrineError {
  return new VitrineError({
    code: "type",
    at: `${at} header.descr`,
    expected: "one numeric type (b1, i1..i8, u1..u8, f2..f8, c8, c16)",
    found,
    hint: "Convert it with numpy.astype and save it again",
  });
}

function wrong(at: string, expected: string, found: string, hint: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found, hint });
}
