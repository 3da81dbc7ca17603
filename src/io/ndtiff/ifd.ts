import type { ImageLayout } from "../../core/index.ts";
import { bytesPerValue, imageBytes } from "../../core/index.ts";

/** Tags of TIFF 6.0, and Micro-Manager's for metadata. */
const TAG = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  xResolution: 282,
  yResolution: 283,
  resolutionUnit: 296,
  metadata: 51123,
} as const;

const ASCII = 2;
const SHORT = 3;
const LONG = 4;
const RATIONAL = 5;

const ENTRIES = 13;
const ENTRY_BYTES = 12;
const CENTIMETRE = 3;

/** Resolutions are stored in thousandths. */
const RESOLUTION_UNITS = 1000;

/** Where the offset of the next IFD stands in an IFD that we write. */
export const NEXT_IFD_AT = 2 + ENTRIES * ENTRY_BYTES;

/** An IFD of another writer with more entries than this is none. */
const MOST_ENTRIES = 64;

/** Bytes with which any IFD can be parsed. */
export const LARGEST_IFD_BYTES = 2 + MOST_ENTRIES * ENTRY_BYTES + 4;

/** What an IFD says of its image; offsets from the start of the file. */
export interface Ifd {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** 1 or 2; the tag of the bits is wrong in some writers' files, the lengths are not. */
  readonly bytesPerValue: number;
  readonly pixelOffset: number;
  readonly metadataOffset: number;
  readonly metadataBytes: number;
  /** Offset of the next IFD; 0 for the last. */
  readonly next: number;
}

/** What an IFD is made of. */
export interface IfdContent {
  readonly layout: ImageLayout;
  readonly metadataBytes: number;
  /** Pixels per centimetre. */
  readonly resolution: number;
}

/** Bytes from the start of an IFD to its pixels. */
export function ifdBytes(channels: number): number {
  return NEXT_IFD_AT + 4 + (channels === 3 ? 6 : 0) + 16;
}

/** The IFD of an image that lies at `offset`, its pixels and its metadata behind it; it is the last of its chain. */
export function formatIfd(offset: number, { layout, metadataBytes, resolution }: IfdContent): Uint8Array {
  const { width, height, channels, dtype } = layout;
  const isRgb = channels === 3;
  const bits = 8 * bytesPerValue(dtype);
  const pixelOffset = offset + ifdBytes(channels);
  const bytes = new Uint8Array(ifdBytes(channels));
  const view = new DataView(bytes.buffer);
  const rows = height < 2 ** 16 ? SHORT : LONG;
  const entries = [
    [TAG.width, LONG, 1, width],
    [TAG.height, LONG, 1, height],
    [TAG.bitsPerSample, SHORT, isRgb ? 3 : 1, isRgb ? offset + NEXT_IFD_AT + 4 : bits],
    [TAG.compression, SHORT, 1, 1],
    [TAG.photometric, SHORT, 1, isRgb ? 2 : 1],
    [TAG.stripOffsets, LONG, 1, pixelOffset],
    [TAG.samplesPerPixel, SHORT, 1, channels],
    [TAG.rowsPerStrip, rows, 1, height],
    [TAG.stripByteCounts, LONG, 1, imageBytes(layout)],
    [TAG.xResolution, RATIONAL, 1, pixelOffset - 16],
    [TAG.yResolution, RATIONAL, 1, pixelOffset - 8],
    [TAG.resolutionUnit, SHORT, 1, CENTIMETRE],
    [TAG.metadata, ASCII, metadataBytes, pixelOffset + imageBytes(layout)],
  ];
  view.setUint16(0, ENTRIES, true);
  entries.forEach(([tag, type, count, value], i) => {
    const at = 2 + ENTRY_BYTES * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, count, true);
    view.setUint32(at + 8, value, true);
  });
  if (isRgb) for (let i = 0; i < 3; i++) view.setUint16(NEXT_IFD_AT + 4 + 2 * i, bits, true);
  for (const at of [bytes.length - 16, bytes.length - 8]) {
    view.setUint32(at, Math.round(resolution * RESOLUTION_UNITS), true);
    view.setUint32(at + 4, RESOLUTION_UNITS, true);
  }
  return bytes;
}

/** Parses the IFD at the start of `bytes`; undefined where there is none that NDTiff could have written. */
export function parseIfd(bytes: Uint8Array, bigEndian: boolean): Ifd | undefined {
  if (bytes.length < 2) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint16(0, !bigEndian);
  const nextAt = 2 + count * ENTRY_BYTES;
  if (count === 0 || count > MOST_ENTRIES || nextAt + 4 > bytes.length) return undefined;
  const tags = new Map<number, { count: number; value: number }>();
  for (let at = 2; at < nextAt; at += ENTRY_BYTES) tags.set(...parseTag(view, at, bigEndian));
  return imageOf(tags, view.getUint32(nextAt, !bigEndian));
}

type Tags = ReadonlyMap<number, { readonly count: number; readonly value: number }>;

function parseTag(
  view: DataView,
  at: number,
  bigEndian: boolean,
): [tag: number, { count: number; value: number }] {
  const isShort = view.getUint16(at + 2, !bigEndian) === SHORT;
  const count = view.getUint32(at + 4, !bigEndian);
  const short = isShort && count === 1;
  const value = short ? view.getUint16(at + 8, !bigEndian) : view.getUint32(at + 8, !bigEndian);
  return [view.getUint16(at, !bigEndian), { count, value }];
}

function imageOf(tags: Tags, next: number): Ifd | undefined {
  const value = (tag: number) => tags.get(tag)?.value ?? 0;
  const [width, height, channels] = [value(TAG.width), value(TAG.height), value(TAG.samplesPerPixel)];
  const width1 = value(TAG.stripByteCounts) / (width * height * channels);
  const metadata = tags.get(TAG.metadata);
  const isImage = width > 0 && height > 0 && metadata !== undefined && value(TAG.compression) === 1;
  const isKnown = (channels === 1 && (width1 === 1 || width1 === 2)) || (channels === 3 && width1 === 1);
  if (!isImage || !isKnown || tags.get(TAG.stripOffsets)?.count !== 1) return undefined;
  return {
    width,
    height,
    channels,
    bytesPerValue: width1,
    pixelOffset: value(TAG.stripOffsets),
    metadataOffset: metadata.value,
    metadataBytes: metadata.count,
    next,
  };
}
