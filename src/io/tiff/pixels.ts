import type { PixelArray } from "../../core/index.ts";
import { imageBytes, pixelBytes, pixelView, VitrineError } from "../../core/index.ts";
import { allocate, type RandomAccessFile } from "../files.ts";
import { halfToNumber } from "../half.ts";
import { CODECS } from "./codecs.ts";
import { outside } from "./directory.ts";
import { isPacked, samplesTogether, type TiffPageLayout } from "./page.ts";
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
export async function readPixels(source: Source, layout: TiffPageLayout): Promise<PixelArray> {
  const chunks = chunksOf(layout, source.at);
  for (const chunk of chunks) checkChunk(chunk, layout, source);
  checkShared(chunks, layout, source);
  const bytes = imageBytes(layout.page);
  const buffer = allocate(() => new ArrayBuffer(bytes), bytes, source.at);
  const pixels = pixelView(layout.page, buffer);
  if (isOneRun(chunks, layout)) {
    const target = pixelBytes(pixels);
    await source.file.read(layout.offsets[0], target.length, target);
    restoreRows(target, 1, rowsOf(layout, source));
    return pixels;
  }
  for (const chunk of chunks) place(await unpack(chunk, layout, source), chunk, { layout, pixels });
  return pixels;
}

function chunksOf(layout: TiffPageLayout, at: string): Chunk[] {
  const { page, chunkWidth, chunkHeight, isTiled, isPlanar } = layout;
  const samples = samplesTogether(layout);
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
function checkChunk({ index, at, bytes }: Chunk, layout: TiffPageLayout, { file }: Source): void {
  const offset = layout.offsets[index];
  const { expansion } = CODECS[layout.page.compression];
  const packed = packedBytes(layout, index, bytes);
  if (offset + packed > file.size) throw outside(file, at, { what: "pixels", offset, bytes: packed });
  if (packed * expansion >= bytes) return;
  const expected = `at least ${Math.ceil(bytes / expansion)} bytes for ${bytes} of pixels`;
  throw new VitrineError({ code: "format", at, expected, found: `${packed}` });
}

/** Chunks that lie on each other could unfold without end. */
function checkShared(chunks: readonly Chunk[], layout: TiffPageLayout, { file, at }: Source): void {
  const packed = chunks.reduce((sum, { index, bytes }) => sum + packedBytes(layout, index, bytes), 0);
  if (packed <= file.size) return;
  const expected = `chunks of their own within ${file.size} bytes`;
  throw new VitrineError({ code: "format", at, expected, found: `${packed} bytes of them` });
}

/** Old files without compression leave lengths out. */
function packedBytes({ byteCounts, page }: TiffPageLayout, index: number, bytes: number): number {
  return page.compression === 1 ? Math.min(byteCounts[index], bytes) : byteCounts[index];
}

/** Strips without compression that follow one another are read at once, where they belong. */
function isOneRun(chunks: readonly Chunk[], layout: TiffPageLayout): boolean {
  const { isTiled, isPlanar, predictor, offsets, page } = layout;
  if (isTiled || isPlanar || predictor !== 1 || page.compression !== 1 || isHalf(layout) || isPacked(page))
    return false;
  return chunks.every(
    ({ index, bytes }, i) => i + 1 === chunks.length || offsets[index + 1] === offsets[index] + bytes,
  );
}

function isHalf({ page }: TiffPageLayout): boolean {
  return page.dtype === "float32" && page.bits === 16;
}

function rowsOf(layout: TiffPageLayout, { bigEndian }: Source) {
  const samples = samplesTogether(layout);
  return { values: layout.chunkWidth * samples, samples, width: layout.page.bits / 8, bigEndian };
}

async function unpack(chunk: Chunk, layout: TiffPageLayout, source: Source): Promise<PixelArray> {
  const { index, bytes, at, rows } = chunk;
  const packed = await source.file.read(layout.offsets[index], packedBytes(layout, index, bytes));
  const values = CODECS[layout.page.compression].decode(packed, bytes, at);
  if (isPacked(layout.page)) return unpackBits(values, rows, layout);
  restoreRows(values, layout.predictor, rowsOf(layout, source));
  const length = bytes / (layout.page.bits / 8);
  if (isHalf(layout))
    return Float32Array.from(new Uint16Array(values.buffer, values.byteOffset, length), halfToNumber);
  const pixelLayout = { width: length / rows, height: rows, channels: 1, dtype: layout.page.dtype };
  return pixelView(pixelLayout, values.buffer, values.byteOffset);
}

/** Values of 1 to 31 bits, the highest first whatever the byte order; every row begins with a byte. */
function unpackBits(bytes: Uint8Array, rows: number, layout: TiffPageLayout): PixelArray {
  const { bits, dtype } = layout.page;
  const width = layout.chunkWidth * samplesTogether(layout);
  const pixelLayout = { width, height: rows, channels: 1, dtype };
  const size = imageBytes(pixelLayout);
  const values = pixelView(pixelLayout, new ArrayBuffer(size));
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
  { layout, pixels }: { readonly layout: TiffPageLayout; readonly pixels: PixelArray },
): void {
  const { page, chunkWidth, isPlanar } = layout;
  const samples = samplesTogether(layout);
  const width = Math.min(chunkWidth, page.width - x);
  for (let row = 0; row < Math.min(rows, page.height - y); row++) {
    const line = values.subarray(row * chunkWidth * samples, (row * chunkWidth + width) * samples);
    const start = ((y + row) * page.width + x) * page.channels + sample;
    if (!isPlanar) pixels.set(line, start);
    else for (let i = 0; i < line.length; i++) pixels[start + i * page.channels] = line[i];
  }
}
