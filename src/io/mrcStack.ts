import { openWritable, removeFile } from "#files";
import { VitrineError } from "../core/index.ts";
import { bytesOf } from "./byteOrder.ts";
import type { WritableFile } from "./files.ts";
import { formatMrcHeader, MRC_HEADER_BYTES, type MrcHeader } from "./mrc.ts";
import { headerOf } from "./mrcWrite.ts";

/** A stack of images, or a volume of planes, that are written one by one. */
export interface MrcStackShape {
  readonly sections: number;
  /** Height and width of each. */
  readonly rows: number;
  readonly columns: number;
  /** Å per pixel; 0 where it is not known. */
  readonly voxelSizeA: number;
  /** What the sections are; default `stack`. */
  readonly kind?: "stack" | "volume";
}

/** Writes a section, (rows, columns) in C order; each once, in any order. */
export type PutSection = (section: number, data: Float32Array) => Promise<void>;

/** Values that are read at a time for the statistics. */
const BLOCK = 2 ** 20;

/**
 * Writes a stack of float32 images section by section, the same bytes as `writeMrc` of all of them at once, in the memory of one.
 * A section that is not put is 0. What throws leaves no file.
 *
 * @param path  where nothing is
 * @throws {VitrineError} shape: a section of another length; range: a section that there is not; storage
 */
export async function writeMrcStack(
  path: string,
  shape: MrcStackShape,
  fill: (put: PutSection) => Promise<void>,
): Promise<void> {
  const { sections, rows, columns, voxelSizeA, kind = "stack" } = shape;
  const length = rows * columns;
  const file = await openWritable(path, { create: true });
  try {
    await file.resize(MRC_HEADER_BYTES + 4 * sections * length);
    await fill(async (section, data) => {
      requireSection(path, shape, { section, length: data.length });
      await file.write([bytesOf(data)], MRC_HEADER_BYTES + 4 * section * length);
    });
    const sides = [sections, rows, columns] as const;
    const statistics = await measure(file, sections * length);
    const header = headerOf({ shape: sides, voxelSizeA, kind }, sides, statistics);
    await file.write([formatMrcHeader(header)], 0);
    await file.sync();
    await file.close();
  } catch (error) {
    await file.close();
    await removeFile(path);
    throw error;
  }
}

function requireSection(
  at: string,
  { sections, rows, columns }: MrcStackShape,
  { section, length }: { readonly section: number; readonly length: number },
): void {
  if (!(Number.isInteger(section) && section >= 0 && section < sections)) {
    const expected = `a section from 0 to ${sections - 1}`;
    throw new VitrineError({ code: "range", at, expected, found: `${section}` });
  }
  if (length === rows * columns) return;
  const expected = `sections of ${rows} x ${columns} values`;
  throw new VitrineError({ code: "shape", at, expected, found: `${length}` });
}

/** Of the finite values in the order of the file, in f64; rms is the deviation from the mean. */
async function measure(file: WritableFile, count: number): Promise<MrcHeader["statistics"]> {
  let [min, max, sum, finite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  await eachValue(file, count, (value) => {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    finite++;
  });
  if (finite === 0) return { min: 0, max: 0, mean: 0, rms: 0 };
  const mean = sum / finite;
  let squares = 0;
  await eachValue(file, count, (value) => {
    squares += (value - mean) ** 2;
  });
  return { min, max, mean, rms: Math.sqrt(squares / finite) };
}

async function eachValue(file: WritableFile, count: number, take: (value: number) => void): Promise<void> {
  const values = new Float32Array(Math.min(BLOCK, count));
  for (let from = 0; from < count; from += BLOCK) {
    const some = values.subarray(0, Math.min(BLOCK, count - from));
    await file.read(
      MRC_HEADER_BYTES + 4 * from,
      some.byteLength,
      new Uint8Array(values.buffer, 0, some.byteLength),
    );
    for (let i = 0; i < some.length; i++) if (Number.isFinite(some[i])) take(some[i]);
  }
}
