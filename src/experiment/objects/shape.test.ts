import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { geometryOf, parseGeometry } from "./geometry.ts";
import { areaOf, boundsOf, centroidOf, type Shape } from "./shape.ts";
import { traceLabels } from "./trace.ts";
import { redrawShape, shapeFault } from "./validity.ts";
import { formatWkb, parseWkb } from "./wkb.ts";

const polygon = (...rings: readonly (readonly number[])[]): Shape => ({
  kind: "polygons",
  polygons: [rings.map((ring) => Float64Array.from([...ring, ring[0], ring[1]]))],
});
const SQUARE = [0, 0, 10, 0, 10, 10, 0, 10];
const HOLE = [2, 2, 2, 6, 6, 6, 6, 2];

describe("validity of outlines", () => {
  test.each<[string, Shape, RegExp | undefined]>([
    ["a square with a hole", polygon(SQUARE, HOLE), undefined],
    ["a hole that touches its polygon at a point", polygon(SQUARE, [0, 5, 5, 6, 5, 4]), undefined],
    ["a repeated point", polygon([0, 0, 10, 0, 10, 0, 10, 10]), undefined],
    ["a bow tie", polygon([0, 0, 10, 10, 10, 0, 0, 10]), /crosses itself/],
    ["a spike", polygon([0, 0, 10, 0, 10, 10, 10, 20, 10, 10, 0, 10]), /itself/],
    ["a ring that touches itself", polygon([0, 0, 10, 0, 10, 10, 5, 0, 0, 10]), /touches itself/],
    ["two points", polygon([0, 0, 10, 0]), /a ring of 2 points/],
    ["points on a line", polygon([0, 0, 10, 0, 5, 0]), /crosses itself/],
    ["no number", polygon([0, 0, Number.NaN, 0, 5, 0]), /a coordinate that is NaN/],
    ["too far away", polygon([0, 0, 2 ** 31, 0, 5, 5]), /beyond/],
    ["a hole outside", polygon(SQUARE, [20, 20, 22, 20, 22, 22]), /a hole outside/],
    ["a hole that crosses the outline", polygon(SQUARE, [5, 5, 15, 6, 5, 8]), /two rings that cross/],
    ["a hole that shares an edge", polygon(SQUARE, [0, 2, 0, 6, 4, 4]), /two rings that overlap/],
    ["a hole in a hole", polygon(SQUARE, HOLE, [3, 3, 3, 4, 4, 4]), /a hole within another/],
    // its corners are on the outline, its middle is beyond
    ["a hole across a gap", polygon([0, 0, 1, 9, 4, 1, 7, 9, 8, 0], [1, 9, 4, 8, 7, 9]), /a hole outside/],
  ])("%s", (_, shape, fault) => {
    if (fault === undefined) expect(shapeFault(shape)).toBeUndefined();
    else expect(shapeFault(shape)).toMatch(fault);
  });

  test("parts: apart, touching, one in the hole of the other, one in the other", () => {
    const parts = (...shapes: readonly Shape[]): Shape => ({
      kind: "polygons",
      polygons: shapes.flatMap((shape) => (shape.kind === "point" ? [] : shape.polygons)),
    });
    expect(shapeFault(parts(polygon(SQUARE), polygon([10, 10, 20, 10, 20, 20])))).toBeUndefined();
    expect(shapeFault(parts(polygon(SQUARE, HOLE), polygon([3, 3, 4, 3, 4, 4])))).toBeUndefined();
    expect(shapeFault(parts(polygon(SQUARE), polygon([3, 3, 4, 3, 4, 4])))).toBe("parts that overlap");
    expect(shapeFault(parts(polygon(SQUARE), polygon(SQUARE)))).toMatch(/two rings that overlap/);
  });

  test("what crosses itself is redrawn along pixels", () => {
    const drawn = redrawShape(polygon([0, 0, 10, 10, 10, 0, 0, 10]));
    expect(drawn && shapeFault(drawn)).toBeUndefined();
    expect(drawn && areaOf(drawn)).toBeGreaterThan(39);
    expect(redrawShape(polygon([0.1, 0.1, 0.2, 0.1, 0.2, 0.2]))).toBeUndefined();
  });
});

test("area, centroid and box of a square with a hole, far from the origin", () => {
  const at = 1e6;
  const shape = polygon(
    SQUARE.map((v) => v + at),
    [2, 2, 2, 6, 6, 6, 6, 2].map((v) => v + at),
  );
  expect(areaOf(shape)).toBe(84);
  const { y, x } = centroidOf(shape);
  expect(x - at).toBeCloseTo((500 - 16 * 4) / 84, 9);
  expect(y).toBe(x);
  expect(boundsOf(shape)).toEqual({ minY: at, minX: at, maxY: at + 10, maxX: at + 10 });
});

describe("traced outlines", () => {
  const shape = fc
    .array(fc.integer({ min: 0, max: 1 }), { minLength: 36, maxLength: 36 })
    .filter((data) => data.includes(1))
    .map((data): Shape => {
      const [{ polygons }] = traceLabels({ data, height: 6, width: 6, y: 3, x: 1e5 });
      return { kind: "polygons", polygons };
    });

  test("are valid, and stay what they are as WKB, as GeoJSON, and drawn again", () => {
    fc.assert(
      fc.property(shape, (traced) => {
        expect(shapeFault(traced)).toBeUndefined();
        expect(parseWkb(formatWkb(traced))).toEqual(traced);
        const text = JSON.parse(JSON.stringify(geometryOf(traced)));
        expect(parseGeometry(text, "test")).toEqual({ shape: traced, closedRings: 0 });
        expect(redrawShape(traced)).toEqual(traced);
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});

describe("WKB of others", () => {
  const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

  test("big-endian with z, and PostGIS' with a reference system", () => {
    const [one, two, three] = ["3FF0000000000000", "4000000000000000", "4008000000000000"];
    expect(parseWkb(bytes(`00 000003E9 ${one}${two}${three}`))).toEqual({ kind: "point", x: 1, y: 2 });
    expect(parseWkb(bytes(`00 20000001 000010E6 ${one}${two}`))).toEqual({ kind: "point", x: 1, y: 2 });
  });

  test("cut off, with too much, of another kind, with a count beyond its end", () => {
    const point = formatWkb({ kind: "point", x: 1, y: 2 });
    expect(() => parseWkb(point.subarray(0, 20))).toThrow(/WKB: expected 21 bytes, found 20 bytes/);
    expect(() => parseWkb(new Uint8Array([...point, 0]))).toThrow(/expected the end after 21 bytes/);
    expect(() => parseWkb(bytes("01 02000000 00000000"))).toThrow(/found WKB kind 2/);
    expect(() => parseWkb(bytes("01 03000000 FFFFFFFF"))).toThrow(/WKB: expected \d+ bytes/);
  });
});

test("geometries: not closed, three coordinates, of another type, broken", () => {
  const open = {
    type: "Polygon",
    coordinates: [
      [
        [0, 0, 7],
        [1, 0, 7],
        [1, 1, 7],
      ],
    ],
  };
  const { shape, closedRings } = parseGeometry(open, "feature 3");
  expect(closedRings).toBe(1);
  expect(shape).toEqual(polygon([0, 0, 1, 0, 1, 1]));
  expect(() => parseGeometry({ type: "LineString", coordinates: [] }, "feature 3")).toThrow(
    "feature 3 geometry: expected a Point, Polygon or MultiPolygon, found LineString.",
  );
  expect(() => parseGeometry({ type: "Point", coordinates: [null, 1] }, "feature 3")).toThrow(
    "feature 3 coordinates: expected a position [x, y] of two numbers, found [null,1].",
  );
  expect(() => parseGeometry(null, "feature 3")).toThrow(/found null/);
});
