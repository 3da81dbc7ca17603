import { writeFileAtomic } from "#files";
import type { ImageLayout, PixelArray, PixelImage } from "../../core/index.ts";
import { bytesPerValue, imageBytes, layoutOf, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { bytesOf } from "../byteOrder.ts";
import type { WriteOptions } from "../files.ts";
import { TAG } from "./directory.ts";
import {
  type DirectoryPlace,
  formatDirectory,
  formatTiffHeader,
  LONG,
  LONG8,
  padding,
  RATIONAL,
  SHORT,
  type TiffEntry,
} from "./entries.ts";

/** What {@link writeTiff} writes. */
export interface TiffContent {
  /** All of one size and type. */
  readonly pages: readonly PixelImage[];
  /** Side of a pixel in Å; left out or 0 where it is not known. */
  readonly pixelSizeA?: number;
}

/** Pages whose values are asked for piece by piece. */
export interface TiffStream {
  readonly layout: ImageLayout;
  /** How many pages come. */
  readonly count: number;
  /** Values of all pages in C order, cut anywhere. */
  readonly pieces: AsyncIterable<PixelArray> | Iterable<PixelArray>;
  readonly pixelSizeA?: number | undefined;
}

const A_PER_CM = 1e8;
const CENTIMETRE = 3;
const LARGEST_LONG = 2 ** 32 - 1;

/**
 * Writes a TIFF file without compression, one strip a page (several where it has more than 16 MiB), in this machine's byte order, whole or not at all; BigTIFF from
 * 4 GiB on.
 *
 * @throws {VitrineError} shape: no page, or pages of different sizes or types; range: a pixel size below 0; and the errors of
 *   `writeFileAtomic`
 */
export async function writeTiff(
  path: string,
  content: TiffContent,
  options: WriteOptions = {},
): Promise<void> {
  requireKnownOptions("writeTiff", options, { overwrite: true, durability: true });
  await writeTiffStream(path, streamOf(content, path), options);
}

/** The bytes of a TIFF file, as {@link writeTiff} writes it, in parts. @throws {VitrineError} shape, range: as {@link writeTiff} */
export function tiffBytes(content: TiffContent): AsyncIterable<Uint8Array> {
  const stream = streamOf(content, "tiffBytes");
  requirePixelSize(stream, "tiffBytes");
  return tiffChunks(stream);
}

/** Pages of one kind as a stream. @throws {VitrineError} shape */
function streamOf({ pages, pixelSizeA }: TiffContent, path: string): TiffStream {
  if (pages.length === 0)
    throw new VitrineError({ code: "shape", at: path, expected: "at least one page", found: "none" });
  const layouts = pages.map((page, i) => layoutOf(page, `${path} page ${i}`));
  const key = ({ width, height, channels, dtype }: ImageLayout) =>
    `${width} x ${height} x ${channels} ${dtype}`;
  const odd = layouts.findIndex((layout) => key(layout) !== key(layouts[0]));
  if (odd > 0) {
    const at = `${path} page ${odd}`;
    throw new VitrineError({ code: "shape", at, expected: key(layouts[0]), found: key(layouts[odd]) });
  }
  const pieces = pages.map((page) => page.data);
  return { layout: layouts[0], count: pages.length, pieces, pixelSizeA };
}

/** As {@link writeTiff}, of pages that are made while it writes. */
export async function writeTiffStream(
  path: string,
  stream: TiffStream,
  options: WriteOptions = {},
): Promise<void> {
  requirePixelSize(stream, path);
  await writeFileAtomic(path, tiffChunks(stream), options);
}

function requirePixelSize({ pixelSizeA = 0 }: TiffStream, path: string): void {
  if (pixelSizeA >= 0 && Number.isFinite(pixelSizeA)) return;
  const at = `${path} pixelSizeA`;
  throw new VitrineError({ code: "range", at, expected: "a number of at least 0", found: `${pixelSizeA}` });
}

/** Header, then for each page its directory and its pixels. */
async function* tiffChunks(stream: TiffStream): AsyncGenerator<Uint8Array> {
  const { layout, count, pieces, pixelSizeA = 0 } = stream;
  const classic = pageBytes(stream, false);
  const isBig = 16 + count * classic > LARGEST_LONG;
  const perPage = isBig ? pageBytes(stream, true) : classic;
  const first = isBig ? 16 : 8;
  yield formatTiffHeader(isBig, first);
  const whole = imageBytes(layout);
  let [index, done] = [0, 0];
  for await (const data of pieces) {
    const bytes = bytesOf(data);
    for (let from = 0; from < bytes.length; ) {
      const offset = first + index * perPage;
      const next = index + 1 === count ? 0 : offset + perPage;
      if (done === 0) yield formatPage({ layout, pixelSizeA, isBig, offset, next });
      const part = bytes.subarray(from, from + whole - done);
      yield part;
      from += part.length;
      done += part.length;
      if (done < whole) continue;
      yield new Uint8Array(padding(whole));
      [index, done] = [index + 1, 0];
    }
  }
}

/** Pages of more bytes are cut in strips, so that whoever reads a part need not read all. */
const LARGEST_STRIP = 2 ** 24;
const STRIP_BYTES = 2 ** 20;

/** Rows of a strip. */
function stripRows(layout: ImageLayout): number {
  const bytes = imageBytes(layout);
  return bytes <= LARGEST_STRIP
    ? layout.height
    : Math.max(1, Math.floor((STRIP_BYTES * layout.height) / bytes));
}

function pageBytes({ layout, pixelSizeA = 0 }: TiffStream, isBig: boolean): number {
  const directory = formatPage({ layout, pixelSizeA, isBig, offset: 0, next: 0 }).length;
  const bytes = imageBytes(layout);
  return directory + bytes + padding(bytes);
}

interface Directory extends DirectoryPlace {
  readonly layout: ImageLayout;
  readonly pixelSizeA: number;
}

/** A directory; the pixels follow. */
function formatPage(directory: Directory): Uint8Array {
  const { length } = formatDirectory(entriesOf(directory, 0), directory);
  return formatDirectory(entriesOf(directory, directory.offset + length), directory);
}

/** In ascending order, as TIFF demands. */
function entriesOf({ layout, pixelSizeA, isBig }: Directory, pixelOffset: number): TiffEntry[] {
  const { width, height, channels, dtype } = layout;
  const isRgb = channels >= 3 && dtype.startsWith("uint");
  const extra = channels - (isRgb ? 3 : 1);
  const format = dtype.startsWith("float") ? 3 : dtype.startsWith("uint") ? 1 : 2;
  const each = <T>(value: T) => Array.from({ length: channels }, () => value);
  const word = isBig ? LONG8 : LONG;
  const rows = stripRows(layout);
  const rowBytes = imageBytes(layout) / height;
  const strips = Array.from({ length: Math.ceil(height / rows) }, (_, i) => i * rows);
  const entries: TiffEntry[] = [
    [TAG.width, LONG, [width]],
    [TAG.height, LONG, [height]],
    [TAG.bitsPerSample, SHORT, each(8 * bytesPerValue(dtype))],
    [TAG.compression, SHORT, [1]],
    [TAG.photometric, SHORT, [isRgb ? 2 : 1]],
    [TAG.stripOffsets, word, strips.map((row) => pixelOffset + row * rowBytes)],
    [TAG.samplesPerPixel, SHORT, [channels]],
    [TAG.rowsPerStrip, LONG, [rows]],
    [TAG.stripByteCounts, word, strips.map((row) => Math.min(rows, height - row) * rowBytes)],
    ...resolutionEntries(pixelSizeA),
  ];
  if (extra > 0) entries.push([TAG.extraSamples, SHORT, Array.from({ length: extra }, () => 0)]);
  return [...entries, [TAG.sampleFormat, SHORT, each(format)]];
}

/** Pixels a centimetre, with as many digits as a ratio of 32-bit numbers has. */
function resolutionEntries(pixelSizeA: number): TiffEntry[] {
  if (pixelSizeA === 0) return [];
  const resolution = A_PER_CM / pixelSizeA;
  const denominator = Math.max(1, Math.min(2 ** 31, Math.floor(LARGEST_LONG / resolution)));
  const ratio = [Math.min(LARGEST_LONG, Math.round(resolution * denominator)), denominator];
  return [
    [TAG.xResolution, RATIONAL, ratio],
    [TAG.yResolution, RATIONAL, ratio],
    [TAG.resolutionUnit, SHORT, [CENTIMETRE]],
  ];
}
