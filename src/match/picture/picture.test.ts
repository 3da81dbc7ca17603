import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import {
  type Canvas,
  createCanvas,
  drawText,
  roundStep,
  strokeCircle,
  strokeLines,
  textStrokes,
  textWidth,
} from "../../io/render/index.ts";
import { blur, heatColor, joinBlocks, spanOf, wholeZoom } from "./imageDisplay.ts";
import { drawSearchPicture } from "./picture.ts";
import type { SearchPicture } from "./searchPicture.ts";

const ASCII = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
const WHITE = [255, 255, 255] as const;
const BLACK = [0, 0, 0] as const;

const pixel = (canvas: Canvas, x: number, y: number) =>
  Array.from(canvas.data.subarray(3 * (y * canvas.width + x), 3 * (y * canvas.width + x) + 3));

/** Pixels that are not white, in units of one fully black pixel. */
const ink = (canvas: Canvas) => canvas.data.reduce((sum, value) => sum + (255 - value) / 255, 0) / 3;

test("every visible ASCII character has strokes of its own, within its line", () => {
  const box = JSON.stringify(textStrokes("\u{1F52C}", { x: 0, y: 0, size: 12 }));
  const drawn = ASCII.map((character) => textStrokes(character, { x: 0, y: 0, size: 12 }));
  expect(drawn.filter((strokes) => JSON.stringify(strokes) === box)).toEqual([]);
  // I, l and | are one stroke each, and I is l.
  expect(new Set(drawn.map((strokes) => JSON.stringify(strokes))).size).toBe(ASCII.length - 1);
  for (const [x, y] of drawn.flat(3)) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThanOrEqual(11);
    expect(y).toBeGreaterThanOrEqual(-14.6);
    expect(y).toBeLessThanOrEqual(4);
  }
});

test("digits are equally wide, and width grows with size", () => {
  const widths = new Set([..."0123456789"].map((digit) => textWidth(digit, 12)));
  expect([...widths]).toEqual([7]);
  expect(textWidth("z-score 9.5 Å", 24)).toBeCloseTo(2 * textWidth("z-score 9.5 Å", 12), 10);
  expect(textWidth("", 12)).toBe(0);
});

test("text stands where its alignment says", () => {
  const columns = (align: "left" | "center" | "right") => {
    const canvas = createCanvas(120, 40, WHITE);
    drawText(canvas, "HH", { x: 60, y: 30, size: 12, color: BLACK, align });
    const dark = Array.from({ length: 120 }, (_, x) => x).filter((x) => pixel(canvas, x, 24)[0] < 128);
    return [dark[0], dark.at(-1)];
  };
  const width = textWidth("HH", 12);
  const close = (found: readonly (number | undefined)[], left: number) => {
    expect(Math.abs((found[0] ?? 0) - left)).toBeLessThanOrEqual(1);
    expect(Math.abs((found[1] ?? 0) - left - width)).toBeLessThanOrEqual(1);
  };
  close(columns("left"), 60);
  close(columns("center"), 60 - width / 2);
  close(columns("right"), 60 - width);
});

test("a line covers its length times its width, a circle its circumference", () => {
  const canvas = createCanvas(100, 100, WHITE);
  const line = [[10, 20.3] as const, [80, 61.8] as const];
  strokeLines(canvas, [line], { color: BLACK, width: 3 });
  const capped = Math.hypot(70, 41.5) * 3 + Math.PI * 1.5 ** 2; // with its two round ends
  expect(ink(canvas) / capped).toBeCloseTo(1, 1);
  const other = createCanvas(100, 100, WHITE);
  strokeCircle(other, { x: 50.2, y: 49.7, radius: 30 }, { color: BLACK, width: 2 });
  expect(ink(other) / (2 * Math.PI * 30 * 2)).toBeCloseTo(1, 1);
});

test("drawing beyond the canvas changes nothing else and does not fail", () => {
  const canvas = createCanvas(20, 20, WHITE);
  strokeCircle(canvas, { x: -30, y: 10, radius: 20 }, { color: BLACK, width: 2 });
  drawText(canvas, "far away", { x: 400, y: -50, size: 12, color: BLACK });
  expect(ink(canvas)).toBe(0);
});

test("zoom is whole, fits, and is as large as it can be", () => {
  expect(wholeZoom([4092, 5760], 1024)).toBe(1 / 6);
  expect(wholeZoom([1024, 1024], 1024)).toBe(1);
  const side = fc.integer({ min: 1, max: 20_000 });
  fc.assert(
    fc.property(side, side, (height, width) => {
      const zoom = wholeZoom([height, width], 1024);
      expect(Math.ceil(Math.max(height, width) * zoom)).toBeLessThanOrEqual(1024);
      expect(Number.isInteger(zoom) || Math.abs(1 / zoom - Math.round(1 / zoom)) < 1e-9).toBe(true);
    }),
  );
});

test("blocks join to their mean or maximum, NaN aside, ragged borders included", () => {
  const plane = { data: Float32Array.of(1, 3, 10, 5, Number.NaN, 20, 7, 8, 30), shape: [3, 3] as const };
  expect(Array.from(joinBlocks(plane, 2, "mean").data)).toEqual([3, 15, 7.5, 30]);
  expect(Array.from(joinBlocks(plane, 2, "max").data)).toEqual([5, 20, 8, 30]);
});

test("a blur keeps a constant, the sum of a blob inside, and its width", () => {
  const flat = { data: new Float32Array(12 * 17).fill(3), shape: [12, 17] as const };
  for (const value of blur(flat, 2).data) expect(value).toBeCloseTo(3, 5);
  const point = { data: new Float32Array(41 * 41), shape: [41, 41] as const };
  point.data[20 * 41 + 20] = 1;
  const { data } = blur(point, 2);
  const moment = data.reduce((sum, value, i) => sum + value * ((i % 41) - 20) ** 2, 0);
  expect(data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  expect(moment).toBeGreaterThan(3.85); // sigma² = 4, less what lies beyond 3 sigma
  expect(moment).toBeLessThan(4);
});

test("contrast, colours and ticks", () => {
  const ramp = { data: Float32Array.from({ length: 1001 }, (_, i) => 1000 - i), shape: [1, 1001] as const };
  expect(spanOf(ramp, 0.1, 0.9)).toEqual([100, 900]);
  expect(spanOf({ data: new Float32Array(9).fill(Number.NaN), shape: [3, 3] }, 0, 1)).toEqual([0, 1]);
  expect(spanOf({ data: new Float32Array(9).fill(2), shape: [3, 3] }, 0, 1)).toEqual([2, 3]);
  const lightness = Array.from({ length: 101 }, (_, i) => heatColor(i / 100)).map(
    ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b,
  );
  expect(lightness.every((value, i) => i === 0 || value > lightness[i - 1])).toBe(true);
  expect([roundStep(9, 10), roundStep(2048, 8), roundStep(0.7, 5), roundStep(100, 10)]).toEqual([
    1, 500, 0.2, 10,
  ]);
});

const random = seededRandom(4);
const noise = (count: number, mean: number) =>
  Float32Array.from({ length: count }, () => mean + random.normal());
const search: SearchPicture = {
  title: "A test",
  micrograph: { data: noise(200 * 264, 0), shape: [200, 264], pixelSizeA: 1.5 },
  scaledMip: { data: noise(161 * 225, 4), shape: [161, 225] },
  templateSize: 40,
  particles: [
    { x: 100, y: 60, zScore: 12, phiDeg: 1, thetaDeg: 2, psiDeg: 3 },
    { x: 224, y: 0, zScore: 9, phiDeg: 1, thetaDeg: 2, psiDeg: 3 },
  ],
  cutoff: 8,
  correlations: 1e5,
};

test("circle and peak stand at the same place of both panels", () => {
  const scaledMip = { ...search.scaledMip, data: search.scaledMip.data.slice() };
  scaledMip.data[60 * 225 + 100] = 12;
  const canvas = drawSearchPicture({ ...search, scaledMip });
  const zoom = 3; // 264 px in at most 1024
  const [left, top, panel] = [44, 150, 264 * zoom];
  const middle = { x: left + 120.5 * zoom, y: top + 80.5 * zoom }; // the corner plus half a template
  expect(pixel(canvas, Math.floor(middle.x + 0.36 * 40 * zoom), Math.floor(middle.y))).toEqual([255, 186, 8]);
  // The map's largest value has the lightest colour; the panels lie 40 pixels apart.
  expect(pixel(canvas, Math.floor(middle.x) + panel + 40, Math.floor(middle.y))).toEqual(
    heatColor(1).map(Math.floor),
  );
  expect(pixel(canvas, left + panel + 40 + 5, top + 5)).toEqual([232, 234, 238]); // the template does not fit here
});

test("of particles that lie on each other, the best is seen", () => {
  const [best] = search.particles;
  const canvas = drawSearchPicture({ ...search, particles: [best, { ...best, x: best.x + 1, zScore: 8.2 }] });
  const zoom = 3;
  // beside the middle, where the strokes of a disc meet
  const middle = [44 + 264 * zoom + 40 + 120.5 * zoom + 3, 150 + 80.5 * zoom + 3];
  expect(pixel(canvas, Math.floor(middle[0]), Math.floor(middle[1]))).toEqual(heatColor(1).map(Math.floor));
});

test("inputs stay as they are, and the same search gives the same picture", () => {
  const before = search.micrograph.data.slice();
  const [first, second] = [drawSearchPicture(search), drawSearchPicture(search)];
  expect(Buffer.compare(first.data, second.data)).toBe(0);
  expect(search.micrograph.data).toEqual(before);
});

test("many particles, none, a map of NaN, an unknown pixel size: all can be drawn", () => {
  const many = Array.from({ length: 300 }, (_, i) => ({ ...search.particles[0], x: i % 225, y: i % 161 }));
  const nan = { ...search.scaledMip, data: new Float32Array(161 * 225).fill(Number.NaN) };
  const variants: Partial<SearchPicture>[] = [
    { particles: many },
    { particles: [] },
    { particles: [], scaledMip: nan },
    { micrograph: { ...search.micrograph, pixelSizeA: 0 } },
    { planted: [{ x: 3, y: 4 }], notes: ["one", "two"] },
    { hasDefocusSearch: true },
    { coarseFactor: 2 },
    { correlations: 1e9 },
  ];
  const plain = drawSearchPicture(search).data;
  for (const variant of variants)
    expect(Buffer.compare(drawSearchPicture({ ...search, ...variant }).data, plain)).not.toBe(0);
});
