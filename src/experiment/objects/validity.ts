/** Whether outlines are what OGC's simple features call valid, and what can be done if not. */
import { orient2d } from "robust-predicates";
import { fillShape } from "./fill.ts";
import { type Polygon, pixelBounds, type Ring, type Shape } from "./shape.ts";
import { traceLabels } from "./trace.ts";

/** Boxes are kept as 32-bit integers, with room to spare. */
const FARTHEST = 2 ** 30;
/** Pixels of the box of an outline that is redrawn. */
const LARGEST_REDRAWN = 2 ** 28;

/**
 * What is wrong with an outline, or nothing: coordinates that are no numbers or beyond ±2³⁰, fewer than three corners, no area, rings that
 * cross or touch themselves, rings that cross or share an edge, holes outside, parts within one another. Rings may touch at single points.
 */
export function shapeFault(shape: Shape): string | undefined {
  if (shape.kind === "point") return placeFault([shape.x, shape.y]);
  if (shape.polygons.length === 0) return "no polygon";
  for (const polygon of shape.polygons) {
    if (polygon.length === 0) return "a polygon without rings";
    for (const ring of polygon) {
      const fault = placeFault(ring) ?? ringFault(ring);
      if (fault !== undefined) return fault;
    }
  }
  return crossingFault(shape.polygons.flat()) ?? nestingFault(shape.polygons);
}

function placeFault(values: ArrayLike<number>): string | undefined {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return `a coordinate that is ${values[i]}`;
    if (Math.abs(values[i]) > FARTHEST) return `the coordinate ${values[i]}, beyond ±2^30`;
  }
  return undefined;
}

function ringFault(ring: Ring): string | undefined {
  const corners = new Set<string>();
  for (let i = 0; i + 2 < ring.length && corners.size < 3; i += 2) corners.add(`${ring[i]} ${ring[i + 1]}`);
  if (corners.size < 3) return `a ring of ${corners.size} points`;
  return undefined;
}

/** Edges of rings, without those of no length. */
interface Edges {
  /** Four numbers an edge: from x, y to x, y. */
  readonly ends: Float64Array;
  /** Which ring each is of, its number there, and how many that ring has. */
  readonly ring: Int32Array;
  readonly place: Int32Array;
  readonly counts: readonly number[];
}

function edgesOf(rings: readonly Ring[]): Edges {
  const most = rings.reduce((sum, ring) => sum + ring.length / 2 - 1, 0);
  const [ends, owner, place] = [new Float64Array(4 * most), new Int32Array(most), new Int32Array(most)];
  let count = 0;
  const counts = rings.map((ring, r) => {
    const first = count;
    for (let i = 0; i + 3 < ring.length; i += 2) {
      if (ring[i] === ring[i + 2] && ring[i + 1] === ring[i + 3]) continue;
      ends.set(ring.subarray(i, i + 4), 4 * count);
      owner[count] = r;
      place[count] = count - first;
      count++;
    }
    return count - first;
  });
  return { ends: ends.subarray(0, 4 * count), ring: owner.subarray(0, count), place, counts };
}

/** Goes through the edges by their left ends, so that only those are compared that overlap in x. */
function crossingFault(rings: readonly Ring[]): string | undefined {
  const edges = edgesOf(rings);
  const { ends } = edges;
  const left = (e: number) => Math.min(ends[4 * e], ends[4 * e + 2]);
  const right = (e: number) => Math.max(ends[4 * e], ends[4 * e + 2]);
  const order = Array.from(edges.ring, (_, e) => e).sort((a, b) => left(a) - left(b));
  for (let i = 0; i < order.length; i++) {
    const end = right(order[i]);
    for (let k = i + 1; k < order.length && left(order[k]) <= end; k++) {
      const fault = pairFault(edges, order[i], order[k]);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function pairFault({ ends, ring, place, counts }: Edges, a: number, b: number): string | undefined {
  const [ay, by] = [ends[4 * a + 1], ends[4 * a + 3]];
  const [cy, dy] = [ends[4 * b + 1], ends[4 * b + 3]];
  if (Math.max(ay, by) < Math.min(cy, dy) || Math.max(cy, dy) < Math.min(ay, by)) return undefined;
  const contact = contactOf(ends.subarray(4 * a, 4 * a + 4), ends.subarray(4 * b, 4 * b + 4));
  if (contact === "none") return undefined;
  const at = `near (x ${ends[4 * b]}, y ${ends[4 * b + 1]})`;
  if (ring[a] !== ring[b]) return contact === "touch" ? undefined : `two rings that ${contact} ${at}`;
  const step = Math.abs(place[a] - place[b]);
  const areNeighbours = step === 1 || step === counts[ring[a]] - 1;
  if (areNeighbours && contact !== "overlap") return undefined;
  return `a ring that ${contact === "touch" ? "touches" : "crosses"} itself ${at}`;
}

/** What two edges have in common: nothing, a point at the end of one of them, a crossing, or more than a point. */
function contactOf(one: Float64Array, other: Float64Array): "none" | "touch" | "cross" | "overlap" {
  const [ax, ay, bx, by] = one;
  const [cx, cy, dx, dy] = other;
  const [c, d] = [side(orient2d(ax, ay, bx, by, cx, cy)), side(orient2d(ax, ay, bx, by, dx, dy))];
  const [a, b] = [side(orient2d(cx, cy, dx, dy, ax, ay)), side(orient2d(cx, cy, dx, dy, bx, by))];
  if (c === 0 && d === 0) return sharedOf(one, other);
  if (c * d > 0 || a * b > 0) return "none";
  return c * d < 0 && a * b < 0 ? "cross" : "touch";
}

function side(value: number): number {
  return Math.sign(value);
}

/** Of two edges on one line. */
function sharedOf(one: Float64Array, other: Float64Array): "none" | "touch" | "overlap" {
  // along the axis in which the line is longer
  const k = Math.abs(one[2] - one[0]) >= Math.abs(one[3] - one[1]) ? 0 : 1;
  const from = Math.max(Math.min(one[k], one[k + 2]), Math.min(other[k], other[k + 2]));
  const to = Math.min(Math.max(one[k], one[k + 2]), Math.max(other[k], other[k + 2]));
  if (from > to) return "none";
  return from === to ? "touch" : "overlap";
}

function nestingFault(polygons: readonly Polygon[]): string | undefined {
  for (const [outer, ...holes] of polygons) {
    if (holes.some((hole) => !isWithin(hole, outer))) return "a hole outside its polygon";
    if (holes.some((hole, i) => holes.some((other, k) => i !== k && isWithin(hole, other))))
      return "a hole within another";
  }
  for (const [i, one] of polygons.entries())
    for (const [k, other] of polygons.entries())
      if (i !== k && isWithin(one[0], other[0]) && !other.slice(1).some((hole) => isWithin(one[0], hole)))
        return "parts that overlap";
  return undefined;
}

/** Whether a ring, which crosses the other nowhere, lies within it; by its corners and the middles of its edges. */
function isWithin(ring: Ring, outer: Ring): boolean {
  for (let i = 0; i + 3 < ring.length; i += 2) {
    const middle = [(ring[i] + ring[i + 2]) / 2, (ring[i + 1] + ring[i + 3]) / 2];
    if (placeInRing(ring[i], ring[i + 1], outer) === "outside") return false;
    if (placeInRing(middle[0], middle[1], outer) === "outside") return false;
  }
  return true;
}

/** Where a point lies by the even-odd rule, exactly. */
export function placeInRing(x: number, y: number, ring: Ring): "inside" | "outside" | "edge" {
  let isInside = false;
  for (let i = 0; i + 3 < ring.length; i += 2) {
    const [ax, ay, bx, by] = [ring[i], ring[i + 1], ring[i + 2], ring[i + 3]];
    if (y < Math.min(ay, by) || y > Math.max(ay, by)) continue;
    const turn = orient2d(ax, ay, bx, by, x, y);
    if (turn === 0 && x >= Math.min(ax, bx) && x <= Math.max(ax, bx)) return "edge";
    // an edge counts with its lower end, and not with its upper one
    if (ay > y !== by > y && turn > 0 === by < ay) isInside = !isInside;
  }
  return isInside ? "inside" : "outside";
}

/**
 * Draws an outline anew along the edges of the pixels whose centres it holds by the even-odd rule: always valid, and within a pixel of
 * what it was. Nothing where it holds no pixel's centre, or has a box of more than 2²⁸ pixels.
 */
export function redrawShape(shape: Shape): Shape | undefined {
  if (shape.kind === "point") return shape;
  const { minY, minX, maxY, maxX } = pixelBounds(shape);
  const window = { y: minY, x: minX, height: maxY - minY, width: maxX - minX };
  if (!(window.height * window.width <= LARGEST_REDRAWN)) return undefined;
  const data = new Uint8Array(window.height * window.width);
  fillShape(shape, window, (row, from, to) => {
    data.fill(1, row * window.width + from, row * window.width + to);
  });
  const [drawn] = traceLabels({ ...window, data });
  return drawn && { kind: "polygons", polygons: drawn.polygons };
}
