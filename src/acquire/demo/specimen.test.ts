import fc from "fast-check";
import { expect, test } from "vitest";
import { momentsOf } from "../../../test/support/demo.ts";
import { createCells } from "./cells.ts";
import { createPlanted } from "./planted.ts";
import { wellAt } from "./plate.ts";
import { CHANNELS, type RenderRequest, type Specimen } from "./specimen.ts";

const focus = { offsetUm: 3, tiltUmPerMm: [2, -1] as const, waveUm: 2 };
const cells = createCells({ seed: 4, cellsPerMm2: 900, focus });

const PLACE: RenderRequest = {
  xUm: 800,
  yUm: -300,
  zUm: cells.focusUm(800, -300),
  widthPx: 160,
  heightPx: 120,
  pixelSizeUm: 0.65,
  channel: "DAPI",
  timeMs: 0,
};

function render(specimen: Specimen, change: Partial<RenderRequest> = {}): Float32Array {
  const request = { ...PLACE, ...change };
  const out = new Float32Array(request.widthPx * request.heightPx).fill(Number.NaN);
  specimen.render(request, out);
  return out;
}

/** Sum of squared differences of neighbours: the sharper, the larger. */
function sharpness(image: Float32Array): number {
  return image.reduce((sum, value, i) => (i === 0 ? 0 : sum + (value - image[i - 1]) ** 2), 0);
}

test("the same seed and place give the same cells, another seed others", () => {
  const again = createCells({ seed: 4, cellsPerMm2: 900, focus });
  expect(render(again)).toEqual(render(cells));
  expect(render(createCells({ seed: 5, cellsPerMm2: 900, focus }))).not.toEqual(render(cells));
});

test("every channel shows something else of the same cells, and light is never negative", () => {
  const images = CHANNELS.map((channel) => render(cells, { channel }));
  for (const image of images) {
    expect(image.every((value) => value >= 0)).toBe(true);
    expect(momentsOf(image).variance).toBeGreaterThan(50);
  }
  expect(new Set(images.map((image) => image.join())).size).toBe(CHANNELS.length);
});

test("overlapping tiles show the same values where they overlap", () => {
  const shift = fc.integer({ min: -70, max: 70 });
  const defocusUm = fc.constantFrom(0, 1, 4, 12);
  const channel = fc.constantFrom(...CHANNELS);
  const run = (dx: number, dy: number, change: Partial<RenderRequest>) => {
    const first = render(cells, change);
    const { xUm, yUm, pixelSizeUm: size, widthPx: width, heightPx: height } = PLACE;
    const second = render(cells, { ...change, xUm: xUm + dx * size, yUm: yUm + dy * size });
    const range = Math.max(...first) - Math.min(...first);
    for (let y = Math.max(0, dy); y < Math.min(height, height + dy); y++) {
      for (let x = Math.max(0, dx); x < Math.min(width, width + dx); x++) {
        const difference = second[(y - dy) * width + x - dx] - first[y * width + x];
        // wide Gaussians are drawn in halved images, whose pixels need not meet: 1.4 % of a Gaussian's peak
        if (Math.abs(difference) > 0.02 * range) return { x, y, difference, range };
      }
    }
    return undefined;
  };
  fc.assert(
    fc.property(shift, shift, defocusUm, channel, (dx, dy, defocus, name) => {
      expect(run(dx, dy, { zUm: PLACE.zUm + defocus, channel: name })).toBeUndefined();
    }),
    { numRuns: 40, seed: 1 },
  );
});

test.each(CHANNELS)("%s is sharpest at the focal surface and keeps its light out of focus", (channel) => {
  const at = (defocus: number) =>
    render(cells, { zUm: PLACE.zUm + defocus, channel, widthPx: 256, heightPx: 256 });
  const sharp = [0, 1, 2, 4, 8].map((defocus) => sharpness(at(defocus)));
  const below = [0, -1, -2, -4, -8].map((defocus) => sharpness(at(defocus)));
  expect(sharp).toEqual([...sharp].sort((a, b) => b - a));
  expect(below).toEqual([...below].sort((a, b) => b - a));
  // light that crosses the border of the field makes the difference
  expect(momentsOf(at(4)).mean / momentsOf(at(0)).mean).toBeCloseTo(1, 1);
});

test("a pixel of twice the side shows the mean of four", () => {
  const fine = render(cells);
  const coarse = render(cells, { widthPx: 80, heightPx: 60, pixelSizeUm: 1.3 });
  expect(momentsOf(coarse).mean / momentsOf(fine).mean).toBeCloseTo(1, 1);
});

test("the wells of a plate are discs in rows below each other, and only they hold cells", () => {
  const plate = { wells: 24, a1CenterUm: [1000, 500] } as const;
  expect(wellAt(plate, 1000, 500)).toBe(0);
  expect(wellAt(plate, 1000 + 19_000 * 5, 500 - 19_000 * 3)).toBe(23);
  expect(wellAt(plate, 1000 + 7_790, 500)).toBe(0);
  expect(wellAt(plate, 1000 + 7_810, 500)).toBeUndefined();
  expect(wellAt(plate, 1000, 500 + 19_000)).toBeUndefined();
  expect(wellAt({ wells: 96, a1CenterUm: [0, 0] }, 9_000 * 11, -9_000 * 7)).toBe(95);

  const plated = createCells({ seed: 4, cellsPerMm2: 900, focus, plate });
  const between = render(plated, { xUm: 1000 + 9_500, yUm: 500 });
  expect(between.every((value) => value === 0)).toBe(true);
  expect(
    momentsOf(render(plated, { xUm: 1000, yUm: 500, zUm: plated.focusUm(1000, 500) })).variance,
  ).toBeGreaterThan(50);
});

test("a planted image appears at its place, pixel by pixel, on the background", () => {
  const data = Float32Array.from({ length: 15 }, (_, i) => i + 1);
  const image = { xUm: 0.2, yUm: -0.1, pixelSizeUm: 0.1, widthPx: 5, heightPx: 3, data };
  const specimen = createPlanted({
    background: 7,
    images: [image],
    focus: { ...focus, tiltUmPerMm: [0, 0] },
  });
  const request = { xUm: 0, yUm: 0, zUm: 3, widthPx: 11, heightPx: 9, pixelSizeUm: 0.1 };
  const out = render(specimen, request);
  const expected = new Float32Array(99).fill(7);
  for (let row = 0; row < 3; row++)
    for (let column = 0; column < 5; column++)
      expected[(row + 2) * 11 + column + 5] += data[row * 5 + column];
  expect(out.map((value) => Math.round(value * 1e4) / 1e4)).toEqual(expected);
  const wide = { ...request, widthPx: 41, heightPx: 39 };
  const sharp = render(specimen, wide);
  const blurred = render(specimen, { ...wide, zUm: 7 });
  expect(Math.max(...blurred)).toBeLessThan(Math.max(...sharp));
  expect(momentsOf(blurred).mean).toBeCloseTo(momentsOf(sharp).mean, 3);
});

test("a planted image with another number of values is refused", () => {
  const image = { xUm: 0, yUm: 0, pixelSizeUm: 1, widthPx: 2, heightPx: 2, data: new Float32Array(3) };
  expect(() => createPlanted({ background: 0, images: [image], focus })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: specimen images[0]: expected 2 x 2 values, found 3.]`,
  );
});
