import { requireKnownOptions, VitrineError } from "../core/index.ts";
import { type FileSource, sourceName } from "./files.ts";
import { readUnpacked } from "./gzip.ts";
import { type NpyArray, npyHeaderEnd, parseNpy } from "./npy.ts";
import { type NpzOptions, npzEntries } from "./npz.ts";
import { buildNumpy, isArray, makeNumpy } from "./torch/numpyPickle.ts";
import { parsePickle } from "./torch/pickle.ts";

/** An array of texts of numpy: characters (`U`) or bytes (`S`), without the zeros that fill them. */
export interface NpyTexts {
  readonly dtype: "U" | "S";
  readonly shape: readonly number[];
  readonly data: readonly string[];
}

/** An array of Python objects of numpy, as plain values: null, booleans, numbers, texts, arrays, maps. */
export interface NpyObjects {
  readonly dtype: "O";
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

/** Whatever a `.npy` file holds, but for records. */
export type NpyValue = NpyArray | NpyTexts | NpyObjects;

/**
 * Reads a `.npz` archive whose entries may be texts and Python objects besides numbers. Objects are plain values: nothing of the file
 * is run.
 *
 * @returns  by name, without `.npy`, in the order of the archive
 * @throws {VitrineError} as `readNpz`; unsupported: an object that only code could make
 */
export async function readNpzValues(
  source: FileSource,
  options: NpzOptions = {},
): Promise<Map<string, NpyValue>> {
  requireKnownOptions("readNpzValues", options, { maxBytes: true });
  const [bytes, at] = [await readUnpacked(source), sourceName(source)];
  const values = npzEntries(bytes, at, options);
  return new Map(values.map(({ name, content }) => [name, parseNpyValue(content, `${at} ${name}.npy`)]));
}

/**
 * Reads a `.npy` file of numbers, texts or objects that is in memory.
 *
 * @throws {VitrineError} as `parseNpy`; unsupported: an object that only code could make
 */
export function parseNpyValue(bytes: Uint8Array, at: string): NpyValue {
  const start = npyHeaderEnd(bytes, at);
  const header = new TextDecoder("latin1").decode(bytes.slice(0, start));
  const [, order, kind, width] = /'descr': '([<>|=]?)([USO])(\d*)'/.exec(header) ?? [];
  if (kind === undefined) return parseNpy(bytes, at);
  const shape = shapeOf(header, at);
  if (kind === "O") return { dtype: "O", shape, data: objectsOf(bytes.subarray(start), shape, at) };
  const dtype = kind === "U" ? "U" : "S";
  const layout = { dtype, width: Number(width), isBigEndian: order === ">", shape } as const;
  return { dtype, shape, data: textsOf(bytes.subarray(start), layout, at) };
}

function shapeOf(header: string, at: string): readonly number[] {
  const text = /'shape': \(([\d, ]*)\)/.exec(header)?.[1];
  if (text === undefined || header.includes("'fortran_order': True"))
    throw wrong(at, "a shape in C order", JSON.stringify(header.slice(10, 90)));
  return text
    .split(",")
    .filter((length) => length.trim() !== "")
    .map(Number);
}

function objectsOf(bytes: Uint8Array, shape: readonly number[], at: string): readonly unknown[] {
  const none = () => {
    throw wrong(at, "objects in the pickle itself", "a reference");
  };
  const makers = { make: makeNumpy, build: buildNumpy, persistent: none };
  const value = parsePickle(bytes, at, makers);
  const data = isArray(value) && value.dtype === "O" ? value.data : undefined;
  const count = countOf(shape);
  if (Array.isArray(data) && data.length === count) return data;
  throw wrong(at, `${count} objects`, data === undefined ? typeof value : `${data.length}`);
}

interface TextLayout {
  readonly dtype: "U" | "S";
  readonly width: number;
  readonly isBigEndian: boolean;
  readonly shape: readonly number[];
}

/** Characters are of four bytes each. */
function textsOf(
  bytes: Uint8Array,
  { dtype, width, isBigEndian, shape }: TextLayout,
  at: string,
): readonly string[] {
  const size = dtype === "U" ? 4 * width : width;
  const count = countOf(shape);
  if (bytes.length !== count * size)
    throw wrong(at, `${count} texts of ${size} bytes`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const character = (at: number) => (dtype === "U" ? view.getUint32(at, !isBigEndian) : view.getUint8(at));
  return Array.from({ length: count }, (_, i) => {
    const codes = Array.from({ length: width }, (_, k) => character(i * size + k * (size / width)));
    const last = codes.findLastIndex((code) => code !== 0);
    const used = codes.slice(0, last + 1);
    if (dtype === "S") return new TextDecoder().decode(Uint8Array.from(used));
    if (used.some((code) => code > 0x10ffff)) throw wrong(at, "characters of Unicode", "others");
    return String.fromCodePoint(...used);
  });
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function wrong(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found });
}
