import { gunzipSync } from "fflate";
import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import {
  type FileSource,
  openFile,
  parseWithSchema,
  type RandomAccessFile,
  sourceName,
} from "../../io/index.ts";
import { type ChannelLayerTile, pyramidLevels } from "../geometry/levels.ts";
import { blackTile } from "./blackTile.ts";
import { type ArchiveEntry, entryOf, parseDirectory } from "./directory.ts";
import { type ArchiveHeader, FIRST_BYTES, parseHeader } from "./header.ts";
import type { LayerMetadata } from "./merge.ts";
import { tileNumber } from "./tileOrder.ts";

/** A channel layer's tiles, one by one. Whoever opened it closes it. */
export interface LayerArchive extends AsyncDisposable {
  readonly metadata: LayerMetadata;
  /**
   * A tile as a grey JPEG of 256 x 256 pixels; black where nothing was imaged.
   *
   * @throws {VitrineError} range: no such level, row or column; format: a damaged archive
   */
  readTile(place: ChannelLayerTile): Promise<Uint8Array>;
  /** Whether the archive has bytes of a tile. @throws {VitrineError} as `readTile` */
  hasTile(place: ChannelLayerTile): Promise<boolean>;
  close(): Promise<void>;
}

/** Further directories that are kept. */
const KEPT_LEAVES = 64;

const count = z.int().min(1);
const LEVEL = z.strictObject({ height: count, width: count, tileRows: count, tileColumns: count });
const METADATA = z.object({
  name: z.string(),
  vitrine: z.strictObject({
    height: count,
    width: count,
    tileSize: count,
    levels: z.array(LEVEL).min(1),
    minIntensity: z.number(),
    maxIntensity: z.number(),
    channel: z.string(),
    tpoint: z.int(),
    zplane: z.int(),
    missing: z.array(z.string()).optional(),
  }),
});

/**
 * Opens the archive of a channel layer, a path or, in a page, an address.
 *
 * @throws {VitrineError} missing: no such file; format, unsupported: no archive of a layer; storage
 */
export async function openLayerArchive(source: FileSource): Promise<LayerArchive> {
  const file = await openFile(source);
  try {
    const first = await file.read(0, Math.min(FIRST_BYTES, file.size));
    const header = parseHeader(first, file.name);
    const { offset, length } = header.metadata;
    return new Archive(file, header, parseMetadata(await file.read(offset, length), file.name));
  } catch (error) {
    await file.close();
    throw error;
  }
}

function parseMetadata(packed: Uint8Array, at: string): LayerMetadata {
  const text = unpackedText(packed, at);
  const { name, vitrine } = parseWithSchema(JSON.parse(text), METADATA, `${at} metadata`);
  const { missing, ...rest } = vitrine;
  const { height, width, levels } = rest;
  if (JSON.stringify(pyramidLevels({ height, width })) !== JSON.stringify(levels))
    throw new VitrineError({ code: "format", at, expected: "the levels of its size", found: "others" });
  return { name, ...rest, ...(missing !== undefined && { missing }) };
}

function unpackedText(packed: Uint8Array, at: string): string {
  try {
    return new TextDecoder().decode(gunzipSync(packed));
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : "others";
    throw new VitrineError(
      { code: "format", at: `${at} metadata`, expected: "bytes packed by gzip", found },
      { cause },
    );
  }
}

class Archive implements LayerArchive {
  readonly metadata: LayerMetadata;
  readonly #file: RandomAccessFile;
  readonly #header: ArchiveHeader;
  #root: Promise<ArchiveEntry[]> | undefined;
  /** In the order of their last use. */
  readonly #leaves = new Map<number, Promise<ArchiveEntry[]>>();
  readonly #black = blackTile();

  constructor(file: RandomAccessFile, header: ArchiveHeader, metadata: LayerMetadata) {
    this.#file = file;
    this.#header = header;
    this.metadata = metadata;
  }

  async readTile(place: ChannelLayerTile): Promise<Uint8Array> {
    const entry = await this.#find(place);
    if (entry === undefined) return this.#black.slice();
    return this.#file.read(this.#header.tiles.offset + entry.offset, entry.length);
  }

  async hasTile(place: ChannelLayerTile): Promise<boolean> {
    return (await this.#find(place)) !== undefined;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #find(place: ChannelLayerTile): Promise<ArchiveEntry | undefined> {
    const { levels } = this.metadata;
    requirePlace(place, this.metadata, this.#file.name);
    const tile = tileNumber(levels.length - 1 - place.level, place.column, place.row);
    const { root, leaves } = this.#header;
    this.#root ??= this.#directory(root.offset, root.length);
    const entry = entryOf(await this.#root, tile);
    if (entry === undefined || entry.run > 0) return entry;
    const leaf = await this.#leaf(leaves.offset + entry.offset, entry.length);
    return entryOf(leaf, tile);
  }

  #leaf(offset: number, length: number): Promise<ArchiveEntry[]> {
    const leaf = this.#leaves.get(offset) ?? this.#directory(offset, length);
    this.#leaves.delete(offset);
    this.#leaves.set(offset, leaf);
    const [oldest] = this.#leaves.keys();
    if (this.#leaves.size > KEPT_LEAVES) this.#leaves.delete(oldest);
    return leaf;
  }

  async #directory(offset: number, length: number): Promise<ArchiveEntry[]> {
    return parseDirectory(await this.#file.read(offset, length), `${sourceName(this.#file.name)} directory`);
  }
}

function requirePlace({ level, row, column }: ChannelLayerTile, { levels }: LayerMetadata, at: string): void {
  const found = levels[level];
  if (found !== undefined && row >= 0 && column >= 0 && row < found.tileRows && column < found.tileColumns)
    if (Number.isInteger(row) && Number.isInteger(column)) return;
  throw new VitrineError({
    code: "range",
    at: `${at} tile`,
    expected: found
      ? `a row below ${found.tileRows} and a column below ${found.tileColumns}`
      : `a level below ${levels.length}`,
    found: found ? `row ${row}, column ${column}` : `${level}`,
  });
}
