import fc from "fast-check";
import { expect, test } from "vitest";
import { kMeans } from "./kMeans.ts";

test("k-means leaves no point with another centre nearer, and its centres are means", () => {
  const value = fc.double({ min: -100, max: 100, noNaN: true });
  const points = fc.array(value, { minLength: 12, maxLength: 120 });
  fc.assert(
    fc.property(points, fc.integer({ min: 2, max: 4 }), (list, clusters) => {
      const all = Float64Array.from(list.slice(0, list.length - (list.length % 2)));
      const { groupOf, centers, sizes } = kMeans({ points: all, dimensions: 2, clusters, seed: 1 });
      const distance = (i: number, c: number) =>
        (all[2 * i] - centers[2 * c]) ** 2 + (all[2 * i + 1] - centers[2 * c + 1]) ** 2;
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(all.length / 2);
      expect([...sizes]).toEqual([...sizes].sort((a, b) => b - a));
      for (let i = 0; i < groupOf.length; i++)
        for (let c = 0; c < clusters; c++)
          // 1e-9: means are sums of some sixty values of up to 100
          expect(distance(i, groupOf[i])).toBeLessThanOrEqual(distance(i, c) + 1e-9);
    }),
    { seed: 15 },
  );
});

test("ten starts come near the best of many, whatever the seed", () => {
  // Squares and cubes modulo 97; the best of 500 starts of scikit-learn 1.9.1 (KMeans). Starts by plain draws were up to 21 % above it.
  const points = Float64Array.from({ length: 120 }, (_, i) => i ** (2 + (i % 2)) % 97);
  for (let seed = 0; seed < 40; seed++) {
    const found = kMeans({ points, dimensions: 2, clusters: 12, seed, starts: 10 });
    expect(found.inertia / 4741.138888888889).toBeLessThan(1.1);
    expect(found.sizes).not.toContain(0);
  }
});

test("points that are alike leave groups empty, and none where there are enough of others", () => {
  const points = Float64Array.of(1, 1, 1, 1, 1, 5);
  const two = kMeans({ points, dimensions: 1, clusters: 2, seed: 3 });
  expect([...two.groupOf]).toEqual([0, 0, 0, 0, 0, 1]);
  const three = kMeans({ points, dimensions: 1, clusters: 3, seed: 3 });
  expect([...three.sizes]).toEqual([5, 1, 0]);
  expect(three.inertia).toBe(0);
});

test("numbers of clusters and starts that cannot be", () => {
  const of = { points: Float64Array.of(1, 2, 3), dimensions: 1, clusters: 4, seed: 0 };
  expect(() => kMeans(of)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: kMeans clusters: expected a whole number from 1 to 3, the points, found 4.]`,
  );
  expect(() => kMeans({ ...of, clusters: 2, starts: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: kMeans starts: expected a whole number from 1, found 0.]`,
  );
});
