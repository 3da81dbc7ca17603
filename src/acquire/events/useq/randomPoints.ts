import { mersenneTwister } from "../../../core/index.ts";
import { cosSin } from "./doubleDouble.ts";
import type { RandomPlan } from "./gridSchema.ts";
import { nearestNeighbours, type Point, twoOpt } from "./traversal.ts";

/** Draws that useq spends at most on points that must not overlap. */
const MAX_DRAWS = 10000;

type Uniform = () => number;

/**
 * Points in a box or ellipse around (0, 0), µm, in the order of their visit. With a seed they are those of useq and numpy.
 * Where too little room is left for points that must not overlap, they are fewer.
 *
 * Source: useq-schema 0.9.2, `RandomPoints`.
 */
export function randomPoints(plan: RandomPlan, seed: number): readonly Point[] {
  const uniform = mersenneTwister(seed);
  const start = plan.start_at ?? 0;
  const first: Point[] = typeof start === "number" ? [] : [[start.x ?? 0, start.y ?? 0]];
  const points = drawPoints(plan, first, uniform);
  const startAt = typeof start === "number" ? Math.min(start, plan.num_points - 1, points.length - 1) : 0;
  if (points.length <= 2) return points;
  switch (plan.order === undefined ? "two_opt" : plan.order) {
    case "two_opt":
      return twoOpt(points, startAt);
    case "nearest_neighbor":
      return nearestNeighbours(points, startAt);
    case "random":
      return shuffled(points, uniform);
    default:
      return points;
  }
}

function drawPoints(plan: RandomPlan, first: Point[], uniform: Uniform): readonly Point[] {
  const { num_points: count, fov_width: width, fov_height: height } = plan;
  const missing = count - first.length;
  const draw = () => Array.from({ length: missing }, () => drawPoint(plan, uniform));
  if (plan.allow_overlap !== false || width == null || height == null) return [...first, ...draw()];
  const points = first;
  for (let draws = 0; draws < MAX_DRAWS && points.length < count; draws += missing) {
    for (const [x, y] of draw()) {
      const overlaps = points.some(([px, py]) => Math.abs(x - px) < width && Math.abs(y - py) < height);
      if (!overlaps && points.length < count) points.push([x, y]);
    }
  }
  return points;
}

function drawPoint(
  { shape, max_width: width = 1, max_height: height = 1 }: RandomPlan,
  uniform: Uniform,
): Point {
  const x = uniform();
  const y = uniform();
  if (shape === "rectangle") return [x * width - width / 2, y * height - height / 2];
  const [cos, sin] = cosSin(uniform() * 2 * Math.PI);
  return [x * ((width / 2) * cos), y * ((height / 2) * sin)];
}

/** Fisher & Yates. useq shuffles from a source that nobody can seed, so the order is not useq's. */
function shuffled(points: readonly Point[], uniform: Uniform): readonly Point[] {
  const route = [...points];
  for (let i = route.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [route[i], route[j]] = [route[j], route[i]];
  }
  return route;
}
