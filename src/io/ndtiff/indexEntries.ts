import type { RandomAccessFile } from "../files.ts";
import { malformed, type NdtiffEntry, pixelFormat } from "./format.ts";
import { decodeJsonObject, encodeJson, isAxes } from "./json.ts";

/** Eight 32-bit numbers end each entry. */
const NUMBERS_BYTES = 32;

/** Bytes that are read at once; an index holds millions of entries. */
const FIRST_CHUNK = 2 ** 16;
const CHUNK = 2 ** 22;

/** Entries of a part of an index. */
export interface IndexPart {
  readonly entries: readonly NdtiffEntry[];
  /** Bytes of whole entries. */
  readonly bytes: number;
  /** `whole`: nothing follows; `cut`: the last entry is not whole; `zeros`: room that the writer had not used. */
  readonly ending: "whole" | "cut" | "zeros";
}

/**
 * Parses entries from the start of `bytes`.
 *
 * @param bigEndian  byte order; without it, that which gives the first entry the more likely length
 * @throws {VitrineError} format: an entry that cannot be
 */
export function parseNdtiffIndex(bytes: Uint8Array, at: string, bigEndian = isBigEndian(bytes)): IndexPart {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: NdtiffEntry[] = [];
  let position = 0;
  for (;;) {
    const left = bytes.length - position;
    if (left === 0) return { entries, bytes: position, ending: "whole" };
    if (left < 4) return { entries, bytes: position, ending: "cut" };
    const axesBytes = view.getUint32(position, !bigEndian);
    if (axesBytes === 0) return { entries, bytes: position, ending: "zeros" };
    const end = endOfEntry(view, position, { axesBytes, bigEndian });
    if (end === undefined) return { entries, bytes: position, ending: "cut" };
    const name = `${at} entry ${entries.length} at byte ${position}`;
    const entry = parseEntry(bytes.subarray(position, end), name, bigEndian);
    // millions of entries name the same few stacks: one string for each run of them
    const { file } = entries.at(-1) ?? entry;
    entries.push(entry.file === file ? { ...entry, file } : entry);
    position = end;
  }
}

/** One entry of the index as it is stored, little-endian. */
export function formatIndexEntry(entry: NdtiffEntry): Uint8Array {
  const axes = encodeJson(entry.axes);
  const file = new TextEncoder().encode(entry.file);
  const bytes = new Uint8Array(8 + axes.length + file.length + NUMBERS_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, axes.length, true);
  bytes.set(axes, 4);
  view.setUint32(4 + axes.length, file.length, true);
  bytes.set(file, 8 + axes.length);
  const numbers = [
    entry.pixelOffset,
    entry.width,
    entry.height,
    entry.pixelType,
    0,
    entry.metadataOffset,
    entry.metadataBytes,
    0,
  ];
  numbers.forEach((number, i) => {
    view.setUint32(bytes.length - NUMBERS_BYTES + 4 * i, number, true);
  });
  return bytes;
}

/** Reads an index from where it stopped the last time. */
export class IndexReader {
  /** Bytes of whole entries so far. */
  position = 0;
  #bigEndian: boolean | undefined;

  /**
   * Gives the entries that are new since the last call.
   *
   * @throws {VitrineError} format, storage
   */
  async read(file: RandomAccessFile): Promise<Pick<IndexPart, "entries" | "ending">> {
    const entries: NdtiffEntry[] = [];
    let chunk = FIRST_CHUNK;
    while (this.position < file.size) {
      const length = Math.min(chunk, file.size - this.position);
      const bytes = await file.read(this.position, length);
      this.#bigEndian ??= isBigEndian(bytes);
      const part = parseNdtiffIndex(bytes, file.name, this.#bigEndian);
      for (const entry of part.entries) entries.push(entry);
      const atEnd = this.position + length === file.size;
      this.position += part.bytes;
      if (part.ending === "zeros" || (part.ending === "cut" && atEnd))
        return { entries, ending: part.ending };
      chunk = part.bytes === 0 ? 4 * chunk : CHUNK;
    }
    return { entries, ending: "whole" };
  }
}

/** An entry is short, so that its length is the smaller of the two numbers that its bytes may mean. */
function isBigEndian(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
  return view.getUint32(0, false) < view.getUint32(0, true);
}

interface EntryStart {
  readonly axesBytes: number;
  readonly bigEndian: boolean;
}

function endOfEntry(view: DataView, start: number, { axesBytes, bigEndian }: EntryStart): number | undefined {
  const nameAt = start + 4 + axesBytes;
  if (nameAt + 4 > view.byteLength) return undefined;
  const end = nameAt + 4 + view.getUint32(nameAt, !bigEndian) + NUMBERS_BYTES;
  return end <= view.byteLength ? end : undefined;
}

function parseEntry(bytes: Uint8Array, at: string, bigEndian: boolean): NdtiffEntry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nameAt = 4 + view.getUint32(0, !bigEndian);
  const axes = decodeJsonObject(bytes.subarray(4, nameAt), `${at} axes`);
  if (!isAxes(axes)) throw malformed(`${at} axes`, "numbers and texts", JSON.stringify(axes).slice(0, 60));
  const number = (i: number) => view.getUint32(bytes.length - NUMBERS_BYTES + 4 * i, !bigEndian);
  const file = new TextDecoder().decode(bytes.subarray(nameAt + 4, bytes.length - NUMBERS_BYTES));
  const entry: NdtiffEntry = {
    axes,
    file,
    pixelOffset: number(0),
    width: number(1),
    height: number(2),
    pixelType: number(3),
    metadataOffset: number(5),
    metadataBytes: number(6),
  };
  checkEntry(entry, at, { pixels: number(4), metadata: number(7) });
  return entry;
}

function checkEntry(entry: NdtiffEntry, at: string, compression: { pixels: number; metadata: number }): void {
  const { file, width, height, pixelType } = entry;
  if (file === "" || /[/\\\0]/.test(file)) throw malformed(`${at} file name`, "a name", JSON.stringify(file));
  if (width === 0 || height === 0)
    throw malformed(`${at} width and height`, "1 or more", `${width} x ${height}`);
  if (pixelFormat(pixelType) === undefined)
    throw malformed(`${at} pixel type`, "one of 0 to 6", String(pixelType));
  if (compression.pixels !== 0 || compression.metadata !== 0)
    throw malformed(`${at} compression`, "0 (none)", `${compression.pixels}, ${compression.metadata}`);
}
