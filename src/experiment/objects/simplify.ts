/** Outlines with fewer corners, still valid. */
import { findContact } from "./contacts.ts";
import type { Polygon, Ring } from "./shape.ts";
import { nestingFault } from "./validity.ts";

/** How often a tolerance is halved before an outline is left as it is. */
const TRIES = 4;

/**
 * Leaves out corners so that no outline moves by more than a tolerance. Rings keep at least three corners, holes stay holes of their
 * polygon, parts stay apart: where the result would cross or touch itself, the tolerance is halved.
 *
 * @param polygons   valid, as `shapeFault` has it
 * @param tolerance  pixels
 *
 * Source: Douglas & Peucker 1973, Cartographica 10:112, from two anchors of each ring: its first corner and the one farthest from it.
 */
export function simplifyPolygons(polygons: readonly Polygon[], tolerance: number): readonly Polygon[] {
  if (!(tolerance > 0)) return polygons;
  for (let trial = 0, limit = tolerance; trial < TRIES; trial++, limit /= 2) {
    const simple = polygons.map((polygon) => polygon.map((ring) => simplifyRing(ring, limit)));
    if (isUnharmed(simple)) return simple;
  }
  return polygons;
}

function simplifyRing(ring: Ring, tolerance: number): Ring {
  const last = ring.length / 2 - 1;
  if (last <= 3) return ring;
  const kept = new Uint8Array(last + 1);
  const anchor = farthestPoint(ring);
  kept[0] = kept[anchor] = kept[last] = 1;
  const limit = tolerance * tolerance;
  const count =
    3 +
    keepFar(ring, kept, { from: 0, to: anchor, limit }) +
    keepFar(ring, kept, { from: anchor, to: last, limit });
  if (count < 4) kept[farthestFrom(ring, anchor)] = 1;
  const simple = new Float64Array(2 * Math.max(4, count));
  for (let i = 0, k = 0; i <= last; i++)
    if (kept[i] === 1) {
      simple[k++] = ring[2 * i];
      simple[k++] = ring[2 * i + 1];
    }
  return simple;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Square of the tolerance. */
  readonly limit: number;
}

/** Marks the corners that are needed between two that are kept; returns how many. */
function keepFar(ring: Ring, kept: Uint8Array, { from, to, limit }: Stretch): number {
  const stack = [from, to];
  let count = 0;
  while (stack.length > 0) {
    const [b, a] = [stack.pop() as number, stack.pop() as number];
    let [farthest, distance] = [0, limit];
    for (let i = a + 1; i < b; i++) {
      const d = squareDistance(ring, i, { from: a, to: b });
      if (d > distance) [farthest, distance] = [i, d];
    }
    if (farthest === 0) continue;
    kept[farthest] = 1;
    count++;
    stack.push(a, farthest, farthest, b);
  }
  return count;
}

/** Square of a corner's distance from the line between two others, which may be one. */
function squareDistance(ring: Ring, point: number, { from, to }: Omit<Stretch, "limit">): number {
  const [ax, ay] = [ring[2 * from], ring[2 * from + 1]];
  const [dx, dy] = [ring[2 * to] - ax, ring[2 * to + 1] - ay];
  const [px, py] = [ring[2 * point] - ax, ring[2 * point + 1] - ay];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
  const [ex, ey] = [px - along * dx, py - along * dy];
  return ex * ex + ey * ey;
}

/** The corner farthest from the first one. */
function farthestPoint(ring: Ring): number {
  let [farthest, distance] = [1, 0];
  for (let i = 1; i < ring.length / 2 - 1; i++) {
    const [dx, dy] = [ring[2 * i] - ring[0], ring[2 * i + 1] - ring[1]];
    const d = dx * dx + dy * dy;
    if (d > distance) [farthest, distance] = [i, d];
  }
  return farthest;
}

/** The corner farthest from the line through the first one and another. */
function farthestFrom(ring: Ring, anchor: number): number {
  let [farthest, distance] = [anchor === 1 ? 2 : 1, -1];
  for (let i = 1; i < ring.length / 2 - 1; i++) {
    if (i === anchor) continue;
    const area = Math.abs(
      (ring[2 * anchor] - ring[0]) * (ring[2 * i + 1] - ring[1]) -
        (ring[2 * anchor + 1] - ring[1]) * (ring[2 * i] - ring[0]),
    );
    if (area > distance) [farthest, distance] = [i, area];
  }
  return farthest;
}

/** Whether rings touch at most in corners of both, and lie in one another as they should. */
function isUnharmed(polygons: readonly Polygon[]): boolean {
  const rings = polygons.length === 1 ? polygons[0] : polygons.flat();
  if (findContact(rings, { mayTouch: false }) !== undefined) return false;
  return rings.length === 1 || nestingFault(polygons) === undefined;
}
