import { cachedIterable, lazyIterable } from "../lazyIterable.ts";
import { tilesInOrder } from "./gridOrder.ts";
import type { GridPlan, TiledPlan } from "./gridSchema.ts";
import { polygonTiles } from "./polygonGrid.ts";
import { randomPoints } from "./randomPoints.ts";
import { countSteps, tilesAcross } from "./tileCount.ts";
import type { Point } from "./traversal.ts";

/** The points of a grid or of a plan of points. */
export interface GridPoints {
  readonly points: Iterable<Point>;
  /** Whether they count from the position. */
  readonly isRelative: boolean;
}

/**
 * The points of a plan in the order of their visit.
 *
 * @param seed  for random points whose plan has none
 * @throws {VitrineError} range: an overlap that leaves no step from tile to tile; format: a polygon that crosses itself
 * Source: useq-schema 0.9.2, `GridFromEdges`, `GridRowsColumns`, `GridWidthHeight`, `GridFromPolygon`, `RandomPoints`.
 */
export function gridPoints(plan: GridPlan, seed: number, at: string): GridPoints {
  if ("vertices" in plan) return { points: polygonTiles(plan, at), isRelative: false };
  if ("num_points" in plan) {
    return { points: cachedIterable(() => randomPoints(plan, plan.random_seed ?? seed)), isRelative: true };
  }
  if ("rows" in plan || "width" in plan || "top" in plan) return tiledPoints(plan, at);
  return { points: [[plan.x ?? 0, plan.y ?? 0]], isRelative: true };
}

type RectangularPlan = Exclude<TiledPlan, { vertices: unknown }>;

/** The top left tile's centre, the steps from tile to tile, and how many there are. */
interface Grid {
  readonly rows: number;
  readonly columns: number;
  readonly origin: Point;
}

function tiledPoints(plan: RectangularPlan, at: string): GridPoints {
  const [dx, dy] = tileSteps(plan);
  const { rows, columns, origin } = gridOf(plan, [dx, dy], at);
  const points = lazyIterable(function* (): Generator<Point> {
    for (const [row, column] of tilesInOrder(rows, columns, plan.mode ?? "row_wise_snake")) {
      yield [origin[0] + column * dx, origin[1] - row * dy];
    }
  });
  return { points, isRelative: !("top" in plan) };
}

/** From tile to tile, µm; a field of view that is left out is 1 µm, as in useq. */
function tileSteps({ fov_width, fov_height, overlap = [0, 0] }: TiledPlan): Point {
  const width = fov_width || 1;
  const height = fov_height || 1;
  return [width - (width * overlap[0]) / 100, height - (height * overlap[1]) / 100];
}

function gridOf(plan: RectangularPlan, [dx, dy]: Point, at: string): Grid {
  if ("top" in plan) {
    const { top, bottom, left, right, fov_width: width, fov_height: height } = plan;
    return {
      rows: tilesAcross({ span: Math.abs(top - bottom), fov: height, step: dy }, at),
      columns: tilesAcross({ span: Math.abs(right - left), fov: width, step: dx }, at),
      origin: [Math.min(left, right) + (width ?? 0) / 2, Math.max(top, bottom) - (height ?? 0) / 2],
    };
  }
  const [rows, columns] =
    "rows" in plan
      ? [plan.rows, plan.columns]
      : [countSteps(plan.height, dy, at), countSteps(plan.width, dx, at)];
  if (plan.relative_to === "top_left") return { rows, columns, origin: [0, 0] };
  return { rows, columns, origin: [-((columns - 1) * dx) / 2, ((rows - 1) * dy) / 2] };
}
