import { inflateSync } from "fflate";
import { crc32 } from "#crc32";
import { VitrineError } from "../core/index.ts";

/** One file of an archive, as its directory at the end describes it. */
export interface ZipEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Of its local header. */
  readonly offset: number;
}

/** Of archives that are written, which need a date: the same content gives the same bytes. */
export const FIXED_DATE = new Date(1980, 0, 1);

const END = { signature: 0x06054b50, bytes: 22 } as const;
const LOCATOR_64 = { signature: 0x07064b50, bytes: 20 } as const;
const END_64 = { signature: 0x06064b50, bytes: 56 } as const;
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const;
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
const LONGEST_COMMENT = 65535;
const IN_EXTRA = 0xffffffff;
/** Deflate never expands more: 258 bytes from 2 bits, and a little for the block. */
const LARGEST_EXPANSION = 1032;

/**
 * Lists the files of a zip archive. Nothing is expanded, and a directory that promises more than its bytes allow
 * (a zip bomb, entries that share their bytes) is refused.
 *
 * @param bytes     the whole archive; any view; not changed
 * @param maxBytes  of all files together once expanded
 * @throws {VitrineError} format: no zip archive, or damaged; range: more than `maxBytes`; unsupported: encrypted, or
 *   neither stored nor deflated
 *
 * Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 to 4.5. (fflate reads archives too, but checks neither the declared
 * sizes before it allocates nor the checksums.)
 */
export function listZip(bytes: Uint8Array, at: string, maxBytes: number): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view, at);
  const entries: ZipEntry[] = [];
  for (let i = 0, offset = end.offset; i < end.count; i++) {
    const { entry, next } = readEntry(view, offset, at);
    entries.push(entry);
    offset = next;
  }
  checkTotals(entries, bytes.length, { at, maxBytes });
  return entries;
}

/**
 * The content of one file of the archive, checked against its size and checksum. A stored file is a view of `bytes`.
 *
 * @throws {VitrineError} format: damaged
 */
export function readZipEntry(bytes: Uint8Array, entry: ZipEntry, at: string): Uint8Array {
  const where = `${at} ${entry.name}`;
  const packed = packedBytes(bytes, entry, where);
  const content = entry.isDeflated ? inflate(packed, entry.bytes, where) : packed;
  if (content.length !== entry.bytes) throw damaged(where, `${entry.bytes} bytes`, `${content.length}`);
  const crc = crc32(content);
  if (crc !== entry.crc) throw damaged(where, `checksum ${hex(entry.crc)}`, hex(crc));
  return content;
}

interface Directory {
  readonly count: number;
  readonly offset: number;
}

function findEnd(view: DataView, at: string): Directory {
  const last = view.byteLength - END.bytes;
  const first = Math.max(0, last - LONGEST_COMMENT);
  for (let offset = last; offset >= first; offset--) {
    if (view.getUint32(offset, true) !== END.signature) continue;
    return checkDirectory(readEnd64(view, offset) ?? readEnd(view, offset), view.byteLength, at);
  }
  throw damaged(at, "a zip archive with its directory at the end", "none");
}

function readEnd(view: DataView, offset: number): Directory {
  return { count: view.getUint16(offset + 10, true), offset: view.getUint32(offset + 16, true) };
}

function readEnd64(view: DataView, end: number): Directory | undefined {
  const locator = end - LOCATOR_64.bytes;
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR_64.signature) return undefined;
  const offset = Number(view.getBigUint64(locator + 8, true));
  if (offset + END_64.bytes > locator || view.getUint32(offset, true) !== END_64.signature) return undefined;
  const count = Number(view.getBigUint64(offset + 32, true));
  return { count, offset: Number(view.getBigUint64(offset + 48, true)) };
}

function checkDirectory(directory: Directory, size: number, at: string): Directory {
  const most = Math.floor((size - directory.offset) / CENTRAL.bytes);
  if (directory.count <= Math.max(0, most)) return directory;
  throw damaged(`${at} directory`, `at most ${Math.max(0, most)} files in its bytes`, `${directory.count}`);
}

function readEntry(view: DataView, offset: number, at: string): { entry: ZipEntry; next: number } {
  const where = `${at} directory`;
  checkRoom(view, offset, { bytes: CENTRAL.bytes, at: where });
  const signature = view.getUint32(offset, true);
  if (signature !== CENTRAL.signature) throw damaged(where, "an entry", `the bytes ${hex(signature)}`);
  const short = (from: number) => view.getUint16(offset + from, true);
  const [nameBytes, extraBytes, commentBytes] = [short(28), short(30), short(32)];
  const next = offset + CENTRAL.bytes + nameBytes + extraBytes + commentBytes;
  checkRoom(view, offset, { bytes: next - offset, at: where });
  const name = textOf(view, offset + CENTRAL.bytes, nameBytes);
  checkMethod(short(8), short(10), `${at} ${name}`);
  const sizes = entrySizes(view, offset, { extra: offset + CENTRAL.bytes + nameBytes, extraBytes });
  return {
    entry: { name, isDeflated: short(10) === 8, crc: view.getUint32(offset + 16, true), ...sizes },
    next,
  };
}

type Sizes = Pick<ZipEntry, "bytes" | "packedBytes" | "offset">;

/** Sizes of 4 GiB and more stand in an extra field, in this order and only those that do not fit. */
function entrySizes(
  view: DataView,
  entry: number,
  { extra, extraBytes }: { extra: number; extraBytes: number },
): Sizes {
  const large = zip64Values(view, extra, extra + extraBytes);
  const size = (from: number) => {
    const small = view.getUint32(entry + from, true);
    return small === IN_EXTRA ? (large.shift() ?? small) : small;
  };
  const bytes = size(24);
  const packedBytes = size(20);
  return { bytes, packedBytes, offset: size(42) };
}

function zip64Values(view: DataView, from: number, to: number): number[] {
  for (let offset = from; offset + 4 <= to; ) {
    const [id, length] = [view.getUint16(offset, true), view.getUint16(offset + 2, true)];
    const values = Math.floor(Math.min(length, to - offset - 4) / 8);
    if (id === 1) {
      return Array.from({ length: values }, (_, i) => Number(view.getBigUint64(offset + 4 + 8 * i, true)));
    }
    offset += 4 + length;
  }
  return [];
}

function checkMethod(flags: number, method: number, at: string): void {
  if (!(flags & 1) && (method === 0 || method === 8)) return;
  const found = flags & 1 ? "encrypted" : `compression method ${method}`;
  throw new VitrineError({ code: "unsupported", at, expected: "stored or deflated content", found });
}

function checkTotals(
  entries: readonly ZipEntry[],
  size: number,
  { at, maxBytes }: { at: string; maxBytes: number },
): void {
  const sum = (of: (entry: ZipEntry) => number) => entries.reduce((total, entry) => total + of(entry), 0);
  const packed = sum((entry) => entry.packedBytes);
  if (packed > size) throw damaged(at, `files of at most ${size} bytes together`, `${packed}`);
  for (const { name, isDeflated, bytes, packedBytes } of entries) {
    const most = isDeflated ? packedBytes * LARGEST_EXPANSION : packedBytes;
    if (bytes > most) throw damaged(`${at} ${name}`, `at most ${most} bytes from ${packedBytes}`, `${bytes}`);
  }
  const total = sum((entry) => entry.bytes);
  if (total <= maxBytes) return;
  const hint = "Raise maxBytes if you trust the file";
  throw new VitrineError({
    code: "range",
    at,
    expected: `at most ${maxBytes} bytes of content`,
    found: `${total}`,
    hint,
  });
}

function packedBytes(bytes: Uint8Array, entry: ZipEntry, at: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkRoom(view, entry.offset, { bytes: LOCAL.bytes, at });
  const signature = view.getUint32(entry.offset, true);
  if (signature !== LOCAL.signature) throw damaged(at, "its local header", `the bytes ${hex(signature)}`);
  const named = view.getUint16(entry.offset + 26, true) + view.getUint16(entry.offset + 28, true);
  const start = entry.offset + LOCAL.bytes + named;
  checkRoom(view, start, { bytes: entry.packedBytes, at });
  return bytes.subarray(start, start + entry.packedBytes);
}

function inflate(packed: Uint8Array, length: number, at: string): Uint8Array {
  try {
    return inflateSync(packed, { out: new Uint8Array(length) });
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    const fault = { at, expected: "deflated content", found, hint: "The file is damaged" };
    throw new VitrineError({ code: "format", ...fault }, { cause });
  }
}

function checkRoom(view: DataView, offset: number, { bytes, at }: { bytes: number; at: string }): void {
  if (offset + bytes <= view.byteLength) return;
  throw damaged(at, `${bytes} bytes at offset ${offset}`, `a file of ${view.byteLength}`);
}

function textOf(view: DataView, offset: number, length: number): string {
  // A copy, since the decoder refuses shared memory.
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + offset, length).slice());
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

function damaged(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found, hint: "The file is truncated or damaged" });
}
