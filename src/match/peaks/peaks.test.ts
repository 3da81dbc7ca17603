import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goldenBytes, goldenJson, goldenMrc } from "../../../test/support/npy.ts";
import type { Shape2 } from "../../core/index.ts";
import { findPeaks, gaussianCutoff } from "../index.ts";
import { inverseErfc } from "./inverseErfc.ts";

describe("inverse complementary error function", () => {
  // Computed with 40 digits (mpmath) at the float64 nearest to each y, then rounded to float64.
  test.each([
    [1e-300, 26.209469960516124],
    [1e-200, 21.37478304902626],
    [1e-100, 15.065574702592645],
    [1e-30, 8.148616223169865],
    [1e-16, 5.8723700904539635],
    [1e-10, 4.572824967389486],
    [1e-5, 3.123413274340875],
    [0.001, 2.3267537655135246],
    [0.1, 1.163087153676674],
    [0.3, 0.7328690779592169],
    [0.5, 0.4769362762044699],
    [0.9, 0.08885599049425767],
    [0.999, 0.0008862271574665529],
  ])("of %s", (y, x) => {
    // Where y is near 1, its last bit moves x by 1e-16 whatever the method.
    expect(Math.abs(inverseErfc(y) - x)).toBeLessThan(Math.max(2e-15 * x, 2e-16));
    if (y > 0.0001) expect(inverseErfc(2 - y)).toBeCloseTo(-x, 12);
  });

  test("at its limits", () => {
    expect([0, 1, 2, -1, 3, NaN].map(inverseErfc)).toEqual([Infinity, 0, -Infinity, NaN, NaN, NaN]);
  });

  test("falls monotonically", () => {
    const exponent = fc.double({ min: -300, max: 0, noNaN: true });
    fc.assert(
      fc.property(exponent, exponent, (a, b) => {
        fc.pre(Math.abs(a - b) > 1e-9);
        expect(inverseErfc(10 ** Math.min(a, b))).toBeGreaterThan(inverseErfc(10 ** Math.max(a, b)));
      }),
    );
  });
});

test("the golden search's cutoff and peaks", () => {
  const info = goldenJson<{ total_projections: number; zscore_cutoff: number; n_peaks: number }>(
    "search1_info.json",
  );
  const { data, shape } = goldenMrc("search1_scaled_mip.mrc");
  const image: Shape2 = [shape[1], shape[2]];
  const pixels = data.length;
  const cutoff = gaussianCutoff({ falsePositives: 1, pixels, correlations: info.total_projections });
  expect(cutoff).toBeCloseTo(info.zscore_cutoff, 13);
  const peaks = findPeaks({ data, shape: image }, { cutoff, maskRadiusPx: 8 });
  const lines = new TextDecoder().decode(goldenBytes("search1_particles.csv")).trim().split("\n").slice(1);
  const wanted = lines.map((line) => line.split(",").map(Number));
  expect(peaks).toHaveLength(info.n_peaks);
  expect(peaks.map(({ x, y }) => [x, y])).toEqual(wanted.map((row) => [row[6], row[7]]));
  expect(peaks.map(({ zScore }) => zScore)).toEqual(wanted.map((row) => Math.fround(row[2])));
});

/** The definition, pair by pair. */
function slowPeaks(
  data: Float32Array,
  [height, width]: Shape2,
  { cutoff, radius }: { cutoff: number; radius: number },
) {
  const found: [number, number][] = [];
  const order = Array.from({ length: height * width }, (_, i) => i).filter((i) => data[i] > cutoff);
  order.sort((a, b) => data[b] - data[a] || a - b);
  for (const i of order) {
    const [y, x] = [Math.floor(i / width), i % width];
    if (found.every(([py, px]) => Math.hypot(py - y, px - x) >= radius)) found.push([y, x]);
  }
  return found;
}

test("peaks are those of the definition: ties, NaN, infinities, zeros of both signs, any radius", () => {
  const score = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(NaN, Infinity, -Infinity, -0, 0),
    fc.float({ noNaN: true }),
  );
  const side = fc.integer({ min: 1, max: 9 });
  const limit = fc.oneof(fc.integer({ min: -4, max: 3 }), fc.constant(-Infinity));
  const radius = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.double({ min: 0, max: 12, noNaN: true }));
  fc.assert(
    fc.property(
      side,
      side,
      fc.infiniteStream(score),
      limit,
      radius,
      (height, width, scores, cutoff, maskRadiusPx) => {
        const data = Float32Array.from({ length: height * width }, () => scores.next().value ?? 0);
        const peaks = findPeaks({ data, shape: [height, width] }, { cutoff, maskRadiusPx });
        const wanted = slowPeaks(data, [height, width], { cutoff, radius: maskRadiusPx });
        expect(peaks.map(({ y, x }) => [y, x])).toEqual(wanted);
      },
    ),
    { numRuns: 300 },
  );
});

test("in a map of 4 million candidates peaks are apart, and every pixel is near one", () => {
  const [side, radius] = [2048, 5];
  const data = Float32Array.from({ length: side * side }, (_, i) => Math.sin(i * 12.9898) * 3);
  const peaks = findPeaks({ data, shape: [side, side] }, { cutoff: -Infinity, maskRadiusPx: radius });
  const nearest = new Uint8Array(side * side);
  for (const { y, x } of peaks) {
    for (let row = Math.max(0, y - 4); row <= Math.min(side - 1, y + 4); row++) {
      for (let column = Math.max(0, x - 4); column <= Math.min(side - 1, x + 4); column++) {
        if (Math.hypot(row - y, column - x) < radius) nearest[row * side + column]++;
      }
    }
  }
  expect(peaks.every(({ y, x }) => nearest[y * side + x] === 1)).toBe(true);
  expect(nearest.every((count) => count > 0)).toBe(true);
});

test("bad parameters are refused", () => {
  const good = { falsePositives: 1, pixels: 100, correlations: 10 };
  expect(() => gaussianCutoff({ ...good, falsePositives: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: gaussianCutoff().falsePositives: expected a number above 0 and below 1000, found 0.]`,
  );
  expect(() => gaussianCutoff({ ...good, falsePositives: 1000 })).toThrow("below 1000");
  expect(() => gaussianCutoff({ ...good, pixels: 0 })).toThrow("pixels");
  const map = { data: new Float32Array(6), shape: [2, 3] } as const;
  expect(() => findPeaks({ ...map, shape: [2, 2] }, { cutoff: 1, maskRadiusPx: 5 })).toThrow(
    "6 values for (2, 2)",
  );
  expect(() => findPeaks(map, { cutoff: 1, maskRadiusPx: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: findPeaks().maskRadiusPx: expected a radius of at least 0, found -1.]`,
  );
  expect(() => findPeaks(map, { cutoff: NaN, maskRadiusPx: 1 })).toThrow("cutoff");
});
