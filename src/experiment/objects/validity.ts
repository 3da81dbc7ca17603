/** Whether outlines are what OGC's simple features call valid, and what can be done if not. */
import { orient2d } from "robust-predicates";
import { findContact } from "./contacts.ts";
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

function crossingFault(rings: readonly Ring[]): string | undefined {
  const contact = findContact(rings, { mayTouch: true });
  if (contact === undefined) return undefined;
  const at = `near (x ${contact.x}, y ${contact.y})`;
  if (!contact.isOneRing) return `two rings that ${contact.kind} ${at}`;
  return `a ring that ${contact.kind === "touch" ? "touches" : "crosses"} itself ${at}`;
}

/** What is wrong with how rings lie in one another, given that they cross nowhere. */
export function nestingFault(polygons: readonly Polygon[]): string | undefined {
  for (const [outer, ...holes] of polygons) {
    if (holes.some((hole) => !isWithin(hole, outer))) return "a hole outside its polygon";
    if (holes.some((hole, i) => holes.some((other, k) => i !== k && isWithin(hole, other))))
      return "a hole within another";
  }
  if (polygons.length === 1) return undefined;
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
