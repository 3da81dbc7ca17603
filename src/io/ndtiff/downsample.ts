/** Pixels of NDTiff. */
export type TilePixels = Uint8Array | Uint16Array;

/** A part of a tile, the ends not included; pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A tile and its place among the four that make one tile of the next level. */
export interface ChildTile {
  readonly data: TilePixels;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Pixels that are left out at the left and top: half of the overlap at full resolution, else 0. */
  readonly trim: { readonly x: number; readonly y: number };
  /** 0: left or top; 1: right or bottom. */
  readonly quadrant: { readonly x: number; readonly y: number };
}

/** A tile of the next level; all tiles below full resolution have this size. */
export interface ParentTile {
  readonly data: TilePixels;
  readonly width: number;
  readonly height: number;
}

/**
 * Averages 2 x 2 pixels of a tile into its quadrant of the tile of the next level, rounding down.
 *
 * A tile with an odd side shares its middle row or column between two quadrants: the last one written stays.
 *
 * @param region  of `child` without its trim: what has changed
 * @returns       of `parent`: what has changed
 *
 * Source: the rule of Micro-Manager's NDTiffStorage (`downsample`), with its edges.
 */
export function downsampleTile(child: ChildTile, parent: ParentTile, region: Region): Region {
  const { data, width, height, channels, trim, quadrant } = child;
  const shiftX = quadrant.x * parent.width;
  const shiftY = quadrant.y * parent.height;
  const [top, left] = [region.top - (region.top % 2), region.left - (region.left % 2)];
  for (let y = top; y < region.bottom; y += 2) {
    const row = (y + trim.y) * width;
    const down = y < height - 1 ? width * channels : 0;
    const to = ((y + shiftY) >> 1) * parent.width;
    for (let x = left; x < region.right; x += 2) {
      const across = x < width - 1 ? channels : 0;
      const from = (row + x + trim.x) * channels;
      const at = (to + ((x + shiftX) >> 1)) * channels;
      for (let c = 0; c < channels; c++) {
        const i = from + c;
        // at an edge the pixel stands for its missing neighbour: the mean of two or of one
        parent.data[at + c] = (data[i] + data[i + across] + data[i + down] + data[i + across + down]) >> 2;
      }
    }
  }
  return {
    left: (left + shiftX) >> 1,
    top: (top + shiftY) >> 1,
    right: ((lastEven(region.right) + shiftX) >> 1) + 1,
    bottom: ((lastEven(region.bottom) + shiftY) >> 1) + 1,
  };
}

/** The last even number below `end`. */
function lastEven(end: number): number {
  return end - 1 - ((end - 1) % 2);
}
