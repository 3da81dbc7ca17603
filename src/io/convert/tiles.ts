import type { Dataset } from "../dataset/dataset.ts";
import type { OmeZarrTiling } from "../omezarr/tiling.ts";

/**
 * How the images of a dataset join to larger ones: all are alike, have a row and a column, and the dataset says how far they
 * overlap. Undefined where one of these is not so.
 */
export function tilingOf(dataset: Dataset): OmeZarrTiling | undefined {
  const { GridPixelOverlapX: x, GridPixelOverlapY: y } = dataset.summaryMetadata;
  if (!isCount(x) || !isCount(y)) return undefined;
  const all = dataset.imageCoordinates();
  const [rows, columns] = ["row", "column"].map((axis) => all.map((axes) => axes[axis]).filter(isWhole));
  if (all.length === 0 || rows.length < all.length || columns.length < all.length) return undefined;
  const layouts = all.map((axes) => dataset.imageLayout(axes));
  const [{ width, height }] = layouts;
  const kinds = new Set(layouts.map((one) => [one.width, one.height, one.channels, one.dtype].join(" ")));
  if (kinds.size > 1 || x >= width || y >= height) return undefined;
  return { overlapPx: { x, y }, first: { row: lowest(rows), column: lowest(columns) } };
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isCount(value: unknown): value is number {
  return isWhole(value) && value >= 0;
}

function lowest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value));
}
