import { expect, test } from "vitest";
import type { DrawnObjects } from "../drawn.ts";
import { isMany, objectPaints } from "../look.ts";
import { paintDots, pointSide } from "./dots.ts";
import { type Pen, paintOutlines } from "./outlines.ts";
import type { ObjectPaints, PaintedObjects, PictureWindow } from "./protocol.ts";

const WINDOW: PictureWindow = { left: 100, top: 200, scale: 1, width: 8, height: 4, ratio: 1 };

/** Points of objects, by their places. */
function pointsAt(...places: readonly (readonly [number, number])[]): PaintedObjects {
  return {
    centroids: Float32Array.from(places.flat()),
    pointsOf: Uint32Array.from(places.keys()),
    ...{ objectOf: new Uint32Array(0), polygonRings: Uint32Array.of(0), boxes: new Float32Array(0) },
    ...{ ringPoints: Uint32Array.of(0), points: new Float32Array(0) },
  };
}

/** A square with a square hole, and a triangle, an object each. */
function outlines(): PaintedObjects {
  const rings = [
    [100, 200, 110, 200, 110, 210, 100, 210, 100, 200],
    [104, 204, 106, 204, 106, 206, 104, 204],
    [120, 200, 130, 200, 120, 205, 120, 200],
  ];
  const ringPoints = Uint32Array.of(0, 5, 9, 13);
  return {
    centroids: Float32Array.of(105, 205, 123, 202),
    pointsOf: new Uint32Array(0),
    objectOf: Uint32Array.of(0, 1),
    polygonRings: Uint32Array.of(0, 2, 3),
    boxes: Float32Array.of(100, 200, 110, 210, 120, 200, 130, 205),
    ringPoints,
    points: Float32Array.from(rings.flat()),
  };
}

const paintsOf = (...colors: readonly [color: number, rank: number][]): ObjectPaints => ({
  areas: Uint32Array.from(colors, ([color]) => color >>> 4),
  lines: Uint32Array.from(colors, ([color]) => color),
  ranks: Uint8Array.from(colors, ([, rank]) => rank),
});

/** Writes down what is drawn. */
function penOf(): { readonly pen: Pen; readonly said: string[] } {
  const said: string[] = [];
  const pen = {
    ...{ fillStyle: "", strokeStyle: "", lineWidth: 0 },
    beginPath: () => said.push("begin"),
    moveTo: (x: number, y: number) => said.push(`from ${x},${y}`),
    lineTo: (x: number, y: number) => said.push(`to ${x},${y}`),
    closePath: () => said.push("close"),
    fill: (rule?: unknown) => said.push(`fill ${pen.fillStyle} ${rule}`),
    stroke: () => said.push(`stroke ${pen.strokeStyle} ${pen.lineWidth}`),
  };
  return { pen: pen as unknown as Pen, said };
}

test("a point is where it lies, as large as there is room for, within the picture", () => {
  const pixels = new Uint32Array(32);
  const many = pointsAt(
    [100.2, 200.7],
    [107.9, 203.9],
    [108, 203],
    [99.9, 200],
    ...Array(40).fill([103, 202]),
  );
  expect(pointSide(many.pointsOf.length, WINDOW)).toBe(1);
  const paints = paintsOf(...Array.from({ length: 44 }, (_, i) => [i + 1, 1] as [number, number]));
  paintDots(pixels, { objects: many, paints, window: WINDOW });
  expect([pixels[0], pixels[31], pixels[8 * 2 + 3]]).toEqual([1, 2, 44]);
  expect(pixels.filter((pixel) => pixel !== 0).length).toBe(3);
  expect(pointSide(1_000_000, { ...WINDOW, width: 600, height: 600 })).toBe(1);
  expect(pointSide(25_000, { ...WINDOW, width: 600, height: 600 })).toBe(3);
  expect(pointSide(3, { ...WINDOW, width: 1200, height: 1200, ratio: 2 })).toBe(16);
});

test("a chosen point lies over plain ones, these over dim ones, whatever their order", () => {
  const pixels = new Uint32Array(32);
  const place = [103.5, 201.5] as const;
  const objects = pointsAt(place, place, ...Array(60).fill([107, 200]), place);
  const ranks = [2, 1, ...Array(60).fill(1), 0];
  paintDots(pixels, {
    objects,
    paints: paintsOf(...ranks.map((rank, i) => [i + 1, rank] as [number, number])),
    window: WINDOW,
  });
  expect(pixels[8 + 3]).toBe(1);
  // it is larger than they are
  expect(pixels.filter((pixel) => pixel === 1).length).toBeGreaterThan(9);
});

test("an outline is a path with its holes, in its object's colours", () => {
  const { pen, said } = penOf();
  const window = { ...WINDOW, scale: 2, width: 80, height: 40, ratio: 2 };
  const paints = paintsOf([0xff_00_40_80, 1], [0x80_10_20_30, 1]);
  expect(paintOutlines(pen, { objects: outlines(), paints, window })).toBe(2);
  expect(said.join("; ")).toBe(
    [
      "begin; from 0,0; to 20,0; to 20,20; to 0,20; close; from 8,8; to 12,8; to 12,12; close",
      "fill rgb(8 4 240 / 0.058823529411764705) evenodd; stroke rgb(128 64 0 / 1) 3",
      "begin; from 40,0; to 60,0; to 40,10; close",
      "fill rgb(3 2 1 / 0.03137254901960784) evenodd; stroke rgb(48 32 16 / 0.5019607843137255) 3",
    ].join("; "),
  );
});

test("outlines of few pixels are dots, those beyond the picture nothing", () => {
  const { pen, said } = penOf();
  const far = { ...WINDOW, scale: 0.2, width: 80, height: 40 };
  const paints = paintsOf([7, 1], [9, 1]);
  const pixels = new Uint32Array(80 * 40);
  expect(paintOutlines(pen, { objects: outlines(), paints, window: far })).toBe(0);
  paintDots(pixels, { objects: outlines(), paints, window: far });
  expect(new Set(pixels)).toEqual(new Set([0, 7, 9]));
  // what may cover the image lets it be seen
  paintDots(pixels, {
    objects: outlines(),
    paints: paintsOf([0xff_00_00_07, 1], [0xff_ff_ff_ff, 2]),
    window: far,
  });
  expect(new Set(pixels)).toEqual(new Set([0, 0x96_00_00_07, 0xff_ff_ff_ff]));
  const beside = { ...WINDOW, left: 115, width: 40, height: 40 };
  expect(paintOutlines(pen, { objects: outlines(), paints, window: beside })).toBe(1);
  expect(said.filter((word) => word === "begin")).toHaveLength(1);
});

test("colours and states of objects become numbers; more than a frame draws are many", () => {
  const look = {
    opacity: 0.5,
    colorOf: (id: number) => [id, 2, 3] as const,
    stateOf: (id: number) => (["dim", "plain", "chosen"] as const)[id],
  };
  const { areas, lines, ranks } = objectPaints({ ids: Uint32Array.of(0, 1, 2) }, look);
  expect([...ranks]).toEqual([0, 1, 2]);
  expect([...lines]).toEqual([0x3c_03_02_00, 0xff_03_02_01, 0xff_ff_ff_ff]);
  expect([...areas].map((color) => color >>> 24)).toEqual([10, 75, 95]);
  const sized = (points: number, corners: number) =>
    isMany({ pointsOf: new Uint32Array(points), points: new Float32Array(2 * corners) } as DrawnObjects);
  expect([sized(20_000, 0), sized(20_001, 0), sized(0, 20_001), sized(10_000, 10_000)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
});
