import fc from "fast-check";
import { expect, test } from "vitest";
import { offsetRegion } from "./offsetRegion.ts";
import {
  boundsOf,
  contains,
  convexHull,
  intersects,
  isSimple,
  regionOf,
  sideOf,
  signedArea,
} from "./region.ts";
import type { Point } from "./traversal.ts";

const bracket: Point[] = [
  [0, 0],
  [40, 0],
  [40, 10],
  [10, 10],
  [10, 40],
  [0, 40],
];
const horns: Point[] = [
  [0, 0],
  [30, 0],
  [30, 30],
  [20, 30],
  [20, 4],
  [10, 4],
  [10, 20],
  [0, 20],
];
const needle: Point[] = [
  [0, 0],
  [100, 2],
  [0, 4],
];

test("a region grows and shrinks as shapely's with sharp corners", () => {
  const measured = (corners: readonly Point[], offset: number) => {
    const region = offsetRegion(regionOf(corners), offset);
    return { area: signedArea(region), ...boundsOf(region) };
  };
  expect(measured(bracket, 3)).toEqual({ area: 1216, left: -3, right: 43, bottom: -3, top: 43 });
  expect(measured(bracket, -3)).toEqual({ area: 256, left: 3, right: 37, bottom: 3, top: 37 });
  // of the two parts the larger
  expect(measured(horns, -3)).toEqual({ area: 96, left: 23, right: 27, bottom: 3, top: 27 });
  expect(offsetRegion(regionOf(bracket), -6)).toEqual([]);
});

test("the tip of a needle is cut at five offsets", () => {
  const region = offsetRegion(regionOf(needle), 3);
  expect(boundsOf(region).right).toBeCloseTo(115, 9);
  expect(signedArea(region)).toBeCloseTo(915.8215858428314, 6);
});

const point = fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 }));

test("a grown region holds the region, a shrunk one lies inside it", () => {
  fc.assert(
    fc.property(
      fc.array(point, { minLength: 3, maxLength: 6 }),
      fc.integer({ min: 1, max: 9 }),
      (points, offset) => {
        const hull = convexHull(points);
        fc.pre(isSimple(hull));
        const region = regionOf(hull);
        const grown = offsetRegion(region, offset);
        const inner = offsetRegion(region, -offset);
        expect(hull.every((corner) => contains(grown, corner))).toBe(true);
        expect(inner.flat().every((corner) => contains(region, corner))).toBe(true);
        expect(signedArea(grown)).toBeGreaterThan(signedArea(region) + offset * 2);
      },
    ),
  );
});

test("a tile intersects what it overlaps, borders included", () => {
  const region = regionOf(bracket);
  const tile = (left: number, bottom: number, size: number) => ({
    left,
    bottom,
    right: left + size,
    top: bottom + size,
  });
  expect(intersects(region, tile(40, 10, 5))).toBe(true);
  expect(intersects(region, tile(40.5, 10, 5))).toBe(false);
  expect(intersects(region, tile(11, 11, 20))).toBe(false);
  expect(intersects(region, tile(2, 2, 1))).toBe(true);
  expect(intersects(region, tile(-10, -10, 100))).toBe(true);
});

test("outlines that cross or touch themselves are seen", () => {
  expect(isSimple(bracket)).toBe(true);
  expect(
    isSimple([
      [0, 0],
      [1, 1],
      [1, 0],
      [0, 1],
    ]),
  ).toBe(false);
  expect(
    isSimple([
      [0, 0],
      [4, 0],
      [4, 4],
      [2, 0],
      [0, 4],
    ]),
  ).toBe(false);
  expect(
    isSimple([
      [0, 0],
      [4, 0],
      [2, 0],
    ]),
  ).toBe(false);
  expect(
    isSimple([
      [0, 0],
      [4, 0],
    ]),
  ).toBe(false);
});

test("the side of a line is told to the last bit", () => {
  const ends: [Point, Point] = [
    [12, 12],
    [24, 24],
  ];
  expect(sideOf(...ends, [0.5, 0.5])).toBe(0);
  expect(sideOf(...ends, [0.5, 0.5 + 2 ** -53])).toBe(1);
  expect(sideOf(...ends, [0.5 + 2 ** -53, 0.5])).toBe(-1);
});
