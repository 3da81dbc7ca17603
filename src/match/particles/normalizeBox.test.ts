import fc from "fast-check";
import { expect, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";

import { boxNormalizer, defaultBackgroundRadius } from "./normalizeBox.ts";

const options = (side: number, radius = defaultBackgroundRadius([side, side])) =>
  ({ shape: [side, side], radius }) as const;
const normalized = (box: Float32Array, side: number) => boxNormalizer(options(side))(box, "a.csv row 1");

/** Mean, deviation and slopes of what lies beyond a radius. */
function background(box: Float32Array, side: number, radius: number) {
  const half = Math.floor(side / 2);
  let [n, sum, squares, y1, x1] = [0, 0, 0, 0, 0];
  box.forEach((value, i) => {
    const [y, x] = [Math.floor(i / side) - half, (i % side) - half];
    if (y * y + x * x <= radius * radius) return;
    n++;
    sum += value;
    squares += value * value;
    y1 += y * value;
    x1 += x * value;
  });
  return [sum / n, Math.sqrt(squares / n), y1 / n / side, x1 / n / side];
}

test("beyond the radius a normalised box has mean 0, deviation 1 and no slope, whatever ramp and scale it had", () => {
  const ramp = fc.double({ min: -3, max: 3, noNaN: true });
  const scale = fc.double({ min: 0.01, max: 100, noNaN: true });
  const cases = fc.record({
    side: fc.integer({ min: 8, max: 25 }),
    seed: fc.nat(1000),
    y: ramp,
    x: ramp,
    mean: ramp,
    scale,
  });
  fc.assert(
    fc.property(cases, ({ side, seed, y, x, mean, scale }) => {
      const plain = noise(side * side, seed);
      const bent = plain.map((v, i) => scale * (v + mean + y * Math.floor(i / side) + x * (i % side)));
      const before = bent.slice();
      const { radius } = options(side);
      const found = normalized(bent, side);
      // float32 values of up to 150 deviations
      background(found, side, radius).forEach((value, i) => {
        expect(value).toBeCloseTo(i === 1 ? 1 : 0, 4);
      });
      const expected = normalized(plain, side);
      expect(Math.max(...found.map((v, i) => Math.abs(v - expected[i])))).toBeLessThan(1e-3);
      expect(bent).toEqual(before);
    }),
    { numRuns: 50 },
  );
});

test("the particle does not count", () => {
  const side = 32;
  const plain = noise(side * side, 4);
  const bright = plain.map((value, i) => (i === 16 * side + 16 ? value + 1e4 : value));
  const [found, expected] = [bright, plain].map((box) => normalized(box, side));
  expect(found.map((value, i) => (i === 16 * side + 16 ? 0 : value))).toEqual(
    expected.map((value, i) => (i === 16 * side + 16 ? 0 : value)),
  );
});

test.each([
  [10, 6, "background radius: expected a radius of 0 to 5 pixels, half a box, found 6."],
  [10, Number.NaN, "background radius: expected a radius of 0 to 5 pixels, half a box, found NaN."],
  [2, 1, "background radius: expected at least 3 pixels of background, found 1 beyond 1."],
])("a box of %i with radius %d is refused", (side, radius, message) => {
  expect(() => boxNormalizer(options(side, radius))).toThrow(message);
});

test("a background without contrast is refused", () => {
  expect(() => normalized(new Float32Array(256).fill(7), 16)).toThrow(
    /^a\.csv row 1: expected a background with a standard deviation above 0, found \S+\. Leave the particle out/,
  );
});
