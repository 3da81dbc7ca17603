import { VitrineError } from "../../../core/index.ts";
import { cachedIterable } from "../lazyIterable.ts";
import { tilesInOrder } from "./gridOrder.ts";
import type { PolygonPlan } from "./gridSchema.ts";
import { offsetRegion } from "./offsetRegion.ts";
import { boundsOf, convexHull, intersects, isSimple, type Region, regionOf } from "./region.ts";
import { tilesAcross } from "./tileCount.ts";
import type { Point } from "./traversal.ts";

/**
 * The centres of the tiles that intersect a polygon, in the order of their visit, µm.
 *
 * @throws {VitrineError} format: an outline that crosses or touches itself
 * Source: useq-schema 0.9.2, `GridFromPolygon`.
 */
export function polygonTiles(plan: PolygonPlan, at: string): Iterable<Point> {
  const region = regionOfPlan(plan, at);
  return region.length === 0 ? [] : cachedIterable(() => tilesOn(region, plan, at));
}

function regionOfPlan({ vertices, offset, convex_hull }: PolygonPlan, at: string): Region {
  const corners = vertices.filter(([x, y], i) => {
    const [nextX, nextY] = vertices[(i + 1) % vertices.length];
    return x !== nextX || y !== nextY;
  });
  if (!isSimple(corners)) {
    throw new VitrineError({
      code: "format",
      at: `${at} vertices`,
      expected: "an outline that neither crosses nor touches itself",
      found: "one that does",
      hint: "Put the corners in the order in which they follow each other",
    });
  }
  const region = regionOf(corners);
  const grown = offset == null || offset === 0 ? region : offsetRegion(region, offset);
  return convex_hull && grown.length > 0 ? regionOf(convexHull(grown.flat())) : grown;
}

function tilesOn(region: Region, plan: PolygonPlan, at: string): readonly Point[] {
  const { overlap = [0, 0], mode = "row_wise_snake" } = plan;
  const width = plan.fov_width || 1;
  const height = plan.fov_height || 1;
  const dx = width * (1 - overlap[0] / 100);
  const dy = height * (1 - overlap[1] / 100);
  const { left, right, bottom, top } = boundsOf(region);
  const columns = tilesAcross({ span: right - left, fov: width, step: dx }, at);
  const rows = tilesAcross({ span: top - bottom, fov: height, step: dy }, at);
  const tiles: Point[] = [];
  for (const [row, column] of tilesInOrder(rows, columns, mode)) {
    const [x, y] = [left + width / 2 + column * dx, top - height / 2 - row * dy];
    const tile = { left: x - width / 2, right: x + width / 2, bottom: y - height / 2, top: y + height / 2 };
    if (intersects(region, tile)) tiles.push([x, y]);
  }
  return tiles;
}
