import type { PixelSize } from "../geometry/levels.ts";

/** Blocks have at most this side: 16 tiles of 256, of which one is left four levels on. */
export const BLOCK_SIDE = 4096;

/** Levels of a block of that side, down to one tile. */
const BLOCK_LEVELS = 5;

/** Levels that one visit of an image's blocks makes, and where they begin. */
export interface DeepZoomPhase {
  /** 0 is full resolution. */
  readonly first: number;
  readonly count: number;
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

/** Five levels at a time, until all that are left come from one block. */
export function deepZoomPhases(sizes: readonly PixelSize[]): DeepZoomPhase[] {
  const phases: DeepZoomPhase[] = [];
  for (let first = 0; first < sizes.length; ) {
    const { height, width } = sizes[first];
    const isOneBlock = Math.max(height, width) <= BLOCK_SIDE;
    const count = isOneBlock ? sizes.length - first : BLOCK_LEVELS;
    phases.push({ first, count });
    first += count;
  }
  return phases;
}
