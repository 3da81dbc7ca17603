import fc from "fast-check";
import { expect, test } from "vitest";
import { areaOf, type Polygon, type Ring, type Shape } from "./shape.ts";
import { simplifyPolygons } from "./simplify.ts";
import { traceLabels } from "./trace.ts";
import { shapeFault } from "./validity.ts";

const corners = (polygons: readonly Polygon[]) =>
  polygons.flat().reduce((sum, ring) => sum + ring.length / 2 - 1, 0);

function traced(
  rows: number,
  columns: number,
  isObject: (row: number, column: number) => boolean,
): Polygon[] {
  const data = Array.from({ length: rows * columns }, (_, i) =>
    isObject(Math.floor(i / columns), i % columns) ? 1 : 0,
  );
  const [{ polygons }] = traceLabels({ data, height: rows, width: columns });
  return [...polygons];
}

test("a disc of 60 pixels with a hole: few corners, about the area, and its hole", () => {
  const disc = traced(61, 61, (y, x) => {
    const r = Math.hypot(y - 30, x - 30);
    return r < 30 && r > 8;
  });
  for (const tolerance of [0.5, 1, 4, 16]) {
    const simple = simplifyPolygons(disc, tolerance);
    const shape: Shape = { kind: "polygons", polygons: simple };
    expect(shapeFault(shape)).toBeUndefined();
    expect(simple.map((polygon) => polygon.length)).toEqual([2]);
    expect(corners(simple)).toBeLessThan(corners(disc) / (tolerance < 1 ? 1 : 2));
    if (tolerance <= 1)
      expect(areaOf(shape) / areaOf({ kind: "polygons", polygons: disc })).toBeCloseTo(1, 1);
  }
  expect(simplifyPolygons(disc, 0)).toBe(disc);
});

test("outlines stay valid, keep their rings, and move by no more than the tolerance", () => {
  const image = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 196, maxLength: 196 });
  fc.assert(
    fc.property(image, fc.constantFrom(0.4, 0.8, 1.5, 3, 10), (values, tolerance) => {
      const polygons = traced(14, 14, (y, x) => values[14 * y + x] > 0 || (y === 0 && x === 0));
      const simple = simplifyPolygons(polygons, tolerance);
      expect(shapeFault({ kind: "polygons", polygons: simple })).toBeUndefined();
      expect(simple.map((polygon) => polygon.length)).toEqual(polygons.map((polygon) => polygon.length));
      polygons.flat().forEach((ring, i) => {
        for (let k = 0; k < ring.length; k += 2)
          expect(distance(ring[k], ring[k + 1], simple.flat()[i])).toBeLessThanOrEqual(tolerance + 1e-9);
      });
    }),
    { numRuns: 200, seed: 5 },
  );
});

/** Of a point from a ring. */
function distance(x: number, y: number, ring: Ring): number {
  let least = Infinity;
  for (let i = 0; i + 3 < ring.length; i += 2) {
    const [ax, ay, dx, dy] = [ring[i], ring[i + 1], ring[i + 2] - ring[i], ring[i + 3] - ring[i + 1]];
    const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
    least = Math.min(least, Math.hypot(x - ax - along * dx, y - ay - along * dy));
  }
  return least;
}
