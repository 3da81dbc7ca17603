import type { PixelArray } from "../../core/index.ts";
import { imageBytes, pixelBytes, pixelView, VitrineError } from "../../core/index.ts";
import { allocate, type RandomAccessFile } from "../files.ts";
import { halfToNumber } from "../half.ts";
import { CODECS } from "./codecs.ts";
import { outside } from "./directory.ts";
import { isPacked, samplesTogether, type TiffPlan } from "./page.ts";
import { restoreRows } from "./predictor.ts";

interface Source {
  readonly file: RandomAccessFile;
  readonly bigEndian: boolean;
  /** How messages call the page. */
  readonly at: string;
}

/** A strip or tile. */
interface Chunk {
  readonly index: number;
  readonly at: string;
  readonly x: number;
  readonly y: number;
  /** First of its samples of a pixel. */
  readonly sample: number;
  /** Rows in the file; a strip ends with the image, a tile is whole. */
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Reads the pixels of a page chunk by chunk.
 *
 * @returns  (height, width, channels) values
 * @throws {VitrineError} format: a chunk that is damaged, too short, or not in the file; range: more than memory holds
 */
export async function readPixels(source: Source, plan: TiffPlan): Promise<PixelArray> {
  const chunks = chunksOf(plan, source.at);
  for (const chunk of chunks) checkChunk(chunk, plan, source);
  checkShared(chunks, plan, source);
  const bytes = imageBytes(plan.page);
  const buffer = allocate(() => new ArrayBuffer(bytes), bytes, source.at);
  const pixels = pixelView(plan.page, buffer);
  if (isOneRun(chunks, plan)) {
    const target = pixelBytes(pixels);
    await source.file.read(plan.offsets[0], target.length, target);
    restoreRows(target, 1, rowsOf(plan, source));
    return pixels;
  }
  for (const chunk of chunks) place(await unpack(chunk, plan, source), chunk, { plan, pixels });
  return pixels;
}

function chunksOf(plan: TiffPlan, at: string): Chunk[] {
  const { page, chunkWidth, chunkHeight, isTiled, isPlanar } = plan;
  const samples = samplesTogether(plan);
  const chunks: Chunk[] = [];
  for (let sample = 0; sample < (isPlanar ? page.channels : 1); sample++)
    for (let y = 0; y < page.height; y += chunkHeight)
      for (let x = 0; x < page.width; x += chunkWidth) {
        const index = chunks.length;
        const rows = isTiled ? chunkHeight : Math.min(chunkHeight, page.height - y);
        const bytes = rows * Math.ceil((chunkWidth * samples * page.bits) / 8);
        chunks.push({ index, at: `${at} ${isTiled ? "tile" : "strip"} ${index}`, x, y, sample, rows, bytes });
      }
  return chunks;
}

/** Before anything is allocated: it lies in the file and can unfold to its pixels. */
function checkChunk({ index, at, bytes }: Chunk, plan: TiffPlan, { file }: Source): void {
  const offset = plan.offsets[index];
  const { expansion } = CODECS[plan.page.compression];
  const packed = packedBytes(plan, index, bytes);
  if (offset + packed > file.size) throw outside(file, at, { what: "pixels", offset, bytes: packed });
  if (packed * expansion >= bytes) return;
  const expected = `at least ${Math.ceil(bytes / expansion)} bytes for ${bytes} of pixels`;
  throw new VitrineError({ code: "format", at, expected, found: `${packed}` });
}

/** Chunks that lie on each other could unfold without end. */
function checkShared(chunks: readonly Chunk[], plan: TiffPlan, { file, at }: Source): void {
  const packed = chunks.reduce((sum, { index, bytes }) => sum + packedBytes(plan, index, bytes), 0);
  if (packed <= file.size) return;
  const expected = `chunks of their own within ${file.size} bytes`;
  throw new VitrineError({ code: "format", at, expected, found: `${packed} bytes of them` });
}

/** Old files without compression leave lengths out. */
function packedBytes({ byteCounts, page }: TiffPlan, index: number, bytes: number): number {
  return page.compression === 1 ? Math.min(byteCounts[index], bytes) : byteCounts[index];
}

/** Strips without compression that follow one another are read at once, where they belong. */
function isOneRun(chunks: readonly Chunk[], plan: TiffPlan): boolean {
  const { isTiled, isPlanar, predictor, offsets, page } = plan;
  if (isTiled || isPlanar || predictor !== 1 || page.compression !== 1 || isHalf(plan) || isPacked(page))
    return false;
  return chunks.every(
    ({ index, bytes }, i) => i + 1 === chunks.length || offsets[index + 1] === offsets[index] + bytes,
  );
}

function isHalf({ page }: TiffPlan): boolean {
  return page.dtype === "float32" && page.bits === 16;
}

function rowsOf(plan: TiffPlan, { bigEndian }: Source) {
  const samples = samplesTogether(plan);
  return { values: plan.chunkWidth * samples, samples, width: plan.page.bits / 8, bigEndian };
}

async function unpack(chunk: Chunk, plan: TiffPlan, source: Source): Promise<PixelArray> {
  const { index, bytes, at, rows } = chunk;
  const packed = await source.file.read(plan.offsets[index], packedBytes(plan, index, bytes));
  const values = CODECS[plan.page.compression].decode(packed, bytes, at);
  if (isPacked(plan.page)) return unpackBits(values, rows, plan);
  restoreRows(values, plan.predictor, rowsOf(plan, source));
  const length = bytes / (plan.page.bits / 8);
  if (isHalf(plan))
    return Float32Array.from(new Uint16Array(values.buffer, values.byteOffset, length), halfToNumber);
  const layout = { width: length / rows, height: rows, channels: 1, dtype: plan.page.dtype };
  return pixelView(layout, values.buffer, values.byteOffset);
}

/** Values of 1 to 31 bits, the highest first whatever the byte order; every row begins with a byte. */
function unpackBits(bytes: Uint8Array, rows: number, plan: TiffPlan): PixelArray {
  const { bits, dtype } = plan.page;
  const width = plan.chunkWidth * samplesTogether(plan);
  const layout = { width, height: rows, channels: 1, dtype };
  const size = imageBytes(layout);
  const values = pixelView(layout, new ArrayBuffer(size));
  const stride = bytes.length / rows;
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < width; i++) {
      let value = 0;
      for (let bit = i * bits; bit < (i + 1) * bits; bit++)
        value = value * 2 + ((bytes[row * stride + (bit >> 3)] >> (7 - (bit & 7))) & 1);
      values[row * width + i] = value;
    }
  return values;
}

/** Copies the part of a chunk that lies in the image. */
function place(
  values: PixelArray,
  { x, y, sample, rows }: Chunk,
  { plan, pixels }: { readonly plan: TiffPlan; readonly pixels: PixelArray },
): void {
  const { page, chunkWidth, isPlanar } = plan;
  const samples = samplesTogether(plan);
  const width = Math.min(chunkWidth, page.width - x);
  for (let row = 0; row < Math.min(rows, page.height - y); row++) {
    const line = values.subarray(row * chunkWidth * samples, (row * chunkWidth + width) * samples);
    const start = ((y + row) * page.width + x) * page.channels + sample;
    if (!isPlanar) pixels.set(line, start);
    else for (let i = 0; i < line.length; i++) pixels[start + i * page.channels] = line[i];
  }
}
