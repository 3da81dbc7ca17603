import { orient2d } from "robust-predicates";
import { divide, exactProduct, exactSum, multiply, subtract } from "./doubleDouble.ts";
import type { Point } from "./traversal.ts";

/** A straight piece of a border; the region lies to its left. */
export type Segment = readonly [from: Point, to: Point];

/** A flat region by its border: outlines counter-clockwise, holes clockwise. */
export type Region = readonly Segment[];

/** An upright rectangle. */
export interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** The region that closed corners enclose. */
export function regionOf(corners: readonly Point[]): Region {
  const left = signedArea(corners.map((corner, i) => [corner, corners[(i + 1) % corners.length]])) < 0;
  const ring = left ? corners.toReversed() : corners;
  return ring.map((corner, i) => [corner, ring[(i + 1) % ring.length]]);
}

/** Positive for an outline, negative for a hole. */
export function signedArea(border: Region): number {
  return border.reduce((sum, [[ax, ay], [bx, by]]) => sum + (ax * by - bx * ay), 0) / 2;
}

export function boundsOf(border: Region): Bounds {
  const bounds = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (const [x, y] of border.flat()) {
    bounds.left = Math.min(bounds.left, x);
    bounds.right = Math.max(bounds.right, x);
    bounds.bottom = Math.min(bounds.bottom, y);
    bounds.top = Math.max(bounds.top, y);
  }
  return bounds;
}

/** On which side of the line from a to b the point c lies: 1 left, -1 right, 0 exactly on it. */
export function sideOf(a: Point, b: Point, c: Point): number {
  // the library's y axis points down
  return Math.sign(0 - orient2d(...a, ...b, ...c));
}

/** Whether a rectangle and a region have a point in common, borders included. */
export function intersects(region: Region, tile: Bounds): boolean {
  if (region.some((segment) => segmentIntersects(segment, tile))) return true;
  return contains(region, [(tile.left + tile.right) / 2, (tile.bottom + tile.top) / 2]);
}

function segmentIntersects([a, b]: Segment, { left, right, bottom, top }: Bounds): boolean {
  if (Math.max(a[0], b[0]) < left || Math.min(a[0], b[0]) > right) return false;
  if (Math.max(a[1], b[1]) < bottom || Math.min(a[1], b[1]) > top) return false;
  const corners: readonly Point[] = [
    [left, bottom],
    [right, bottom],
    [right, top],
    [left, top],
  ];
  const sides = corners.map((corner) => sideOf(a, b, corner));
  return !(sides.every((side) => side > 0) || sides.every((side) => side < 0));
}

/** Whether a point that is not on the border lies inside. */
export function contains(region: Region, point: Point): boolean {
  return windingNumber(region, point) > 0;
}

/** How often a border goes around a point counter-clockwise. */
export function windingNumber(border: Region, point: Point): number {
  let turns = 0;
  for (const [a, b] of border) {
    if (a[1] <= point[1] && b[1] > point[1] && sideOf(a, b, point) > 0) turns++;
    if (a[1] > point[1] && b[1] <= point[1] && sideOf(a, b, point) < 0) turns--;
  }
  return turns;
}

/** Whether corners make an outline that neither crosses nor touches itself. */
export function isSimple(corners: readonly Point[]): boolean {
  const n = corners.length;
  if (n < 3) return false;
  const segment = (i: number): Segment => [corners[i % n], corners[(i + 1) % n]];
  for (let i = 0; i < n; i++) {
    if (isSpike(segment(i), segment(i + 1))) return false;
    for (let k = i + 2; k < n; k++) {
      if ((k + 1) % n !== i && segmentsIntersect(segment(i), segment(k))) return false;
    }
  }
  return true;
}

function isSpike([a, b]: Segment, [, c]: Segment): boolean {
  return sideOf(a, b, c) === 0 && (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]) < 0;
}

function segmentsIntersect([a, b]: Segment, [c, d]: Segment): boolean {
  const isApart = [0, 1].some(
    (axis) =>
      Math.max(a[axis], b[axis]) < Math.min(c[axis], d[axis]) ||
      Math.max(c[axis], d[axis]) < Math.min(a[axis], b[axis]),
  );
  if (isApart) return false;
  return sideOf(a, b, c) * sideOf(a, b, d) <= 0 && sideOf(c, d, a) * sideOf(c, d, b) <= 0;
}

/** The corners of the convex hull. Source: Andrew 1979, Inf. Process. Lett. 9:216. */
export function convexHull(points: readonly Point[]): readonly Point[] {
  const sorted = [...points].sort(([ax, ay], [bx, by]) => ax - bx || ay - by);
  return [...halfHull(sorted), ...halfHull(sorted.toReversed())];
}

function halfHull(points: readonly Point[]): readonly Point[] {
  const hull: Point[] = [];
  for (const point of points) {
    while (hull.length > 1 && sideOf(hull[hull.length - 2], hull[hull.length - 1], point) <= 0) hull.pop();
    hull.push(point);
  }
  return hull.slice(0, -1);
}

/** Where two lines, each through two points, cross, rounded once; undefined for parallel ones. */
export function lineIntersection(p: Segment, q: Segment): Point | undefined {
  const [one, two] = [lineThrough(p), lineThrough(q)];
  const w = subtract(multiply(one.x, two.y), multiply(two.x, one.y));
  if (w.hi === 0) return undefined;
  const x = divide(subtract(multiply(one.y, two.w), multiply(two.y, one.w)), w);
  const y = divide(subtract(multiply(two.x, one.w), multiply(one.x, two.w)), w);
  return [x.hi + x.lo, y.hi + y.lo];
}

/** The homogeneous coordinates of the line through two points. */
function lineThrough([[px, py], [qx, qy]]: Segment) {
  return {
    x: exactSum(py, -qy),
    y: exactSum(qx, -px),
    w: subtract(exactProduct(px, qy), exactProduct(qx, py)),
  };
}
