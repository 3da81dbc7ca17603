import { expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { poisson } from "./poisson.ts";

const DRAWS = 40_000;

function draw(mean: number): number[] {
  const random = seededRandom(17);
  return Array.from({ length: DRAWS }, () => poisson(random, mean));
}

test.each([0.3, 4, 9.99, 10, 12.5, 40, 900])("mean %d: mean, variance and skewness are Poisson's", (mean) => {
  const counts = draw(mean);
  const moment = (power: number) => counts.reduce((sum, count) => sum + (count - mean) ** power, 0) / DRAWS;
  expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
  // Four standard errors: of the mean sqrt(m / n), of the variance sqrt((m + 2 m²) / n), of the third moment sqrt(~15 m³ / n).
  expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(mean / DRAWS));
  expect(Math.abs(moment(2) - mean)).toBeLessThan(4 * Math.sqrt((mean + 2 * mean ** 2) / DRAWS));
  const spread = Math.sqrt((mean + 25 * mean ** 2 + 15 * mean ** 3) / DRAWS);
  expect(Math.abs(moment(3) - mean)).toBeLessThan(4 * spread);
});

test.each([7, 25])("mean %d: every count is as frequent as it should be", (mean) => {
  const counts = draw(mean);
  let [probability, chi2, classes] = [Math.exp(-mean), 0, 0];
  for (let k = 0; k < 4 * mean; k++) {
    const expected = DRAWS * probability;
    if (expected > 20) {
      const observed = counts.filter((count) => count === k).length;
      chi2 += (observed - expected) ** 2 / expected;
      classes++;
    }
    probability *= mean / (k + 1);
  }
  // chi² has mean `classes` and variance twice that.
  expect(chi2).toBeLessThan(classes + 4 * Math.sqrt(2 * classes));
});

test("nothing comes of a mean of 0", () => {
  expect(poisson(seededRandom(1), 0)).toBe(0);
});
