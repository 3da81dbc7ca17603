import { VitrineError } from "../../core/index.ts";
import type { Axes } from "../../io/index.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { MicroscopeCore } from "../microscope.ts";

/** Tiles of a field that is larger than the camera's. Pycro-Manager: `XYTiledAcquisition`. */
export interface TilingOptions {
  /** Pixels that neighbours share. */
  readonly overlapPx: number | { readonly x: number; readonly y: number };
  /** Levels of the pyramid besides full resolution; default: until one tile holds all (OME-Zarr: until both sides are at most 256). */
  readonly maxLevel?: number;
  /** OME-Zarr: the lowest row and column that will come; default 0 and 0. NDTiff takes tiles on all sides. */
  readonly first?: { readonly row: number; readonly column: number };
  /** Pixels to stage, as `getPixelSizeAffine` gives it; default: what the microscope says, else its pixel size without rotation. */
  readonly affine?: readonly number[];
  /** Stage position of the middle of tile (0, 0), µm; default: where the stage is when the acquisition opens. */
  readonly originUm?: readonly [x: number, y: number];
}

/** Where tiles lie. */
export interface TileGrid {
  readonly overlapPx: { readonly x: number; readonly y: number };
  /** Stage position of the middle of a tile, µm. */
  positionOf(row: number, column: number): readonly [xUm: number, yUm: number];
  /** Row-major 2 x 3, with the origin. */
  readonly affine: readonly number[];
}

/**
 * Lays out a grid of tiles for the camera and stage of a microscope.
 *
 * @throws {VitrineError} undeterminable: neither affine nor pixel size is known; range: an overlap of a whole tile
 */
export async function createTileGrid(core: MicroscopeCore, options: TilingOptions): Promise<TileGrid> {
  const [width, height] = [await core.getImageWidth(), await core.getImageHeight()];
  const { overlapPx: given } = options;
  const overlapPx = typeof given === "number" ? { x: given, y: given } : given;
  if (!(overlapPx.x >= 0 && overlapPx.x < width && overlapPx.y >= 0 && overlapPx.y < height))
    throw new VitrineError({
      code: "range",
      at: "tiling.overlapPx",
      expected: `0 to less than a tile of ${width} x ${height}`,
      found: `${overlapPx.x} and ${overlapPx.y}`,
    });
  const [xOrigin, yOrigin] = options.originUm ?? (await core.getXYPosition());
  const [a = 0, b = 0, , c = 0, d = 0] = options.affine ?? (await knownAffine(core));
  return {
    overlapPx,
    affine: [a, b, xOrigin, c, d, yOrigin],
    positionOf: (row, column) => {
      const x = column * (width - overlapPx.x);
      const y = row * (height - overlapPx.y);
      return [a * x + b * y + xOrigin, c * x + d * y + yOrigin];
    },
  };
}

/** An event of a tile with the stage position that its row and column stand for, unless it has one. @throws missing: no row, column */
export function withTilePosition(event: AcquisitionEvent, grid: TileGrid): AcquisitionEvent {
  const { row, col, column = col } = event.axes;
  if (typeof row !== "number" || typeof column !== "number")
    throw new VitrineError({
      code: "missing",
      at: "event of a tiled acquisition",
      expected: "axes row and column (or col), whole numbers",
      found: JSON.stringify(event.axes),
    });
  if (col !== undefined && col !== column)
    throw new VitrineError({
      code: "range",
      at: "event of a tiled acquisition",
      expected: "one column: col and column are the same axis",
      found: JSON.stringify(event.axes),
    });
  const named = col === undefined ? event : { ...event, axes: withColumn(event.axes) };
  if (event.x !== undefined || event.y !== undefined) return named;
  const [x, y] = grid.positionOf(row, column);
  return { ...named, x, y };
}

/** Pycro-Manager's older name of the axis; pyramids know one. */
function withColumn({ col, ...axes }: Axes): Axes {
  return col === undefined || axes.column !== undefined ? axes : { ...axes, column: col };
}

async function knownAffine(core: MicroscopeCore): Promise<readonly number[]> {
  const affine = await core.getPixelSizeAffine();
  if (affine.some((value) => value !== 0)) return affine;
  const pixelSizeUm = await core.getPixelSizeUm();
  if (pixelSizeUm > 0) return [pixelSizeUm, 0, 0, 0, pixelSizeUm, 0];
  throw new VitrineError({
    code: "undeterminable",
    at: "tiling.affine",
    expected: "the stage's movement per pixel",
    found: "a microscope that knows neither its affine transform nor its pixel size",
    hint: "Give tiling.affine, or set the pixel size in the microscope's configuration",
  });
}
