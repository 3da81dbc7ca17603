import type { PixelArray } from "../../core/index.ts";
import { imageBytes, pixelBytes, pixelView, VitrineError } from "../../core/index.ts";
import { allocate, type RandomAccessFile } from "../files.ts";
import { halfToNumber } from "../half.ts";
import { numbersOfWide } from "../wide.ts";
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

/** A rectangle of pixels, which lies in the image. */
export interface TiffWindow {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Reads pixels of a page, of those strips or tiles alone that they lie in. Chunks that the file leaves out (offset and length
 * 0) are zeros. Strips are read and unpacked where they belong.
 *
 * @param options  `window`: default the whole page; `into`: where the values go, of the page's type and the window's size, default new ones
 * @returns        (height, width, channels) values
 * @throws {VitrineError} format: a chunk that is damaged, too short, or not in the file; range: more than memory holds
 */
export async function readPixels(
  source: Source,
  layout: TiffPageLayout,
  { window = wholePage(layout), into }: { readonly window?: TiffWindow; readonly into?: PixelArray } = {},
): Promise<PixelArray> {
  const chunks = chunksWithin(layout, window, source.at);
  const there = chunks.filter((chunk) => !isLeftOut(layout, chunk));
  const run = runWithin(there, layout, { window, isWhole: there.length === chunks.length });
  if (run !== undefined) checkRun(run, source);
  else {
    for (const chunk of there) checkChunk(chunk, layout, source);
    checkShared(there, layout, source);
  }
  const pixels = into ?? newPixels(layout, window, source.at);
  if (into !== undefined && there.length < chunks.length) into.fill(0);
  if (run !== undefined) {
    const target = pixelBytes(pixels);
    await source.file.read(run.offset, target.length, target);
    if (layout.isReversed) reverseBits(target);
    restoreRows(target, 1, rowsOf(layout, source));
    restoreWide(target, layout, { at: source.at, x: 0, y: window.y, sample: 0 });
    return pixels;
  }
  for (const chunk of there) {
    const target = { layout, pixels, window };
    const values = await unpack(chunk, source, target);
    if (values !== undefined) place(values, chunk, target);
  }
  return pixels;
}

function wholePage({ page: { width, height } }: TiffPageLayout): TiffWindow {
  return { x: 0, y: 0, width, height };
}

function newPixels(
  { page: { channels, dtype } }: TiffPageLayout,
  { width, height }: TiffWindow,
  at: string,
): PixelArray {
  const image = { width, height, channels, dtype };
  const bytes = imageBytes(image);
  return pixelView(
    image,
    allocate(() => new ArrayBuffer(bytes), bytes, at),
  );
}

function chunksWithin(layout: TiffPageLayout, { x, y, width, height }: TiffWindow, at: string): Chunk[] {
  const { page, chunkWidth, chunkHeight, isTiled, isPlanar } = layout;
  const samples = samplesTogether(layout);
  const across = Math.ceil(page.width / chunkWidth);
  const down = Math.ceil(page.height / chunkHeight);
  const chunks: Chunk[] = [];
  for (let sample = 0; sample < (isPlanar ? page.channels : 1); sample++)
    for (let row = Math.floor(y / chunkHeight); row * chunkHeight < y + height; row++)
      for (let column = Math.floor(x / chunkWidth); column * chunkWidth < x + width; column++) {
        const index = (sample * down + row) * across + column;
        const top = row * chunkHeight;
        const rows = isTiled ? chunkHeight : Math.min(chunkHeight, page.height - top);
        const bytes = rows * Math.ceil((chunkWidth * samples * page.bits) / 8);
        const name = `${at} ${isTiled ? "tile" : "strip"} ${index}`;
        chunks.push({ index, at: name, x: column * chunkWidth, y: top, sample, rows, bytes });
      }
  return chunks;
}

function isLeftOut({ offsets, byteCounts }: TiffPageLayout, { index }: Chunk): boolean {
  // strips of old files without lengths have Infinity here
  return offsets[index] === 0 && byteCounts[index] === 0;
}

/** Before anything is allocated: it lies in the file and can unfold to its pixels. */
function checkChunk({ index, at, bytes }: Chunk, layout: TiffPageLayout, { file }: Source): void {
  const offset = layout.offsets[index];
  const { expansion } = CODECS[layout.page.compression];
  const packed = packedBytes(layout, index, bytes);
  if (!(offset + packed <= file.size)) throw outside(file, at, { what: "pixels", offset, bytes: packed });
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

interface Run {
  /** Its first strip. */
  readonly at: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Whole rows of strips without compression that follow one another are read at once, where they belong. */
function runWithin(
  chunks: readonly Chunk[],
  layout: TiffPageLayout,
  { window, isWhole }: { readonly window: TiffWindow; readonly isWhole: boolean },
): Run | undefined {
  const { isTiled, isPlanar, predictor, offsets, byteCounts, page, chunkWidth } = layout;
  if (isTiled || isPlanar || predictor !== 1 || page.compression !== 1 || isHalf(layout) || isPacked(page))
    return undefined;
  const follows = ({ index, bytes }: Chunk, i: number) =>
    byteCounts[index] >= bytes && (i + 1 === chunks.length || offsets[index + 1] === offsets[index] + bytes);
  if (!isWhole || chunks.length === 0 || window.width !== page.width || !chunks.every(follows))
    return undefined;
  const rowBytes = (chunkWidth * page.channels * page.bits) / 8;
  const [first] = chunks;
  const offset = offsets[first.index] + (window.y - first.y) * rowBytes;
  return { at: first.at, offset, bytes: window.height * rowBytes };
}

function checkRun({ at, offset, bytes }: Run, { file }: Source): void {
  if (!(offset + bytes <= file.size)) throw outside(file, at, { what: "pixels", offset, bytes });
}

function isHalf({ page }: TiffPageLayout): boolean {
  return page.dtype === "float32" && page.bits === 16;
}

function rowsOf(layout: TiffPageLayout, { bigEndian }: Source) {
  const samples = samplesTogether(layout);
  return { values: layout.chunkWidth * samples, samples, width: layout.page.bits / 8, bigEndian };
}

/** Of pages of 64-bit integers the bytes become numbers, in place; they begin with that pixel of the page. */
function restoreWide(
  bytes: Uint8Array,
  layout: TiffPageLayout,
  { at, x, y, sample }: Pick<Chunk, "at" | "x" | "y" | "sample">,
): void {
  const { wide } = layout.page;
  if (wide === undefined) return;
  const samples = samplesTogether(layout);
  const placeOf = (value: number) => {
    const pixel = Math.floor(value / samples);
    const place = [y + Math.floor(pixel / layout.chunkWidth), x + (pixel % layout.chunkWidth)];
    if (layout.page.channels > 1) place.push(sample + (value % samples));
    return `${at} value [${place.join(", ")}]`;
  };
  numbersOfWide(new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8), wide, placeOf);
}

/** The values of a chunk; nothing where they were unpacked into their places. */
async function unpack(chunk: Chunk, source: Source, target: Target): Promise<PixelArray | undefined> {
  const { layout } = target;
  const { index, bytes, at, rows } = chunk;
  const packed = await source.file.read(layout.offsets[index], packedBytes(layout, index, bytes));
  if (layout.isReversed) reverseBits(packed);
  const room = ownRoom(chunk, target);
  const values = CODECS[layout.page.compression].decode(packed, bytes, at, room);
  if (isPacked(layout.page)) return unpackBits(values, rows, layout);
  restoreRows(values, layout.predictor, rowsOf(layout, source));
  restoreWide(values, layout, { ...chunk, at: source.at });
  if (room !== undefined) {
    if (values.buffer !== room.buffer) room.set(values); // without compression nothing was unpacked
    return undefined;
  }
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

/** The lowest bit of every byte becomes the highest, in place. */
function reverseBits(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = REVERSED[bytes[i]];
}

const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) reversed |= ((byte >> bit) & 1) << (7 - bit);
  return reversed;
});

interface Target {
  readonly layout: TiffPageLayout;
  readonly pixels: PixelArray;
  readonly window: TiffWindow;
}

/** The bytes of the pixels that a chunk is, where it is whole rows of the window as they lie in the file. */
function ownRoom({ x, y, rows, bytes }: Chunk, { layout, pixels, window }: Target): Uint8Array | undefined {
  const { page, chunkWidth, isPlanar } = layout;
  const isWide = x === 0 && window.x === 0 && chunkWidth === page.width && window.width === page.width;
  const isWithin = y >= window.y && y + rows <= window.y + window.height;
  if (!isWide || !isWithin || isPlanar || isHalf(layout) || isPacked(page)) return undefined;
  const first = ((y - window.y) * bytes) / rows;
  return pixelBytes(pixels).subarray(first, first + bytes);
}

/** Copies the part of a chunk that lies in the window. */
function place(values: PixelArray, { x, y, sample, rows }: Chunk, { layout, pixels, window }: Target): void {
  const { page, chunkWidth, isPlanar } = layout;
  const samples = samplesTogether(layout);
  const [left, right] = [Math.max(x, window.x), Math.min(x + chunkWidth, window.x + window.width)];
  const bottom = Math.min(y + rows, window.y + window.height);
  for (let row = Math.max(y, window.y); row < bottom; row++) {
    const from = (row - y) * chunkWidth - x;
    const line = values.subarray((from + left) * samples, (from + right) * samples);
    const start = ((row - window.y) * window.width + left - window.x) * page.channels + sample;
    if (!isPlanar) pixels.set(line, start);
    else for (let i = 0; i < line.length; i++) pixels[start + i * page.channels] = line[i];
  }
}
