import type { Axes, ImageLayout } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { JsonObject } from "../dataset/dataset.ts";

/** The file that says where each image of a folder lies. */
export const INDEX_NAME = "NDTiff.index";

/** The file for colours and contrast; optional, of no particular form but JSON. */
export const DISPLAY_SETTINGS = "display_settings.txt";

/** Folder of the full resolution in a pyramid, and in every dataset of version 2. */
export const FULL_RESOLUTION = "Full resolution";

/** Folder of a level of a pyramid: each level halves the sides once more. */
export function levelFolder(level: number): string {
  return level === 0 ? FULL_RESOLUTION : `Downsampled_x${2 ** level}`;
}

/** Version that is written. */
export const NDTIFF_VERSION: NdtiffVersion = { major: 3, minor: 3 };

/** Largest stack: offsets are 32 bits. */
export const LARGEST_STACK = 2 ** 32;

export interface NdtiffVersion {
  readonly major: number;
  readonly minor: number;
}

/** Where one image and its metadata lie, in bytes from the start of its stack. */
export interface NdtiffEntry {
  readonly axes: Axes;
  /** Name of the stack in the folder. */
  readonly file: string;
  readonly pixelOffset: number;
  readonly width: number;
  readonly height: number;
  /** Code of the index, see {@link pixelFormat}. */
  readonly pixelType: number;
  readonly metadataOffset: number;
  readonly metadataBytes: number;
}

/** What a code of the index means. */
export interface PixelFormat {
  readonly dtype: "uint8" | "uint16";
  readonly channels: 1 | 3;
  readonly bitDepth: number;
}

/** By code: 11 bits came last and are missing in the specification's table, but not in its programs. */
const FORMATS: readonly PixelFormat[] = [
  { dtype: "uint8", channels: 1, bitDepth: 8 },
  { dtype: "uint16", channels: 1, bitDepth: 16 },
  { dtype: "uint8", channels: 3, bitDepth: 8 },
  { dtype: "uint16", channels: 1, bitDepth: 10 },
  { dtype: "uint16", channels: 1, bitDepth: 12 },
  { dtype: "uint16", channels: 1, bitDepth: 14 },
  { dtype: "uint16", channels: 1, bitDepth: 11 },
];

/** The pixels of a code of the index; undefined for one that no version knows. */
export function pixelFormat(code: number): PixelFormat | undefined {
  return FORMATS[code];
}

/** The code of such pixels; a bit depth without a code of its own counts as 16. Undefined: the format cannot hold them. */
export function pixelTypeCode({ dtype, channels }: ImageLayout, bitDepth = 16): number | undefined {
  const fits = FORMATS.map((format, code) => ({ ...format, code })).filter(
    (format) => format.dtype === dtype && format.channels === channels,
  );
  return (fits.find((format) => format.bitDepth === bitDepth) ?? fits[0])?.code;
}

/** The layout of an image of the index. */
export function entryLayout({ width, height, pixelType }: NdtiffEntry): ImageLayout {
  const { dtype, channels } = FORMATS[pixelType];
  return { width, height, channels, dtype };
}

/** The first byte behind an image, where the next one would begin. */
export function entryEnd({ metadataOffset, metadataBytes }: NdtiffEntry): number {
  return metadataOffset + metadataBytes;
}

/** The next even offset: every IFD starts on one. */
export function even(offset: number): number {
  return offset + (offset % 2);
}

/** The path of a file in a folder. */
export function within(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

/** The name of the stack with this number, from 0. */
export function stackName(prefix: string, number: number): string {
  return `${prefix}NDTiffStack${number === 0 ? "" : `_${number}`}.tif`;
}

const STACK_NAME = /^(.*)NDTiffStack(?:_(\d+))?\.tif$/;

/** Prefix and number of a stack's name; undefined for another file's. */
export function parseStackName(name: string): { prefix: string; number: number } | undefined {
  const match = STACK_NAME.exec(name);
  return match === null ? undefined : { prefix: match[1], number: Number(match[2] ?? 0) };
}

/** Tile overlap that the summary metadata tell; undefined for images that are no tiles. */
export function overlapOf(summary: JsonObject): { readonly x: number; readonly y: number } | undefined {
  const { GridPixelOverlapX: x, GridPixelOverlapY: y } = summary;
  return typeof x === "number" && typeof y === "number" ? { x, y } : undefined;
}

/** The error of something in a file that cannot be. */
export function malformed(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found });
}

/** The error of a folder without a dataset. */
export function noDataset(folder: string): VitrineError {
  return new VitrineError({
    code: "missing",
    at: folder,
    expected: `an NDTiff dataset: ${INDEX_NAME}, or stacks of images`,
    found: "neither",
    hint: "Check the path",
  });
}
