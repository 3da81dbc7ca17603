import type { PixelArray } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { FileSource, RandomAccessFile } from "../files.ts";
import { openUnpacked } from "../gzip.ts";
import { readTiffFormat, TAG, TiffDirectory, type TiffFormat } from "./directory.ts";
import { readForeignPage } from "./foreign.ts";
import {
  readPage,
  readPageLayout,
  readPageRole,
  type TiffPage,
  type TiffPageLayout,
  type TiffPageRole,
} from "./page.ts";
import { readPixels, type TiffWindow } from "./pixels.ts";

/** A page of the chain of directories, or one of lower resolution that such a page names. */
export interface TiffPageEntry {
  readonly page: TiffPage;
  readonly role: TiffPageRole;
  /** In tiles, as pyramids are. */
  readonly isTiled: boolean;
  /** Of its directory. */
  readonly offset: number;
  /** How messages call it. */
  readonly at: string;
  /** How many directories of lower resolutions it names. */
  readonly subIfds: number;
}

/** Pixels: those of a page, or as many bytes behind them where a description alone tells of them. */
export interface TiffPlane {
  readonly entry: TiffPageEntry;
  /** 0 for the page's own. */
  readonly frame: number;
}

/** Layouts that are kept: one holds the places of all its tiles. */
const KEPT = 64;

/** A TIFF file below pages: its directories, and pixels by rectangles. Whoever opened it closes it. */
export class TiffReader {
  readonly file: RandomAccessFile;
  readonly format: TiffFormat;
  /** All pages in the order of the file, of any role; at least one. */
  readonly chain: readonly TiffPageEntry[];
  readonly #layouts = new Map<number, Promise<TiffPageLayout | undefined>>();
  readonly #subPages = new Map<string, Promise<TiffPageEntry>>();

  private constructor(file: RandomAccessFile, format: TiffFormat, chain: readonly TiffPageEntry[]) {
    this.file = file;
    this.format = format;
    this.chain = chain;
  }

  /** @throws {VitrineError} as `openTiff` */
  static async open(source: FileSource): Promise<TiffReader> {
    const file = await openUnpacked(source);
    try {
      return await TiffReader.of(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Of a file that is open already, which it closes. @throws {VitrineError} as `openTiff` */
  static async of(file: RandomAccessFile): Promise<TiffReader> {
    const format = await readTiffFormat(file);
    return new TiffReader(file, format, await readChain(file, format));
  }

  /** The tags of a page. */
  directory({ offset, at }: Pick<TiffPageEntry, "offset" | "at">): Promise<TiffDirectory> {
    return TiffDirectory.read(this.file, this.format, { offset, at });
  }

  /** A page of lower resolution by its number among those that a page names. @throws {VitrineError} format: not there */
  subPage(entry: TiffPageEntry, index: number): Promise<TiffPageEntry> {
    return kept(this.#subPages, `${entry.offset}/${index}`, async () => {
      const offsets = await (await this.directory(entry)).numbers(TAG.subIfds);
      const at = `${entry.at} level ${index + 1}`;
      if (index < offsets.length) return readEntry(this.file, this.format, { offset: offsets[index], at });
      const found = `${offsets.length} of lower resolution`;
      throw new VitrineError({ code: "format", at, expected: "a page of lower resolution", found });
    });
  }

  /** How the chunks of a page lie; undefined where the other library reads them. */
  layout(entry: TiffPageEntry): Promise<TiffPageLayout | undefined> {
    const read = async () => readPageLayout(await this.directory(entry), entry.page);
    return kept(this.#layouts, entry.offset, read);
  }

  /** Reads a rectangle (default all) of a plane: (height, width, channels) values, `into` an array of them. @throws {VitrineError} as `readPage` */
  async read({ entry, frame }: TiffPlane, part?: TiffWindow, into?: PixelArray): Promise<PixelArray> {
    const { page, offset, at } = entry;
    const { bigEndian, isBig } = this.format;
    const window = part ?? { x: 0, y: 0, width: page.width, height: page.height };
    const layout = await this.layout(entry);
    if (layout === undefined) {
      // the other library takes the memory that a tag asks for
      (await this.directory(entry)).checkTags();
      const values = await readForeignPage(this.file, { page, bigEndian, isBig, offset, at }, window);
      into?.set(values);
      return into ?? values;
    }
    const source = { file: this.file, bigEndian, at };
    const what = { window, ...(into !== undefined && { into }) };
    return readPixels(source, frame === 0 ? layout : frameOf(layout, frame), what);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** What was read before, or is read now; the oldest make room. */
function kept<K, V>(all: Map<K, Promise<V>>, key: K, read: () => Promise<V>): Promise<V> {
  const before = all.get(key);
  if (before !== undefined) return before;
  for (const oldest of all.keys()) {
    if (all.size < KEPT) break;
    all.delete(oldest);
  }
  const value = read();
  all.set(key, value);
  // what could not be read is asked for again
  value.catch(() => all.delete(key));
  return value;
}

/** Bytes of the pixels of a page as they stand in the file without compression. */
export function storedBytes({ width, height, channels, bits }: TiffPage): number {
  return height * Math.ceil((width * channels * bits) / 8);
}

/** Pages whose pixels follow one another from the first one's on. */
function frameOf(layout: TiffPageLayout, frame: number): TiffPageLayout {
  const bytes = storedBytes(layout.page);
  return {
    ...layout,
    chunkHeight: layout.page.height,
    offsets: [layout.offsets[0] + frame * bytes],
    byteCounts: [bytes],
  };
}

/** Follows the chain of directories; one that comes back to an earlier one is damaged. */
async function readChain(file: RandomAccessFile, format: TiffFormat): Promise<TiffPageEntry[]> {
  const places = new Set<number>();
  const chain: TiffPageEntry[] = [];
  for (let offset = format.firstOffset; offset !== 0; ) {
    const at = `${file.name} page ${chain.length}`;
    if (places.has(offset)) {
      const [expected, found] = ["a page of its own", "an earlier one again"];
      throw new VitrineError({ code: "format", at, expected, found });
    }
    places.add(offset);
    const directory = await TiffDirectory.read(file, format, { offset, at });
    chain.push(await entryOf(directory, offset));
    offset = directory.next;
  }
  if (chain.length > 0) return chain;
  throw new VitrineError({ code: "format", at: file.name, expected: "at least one page", found: "none" });
}

async function readEntry(
  file: RandomAccessFile,
  format: TiffFormat,
  place: { readonly offset: number; readonly at: string },
): Promise<TiffPageEntry> {
  return entryOf(await TiffDirectory.read(file, format, place), place.offset);
}

async function entryOf(directory: TiffDirectory, offset: number): Promise<TiffPageEntry> {
  return {
    page: await readPage(directory),
    role: await readPageRole(directory),
    isTiled: directory.has(TAG.tileWidth),
    offset,
    at: directory.at,
    subIfds: directory.count(TAG.subIfds),
  };
}
