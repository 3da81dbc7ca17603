import { type PixelSize, TILE_SIZE } from "../geometry/levels.ts";

/** Square blocks have at most this side: 16 tiles of 256, of which one is left four levels on. */
const BLOCK_SIDE = 4096;

/** Lowest band, in tiles: three levels, so that what is left to the next phase fits into memory. */
const LEAST_TILES = 4;

/** Levels that one visit of an image's blocks makes, where they begin, and how large its blocks are at most. */
export interface DeepZoomPhase {
  /** 0 is full resolution. */
  readonly first: number;
  readonly count: number;
  readonly block: PixelSize;
}

/** Sizes of all levels of DeepZoom, full resolution first, down to one pixel: each half of the one before, rounded up. */
export function deepZoomLevels(full: PixelSize): PixelSize[] {
  const sizes = [full];
  for (;;) {
    const { height, width } = sizes[sizes.length - 1];
    if (height === 1 && width === 1) return sizes;
    sizes.push({ height: Math.ceil(height / 2), width: Math.ceil(width / 2) });
  }
}

/**
 * As many levels at a time as a block leaves, until all that are left come from one block.
 *
 * @param chunk  of the full resolution, as it lies in the file: blocks are bands where chunks are as wide as the image, so that each is read once
 */
export function deepZoomPhases(sizes: readonly PixelSize[], chunk: PixelSize): DeepZoomPhase[] {
  const phases: DeepZoomPhase[] = [];
  for (let first = 0; first < sizes.length; ) {
    const size = sizes[first];
    const block = first === 0 ? blockOf(size, chunk) : { height: BLOCK_SIDE, width: BLOCK_SIDE };
    const isOneBlock = size.height <= block.height && size.width <= block.width;
    const count = isOneBlock ? sizes.length - first : Math.log2(block.height / TILE_SIZE) + 1;
    phases.push({ first, count, block });
    first += count;
  }
  return phases;
}

/** A square, or a band of about as many pixels. */
function blockOf({ width }: PixelSize, chunk: PixelSize): PixelSize {
  const square = { height: BLOCK_SIDE, width: BLOCK_SIDE };
  if (chunk.width < width || width <= BLOCK_SIDE) return square;
  const tiles = 2 ** Math.floor(Math.log2(BLOCK_SIDE ** 2 / width / TILE_SIZE));
  return tiles < LEAST_TILES ? square : { height: tiles * TILE_SIZE, width };
}
