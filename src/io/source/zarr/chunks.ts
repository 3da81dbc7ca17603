import * as zarr from "zarrita";
import { openFile, readFileBytes } from "#files";
import type { PixelArray } from "../../../core/index.ts";
import { VitrineError } from "../../../core/index.ts";
import { shortRead } from "../../files.ts";
import { halfToNumber } from "../../half.ts";
import { crc32c } from "../../omezarr/multiscale/crc32c.ts";
import { numbersOfWide, type WideType } from "../../wide.ts";
import { indexIn, strides } from "../box.ts";
import type { Chunk } from "../cache.ts";
import type { ZarrArrayFacts } from "./arrayMetadata.ts";
import { ChecksumFault, compareChecksums } from "./checksum.ts";
import { isWide, storedBytes } from "./dataType.ts";
import { checkPacked } from "./packed.ts";
import { type FolderStore, ifThere, type StoreRange } from "./store.ts";

/** What the library reads: types of numbers, 64-bit integers too. */
type ValueType = zarr.NumberDataType | zarr.BigintDataType;

/** Reads one chunk of an array by its number along each axis; undefined where the store leaves it out. */
export type ReadZarrChunk = (index: readonly number[]) => Promise<Chunk | undefined>;

/** Thrown through the library for a file that is not there, so that no chunk of fill is made. */
const ABSENT = Symbol("absent");

/** Reads chunks of the array in a folder. */
export function zarrChunks(folder: string, facts: ZarrArrayFacts): ReadZarrChunk {
  let opened: Promise<zarr.Array<ValueType, FolderStore>> | undefined;
  return async (index) => {
    const at = `${folder} chunk ${index.join("/")}`;
    try {
      opened ??= openArray(folder, facts);
      const { data, stride } = await (await opened).getChunk([...index]);
      return chunkOf(data, { stride, facts, at, index });
    } catch (cause) {
      if (cause === ABSENT) return undefined;
      throw chunkError(cause, at);
    }
  };
}

async function openArray(folder: string, facts: ZarrArrayFacts) {
  compareChecksums();
  const root = zarr.root(chunkStore(folder, facts));
  const array = await (facts.zarrFormat === 2 ? zarr.open.v2 : zarr.open.v3)(root, { kind: "array" });
  if (array.is("number") || array.is("bigint")) return array;
  throw new VitrineError({ code: "unsupported", at: folder, expected: "numbers", found: array.dtype });
}

/** Files of an array; its metadata are those that were checked. */
function chunkStore(folder: string, facts: ZarrArrayFacts): FolderStore {
  const metadata = new TextEncoder().encode(JSON.stringify(facts.document));
  const document = facts.zarrFormat === 2 ? "/.zarray" : "/zarr.json";
  const bytesPerChunk = facts.chunkShape.reduce((product, side) => product * side, storedBytes(facts.type));
  const checked = (bytes: Uint8Array, at: string) => {
    checkPacked(bytes, facts.lastCodec, { chunkBytes: bytesPerChunk, at });
    return bytes;
  };
  return {
    async get(key) {
      if (key === document) return metadata;
      if (key === "/.zattrs") return undefined;
      const bytes = await ifThere(() => readFileBytes(folder + key));
      if (bytes === undefined) throw ABSENT;
      return checked(bytes, folder + key);
    },
    async getRange(key, range) {
      const bytes = await ifThere(() => readShard(folder + key, range, facts.index));
      if (bytes === undefined) throw ABSENT;
      return "offset" in range ? checked(bytes, folder + key) : bytes;
    },
  };
}

/** A part of a shard, or its index. */
async function readShard(
  path: string,
  range: StoreRange,
  index: ZarrArrayFacts["index"],
): Promise<Uint8Array> {
  const file = await openFile(path);
  try {
    if ("offset" in range) return await readPart(file, range.offset, range.length);
    const length = range.suffixLength;
    const bytes = await readPart(file, index?.location === "start" ? 0 : file.size - length, length);
    if (index?.isChecked) checkIndex(bytes, path);
    return bytes;
  } finally {
    await file.close();
  }
}

/** Looks whether the bytes are there before it takes memory for them. */
async function readPart(file: Awaited<ReturnType<typeof openFile>>, offset: number, length: number) {
  if (offset >= 0 && length >= 0 && offset + length <= file.size) return file.read(offset, length);
  throw shortRead(file.name, Math.max(0, offset), { wanted: length, found: file.size - Math.max(0, offset) });
}

function checkIndex(bytes: Uint8Array, path: string): void {
  const end = bytes.length - 4;
  const stored = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0, true);
  if (stored === crc32c(bytes.subarray(0, end))) return;
  throw new VitrineError({
    code: "format",
    at: `${path} index of the shard`,
    expected: "a checksum that fits",
    found: "another one",
    hint: "The shard is damaged or cut short",
  });
}

interface StoredChunk {
  readonly stride: readonly number[];
  readonly facts: ZarrArrayFacts;
  readonly at: string;
  readonly index: readonly number[];
}

/** Values in C order, halves and 64-bit integers as numbers. */
function chunkOf(
  data: PixelArray | zarr.TypedArray<ValueType>,
  { stride, facts, at, index }: StoredChunk,
): Chunk {
  const { chunkShape: shape, type } = facts;
  const length = shape.reduce((product, side) => product * side, 1);
  if (data.length !== length) throw wrongLength(at, length, data.length);
  const placeOf = (value: number) =>
    `${at} value [${indexIn(value, stride)
      .map((i, axis) => index[axis] * shape[axis] + i)
      .join(", ")}]`;
  const values = inOrder(isWide(type) ? wideNumbers(data, type, placeOf) : pixels(data, at), shape, stride);
  if (type !== "float16")
    return { data: values.buffer.byteLength === values.byteLength ? values : values.slice(), shape };
  return { data: Float32Array.from(values, halfToNumber), shape };
}

function wideNumbers(
  data: ArrayBufferView,
  type: WideType,
  placeOf: (index: number) => string,
): Float64Array {
  const values = new Float64Array(data.buffer, data.byteOffset, data.byteLength / 8);
  numbersOfWide(values, type, placeOf);
  return values;
}

function pixels(data: PixelArray | zarr.TypedArray<ValueType>, at: string): PixelArray {
  if (
    data instanceof Uint8Array ||
    data instanceof Int8Array ||
    data instanceof Uint16Array ||
    data instanceof Int16Array ||
    data instanceof Uint32Array ||
    data instanceof Int32Array ||
    data instanceof Float32Array ||
    data instanceof Float64Array
  ) {
    return data;
  }
  throw new VitrineError({ code: "unsupported", at, expected: "values of pixels", found: typeof data });
}

/** The library leaves transposed chunks as they lie. */
function inOrder(data: PixelArray, shape: readonly number[], stride: readonly number[]): PixelArray {
  const wanted = strides(shape);
  if (wanted.every((step, axis) => step === stride[axis] || shape[axis] === 1)) return data;
  const ordered = data.slice();
  const index = shape.map(() => 0);
  for (let i = 0, from = 0; i < ordered.length; i++) {
    ordered[i] = data[from];
    let axis = shape.length - 1;
    for (; axis >= 0 && ++index[axis] === shape[axis]; axis--) {
      from -= stride[axis] * (shape[axis] - 1);
      index[axis] = 0;
    }
    if (axis >= 0) from += stride[axis];
  }
  return ordered;
}

function wrongLength(at: string, expected: number, found: number): VitrineError {
  const hint = "The chunk is damaged or cut short";
  return new VitrineError({ code: "format", at, expected: `${expected} values`, found: String(found), hint });
}

function chunkError(cause: unknown, at: string): unknown {
  const inner = zarr.isZarritaError(cause, "CodecPipelineError") ? cause.cause : cause;
  if (inner instanceof VitrineError) return inner;
  if (inner instanceof ChecksumFault) {
    const [expected, hint] = [
      "a checksum (crc32c) that fits its bytes",
      "The chunk is damaged: copy it again",
    ];
    return new VitrineError({ code: "format", at, expected, found: inner.message, hint }, { cause });
  }
  const code = zarr.isZarritaError(cause, "UnknownCodecError", "UnsupportedError") ? "unsupported" : "format";
  const found = String(inner).split("\n")[0].slice(0, 160);
  const hint = "The chunk is damaged or cut short";
  return new VitrineError(
    { code, at, expected: "a chunk as the array's metadata say", found, hint },
    { cause },
  );
}
