import type { Axes, ImageLayout } from "../../core/index.ts";
import { imageBytes, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { TileIndex } from "./imageGroups.ts";

/** How images become tiles of larger ones. */
export interface OmeZarrTiling {
  /** Pixels that neighbouring tiles share; half of it is cut from each side of a tile. */
  readonly overlapPx: { readonly x: number; readonly y: number };
  /** The lowest row and column that may come (default 0 and 0): arrays grow at their ends alone. */
  readonly first?: { readonly row: number; readonly column: number };
}

/** More would be a pixel without tiles. */
const MOST_LEVELS = 32;

/** Tiles along a side. */
const MOST_TILES = 2 ** 16;

/** A tile is one chunk. */
const LARGEST_TILE_BYTES = 2 ** 30;

/** @throws {VitrineError} range: levels, overlap or first tile that are no such numbers */
export function checkTiling({ maxLevel = 0, tiling }: { maxLevel?: number; tiling?: OmeZarrTiling }): void {
  requireKnownOptions("createOmeZarr tiling", tiling, { overlapPx: true, first: true });
  const { overlapPx = { x: 0, y: 0 }, first = { row: 0, column: 0 } } = tiling ?? {};
  const most = "a whole number, 0 or more";
  const counted = { maxLevel, "tiling.overlapPx.x": overlapPx.x, "tiling.overlapPx.y": overlapPx.y };
  for (const [name, value] of Object.entries(counted)) {
    if (Number.isSafeInteger(value) && value >= 0 && (name !== "maxLevel" || value <= MOST_LEVELS)) continue;
    throw wrong(name, name === "maxLevel" ? `a whole number from 0 to ${MOST_LEVELS}` : most, value);
  }
  for (const [name, value] of Object.entries({ row: first.row, column: first.column }))
    if (!Number.isSafeInteger(value)) throw wrong(`tiling.first.${name}`, "a whole number", value);
}

function wrong(name: string, expected: string, value: number): VitrineError {
  return new VitrineError({ code: "range", at: `createOmeZarr ${name}`, expected, found: String(value) });
}

/** What tiles of one store have in common. */
export class TileRules {
  /** Axes that tiles have and the image that they become has not. */
  readonly axes = ["row", "column"];
  readonly #at: string;
  readonly #tiling: OmeZarrTiling;
  #layout: ImageLayout | undefined;

  constructor(at: string, tiling: OmeZarrTiling) {
    this.#at = at;
    this.#tiling = tiling;
  }

  /** @throws {VitrineError} missing: no row or column; range: one below the first; shape: a tile unlike the first one */
  check(axes: Axes, layout: ImageLayout, at: string): void {
    this.indexOf(axes);
    const { x, y } = this.#tiling.overlapPx;
    if (x >= layout.width || y >= layout.height)
      throw unfit(at, `more than the overlap of ${x} x ${y} pixels`, layout);
    if (imageBytes(layout) > LARGEST_TILE_BYTES) throw unfit(at, "at most 1 GiB a tile", layout);
    this.#layout ??= layout;
    if (described(layout) !== described(this.#layout))
      throw unfit(at, `${described(this.#layout)}, as the first tile`, layout);
  }

  /** Where a tile lies in the array. @throws {VitrineError} missing, range */
  indexOf(axes: Axes): TileIndex {
    const { row, column } = this.#tiling.first ?? { row: 0, column: 0 };
    return [this.#index(axes, "row", row), this.#index(axes, "column", column)];
  }

  /** Pixels of the joined image that lie before its first one. */
  originOf({ width, height }: ImageLayout): { readonly x: number; readonly y: number } {
    const { overlapPx, first = { row: 0, column: 0 } } = this.#tiling;
    return { x: first.column * (width - overlapPx.x), y: first.row * (height - overlapPx.y) };
  }

  #index(axes: Axes, name: "row" | "column", first: number): number {
    const value = axes[name];
    const at = `${this.#at} tile axes.${name}`;
    if (typeof value !== "number" || !Number.isSafeInteger(value)) {
      const found = value === undefined ? "none" : JSON.stringify(value);
      const hint = "Tiles have the axes row and column";
      throw new VitrineError({ code: "missing", at, expected: "a whole number", found, hint });
    }
    if (value >= first + MOST_TILES)
      throw new VitrineError({
        code: "range",
        at,
        expected: `below ${first + MOST_TILES}`,
        found: String(value),
      });
    if (value >= first) return value - first;
    throw new VitrineError({
      code: "range",
      at,
      expected: `${first} or more`,
      found: String(value),
      hint: "An OME-Zarr grows at its end alone: give the lowest row and column as `tiling.first`, or write NDTiff",
    });
  }
}

function described({ width, height, channels, dtype }: ImageLayout): string {
  return `${width} x ${height} x ${channels} ${dtype}`;
}

function unfit(at: string, expected: string, layout: ImageLayout): VitrineError {
  return new VitrineError({ code: "shape", at, expected, found: described(layout) });
}
