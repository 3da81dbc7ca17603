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
  const summaryAt = major >= 3 ? 20 : 16;
  if (word(summaryAt) !== SUMMARY_MAGIC)
    throw malformed(`${at} summary metadata`, `the number ${SUMMARY_MAGIC}`, String(word(summaryAt)));
  const end = summaryAt + 8 + word(summaryAt + 4);
  if (end > file.size)
    throw malformed(`${at} summary metadata`, `an end within ${file.size} bytes`, String(end));
  const summary = await file.read(summaryAt + 8, end - summaryAt - 8);
  return {
    bigEndian,
    version: { major, minor },
    firstIfd: word(FIRST_IFD_AT),
    summary: decodeJsonObject(summary, `${file.name} summary metadata`),
    end,
  };
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
