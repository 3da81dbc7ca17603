import { VitrineError } from "../../core/index.ts";
import type { CorrectionKind } from "./correctionMaps.ts";

/** Pixels of a block and what is made of them. */
export interface TilesSize {
  readonly width: number;
  readonly height: number;
  /** Of the pixels that are set; 16-bit ones become 8-bit through a table of 65,536 entries. */
  readonly type: "uint8" | "uint16";
  /** Levels that are made: the block itself and each of half the size of the one before. 1 or more. */
  readonly levels: number;
  /** Width and height of a tile, a multiple of 8. Default 256. */
  readonly tileSize?: number;
  /** Tiles at the right and lower end are as large as all others, black where the block has no pixels. Default false. */
  readonly areTilesFull?: boolean;
  /**
   * Where blocks are put together from sites: the size of the largest of them; `correction`: each pixel through a correction of its own, which all
   * sites of that size have.
   */
  readonly site?: { readonly height: number; readonly width: number; readonly correction?: CorrectionKind };
}

/** One level of a block. */
export interface TileLevel {
  readonly width: number;
  readonly height: number;
  /** Where its pixels begin in the memory of all levels, in bytes. */
  readonly offset: number;
  readonly tileRows: number;
  readonly tileColumns: number;
  /** Number of its first tile among those of all levels. */
  readonly firstTile: number;
}

/** Sizes of everything that a plan of tiles holds. */
export interface TilesLayout {
  readonly levels: readonly TileLevel[];
  readonly tileSize: number;
  readonly tiles: number;
  /** Of all levels' 8-bit pixels. */
  readonly pixelBytes: number;
  /** Room of one tile's file. */
  readonly room: number;
}

/**
 * Baseline JPEG with the tables of T.81 stays below 2.3 bytes a pixel at quality 100: the coefficients of a block have the energy of its
 * pixels, and 64 equal ones cost most, 18 bits each. What is more are bytes of 255, which get a zero behind them.
 */
const BYTES_PER_PIXEL = 3;
const LARGEST_SIDE = 65_535;

/** @throws {VitrineError} range: a side, a number of levels or a tile that cannot be */
export function tilesLayout({ width, height, levels, tileSize = 256, site }: TilesSize): TilesLayout {
  requireWhole("tiles width", width, LARGEST_SIDE);
  requireWhole("tiles height", height, LARGEST_SIDE);
  requireWhole("tiles levels", levels, 17);
  requireWhole("tiles tileSize", tileSize, 4096);
  if (site !== undefined) {
    requireWhole("tiles site height", site.height, LARGEST_SIDE);
    requireWhole("tiles site width", site.width, LARGEST_SIDE);
  }
  if (tileSize % 8 !== 0) {
    throw new VitrineError({
      code: "range",
      at: "tiles tileSize",
      expected: "a multiple of 8",
      found: `${tileSize}`,
    });
  }
  const all: TileLevel[] = [];
  let [offset, firstTile] = [0, 0];
  for (let level = 0; level < levels; level++) {
    const w = Math.ceil(width / 2 ** level);
    const h = Math.ceil(height / 2 ** level);
    const [tileRows, tileColumns] = [Math.ceil(h / tileSize), Math.ceil(w / tileSize)];
    all.push({ width: w, height: h, offset, tileRows, tileColumns, firstTile });
    offset += Math.ceil((w * h) / 64) * 64;
    firstTile += tileRows * tileColumns;
  }
  const room = BYTES_PER_PIXEL * tileSize ** 2 + 4096;
  return { levels: all, tileSize, tiles: firstTile, pixelBytes: offset, room };
}

function requireWhole(at: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: `a whole number from 1 to ${most}`,
    found: `${value}`,
  });
}
