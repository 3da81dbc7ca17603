import type { Pool } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { openWritable, removeFile } from "../../io/essentials.ts";
import { hilbertIndex } from "../archive/tileOrder.ts";
import { formatPackIndex, type PackedTile } from "../archive/tilePack.ts";
import { type PixelOffset, type PixelSize, TILE_SIZE } from "../geometry/levels.ts";
import { type PlacedPixels, pastePixels } from "../geometry/paste.ts";
import { createTiles, type EncodedTile, type TilesPlan } from "../kernels/index.ts";
import type { TilesBatch } from "./batch.ts";
import { halve, type TilePixels } from "./pixels.ts";

/** A block of a batch. Its box is in pixels of the batch's first level. */
interface PlacedBlock {
  readonly row: number;
  readonly column: number;
  readonly box: PixelOffset & PixelSize;
  /** What of it shows something: boxes in pixels of the first level. Tiles beside them are not stored. */
  readonly touched: readonly (PixelOffset & PixelSize)[];
}

/** A block that is put together already. */
export interface PixelsBlock extends PlacedBlock {
  readonly pixels: TilePixels;
}

/** A block that the encoder puts together from sites of one size, each corrected on its way, the later on top. */
export interface SitesBlock extends PlacedBlock {
  readonly sites: readonly PlacedPixels<Uint16Array>[];
}

/** What is encoded. */
export type ComposedBlock = PixelsBlock | SitesBlock;

/** What {@link encodeBlocks} takes beside the blocks. */
export interface EncodeOptions {
  readonly pool: Pool;
  readonly batch: Pick<TilesBatch, "layer" | "level" | "levels">;
  /** What 16-bit values become; left out where pixels have 8 bits. */
  readonly table: Uint8Array | undefined;
  /** What `correctionTable` makes, for blocks of sites. */
  readonly correction?: { readonly table: Float64Array; readonly site: PixelSize };
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
 * @throws {VitrineError} aborted; storage: the disk is full, say; whatever `blocks` throw
 */
export async function encodeBlocks(
  blocks: AsyncIterable<ComposedBlock>,
  options: EncodeOptions,
): Promise<EncodedBlocks> {
  const tiles: PackedTile[] = [];
  const reduced: Uint8Array[] = [];
  const plans = new Map<string, TilesPlan>();
  const file = await openWritable(options.path, { create: true });
  let end = 0;
  let isWhole = false;
  try {
    for await (const block of ahead(blocks)) {
      const { encoded, last } = await encodeBlock(block, plans, options);
      reduced.push(last);
      const pieces: Uint8Array[] = [];
      for (const { tile, bytes } of packed(block, encoded, options.batch)) {
        tiles.push(tile);
        if (tile.length > 0) pieces.push(bytes);
      }
      await file.write(pieces, end);
      for (const { length } of pieces) end += length;
      options.onBlock?.();
    }
    isWhole = true;
  } finally {
    await file.close();
    // on a full disk it would leave no room for the word that says so
    if (!isWhole) await removeFile(options.path);
    for (const plan of plans.values()) plan.dispose();
  }
  return { index: formatPackIndex(tiles), reduced: joined(reduced), tiles: tiles.length };
}

/** Asks for the next while the one before is worked on. */
async function* ahead<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = iterator.next();
      next.catch(() => undefined); // told when it is waited for
      yield value;
    }
  } finally {
    await next.catch(() => undefined);
    await iterator.return?.();
  }
}

async function encodeBlock(
  block: ComposedBlock,
  plans: Map<string, TilesPlan>,
  options: EncodeOptions,
): Promise<{ readonly encoded: readonly EncodedTile[]; readonly last: Uint8Array }> {
  const { batch, signal } = options;
  const run = signal === undefined ? {} : { signal };
  const plan = planOf(block.box, plans, options);
  if ("pixels" in block) plan.set("pixels", block.pixels);
  else
    for (const { y, x, data } of block.sites) {
      plan.set("site", data);
      await plan.run({ place: { y: y - block.box.y, x: x - block.box.x } }, run);
    }
  const encoded = await plan.run({ quality: batch.layer.quality }, run);
  const { height, width } = block.box;
  const shrunk = 2 ** (batch.levels - 1);
  const size = { height: Math.ceil(height / shrunk), width: Math.ceil(width / shrunk) };
  const last = new Uint8Array(size.height * size.width);
  plan.read("last", last);
  return { encoded, last: isLast(batch) ? new Uint8Array(0) : halfTile(halve(last, size), size) };
}

/** Blocks at the ends of a level are smaller: each size has a plan of its own. One with a correction is large, so that there is one at a time. */
function planOf(
  { height, width }: PixelSize,
  plans: Map<string, TilesPlan>,
  { pool, batch, table, correction }: EncodeOptions,
): TilesPlan {
  const key = `${height} ${width}`;
  const known = plans.get(key);
  if (known !== undefined) return known;
  if (correction !== undefined) {
    for (const plan of plans.values()) plan.dispose();
    plans.clear();
  }
  const type = table === undefined && correction === undefined ? "uint8" : "uint16";
  const size = { height, width, type, levels: batch.levels, areTilesFull: true } as const;
  const site = correction && { site: { ...correction.site, isCorrected: true } };
  const plan = createTiles(pool, { ...size, ...site });
  plans.set(key, plan);
  if (correction !== undefined) plan.set("correction", correction.table);
  else if (table !== undefined) plan.set("lookup", table);
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
  block: ComposedBlock,
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

function isTouched({ level, row, column }: EncodedTile, { box, touched }: ComposedBlock): boolean {
  const side = TILE_SIZE * 2 ** level;
  const [top, left] = [box.y + row * side, box.x + column * side];
  return touched.some(
    ({ y, x, height, width }) =>
      y < top + side && x < left + side && y + height > top && x + width > left && height > 0 && width > 0,
  );
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
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
