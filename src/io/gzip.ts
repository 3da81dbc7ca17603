import { Gunzip } from "fflate";
import { openFile, readFileBytes } from "#files";
import { VitrineError } from "../core/index.ts";
import { type FileSource, openBlob, type RandomAccessFile, sourceName } from "./files.ts";

const MAGIC = [0x1f, 0x8b] as const;

/** What is unpacked lies in memory; more than this is better unpacked on the disk. */
const LARGEST_BYTES = 2 ** 31;

const HINT = "Copy it again";

/** Packed bytes that are enough for the first ones of what is packed. */
const PACKED_HEAD = 2 ** 16;

/** Whether bytes begin as gzip's do. */
export function isGzip(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** A name without gzip's ending: that of what is packed. */
export function unpackedName(path: string): string {
  return path.replace(/\.gz$/i, "");
}

/**
 * Reads a whole file, unpacked if gzip packed it.
 *
 * @throws {VitrineError} format: a damaged or cut gzip; range: more than 2 GiB unpacked; and as `readFileBytes`
 */
export async function readUnpacked(source: FileSource): Promise<Uint8Array> {
  const bytes = await readFileBytes(source);
  return isGzip(bytes) ? unpackGzip(bytes, sourceName(source)) : bytes;
}

/** Opens a file for reading in parts; one that gzip packed is unpacked into memory. @throws {VitrineError} as `readUnpacked` */
export async function openUnpacked(source: FileSource): Promise<RandomAccessFile> {
  const file = await openFile(source);
  let isKept = false;
  try {
    isKept = !isGzip(await file.read(0, Math.min(file.size, MAGIC.length)));
    if (isKept) return file;
    const bytes = await unpackGzip(await file.read(0, file.size), file.name);
    return openBlob(new Blob([bytes]), file.name);
  } finally {
    if (!isKept) await file.close();
  }
}

/** The first bytes of what a file holds, unpacked if gzip packed it: as many as there are, at most `count`. */
export async function readUnpackedHead(file: RandomAccessFile, count: number): Promise<Uint8Array> {
  const head = await file.read(0, Math.min(file.size, count));
  if (!isGzip(head)) return head;
  const packed = await file.read(0, Math.min(file.size, PACKED_HEAD));
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of unpacked(packed)) {
      pieces.push(piece);
      size += piece.length;
      if (size >= count) break;
    }
  } catch {
    // the head of a file is cut off; a damaged one fails where all of it is read
  }
  return joined(pieces, size).subarray(0, count);
}

async function unpackGzip(bytes: Uint8Array, at: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await unpackMembers([bytes], at);
  } catch (cause) {
    if (cause instanceof VitrineError) throw cause;
    const members = membersOf(bytes);
    try {
      if (members.length > 1) return await unpackMembers(members, at);
    } catch (inner) {
      if (inner instanceof VitrineError) throw inner;
    }
    const found = "one that is damaged or cut off";
    throw new VitrineError(
      { code: "format", at, expected: "a whole gzip file", found, hint: HINT },
      { cause },
    );
  }
}

async function unpackMembers(members: readonly Uint8Array[], at: string): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (const member of members) {
    for await (const piece of unpacked(member)) {
      size += piece.length;
      if (size > LARGEST_BYTES) throw tooLarge(at);
      pieces.push(piece);
    }
  }
  return joined(pieces, size);
}

/** Packed bytes that are looked at together. */
const PUSHED = 2 ** 16;

/**
 * The members of a gzip file (bgzip, `cat a.gz b.gz`), each of which the platform unpacks and checks: browsers unpack the first alone
 * and refuse the rest, and where it ends only unpacking tells. One of all bytes where nothing can be told.
 */
export function membersOf(bytes: Uint8Array): Uint8Array[] {
  const starts: number[] = [];
  let size = 0;
  const finder = new Gunzip((piece) => {
    size += piece.length;
    if (size > LARGEST_BYTES) throw new RangeError("more than is unpacked");
  });
  finder.onmember = (offset) => starts.push(offset);
  try {
    for (let at = 0; at < bytes.length; at += PUSHED)
      finder.push(bytes.slice(at, at + PUSHED), at + PUSHED >= bytes.length);
  } catch {
    return [bytes];
  }
  const all = [0, ...starts.filter((start) => start > 0)];
  return all.map((start, i) => bytes.subarray(start, all[i + 1]));
}

async function* unpacked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function tooLarge(at: string): VitrineError {
  const expected = "at most 2 GiB of unpacked data";
  return new VitrineError({
    code: "range",
    at,
    expected,
    found: "more",
    hint: "Unpack it first: gunzip FILE.gz",
  });
}
