import { VitrineError } from "../../core/index.ts";
import type { RandomAccessFile } from "../files.ts";

/** Tags that are read. */
export const TAG = {
  subfileType: 254,
  oldSubfileType: 255,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  description: 270,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  xResolution: 282,
  yResolution: 283,
  planar: 284,
  resolutionUnit: 296,
  software: 305,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  subIfds: 330,
  extraSamples: 338,
  sampleFormat: 339,
  subsampling: 530,
  xmp: 700,
  imageDepth: 32997,
  metaMorph: 33628,
  metaMorphPlanes: 33629,
  metaMorphStage: 33631,
  imageJByteCounts: 50838,
  imageJMetadata: 50839,
  gatanUnit: 65003,
  gatanScale: 65009,
} as const;

/** Bytes of each type of value by its number. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};

/** Tags up to ReferenceBlackWhite are those of TIFF 6.0; above them are those of programs. */
const LAST_OF_TIFF = 532;

/** An IFD is rarely longer; a longer one costs a second read. */
const FIRST_READ = 512;

/** How the file counts: classic TIFF has offsets of 4 bytes, BigTIFF of 8. */
export interface TiffFormat {
  readonly bigEndian: boolean;
  readonly isBig: boolean;
  readonly firstOffset: number;
}

/** A stretch of the file that is in memory. */
interface Window {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

interface Entry {
  readonly type: number;
  readonly count: number;
  /** Of the values in the file. */
  readonly offset: number;
}

/** Reads byte order, version and the place of the first IFD. @throws {VitrineError} format: no TIFF */
export async function readTiffFormat(file: RandomAccessFile): Promise<TiffFormat> {
  const bytes = await file.read(0, Math.min(file.size, 16));
  const [first, second] = bytes;
  const bigEndian = first === 0x4d;
  const view = viewOf(bytes);
  const isTiff = bytes.length >= 8 && first === second && (bigEndian || first === 0x49);
  const version = isTiff ? view.getUint16(2, !bigEndian) : 0;
  if (version === 42) return { bigEndian, isBig: false, firstOffset: view.getUint32(4, !bigEndian) };
  if (version === 43 && bytes.length === 16 && view.getUint16(4, !bigEndian) === 8)
    return { bigEndian, isBig: true, firstOffset: bigNumber(view, 8, bigEndian) };
  throw new VitrineError({
    code: "format",
    at: file.name,
    expected: "a TIFF header: II or MM and 42 or 43",
    found: Array.from(bytes.subarray(0, 4)).join(" "),
  });
}

/** Whether a file begins as a TIFF file does. */
export function isTiffBytes(bytes: Uint8Array): boolean {
  const [first, second, third, fourth] = bytes;
  if (first === 0x49 && second === 0x49) return (third === 42 || third === 43) && fourth === 0;
  return first === 0x4d && second === 0x4d && third === 0 && (fourth === 42 || fourth === 43);
}

/** One image file directory: its tags, whose values are read when they are asked for. */
export class TiffDirectory {
  readonly #file: RandomAccessFile;
  readonly #format: TiffFormat;
  readonly #entries: ReadonlyMap<number, Entry>;
  /** A tag that stands twice: Micro-Manager writes OME's XML and ImageJ's lines as two descriptions. */
  readonly #secondDescription: Entry | undefined;
  /** The directory itself and what came with it: most values stand in there. */
  readonly #near: Window;
  /** How messages call it. */
  readonly at: string;
  /** Place of the next one, 0 for none. */
  readonly next: number;

  private constructor(
    file: RandomAccessFile,
    format: TiffFormat,
    parts: {
      readonly entries: ReadonlyMap<number, Entry>;
      readonly secondDescription: Entry | undefined;
      readonly near: Window;
      readonly next: number;
      readonly at: string;
    },
  ) {
    this.#file = file;
    this.#format = format;
    this.#entries = parts.entries;
    this.#secondDescription = parts.secondDescription;
    this.#near = parts.near;
    this.at = parts.at;
    this.next = parts.next;
  }

  /** Reads the directory at a place. @throws {VitrineError} format: it does not lie in the file */
  static async read(
    file: RandomAccessFile,
    format: TiffFormat,
    { offset, at }: { readonly offset: number; readonly at: string },
  ): Promise<TiffDirectory> {
    const { bigEndian, isBig } = format;
    const [countBytes, entryBytes, nextBytes] = isBig ? [8, 20, 8] : [2, 12, 4];
    const least = countBytes + nextBytes;
    if (offset + least > file.size) throw outside(file, at, { what: "an IFD", offset, bytes: least });
    let bytes = await file.read(offset, Math.min(FIRST_READ, file.size - offset));
    const count = isBig ? bigNumber(viewOf(bytes), 0, bigEndian) : viewOf(bytes).getUint16(0, !bigEndian);
    const length = least + count * entryBytes;
    if (offset + length > file.size)
      throw outside(file, at, { what: `an IFD of ${count} tags`, offset, bytes: length });
    if (length > bytes.length) bytes = await file.read(offset, length);
    const view = viewOf(bytes);
    const entries = new Map<number, Entry>();
    let secondDescription: Entry | undefined;
    for (let i = 0; i < count; i++) {
      const place = countBytes + i * entryBytes;
      const tag = view.getUint16(place, !bigEndian);
      const entry = entryAt(view, place, { format, offset });
      if (!entries.has(tag)) entries.set(tag, entry);
      else if (tag === TAG.description) secondDescription ??= entry;
    }
    const nextAt = length - nextBytes;
    const next = isBig ? bigNumber(view, nextAt, bigEndian) : view.getUint32(nextAt, !bigEndian);
    return new TiffDirectory(file, format, {
      entries,
      secondDescription,
      near: { bytes, offset },
      next,
      at,
    });
  }

  has(tag: number): boolean {
    return this.#entries.has(tag);
  }

  /**
   * The numbers of a tag, rationals divided; none where it is not there.
   *
   * @param most  further ones are not looked at: a damaged count may be as large as the file
   * @throws {VitrineError} format: no numbers
   */
  async numbers(tag: number, most = Number.POSITIVE_INFINITY): Promise<number[]> {
    const entry = this.#entries.get(tag);
    if (entry === undefined) return [];
    const count = Math.min(entry.count, most);
    this.#requireInside(tag, entry);
    // values that stand in the entry itself stay there
    const view = viewOf(await this.#bytes(tag, { ...entry, count }));
    const width = TYPE_BYTES[entry.type];
    return Array.from({ length: count }, (_, i) => this.#number(view, i * width, entry.type));
  }

  /** The first number of a tag, or what stands for it where the tag is not there. */
  async number(tag: number, missing: number): Promise<number> {
    return (await this.numbers(tag, 1))[0] ?? missing;
  }

  /** Looks whether the values of all tags of TIFF itself lie in the file. @throws {VitrineError} format */
  checkTags(): void {
    for (const [tag, entry] of this.#entries) if (tag <= LAST_OF_TIFF) this.#requireInside(tag, entry);
  }

  /** How many values a tag has, 0 where it is not there. */
  count(tag: number): number {
    return this.#entries.get(tag)?.count ?? 0;
  }

  /** Where what a tag points to begins, also where it says that it is so short that it could stand in the directory; 0 where it is not there. */
  place(tag: number): number {
    const entry = this.#entries.get(tag);
    if (entry === undefined) return 0;
    if (entry.count * (TYPE_BYTES[entry.type] ?? 0) > (this.#format.isBig ? 8 : 4)) return entry.offset;
    const { bytes, offset } = this.#near;
    return viewOf(bytes).getUint32(entry.offset - offset, !this.#format.bigEndian);
  }

  /** The bytes of a tag as they stand in the file; none where it is not there. @throws {VitrineError} format */
  async bytes(tag: number): Promise<Uint8Array> {
    const entry = this.#entries.get(tag);
    return entry === undefined ? new Uint8Array() : this.#bytes(tag, entry);
  }

  /** The text of a tag up to its first zero; empty where it is not there. */
  async text(tag: number): Promise<string> {
    return this.#text(tag, this.#entries.get(tag));
  }

  /** The description, and a second one where the tag stands twice. */
  async descriptions(): Promise<string[]> {
    const first = await this.text(TAG.description);
    const second = await this.#text(TAG.description, this.#secondDescription);
    return second === "" ? [first] : [first, second];
  }

  async #text(tag: number, entry: Entry | undefined): Promise<string> {
    if (entry === undefined || TYPE_BYTES[entry.type] !== 1) return "";
    const bytes = await this.#bytes(tag, entry);
    const end = bytes.indexOf(0);
    const text = end < 0 ? bytes : bytes.subarray(0, end);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(text);
    } catch {
      // TIFF demands ASCII; ImageJ writes its µ in Latin-1
      return new TextDecoder("latin1").decode(text);
    }
  }

  #requireInside(tag: number, { type, count, offset }: Entry): void {
    const width = TYPE_BYTES[type];
    const at = `${this.at} tag ${tag}`;
    if (width === undefined)
      throw new VitrineError({ code: "format", at, expected: "a type of TIFF", found: `${type}` });
    if (offset + count * width > this.#file.size)
      throw outside(this.#file, at, { what: `${count} values`, offset, bytes: count * width });
  }

  async #bytes(tag: number, entry: Entry): Promise<Uint8Array> {
    this.#requireInside(tag, entry);
    const { type, count, offset } = entry;
    const width = TYPE_BYTES[type];
    const { bytes, offset: start } = this.#near;
    const isNear = offset >= start && offset + count * width <= start + bytes.length;
    if (isNear) return bytes.subarray(offset - start, offset - start + count * width);
    return this.#file.read(offset, count * width);
  }

  #number(view: DataView, at: number, type: number): number {
    const little = !this.#format.bigEndian;
    switch (type) {
      case 3:
        return view.getUint16(at, little);
      case 4:
      case 13:
        return view.getUint32(at, little);
      case 5:
        return view.getUint32(at, little) / view.getUint32(at + 4, little);
      case 6:
        return view.getInt8(at);
      case 8:
        return view.getInt16(at, little);
      case 9:
        return view.getInt32(at, little);
      case 10:
        return view.getInt32(at, little) / view.getInt32(at + 4, little);
      case 11:
        return view.getFloat32(at, little);
      case 12:
        return view.getFloat64(at, little);
      case 16:
      case 17:
      case 18:
        return bigNumber(view, at, this.#format.bigEndian);
      default:
        return view.getUint8(at);
    }
  }
}

/** Values that fit stand in the entry itself. */
function entryAt(
  view: DataView,
  place: number,
  { format: { bigEndian, isBig }, offset }: { readonly format: TiffFormat; readonly offset: number },
): Entry {
  const type = view.getUint16(place + 2, !bigEndian);
  const count = isBig ? bigNumber(view, place + 4, bigEndian) : view.getUint32(place + 4, !bigEndian);
  const [valueAt, room] = isBig ? [place + 12, 8] : [place + 8, 4];
  if (count * (TYPE_BYTES[type] ?? 0) <= room) return { type, count, offset: offset + valueAt };
  const where = isBig ? bigNumber(view, valueAt, bigEndian) : view.getUint32(valueAt, !bigEndian);
  return { type, count, offset: where };
}

/** Beyond 2^53 it is no longer exact, and in no file. */
function bigNumber(view: DataView, at: number, bigEndian: boolean): number {
  return Number(view.getBigUint64(at, !bigEndian));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The error of something that a tag places beyond the end of the file. */
export function outside(
  file: RandomAccessFile,
  at: string,
  { what, offset, bytes }: { readonly what: string; readonly offset: number; readonly bytes: number },
): VitrineError {
  return new VitrineError({
    code: "format",
    at,
    expected: `${what} within ${file.size} bytes`,
    found: `${bytes} bytes at offset ${offset}`,
    hint: "The file is truncated or damaged",
  });
}
