/** A point in the specimen, µm. */
export type Point = readonly [xUm: number, yUm: number];

/** Each point once, always the nearest that is left. Source: useq-schema 0.9.2, `_nearest_neighbor_order`. */
export function nearestNeighbours(points: readonly Point[], startAt: number): readonly Point[] {
  const left = new Set(points.keys());
  const route: Point[] = [];
  for (let next = startAt; route.length < points.length; ) {
    left.delete(next);
    const here = points[next];
    route.push(here);
    let nearest = Number.POSITIVE_INFINITY;
    for (const candidate of left) {
      const there = distance(points[candidate], here);
      if (there < nearest) {
        nearest = there;
        next = candidate;
      }
    }
  }
  return route;
}

/** Rounds end when one shortens the route by no more than this fraction. */
const MIN_RELATIVE_GAIN = 0.05;

/** Reverses stretches of the route while that shortens it (2-opt). Source: useq-schema 0.9.2, `_two_opt_order`. */
export function twoOpt(points: readonly Point[], startAt: number): readonly Point[] {
  const route = [...points.slice(startAt), ...points.slice(0, startAt)];
  const n = route.length;
  let length = route.reduce((sum, point, i) => sum + distance(point, route[(i + n - 1) % n]), 0);
  for (let gain = 1; gain > MIN_RELATIVE_GAIN; ) {
    const before = length;
    for (let i = 1; i < n - 2; i++) {
      for (let k = i + 1; k < n; k++) length += reverseIfShorter(route, i, k);
    }
    gain = 1 - length / before;
  }
  return route;
}

/** Reverses the stretch from i to k if the route is shorter then; gives the change of its length. */
function reverseIfShorter(route: Point[], i: number, k: number): number {
  const after = route[(k + 1) % route.length];
  const old = distance(route[i - 1], route[i]) + distance(route[k], after);
  const reversed = distance(route[i - 1], route[k]) + distance(route[i], after);
  if (reversed >= old) return 0;
  for (let a = i, b = k; a < b; a++, b--) [route[a], route[b]] = [route[b], route[a]];
  return reversed - old;
}

/** As numpy does it: `Math.hypot` rounds otherwise. */
function distance([ax, ay]: Point, [bx, by]: Point): number {
  const x = ax - bx;
  const y = ay - by;
  return Math.sqrt(x * x + y * y);
}
