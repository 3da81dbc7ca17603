import { writeFileAtomic } from "#files";
import { elementCount, requireKnownOptions, type Shape2, type Shape3, VitrineError } from "../core/index.ts";
import { bytesOf, HOST_IS_LITTLE_ENDIAN } from "./byteOrder.ts";
import type { WriteOptions } from "./files.ts";
import { HALF_LIMIT, numberToHalf } from "./half.ts";
import { formatMrcHeader, type MrcHeader, type Xyz } from "./mrc.ts";

/** The modes that can be written: 0 int8, 1 int16, 2 float32, 6 uint16, 12 float16. */
export type MrcWriteMode = 0 | 1 | 2 | 6 | 12;

/** What {@link writeMrc} writes. */
export interface MrcContent {
  /** (y, x) or (z, y, x) values in C order. Integer modes round them to the nearest integer, ties upwards. */
  readonly data: Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Uint16Array;
  readonly shape: Shape2 | Shape3;
  /** Å per voxel along every axis; 0 where it is not known. */
  readonly voxelSizeA: number;
  /** Position of the first voxel in Å (default 0, 0, 0). */
  readonly originA?: Xyz;
  /** Default 2 (float32). */
  readonly mode?: MrcWriteMode;
  /** Default: an image for two axes, a volume for three; say `stack` for a stack of images. */
  readonly kind?: "image" | "stack" | "volume";
}

/** Least and largest value of each mode; undefined where any number can be written, NaN and infinity included. */
const LIMITS: Readonly<Record<MrcWriteMode, readonly [number, number] | undefined>> = {
  0: [-128, 127],
  1: [-32768, 32767],
  2: undefined,
  6: [0, 65535],
  12: undefined,
};

/** Values are encoded through a buffer of this many. */
const BLOCK = 2 ** 20;

/**
 * Writes an MRC file (MRC2014, this machine's byte order, no extended header), whole or not at all, without a second
 * copy of the data.
 *
 * The statistics in the header are those of the finite values; rms is the deviation from the mean.
 *
 * @throws {VitrineError} shape: data and shape do not agree; range: a value that the mode cannot hold;
 *   and the errors of `writeFileAtomic`
 */
export async function writeMrc(path: string, content: MrcContent, options: WriteOptions = {}): Promise<void> {
  requireKnownOptions("writeMrc", options, { overwrite: true, durability: true });
  const shape = checkContent(content, path);
  await writeFileAtomic(path, mrcChunks(content, shape, path), options);
}

/** The bytes that {@link writeMrc} writes, for those who have no file system. Errors as there. */
export function formatMrc(content: MrcContent): Uint8Array {
  const chunks = [...mrcChunks(content, checkContent(content, "formatMrc"), "formatMrc")].map((chunk) =>
    chunk.slice(),
  );
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Header, then the values in blocks. A block lives until the next one is asked for. */
function* mrcChunks(content: MrcContent, shape: Shape3, at: string): Generator<Uint8Array> {
  const mode = content.mode ?? 2;
  yield formatMrcHeader(headerOf(content, shape, measure(content.data, mode, at)));
  const encode = encoder(mode);
  for (let from = 0; from < content.data.length; from += BLOCK) {
    yield bytesOf(encode(content.data.subarray(from, from + BLOCK)));
  }
}

function checkContent({ data, shape, voxelSizeA, kind }: MrcContent, at: string): Shape3 {
  const [sections, rows, columns] = shape.length === 2 ? ([1, ...shape] as const) : shape;
  const lengths = [sections, rows, columns];
  const proper = lengths.every((length) => Number.isInteger(length) && length > 0 && length < 2 ** 31);
  if (!proper || elementCount(shape) !== data.length) {
    const expected = `${shape.join(" x ")} values, every length at least 1`;
    throw new VitrineError({ code: "shape", at, expected, found: `${data.length}` });
  }
  if (!(voxelSizeA >= 0) || !Number.isFinite(voxelSizeA)) {
    const expected = "a number of at least 0";
    throw new VitrineError({ code: "range", at: `${at} voxelSizeA`, expected, found: `${voxelSizeA}` });
  }
  if (kind === "image" && sections > 1) {
    throw new VitrineError({ code: "shape", at, expected: "one section for an image", found: `${sections}` });
  }
  return [sections, rows, columns];
}

/** The header of a file with this content, but for its values. */
export function headerOf(
  content: Omit<MrcContent, "data">,
  shape: Shape3,
  statistics: MrcHeader["statistics"],
): MrcHeader {
  const kind = content.kind ?? (content.shape.length === 2 ? "image" : "volume");
  const size = content.voxelSizeA;
  const sampling: Xyz = [shape[2], shape[1], kind === "stack" ? 1 : shape[0]];
  return {
    shape,
    mode: content.mode ?? 2,
    bigEndian: !HOST_IS_LITTLE_ENDIAN,
    unsignedBytes: false,
    kind,
    spaceGroup: kind === "volume" ? 1 : 0,
    start: [0, 0, 0],
    sampling,
    cellA: [sampling[0] * size, sampling[1] * size, sampling[2] * size],
    cellAnglesDeg: [90, 90, 90],
    voxelSizeA: [size, size, size],
    axes: [1, 2, 3],
    originA: content.originA ?? [0, 0, 0],
    statistics,
    extendedType: "",
    extendedBytes: 0,
    labels: ["Written by Vitrine"],
  };
}

/** Statistics of the finite values as they will be stored, in f64; refuses values that the mode cannot hold. */
function measure(data: MrcContent["data"], mode: MrcWriteMode, at: string): MrcHeader["statistics"] {
  const store = rounding(mode, at);
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < data.length; i++) {
    const value = store(data[i]);
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count++;
  }
  if (count === 0) return { min: 0, max: 0, mean: 0, rms: 0 };
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    const value = store(data[i]);
    if (Number.isFinite(value)) squares += (value - mean) ** 2;
  }
  return { min, max, mean, rms: Math.sqrt(squares / count) };
}

/** How a value is stored; throws where it cannot be. */
function rounding(mode: MrcWriteMode, at: string): (value: number) => number {
  const limits = LIMITS[mode];
  if (limits !== undefined) {
    return (value) => {
      const rounded = Math.round(value);
      if (rounded >= limits[0] && rounded <= limits[1]) return rounded;
      throw outside(at, { mode, expected: `values within ${limits[0]}..${limits[1]}`, value });
    };
  }
  if (mode === 2) return Math.fround;
  return (value) => {
    if (Math.abs(value) < HALF_LIMIT || !Number.isFinite(value)) return value;
    throw outside(at, { mode, expected: "magnitudes of at most 65504", value });
  };
}

function outside(
  at: string,
  { mode, expected, value }: { mode: MrcWriteMode; expected: string; value: number },
): VitrineError {
  const hint = "Write mode 2 (float32), or scale the values";
  return new VitrineError({ code: "range", at: `${at} mode ${mode}`, expected, found: `${value}`, hint });
}

type Encode = (values: MrcContent["data"]) => ArrayBufferView;

/** One buffer serves every block; float32 values and those that are stored as they are need none. */
function encoder(mode: MrcWriteMode): Encode {
  switch (mode) {
    case 0:
      return rounded(new Int8Array(BLOCK));
    case 1:
      return rounded(new Int16Array(BLOCK));
    case 2:
      return (values) => (values instanceof Float32Array ? values : new Float32Array(values));
    case 6:
      return rounded(new Uint16Array(BLOCK));
    case 12:
      return halves(new Uint16Array(BLOCK));
  }
}

function rounded(into: Int8Array | Int16Array | Uint16Array): Encode {
  return (values) => {
    for (let i = 0; i < values.length; i++) into[i] = Math.round(values[i]);
    return into.subarray(0, values.length);
  };
}

function halves(into: Uint16Array): Encode {
  return (values) => {
    for (let i = 0; i < values.length; i++) into[i] = numberToHalf(values[i]);
    return into.subarray(0, values.length);
  };
}
