import { VitrineError } from "../../core/index.ts";

/** Bytes of the header. */
export const HEADER_BYTES = 127;

/** What a reader fetches first: header and first directory lie within. */
export const FIRST_BYTES = 16_384;

/** A part of an archive. */
export interface Section {
  readonly offset: number;
  readonly length: number;
}

/** Where everything of an archive lies. */
export interface ArchiveHeader {
  readonly root: Section;
  readonly metadata: Section;
  readonly leaves: Section;
  readonly tiles: Section;
  /** Tiles that have bytes, entries that say which, and pieces of bytes. */
  readonly counts: { readonly tiles: number; readonly entries: number; readonly contents: number };
  readonly maxZoom: number;
}

const MAGIC = "PMTiles";
const VERSION = 3;
const GZIP = 2;
const NOT_PACKED = 1;
const JPEG = 3;
/** The square that web maps show, 1e-7 degrees: a plate has no place on the earth, and viewers want one. */
const WORLD = [-1_800_000_000, -850_511_287, 1_800_000_000, 850_511_287];

/** Writes a header of grey JPEG tiles in order. */
export function formatHeader({ root, metadata, leaves, tiles, counts, maxZoom }: ArchiveHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  bytes[7] = VERSION;
  const sections = [root, metadata, leaves, tiles].flatMap(({ offset, length }) => [offset, length]);
  const numbers = [...sections, counts.tiles, counts.entries, counts.contents];
  numbers.forEach((value, i) => {
    view.setBigUint64(8 + 8 * i, BigInt(value), true);
  });
  bytes.set([1, GZIP, NOT_PACKED, JPEG, 0, maxZoom], 96);
  WORLD.forEach((value, i) => {
    view.setInt32(102 + 4 * i, value, true);
  });
  return bytes;
}

/** Reads the header of an archive of Vitrine's. @throws {VitrineError} format: none; unsupported: another version or packing */
export function parseHeader(bytes: Uint8Array, at: string): ArchiveHeader {
  const magic = new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length));
  if (bytes.length < HEADER_BYTES || magic !== MAGIC)
    throw new VitrineError({ code: "format", at, expected: "a PMTiles archive", found: "another file" });
  const [version, [packing, tilePacking, type]] = [bytes[7], bytes.subarray(97, 100)];
  if (version !== VERSION || packing !== GZIP || tilePacking !== NOT_PACKED || type !== JPEG)
    throw new VitrineError({
      code: "unsupported",
      at,
      expected: "PMTiles 3 of JPEG tiles, directories packed by gzip",
      found: `version ${version}, packing ${packing}, tiles of type ${type} packed by ${tilePacking}`,
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (i: number) => Number(view.getBigUint64(8 + 8 * i, true));
  const section = (i: number): Section => ({ offset: number(i), length: number(i + 1) });
  return {
    root: section(0),
    metadata: section(2),
    leaves: section(4),
    tiles: section(6),
    counts: { tiles: number(8), entries: number(9), contents: number(10) },
    maxZoom: bytes[101],
  };
}
