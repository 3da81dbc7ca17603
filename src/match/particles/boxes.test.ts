import fc from "fast-check";
import { expect, test } from "vitest";
import { type BoxOptions, extractBoxes } from "./boxes.ts";

/** (3, 4): pixel (y, x) is 10 y + x. */
const IMAGE = {
  data: Float32Array.from({ length: 12 }, (_, i) => 10 * Math.floor(i / 4) + (i % 4)),
  shape: [3, 4] as const,
};

const cut = (y: number, x: number, options: Partial<BoxOptions> = {}) =>
  Array.from(extractBoxes(IMAGE, [{ y, x }], { boxSize: [2, 3], ...options })[0]);

test("a box inside the image is that part of it", () => {
  expect(cut(1, 1)).toEqual([11, 12, 13, 21, 22, 23]);
  expect(cut(1, 2, { reference: "center" })).toEqual([1, 2, 3, 11, 12, 13]);
});

// numpy.pad with modes constant, reflect and edge
test("what lies outside is a value, the mirror image or the edge", () => {
  expect(cut(-1, -1, { value: 7 })).toEqual([7, 7, 7, 7, 0, 1]);
  expect(cut(-1, -1, { padding: "reflect" })).toEqual([11, 10, 11, 1, 0, 1]);
  expect(cut(-1, -1, { padding: "replicate" })).toEqual([0, 0, 1, 0, 0, 1]);
  expect(cut(2, 3, { padding: "reflect" })).toEqual([23, 22, 21, 13, 12, 11]);
  expect(cut(2, 3, { padding: "replicate" })).toEqual([23, 23, 23, 23, 23, 23]);
});

test("a box far outside is moved to the image, as in Leopard-EM", () => {
  expect(cut(-9, 99, { value: 7 })).toEqual([7, 7, 7, 3, 7, 7]);
});

test("a box that leaves the image is an error where that is wanted", () => {
  expect(cut(1, 1, { bounds: "error" })).toEqual([11, 12, 13, 21, 22, 23]);
  expect(() => cut(2, 1, { bounds: "error" })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: extractBoxes(positions[0]): expected a box of 2 x 3 inside 3 x 4, found its corner at y 2, x 1. Leave such particles out, or pad their boxes (--bounds pad).]`,
  );
  expect(() => cut(Number.NaN, 1)).toThrow(/extractBoxes\(positions\[0\]\): expected a box/);
});

test("every pixel of a box is the image's where the image has one", () => {
  const place = fc.integer({ min: -4, max: 6 });
  const padding = fc.constantFrom("constant", "reflect", "replicate");
  fc.assert(
    fc.property(place, place, padding, (y0, x0, mode) => {
      const [top, left] = [Math.max(-1, Math.min(2, y0)), Math.max(-2, Math.min(3, x0))];
      cut(y0, x0, { padding: mode, value: -1 }).forEach((value, i) => {
        const [y, x] = [top + Math.floor(i / 3), left + (i % 3)];
        if (y >= 0 && x >= 0 && y < 3 && x < 4) expect(value).toBe(10 * y + x);
        else if (mode === "constant") expect(value).toBe(-1);
        else expect(IMAGE.data).toContain(value);
      });
    }),
  );
});
