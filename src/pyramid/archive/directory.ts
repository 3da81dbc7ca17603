import { gunzipSync, gzipSync } from "fflate";
import { VitrineError } from "../../core/index.ts";

/** A run of tiles that are the same bytes; `run` 0 points to a directory of its own. */
export interface ArchiveEntry {
  /** Of the first, as `tileNumber` counts. */
  readonly tile: number;
  readonly run: number;
  /** From the beginning of the tiles, or of the further directories. */
  readonly offset: number;
  readonly length: number;
}

/** Entries of a further directory at first; it grows until the first one has room for all. */
const LEAF_ENTRIES = 4096;

/** The directories of an archive: the first one, small enough, and those that it points to. */
export interface Directories {
  readonly root: Uint8Array;
  readonly leaves: Uint8Array;
}

/**
 * Writes entries as directories.
 *
 * @param entries  in ascending order of tiles
 * @param room     bytes of the first directory at most
 */
export function formatDirectories(entries: readonly ArchiveEntry[], room: number): Directories {
  const whole = formatDirectory(entries);
  if (whole.length <= room) return { root: whole, leaves: new Uint8Array(0) };
  for (let size = LEAF_ENTRIES; ; size *= 2) {
    const pieces: Uint8Array[] = [];
    const pointers: ArchiveEntry[] = [];
    let offset = 0;
    for (let from = 0; from < entries.length; from += size) {
      const piece = formatDirectory(entries.slice(from, from + size));
      pointers.push({ tile: entries[from].tile, run: 0, offset, length: piece.length });
      pieces.push(piece);
      offset += piece.length;
    }
    const root = formatDirectory(pointers);
    if (root.length <= room) return { root, leaves: joined(pieces) };
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** One directory: numbers column by column as variable-length integers, packed by gzip. */
export function formatDirectory(entries: readonly ArchiveEntry[]): Uint8Array {
  const values: number[] = [entries.length];
  let last = 0;
  for (const { tile } of entries) {
    values.push(tile - last);
    last = tile;
  }
  for (const { run } of entries) values.push(run);
  for (const { length } of entries) values.push(length);
  entries.forEach(({ offset }, i) => {
    const before = entries[i - 1];
    // 0: it begins where the one before ends
    values.push(i > 0 && offset === before.offset + before.length ? 0 : offset + 1);
  });
  // no time of the day in it: the same tiles are the same bytes
  return gzipSync(varints(values), { mtime: 0 });
}

/** 53 bits, seven a byte. */
const LONGEST_VARINT = 8;

function varints(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(LONGEST_VARINT * values.length);
  let end = 0;
  for (let value of values) {
    for (; value >= 2 ** 31; value = Math.floor(value / 128)) bytes[end++] = (value % 128) + 128;
    for (; value >= 128; value >>= 7) bytes[end++] = (value & 127) | 128;
    bytes[end++] = value;
  }
  return bytes.subarray(0, end);
}

/** Reads one directory. @throws {VitrineError} format: damaged */
export function parseDirectory(bytes: Uint8Array, at: string): ArchiveEntry[] {
  const values = readVarints(bytes, at);
  const [count] = values;
  if (!(values.length === 1 + 4 * count)) throw damaged(at, `${1 + 4 * count} numbers`, `${values.length}`);
  const entries: ArchiveEntry[] = [];
  let tile = 0;
  for (let i = 0; i < count; i++) {
    tile += values[1 + i];
    const coded = values[1 + 3 * count + i];
    const before = entries[i - 1];
    if (coded === 0 && before === undefined) throw damaged(at, "an offset of the first entry", "none");
    const offset = coded === 0 ? before.offset + before.length : coded - 1;
    entries.push({ tile, run: values[1 + count + i], offset, length: values[1 + 2 * count + i] });
  }
  return entries;
}

function readVarints(packed: Uint8Array, at: string): number[] {
  const bytes = unpacked(packed, at);
  const values: number[] = [];
  let [value, factor] = [0, 1];
  for (const byte of bytes) {
    value += (byte % 128) * factor;
    if (byte >= 128) factor *= 128;
    else {
      values.push(value);
      [value, factor] = [0, 1];
    }
  }
  return values;
}

function unpacked(packed: Uint8Array, at: string): Uint8Array {
  try {
    return gunzipSync(packed);
  } catch (cause) {
    throw damaged(
      at,
      "a directory packed by gzip",
      cause instanceof Error ? cause.message : "another",
      cause,
    );
  }
}

function damaged(at: string, expected: string, found: string, cause?: unknown): VitrineError {
  const hint = "The archive is damaged: collect it again";
  return new VitrineError({ code: "format", at, expected, found, hint }, { cause });
}

/** The entry that holds a tile; undefined if none does. */
export function entryOf(entries: readonly ArchiveEntry[], tile: number): ArchiveEntry | undefined {
  let [low, high] = [0, entries.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (entries[middle].tile <= tile) low = middle + 1;
    else high = middle - 1;
  }
  const entry = entries[high];
  if (entry === undefined) return undefined;
  return entry.run === 0 || tile < entry.tile + entry.run ? entry : undefined;
}
