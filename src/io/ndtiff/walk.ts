import type { Axes } from "../../core/index.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import type { RandomAccessFile } from "../files.ts";
import { even, type NdtiffEntry, pixelTypeCode } from "./format.ts";
import { type Ifd, LARGEST_IFD_BYTES, parseIfd } from "./ifd.ts";
import { decodeJsonObject, isAxes } from "./json.ts";

/** Where to walk. */
export interface WalkOptions {
  /** Name of the stack in its folder. */
  readonly stack: string;
  readonly bigEndian: boolean;
  /** Offset of the first IFD. */
  readonly from: number;
  /** Full-resolution tiles along a side of one tile of this folder; 1 at full resolution. */
  readonly downsampling: number;
}

/**
 * Finds the images of a stack whose pixels and metadata are whole, in their order, by its IFDs. The chain may end too early,
 * as after a crash: images follow each other without gaps, so that the next one is looked for behind the last.
 *
 * @throws {VitrineError} storage
 */
export async function* walkStack(file: RandomAccessFile, options: WalkOptions): AsyncGenerator<NdtiffEntry> {
  let offset = options.from;
  while (offset > 0 && offset < file.size) {
    const bytes = await file.read(offset, Math.min(LARGEST_IFD_BYTES, file.size - offset));
    const ifd = parseIfd(bytes, options.bigEndian);
    if (ifd === undefined) return;
    const end = even(ifd.metadataOffset + ifd.metadataBytes);
    if (!isInOrder(offset, ifd)) return;
    const entry = end <= even(file.size) ? await entryAt(file, ifd, options) : undefined;
    if (entry !== undefined) yield entry;
    offset = ifd.next >= end ? ifd.next : end;
  }
}

/** Pixels lie behind the IFD and metadata behind the pixels; what is otherwise was written by nobody. */
function isInOrder(offset: number, ifd: Ifd): boolean {
  const { width, height, channels, bytesPerValue, pixelOffset, metadataOffset } = ifd;
  return pixelOffset > offset && pixelOffset + width * height * channels * bytesPerValue <= metadataOffset;
}

async function entryAt(
  file: RandomAccessFile,
  ifd: Ifd,
  { stack, downsampling }: WalkOptions,
): Promise<NdtiffEntry | undefined> {
  const { width, height, channels, pixelOffset, metadataOffset, metadataBytes } = ifd;
  if (metadataOffset + metadataBytes > file.size) return undefined;
  const metadata = wholeJson(await file.read(metadataOffset, metadataBytes));
  const axes = metadata === undefined ? undefined : axesOf(metadata, downsampling);
  const dtype = ifd.bytesPerValue === 1 ? "uint8" : "uint16";
  const bitDepth = Number(metadata?.BitDepth ?? 16);
  const pixelType = pixelTypeCode({ width, height, channels, dtype }, bitDepth);
  if (axes === undefined || pixelType === undefined) return undefined;
  return { axes, file: stack, pixelOffset, width, height, pixelType, metadataOffset, metadataBytes };
}

/** Metadata that were written to their end; undefined for others. They come last: where they are whole, the pixels are. */
export function wholeJson(bytes: Uint8Array): JsonObject | undefined {
  try {
    return decodeJsonObject(bytes, "");
  } catch {
    return undefined;
  }
}

/** Micro-Manager leaves the axes of a full-resolution tile in the metadata of lower levels; we say which level they are of. */
function axesOf(metadata: JsonObject, downsampling: number): Axes | undefined {
  const { Axes: axes } = metadata;
  if (!isAxes(axes)) return undefined;
  const { row, column } = axes;
  if (downsampling === 1 || metadata[DOWNSAMPLING_KEY] === downsampling) return axes;
  if (typeof row !== "number" || typeof column !== "number") return axes;
  return { ...axes, row: Math.floor(row / downsampling), column: Math.floor(column / downsampling) };
}

/** Metadata of a tile of a lower level: its `Axes` count tiles of this level. */
export const DOWNSAMPLING_KEY = "Downsampling";
