/** Which tiles a stage needs, and what is drawn in place of those that are not there yet. */
import type { LevelFacts } from "../../scene/api.ts";

/** A tile of a level; level 0 is full resolution, each level half of the last one. */
export interface TileIndex {
  readonly level: number;
  readonly row: number;
  readonly column: number;
}

/** Left, top, right and bottom. */
export type TileBox = readonly [left: number, top: number, right: number, bottom: number];

/** A part of a tile in its place. */
export interface PlacedTile {
  readonly tile: TileIndex;
  /** Where it is drawn, pixels of full resolution. */
  readonly box: TileBox;
  /** What of it, pixels of its level from the tile's corner. */
  readonly part: TileBox;
}

/** Levels of an image, and the side of its tiles, pixels. */
export interface TileGrid {
  readonly levels: readonly LevelFacts[];
  readonly tileSize: number;
}

/** Levels below the one that is wanted whose tiles stand in for it: a zoom outwards finds them there. */
const FINER = 2;

/** The level that has about as many pixels as the screen. @param zoom  log2 of screen pixels a pixel */
export function levelAt({ levels }: TileGrid, zoom: number): number {
  return Math.min(levels.length - 1, Math.max(0, Math.round(-zoom)));
}

/** The tiles of a level that meet a part of the image, those in its middle first. */
export function tilesWithin(
  { levels, tileSize }: TileGrid,
  level: number,
  [left, top, right, bottom]: TileBox,
): TileIndex[] {
  const side = tileSize * 2 ** level;
  const { width, height } = levels[level];
  const range = (from: number, to: number, length: number) => {
    const first = Math.max(0, Math.floor(from / side));
    const last = Math.min(Math.ceil(length / tileSize) - 1, Math.ceil(to / side) - 1);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  };
  const columns = range(left, right, width);
  const [x, y] = [(left + right) / (2 * side) - 0.5, (top + bottom) / (2 * side) - 0.5];
  return range(top, bottom, height)
    .flatMap((row) => columns.map((column) => ({ level, row, column })))
    .sort((a, b) => Math.hypot(a.column - x, a.row - y) - Math.hypot(b.column - x, b.row - y));
}

/**
 * What is drawn where a tile belongs: the tile; else four of a finer level, where all are there; else the part of the nearest coarser one; else
 * nothing. No pixel is drawn twice.
 */
export function placed(grid: TileGrid, tile: TileIndex, isThere: (tile: TileIndex) => boolean): PlacedTile[] {
  if (isThere(tile)) return [partOf(grid, tile, tile)];
  const finer = finerOf(grid, tile, isThere, FINER);
  if (finer !== undefined) return finer;
  for (let level = tile.level + 1; level < grid.levels.length; level++) {
    const step = 2 ** (level - tile.level);
    const coarser = { level, row: Math.floor(tile.row / step), column: Math.floor(tile.column / step) };
    if (isThere(coarser)) return [partOf(grid, coarser, tile)];
  }
  return [];
}

function finerOf(
  grid: TileGrid,
  { level, row, column }: TileIndex,
  isThere: (tile: TileIndex) => boolean,
  depth: number,
): PlacedTile[] | undefined {
  if (depth === 0 || level === 0) return undefined;
  const found: PlacedTile[] = [];
  for (const [down, right] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const) {
    const tile = { level: level - 1, row: 2 * row + down, column: 2 * column + right };
    if (!isWithin(grid, tile)) continue;
    const parts = isThere(tile) ? [partOf(grid, tile, tile)] : finerOf(grid, tile, isThere, depth - 1);
    if (parts === undefined) return undefined;
    found.push(...parts);
  }
  return found;
}

function isWithin({ levels, tileSize }: TileGrid, { level, row, column }: TileIndex): boolean {
  const { width, height } = levels[level];
  return column * tileSize < width && row * tileSize < height;
}

/** The part of a tile, or of one above it, that fills the place of `place`. */
function partOf({ levels, tileSize }: TileGrid, tile: TileIndex, place: TileIndex): PlacedTile {
  const side = tileSize * 2 ** place.level;
  const { width, height } = levels[0];
  const [left, top] = [place.column * side, place.row * side];
  const box = [left, top, Math.min(width, left + side), Math.min(height, top + side)] as const;
  const scale = 2 ** tile.level;
  const [x, y] = [tile.column * tileSize, tile.row * tileSize];
  const part = [box[0] / scale - x, box[1] / scale - y, box[2] / scale - x, box[3] / scale - y] as const;
  return { tile, box, part };
}
