import { readFileSync } from "node:fs";
import { unzipSync } from "fflate";

/** A decoded NPY array: C order, complex numbers interleaved (their last axis is not doubled in `shape`). */
export interface NpyArray {
  readonly data: Float32Array | Float64Array | Int32Array;
  readonly shape: readonly number[];
}

const FOLDER = new URL("../golden/match/", import.meta.url);

/** Bytes of a golden file of template matching, by its path below that folder. */
export function goldenBytes(path: string): Uint8Array {
  return readFileSync(new URL(path, FOLDER));
}

/** A golden NPY file. */
export function goldenNpy(path: string): NpyArray {
  return decodeNpy(goldenBytes(path));
}

/** A golden JSON file, unchecked: tests know what they read. */
export function goldenJson<T>(path: string): T {
  return JSON.parse(new TextDecoder().decode(goldenBytes(path)));
}

/** All arrays of a golden NPZ file by name. */
export function goldenNpz(path: string): ReadonlyMap<string, NpyArray> {
  const entries = Object.entries(unzipSync(goldenBytes(path)));
  return new Map(entries.map(([name, bytes]) => [name.replace(/\.npy$/, ""), decodeNpy(bytes)]));
}

/** The data of a little-endian MRC mode 2 file without extended header, as in the golden folder. */
export function goldenMrc(path: string): { data: Float32Array; shape: [number, number, number] } {
  const bytes = new Uint8Array(goldenBytes(path));
  const [width, height, depth, mode] = new Int32Array(bytes.buffer, 0, 4);
  if (mode !== 2) throw new Error(`${path} has mode ${mode}`);
  const data = new Float32Array(bytes.buffer, 1024, width * height * depth);
  return { data, shape: [depth, height, width] };
}

/**
 * A reader for the tests alone, independent of `vitrine/io`: NPY 1.0, little-endian f4, f8, i4, c8, c16, C order.
 * Source: NumPy's format description (NEP 1).
 */
export function decodeNpy(bytes: Uint8Array): NpyArray {
  const copy = new Uint8Array(bytes);
  const headerLength = new DataView(copy.buffer).getUint16(8, true);
  const header = new TextDecoder().decode(copy.subarray(10, 10 + headerLength));
  const type = /'descr': '<([a-z]\d+)'/.exec(header)?.[1];
  if (type === undefined || !header.includes("'fortran_order': False"))
    throw new Error(`NPY header ${header}`);
  const shape = (/\(([^)]*)\)/.exec(header)?.[1] ?? "").split(",").filter((part) => part.trim() !== "");
  const body = copy.slice(10 + headerLength).buffer;
  return { data: typedArray(type, body), shape: shape.map(Number) };
}

function typedArray(type: string, body: ArrayBuffer): NpyArray["data"] {
  if (type === "f8" || type === "c16") return new Float64Array(body);
  if (type === "f4" || type === "c8") return new Float32Array(body);
  if (type === "i4") return new Int32Array(body);
  throw new Error(`NPY type ${type}`);
}

/** Largest absolute difference divided by the largest absolute expected value. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length)
    throw new Error(`${found.length} values, expected ${expected.length}`);
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i] - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
    if (Number.isNaN(found[i])) return Number.NaN;
  }
  return difference / largest;
}
