import { type PixelOffset, type PixelSize, TILE_SIZE, tileSpans } from "./levels.ts";
import type { PlacedImage } from "./map.ts";

/** A tile of level 0 that sites touch, and which: in the order of the sites, so that of overlapping ones the later lies on top. */
export interface TouchedTile {
  readonly row: number;
  readonly column: number;
  readonly sites: readonly PlacedImage[];
}

/**
 * The tiles of level 0 that sites touch, row by row; those between wells are not among them. Each is made once from all its sites, so that
 * no pixel is lost where sites are missing, overlap or lie closer than a tile.
 */
export function touchedTiles(sites: readonly PlacedImage[]): TouchedTile[] {
  const tiles = new Map<string, { row: number; column: number; sites: PlacedImage[] }>();
  for (const site of sites) {
    for (const { index: row } of tileSpans(site.y, site.height)) {
      for (const { index: column } of tileSpans(site.x, site.width)) {
        const key = `${row} ${column}`;
        const tile = tiles.get(key) ?? { row, column, sites: [] };
        tile.sites.push(site);
        tiles.set(key, tile);
      }
    }
  }
  return [...tiles.values()].sort((a, b) => a.row - b.row || a.column - b.column);
}

/** Pixels with their place. */
export interface PlacedPixels<Pixels extends Uint8Array | Uint16Array> extends PixelOffset, PixelSize {
  /** (height, width) */
  readonly data: Pixels;
}

/** Copies what two images share from one into the other; both places are on the same map. */
export function pastePixels<Pixels extends Uint8Array | Uint16Array>(
  source: PlacedPixels<Pixels>,
  target: PlacedPixels<Pixels>,
): void {
  const [top, left] = [Math.max(source.y, target.y), Math.max(source.x, target.x)];
  const bottom = Math.min(source.y + source.height, target.y + target.height);
  const right = Math.min(source.x + source.width, target.x + target.width);
  if (right <= left) return;
  for (let y = top; y < bottom; y++) {
    const from = (y - source.y) * source.width + left - source.x;
    const row = source.data.subarray(from, from + right - left);
    target.data.set(row, (y - target.y) * target.width + left - target.x);
  }
}

/** An empty tile of level 0 with its place on the map, to paste into. */
export function emptyTile(row: number, column: number): PlacedPixels<Uint8Array> {
  const size = { height: TILE_SIZE, width: TILE_SIZE };
  return { y: row * TILE_SIZE, x: column * TILE_SIZE, ...size, data: new Uint8Array(TILE_SIZE ** 2) };
}
