import { expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { gaussianCutoff } from "./peaks.ts";
import { noiseAbove } from "./survival.ts";

test("the expected curve is that of the largest of many Gaussian values", () => {
  const random = seededRandom(11);
  const [pixels, correlations] = [4000, 300];
  const largest = Float64Array.from({ length: pixels }, () => {
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < correlations; i++) most = Math.max(most, random.normal());
    return most;
  });
  for (const z of [2, 2.5, 3, 3.5]) {
    const share = noiseAbove(z, correlations);
    const counted = largest.filter((value) => value > z).length / pixels;
    // four standard errors of a count of this many pixels
    expect(Math.abs(counted - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / pixels));
  }
});

test("it meets the cutoff where one pixel of noise is expected, and holds in the far tail", () => {
  for (const correlations of [1, 4416, 1e7]) {
    const pixels = 1e6;
    const cutoff = gaussianCutoff({ falsePositives: 1, pixels, correlations });
    expect(pixels * noiseAbove(cutoff, correlations)).toBeCloseTo(1, 4);
  }
  expect(noiseAbove(-50, 1)).toBe(1);
  expect(noiseAbove(20, 1e6)).toBeCloseTo(1e6 * 2.75e-89, 84);
  expect(noiseAbove(20, 1e6)).toBeGreaterThan(0);
});
