import type { Pool } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { openWritable, removeFile } from "../../io/essentials.ts";
import { hilbertIndex } from "../archive/tileOrder.ts";
import { formatPackIndex, type PackedTile } from "../archive/tilePack.ts";
import { type PixelOffset, type PixelSize, TILE_SIZE } from "../geometry/levels.ts";
import { pastePixels } from "../geometry/paste.ts";
import type { CorrectionTable } from "../illumination/correctionTable.ts";
import {
  createTiles,
  type EncodedTile,
  type RoomWork,
  type SiteRooms,
  type TilesPlan,
} from "../kernels/index.ts";
import { blockSide } from "../layers/blocks.ts";
import { quiet } from "../quiet.ts";
import type { TilesBatch } from "./batch.ts";
import { halve, type TilePixels } from "./pixels.ts";
import type { SiteImage } from "./siteReader.ts";

/** A block of a batch, as it is told when all of it is there. */
export interface PlacedBlock {
  readonly row: number;
  readonly column: number;
  /** In pixels of the batch's first level. */
  readonly box: PixelOffset & PixelSize;
  /** What of it shows something: boxes in pixels of the first level. Tiles beside them are not stored. */
  readonly touched: readonly (PixelOffset & PixelSize)[];
}

/**
 * What comes of blocks, one after the other: a block begins, gets all its pixels or sites, the later on top, and ends. `site` is good until so many
 * parts after it are asked for as {@link EncodeOptions} says.
 */
export type BlockPart =
  | { readonly kind: "begin"; readonly box: PixelOffset & PixelSize }
  | { readonly kind: "pixels"; readonly pixels: TilePixels }
  | { readonly kind: "site"; readonly site: SiteImage }
  | { readonly kind: "end"; readonly block: PlacedBlock };

/** What {@link encodeBlocks} takes beside the blocks. */
export interface EncodeOptions {
  readonly pool: Pool;
  readonly batch: Pick<TilesBatch, "layer" | "level" | "levels">;
  /** What 16-bit values become; left out where pixels have 8 bits. */
  readonly table: Uint8Array | undefined;
  /**
   * Where blocks come as sites: the size of the largest one; where all are corrected, which are of one size then, gives how, and is asked once: large
   * maps are not kept. With `rooms`, sites that lie in them are placed without a copy.
   */
  readonly sites?: {
    readonly largest: PixelSize;
    readonly correction?: () => CorrectionTable;
    readonly rooms?: SiteRooms;
  };
  /** How many parts are asked for before they are needed; default 1. A site is good until twice as many parts after it are asked for. */
  readonly ahead?: number;
  /** Where the pack goes. */
  readonly path: string;
  readonly signal?: AbortSignal;
  /** Told after each block. */
  readonly onBlock?: () => void;
}

/** What of a batch is kept beside its pack. */
export interface EncodedBlocks {
  /** As `parsePackIndex` reads it. */
  readonly index: Uint8Array;
  /** Half the last level of each block, (128, 128) each: what the phase above is made of. Empty where nothing is above. */
  readonly reduced: Uint8Array;
  readonly tiles: number;
}

/**
 * Makes all tiles of a batch's blocks and writes them, block by block as they come, into a pack.
 *
 * @throws {VitrineError} aborted; storage: the disk is full, say; whatever `parts` throw
 */
export async function encodeBlocks(
  parts: AsyncIterable<BlockPart>,
  options: EncodeOptions,
): Promise<EncodedBlocks> {
  const tiles: PackedTile[] = [];
  const reduced: Uint8Array[] = [];
  const encoder = new BlockEncoder(options);
  const file = await openWritable(options.path, { create: true });
  let end = 0;
  let isWhole = false;
  let written: Promise<void> = Promise.resolve();
  try {
    for await (const part of inAdvance(parts, options.ahead)) {
      if (part.kind !== "end") {
        await encoder.put(part);
        continue;
      }
      const { encoded, last } = await encoder.encode(part.block);
      reduced.push(last);
      const pieces: Uint8Array[] = [];
      for (const { tile, bytes } of packed(part.block, encoded, options.batch)) {
        tiles.push(tile);
        if (tile.length > 0) pieces.push(bytes);
      }
      await written;
      // while it is written, the next block is made
      written = quiet(file.write(pieces, end));
      for (const { length } of pieces) end += length;
      options.onBlock?.();
    }
    await written;
    isWhole = true;
  } finally {
    await encoder.end();
    await written.catch(() => undefined); // what went wrong is told already
    await file.close();
    // on a full disk it would leave no room for the word that says so
    if (!isWhole) await removeFile(options.path);
  }
  return { index: formatPackIndex(tiles), reduced: joined(reduced), tiles: tiles.length };
}

/** Asks for so many while the one before is worked on. */
async function* inAdvance<T>(items: AsyncIterable<T>, count = 1): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  const asked: Promise<IteratorResult<T>>[] = [];
  try {
    for (;;) {
      while (asked.length <= count) asked.push(quiet(iterator.next()));
      const next = await asked.shift();
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    await Promise.allSettled(asked);
    await iterator.return?.();
  }
}

/** One plan for all blocks of a batch: those at the ends of a level are smaller. */
class BlockEncoder {
  readonly #options: EncodeOptions;
  readonly #run: { readonly signal?: AbortSignal };
  readonly #plan: TilesPlan;
  /** The site before, which is placed while the next one is read and copied. */
  #placed: Promise<unknown> = Promise.resolve();
  /** Sites in rooms that are placed together. */
  #waiting: RoomWork[] = [];
  #box: PixelOffset & PixelSize = { y: 0, x: 0, height: 1, width: 1 };

  constructor(options: EncodeOptions) {
    this.#options = options;
    this.#run = options.signal === undefined ? {} : { signal: options.signal };
    this.#plan = planOf(options);
  }

  async put(part: Exclude<BlockPart, { readonly kind: "end" }>): Promise<void> {
    switch (part.kind) {
      case "begin":
        this.#box = part.box;
        await this.#plan.run({ block: { height: part.box.height, width: part.box.width } }, this.#run);
        return;
      case "pixels":
        this.#plan.set("pixels", part.pixels);
        return;
      case "site":
        await this.#putSite(part.site);
    }
  }

  async #putSite({ image, data }: SiteImage): Promise<void> {
    const { y, x, height, width, window } = image;
    const place = { y: y - this.#box.y, x: x - this.#box.x };
    const work = { place, site: { height, width }, ...(window !== null && { window }) };
    const { sites, ahead = 1 } = this.#options;
    if (sites?.rooms?.addressOf(data) !== undefined) {
      this.#waiting.push({ ...work, data });
      if (this.#waiting.length >= ahead) await this.#placeWaiting();
      return;
    }
    await this.#placeWaiting();
    this.#plan.set("site", data);
    await this.#placed;
    this.#placed = quiet(this.#plan.run(work, this.#run));
  }

  async #placeWaiting(): Promise<void> {
    const sites = this.#waiting;
    this.#waiting = [];
    await this.#placed;
    if (sites.length > 0) await this.#plan.run({ sites }, this.#run);
  }

  async encode({
    box: { height, width },
  }: PlacedBlock): Promise<{ readonly encoded: readonly EncodedTile[]; readonly last: Uint8Array }> {
    const { batch } = this.#options;
    await this.#placeWaiting();
    const encoded = await this.#plan.run({ quality: batch.layer.quality }, this.#run);
    const shrunk = 2 ** (batch.levels - 1);
    const size = { height: Math.ceil(height / shrunk), width: Math.ceil(width / shrunk) };
    const last = new Uint8Array(size.height * size.width);
    this.#plan.read("last", last);
    return { encoded, last: isLast(batch) ? new Uint8Array(0) : halfTile(halve(last, size), size) };
  }

  /** Gives the memory back, once nothing works in it. */
  async end(): Promise<void> {
    await this.#placed.catch(() => undefined);
    this.#plan.dispose();
  }
}

function planOf({ pool, batch, table, sites }: EncodeOptions): TilesPlan {
  const side = blockSide({ first: batch.level, count: batch.levels });
  const { height, width } = batch.layer.levels[batch.level];
  const { largest, rooms } = sites ?? {};
  const correction = sites?.correction?.();
  const plan = createTiles(pool, {
    height: Math.min(side, height),
    width: Math.min(side, width),
    type: table === undefined ? "uint8" : "uint16",
    levels: batch.levels,
    areTilesFull: true,
    ...(largest && { site: { ...largest, ...(correction && { correction: correction.kind }) } }),
    ...(rooms && { rooms }),
  });
  if (correction !== undefined) {
    plan.set("correction", correction.head);
    if (correction.offset !== undefined) plan.set("offset", correction.offset);
    plan.set("divisor", correction.divisor);
  } else if (table !== undefined) plan.set("lookup", table);
  return plan;
}

function isLast({ layer, level, levels }: EncodeOptions["batch"]): boolean {
  return level + levels === layer.levels.length;
}

function halfTile(pixels: Uint8Array, { height, width }: PixelSize): Uint8Array {
  const tile = new Uint8Array(REDUCED_SIDE ** 2);
  const source = { y: 0, x: 0, height: Math.ceil(height / 2), width: Math.ceil(width / 2), data: pixels };
  pastePixels(source, { y: 0, x: 0, height: REDUCED_SIDE, width: REDUCED_SIDE, data: tile });
  return tile;
}

/** The tiles of a block that show something, in the order of the archive, one that is the same as the one before without its bytes. */
function* packed(
  block: PlacedBlock,
  encoded: readonly EncodedTile[],
  { layer, level: first, levels }: EncodeOptions["batch"],
): Generator<{ readonly tile: PackedTile; readonly bytes: Uint8Array }> {
  for (let i = levels - 1; i >= 0; i--) {
    const level = first + i;
    const zoom = layer.levels.length - 1 - level;
    const across = 2 ** (levels - 1 - i);
    const shown = encoded
      .filter((tile) => tile.level === i && isTouched(tile, block))
      .map(({ row, column, bytes }) => {
        const place = { level, row: row + block.row * across, column: column + block.column * across };
        return { place, bytes, at: hilbertIndex(zoom, place.column, place.row) };
      })
      .sort((a, b) => a.at - b.at);
    for (const [k, { place, bytes, at }] of shown.entries()) {
      const before = shown[k - 1];
      const isSame = before?.at === at - 1 && areEqual(before.bytes, bytes);
      yield { tile: { ...place, length: isSame ? 0 : bytes.length }, bytes };
    }
  }
}

function isTouched({ level, row, column }: EncodedTile, { box, touched }: PlacedBlock): boolean {
  const side = TILE_SIZE * 2 ** level;
  const [top, left] = [box.y + row * side, box.x + column * side];
  return touched.some(
    ({ y, x, height, width }) =>
      y < top + side && x < left + side && y + height > top && x + width > left && height > 0 && width > 0,
  );
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Side of what a block leaves to the phase above: half a tile. */
export const REDUCED_SIDE = TILE_SIZE / 2;

/** One block's part of {@link EncodedBlocks.reduced}: (128, 128), 0 where its level ends before. @throws {VitrineError} format: it is not there */
export function reducedPart(reduced: Uint8Array, part: number, at: string): Uint8Array {
  const bytes = REDUCED_SIDE ** 2;
  if (reduced.length >= (part + 1) * bytes) return reduced.subarray(part * bytes, (part + 1) * bytes);
  const expected = `at least ${(part + 1) * bytes} bytes`;
  throw new VitrineError({ code: "format", at, expected, found: `${reduced.length}` });
}
