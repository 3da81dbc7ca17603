import { gunzipSync, gzipSync } from "fflate";
import type { ImageLayout, PixelArray, PixelImage, PixelType } from "../../core/index.ts";
import { bytesPerValue, imageBytes, pixelView, VitrineError } from "../../core/index.ts";
import { bytesOf } from "../byteOrder.ts";
import { checkPacked } from "../source/zarr/packed.ts";
import { chunkMemory, packBloscChunk } from "./multiscale/kernels.ts";
import type { MultiscaleCompression } from "./multiscale/plan.ts";

/** How chunks are compressed, lossless: fast levels; blosc is LZ4 after a shuffle. */
export type OmeZarrCompression = MultiscaleCompression;

const ZSTD_LEVEL = 1;
const GZIP_LEVEL = 1;

/** How images lie in chunks: each is one of (1, samples, 1, rows, width), or several below each other. */
export interface ChunkLayout extends ImageLayout {
  /** Rows a chunk; the last chunk of an image is filled up with zeros. */
  readonly chunkRows: number;
  readonly compression: OmeZarrCompression;
}

/** Chunks an image. */
export function chunkCount({ height, chunkRows }: ChunkLayout): number {
  return Math.ceil(height / chunkRows);
}

/** The values of an image as planes below each other, (samples, rows, width). Plain grey images are not copied. */
export function planesOf({ data, width, height, channels }: PixelImage, dtype: PixelType): PixelArray {
  if (channels === 1) return data;
  const layout = { width, height, channels, dtype };
  const planes = pixelView(layout, new ArrayBuffer(imageBytes(layout)));
  for (let sample = 0; sample < channels; sample++) {
    const plane = sample * height * width;
    for (let i = 0; i < height * width; i++) planes[plane + i] = data[i * channels + sample];
  }
  return planes;
}

/** The stored bytes of each chunk of planes, first rows first. */
export async function* encodeChunks(planes: PixelArray, layout: ChunkLayout): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < chunkCount(layout); index++) {
    yield packChunk(bytesOf(chunkOf(planes, layout, index)), layout);
  }
}

/** Rows of every plane; a last chunk that is shorter is filled up with zeros. */
function chunkOf(planes: PixelArray, layout: ChunkLayout, index: number): PixelArray {
  const { width, height, channels, chunkRows } = layout;
  if (chunkRows === height) return planes;
  const rows = rowsOf(layout, index);
  const first = index * chunkRows * width;
  if (channels === 1 && rows === chunkRows) return planes.subarray(first, first + rows * width);
  const chunk = pixelView(partLayout(layout), new ArrayBuffer(imageBytes(partLayout(layout))));
  for (let sample = 0; sample < channels; sample++) {
    const from = sample * height * width + first;
    chunk.set(planes.subarray(from, from + rows * width), sample * chunkRows * width);
  }
  return chunk;
}

/**
 * The pixels of one chunk, put where they belong in the whole image.
 *
 * @throws {VitrineError} format: bytes that do not unfold to exactly one chunk
 */
export async function decodeChunk(
  bytes: Uint8Array,
  layout: ChunkLayout,
  { index, into, at }: { index: number; into: PixelArray; at: string },
): Promise<void> {
  const part = partLayout(layout);
  const plain = await unpackChunk(bytes, layout.compression, { size: imageBytes(part), at });
  // a view demands an offset that is a multiple of the value's size
  const values = pixelView(part, plain.slice().buffer);
  const { width, channels } = layout;
  const rows = rowsOf(layout, index);
  const target = into.subarray(index * layout.chunkRows * width * channels);
  if (channels === 1) {
    target.set(values.subarray(0, rows * width));
    return;
  }
  for (let sample = 0; sample < channels; sample++) {
    const plane = sample * part.height * width;
    for (let i = 0; i < rows * width; i++) target[i * channels + sample] = values[plane + i];
  }
}

function partLayout(layout: ChunkLayout): ImageLayout {
  return { ...layout, height: layout.chunkRows };
}

function rowsOf({ height, chunkRows }: ChunkLayout, index: number): number {
  return Math.min(chunkRows, height - index * chunkRows);
}

/** The stored bytes of a chunk's values. */
export async function packChunk(
  bytes: Uint8Array,
  { compression, dtype }: Pick<ChunkLayout, "compression" | "dtype">,
): Promise<Uint8Array> {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return gzipSync(bytes, { level: GZIP_LEVEL, mtime: 0 });
    case "zstd":
      return (await import("numcodecs/zstd")).default
        .fromConfig({ id: "zstd", level: ZSTD_LEVEL })
        .encode(bytes);
    case "blosc": {
      const chunk = chunkMemory(bytes.length);
      chunk.set(bytes);
      return packBloscChunk(chunk, bytesPerValue(dtype)).slice();
    }
  }
}

/** The values' bytes of a stored chunk, `size` of them. @throws {VitrineError} format: not as many, or damaged */
export async function unpackChunk(
  bytes: Uint8Array,
  compression: OmeZarrCompression,
  { size, at }: { size: number; at: string },
): Promise<Uint8Array> {
  const plain = await unfold(bytes, compression, { size, at });
  if (plain.length === size) return plain;
  throw damaged(at, `${size} bytes`, `${plain.length}`);
}

/** No more memory than a chunk takes, whatever the bytes claim. */
async function unfold(
  bytes: Uint8Array,
  compression: OmeZarrCompression,
  { size, at }: { size: number; at: string },
): Promise<Uint8Array> {
  try {
    if (compression === "none") return bytes;
    if (compression === "gzip") return gunzipSync(bytes, { out: new Uint8Array(size) });
    checkPacked(bytes, compression, { chunkBytes: size, at });
    if (compression === "zstd") {
      const { default: Zstd } = await import("numcodecs/zstd");
      return await Zstd.fromConfig({ id: "zstd" }).decode(bytes);
    }
    const { default: Blosc } = await import("numcodecs/blosc");
    return await Blosc.fromConfig({ id: "blosc" }).decode(bytes);
  } catch (cause) {
    if (cause instanceof VitrineError) throw cause;
    throw damaged(at, `a chunk compressed with ${compression}`, String(cause), cause);
  }
}

function damaged(at: string, expected: string, found: string, cause?: unknown): VitrineError {
  const hint = "The chunk is damaged or cut short";
  return new VitrineError({ code: "format", at, expected, found, hint }, { cause });
}
