import { VitrineError } from "../../core/index.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import type { RandomAccessFile } from "../files.ts";
import { malformed, NDTIFF_VERSION, type NdtiffVersion } from "./format.ts";
import { decodeJsonObject } from "./json.ts";

/** Where the offset of the first IFD stands. */
export const FIRST_IFD_AT = 4;

/** Bytes before the summary metadata, version 3. */
const HEADER_BYTES = 28;

const NDTIFF_MAGIC = 483729;
const SUMMARY_MAGIC = 2355492;

/** The start of a stack. */
export interface StackHeader {
  readonly bigEndian: boolean;
  readonly version: NdtiffVersion;
  /** Offset of the first IFD; 0 where no image was written yet. */
  readonly firstIfd: number;
  readonly summary: JsonObject;
  /** The first byte behind the summary metadata. */
  readonly end: number;
}

/**
 * Reads the header and the summary metadata of a stack.
 *
 * @throws {VitrineError} format: no NDTiff stack, or a broken one; unsupported: version 1, or one after 3
 */
export async function readStackHeader(file: RandomAccessFile): Promise<StackHeader> {
  const bytes = await file.read(0, Math.min(HEADER_BYTES, file.size));
  const at = `${file.name} header`;
  if (bytes.length < HEADER_BYTES) throw malformed(at, `${HEADER_BYTES} bytes`, String(bytes.length));
  const bigEndian = checkTiff(bytes, at);
  const word = (offset: number) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, !bigEndian);
  const major = checkVersion(word(8), word(12), at);
  const minor = major >= 3 ? word(16) : 0;
  const { start, end } = summaryPlace(bytes, bigEndian);
  if (word(start - 8) !== SUMMARY_MAGIC)
    throw malformed(`${at} summary metadata`, `the number ${SUMMARY_MAGIC}`, String(word(start - 8)));
  if (end > file.size)
    throw malformed(`${at} summary metadata`, `an end within ${file.size} bytes`, String(end));
  const summary = await file.read(start, end - start);
  return {
    bigEndian,
    version: { major, minor },
    firstIfd: word(FIRST_IFD_AT),
    summary: decodeJsonObject(summary, `${file.name} summary metadata`),
    end,
  };
}

/** Whether nothing was written: no bytes, or zeros that the writer had reserved. @throws {VitrineError} storage */
export async function isBlank(file: RandomAccessFile): Promise<boolean> {
  const start = await file.read(0, Math.min(8, file.size));
  return start.length < 8 || start.every((byte) => byte === 0);
}

/** Whether the writer died before header and summary metadata were written to their end. @throws {VitrineError} storage */
export async function isTorn(file: RandomAccessFile): Promise<boolean> {
  const bytes = await file.read(0, Math.min(HEADER_BYTES, file.size));
  if (bytes.length < HEADER_BYTES || bytes.subarray(-8).every((byte) => byte === 0)) return true;
  const { end } = summaryPlace(bytes, bytes[0] === 0x4d);
  return end > file.size || (await file.read(end - 1, 1))[0] === 0;
}

/** The header of a stack without images, with its summary metadata as JSON behind it; little-endian. */
export function formatStackHeader(summary: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + summary.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x4949, true);
  view.setUint16(2, 42, true);
  const { major, minor } = NDTIFF_VERSION;
  const words = [0, NDTIFF_MAGIC, major, minor, SUMMARY_MAGIC, summary.length];
  words.forEach((word, i) => {
    view.setUint32(FIRST_IFD_AT + 4 * i, word, true);
  });
  bytes.set(summary, HEADER_BYTES);
  return bytes;
}

/** Where the summary metadata lie: version 3 has one number more before them. */
function summaryPlace(
  bytes: Uint8Array,
  bigEndian: boolean,
): { readonly start: number; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getUint32(12, !bigEndian) >= 3 ? HEADER_BYTES : HEADER_BYTES - 4;
  return { start, end: start + view.getUint32(start - 4, !bigEndian) };
}

/** @returns whether the file is big-endian */
function checkTiff(bytes: Uint8Array, at: string): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = view.getUint16(0, true);
  const bigEndian = mark === 0x4d4d;
  if ((bigEndian || mark === 0x4949) && view.getUint16(2, !bigEndian) === 42) return bigEndian;
  throw malformed(`${at} byte order`, "II or MM, then 42", Array.from(bytes.subarray(0, 4)).join(" "));
}

function checkVersion(magic: number, major: number, at: string): number {
  if (magic !== NDTIFF_MAGIC)
    throw malformed(`${at} identifier`, `the number ${NDTIFF_MAGIC} of NDTiff`, String(magic));
  if (major === 2 || major === 3) return major;
  throw new VitrineError({
    code: "unsupported",
    at: `${at} version`,
    expected: "2 or 3",
    found: String(major),
    hint: "Open it with Micro-Manager and save it anew",
  });
}
