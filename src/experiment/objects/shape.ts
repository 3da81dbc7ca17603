/** Outlines of objects in memory: flat rings of numbers, in pixels of full resolution, y down. */

/** A closed ring `[x0, y0, x1, y1, …]`, the last point equal to the first. */
export type Ring = Float64Array;

/** An outer ring, then its holes. */
export type Polygon = readonly Ring[];

/** The outline of an object: a point, or one polygon or several. */
export type Shape =
  | { readonly kind: "point"; readonly x: number; readonly y: number }
  | { readonly kind: "polygons"; readonly polygons: readonly Polygon[] };

/** Upper left and lower right corner, pixels. */
export interface Bounds {
  readonly minY: number;
  readonly minX: number;
  readonly maxY: number;
  readonly maxX: number;
}

/** The smallest box around a shape. */
export function boundsOf(shape: Shape): Bounds {
  if (shape.kind === "point") return { minY: shape.y, minX: shape.x, maxY: shape.y, maxX: shape.x };
  let [minY, minX, maxY, maxX] = [Infinity, Infinity, -Infinity, -Infinity];
  // holes lie within
  for (const [outer] of shape.polygons)
    for (let i = 0; i < outer.length; i += 2) {
      minX = Math.min(minX, outer[i]);
      maxX = Math.max(maxX, outer[i]);
      minY = Math.min(minY, outer[i + 1]);
      maxY = Math.max(maxY, outer[i + 1]);
    }
  return { minY, minX, maxY, maxX };
}

/** The box in whole pixels around a shape, as the index of boxes has it. */
export function pixelBounds(shape: Shape): Bounds {
  const { minY, minX, maxY, maxX } = boundsOf(shape);
  return {
    minY: Math.floor(minY),
    minX: Math.floor(minX),
    maxY: Math.ceil(maxY),
    maxX: Math.ceil(maxX),
  };
}

/**
 * Twice the area that a ring encloses: positive where it runs clockwise as seen on a screen (y down). Relative to its first point, so
 * that nothing is lost far from the origin.
 */
export function doubleArea(ring: Ring): number {
  const [x0, y0] = ring;
  let sum = 0;
  for (let i = 2; i + 3 < ring.length; i += 2)
    sum += (ring[i] - x0) * (ring[i + 3] - y0) - (ring[i + 2] - x0) * (ring[i + 1] - y0);
  return sum;
}

/** The area of a shape in square pixels, holes taken off; a point has none. */
export function areaOf(shape: Shape): number {
  if (shape.kind === "point") return 0;
  const of = ([outer, ...holes]: Polygon) =>
    holes.reduce((left, hole) => left - Math.abs(doubleArea(hole)), Math.abs(doubleArea(outer)));
  return shape.polygons.reduce((sum, polygon) => sum + of(polygon) / 2, 0);
}

/** The centre of gravity of a shape's area, holes taken off; of the corners where it has no area. */
export function centroidOf(shape: Shape): { readonly y: number; readonly x: number } {
  if (shape.kind === "point") return { y: shape.y, x: shape.x };
  const [x0, y0] = shape.polygons[0][0];
  let [weight, sumX, sumY] = [0, 0, 0];
  for (const polygon of shape.polygons)
    polygon.forEach((ring, i) => {
      const moment = momentOf(ring, x0, y0);
      const sign = moment.weight < 0 === (i === 0) ? -1 : 1;
      weight += sign * moment.weight;
      sumX += sign * moment.x;
      sumY += sign * moment.y;
    });
  if (weight > 0) return { y: y0 + sumY / (3 * weight), x: x0 + sumX / (3 * weight) };
  const { minY, minX, maxY, maxX } = boundsOf(shape);
  return { y: (minY + maxY) / 2, x: (minX + maxX) / 2 };
}

/** First moments of a ring's area times six, and its area times two, relative to a point. */
function momentOf(ring: Ring, x0: number, y0: number) {
  let [weight, x, y] = [0, 0, 0];
  for (let i = 0; i + 3 < ring.length; i += 2) {
    const [ax, ay, bx, by] = [ring[i] - x0, ring[i + 1] - y0, ring[i + 2] - x0, ring[i + 3] - y0];
    const cross = ax * by - bx * ay;
    weight += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return { weight, x, y };
}
