import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { imagePosteriors, rankStructures } from "./ranking.ts";
import { ensembleWeights, type LikelihoodMatrix } from "./weights.ts";

/** Log-likelihoods of images of two structures, `share` of them of the first: differences as those of noisy images. */
function mixture(images: number, share: number, seed: number): LikelihoodMatrix {
  const { normal, uniform } = seededRandom(seed);
  const data = new Float64Array(2 * images);
  for (let i = 0; i < images; i++) {
    // A ratio of two Gaussians of distance d has mean ±d²/2 and variance d².
    const d = 1.5;
    const ratio = ((uniform() < share ? 1 : -1) * (d * d)) / 2 + d * normal();
    const common = 5000 + 100 * normal();
    data[i] = common + ratio;
    data[images + i] = common;
  }
  return { shape: [2, images], data };
}

describe("weights of an ensemble", () => {
  test("the anchor of the reference page, to its digits", () => {
    const data = Float64Array.from([0.9, 0.8, 0.2, 0.6, 0.1, 0.3, 0.7, 0.5], Math.log);
    const found = ensembleWeights({ shape: [2, 4], data }, { bootstrap: 0 });
    expect(found.weights[0]).toBeCloseTo(0.863808, 5);
    expect(found.weights[1]).toBeCloseTo(0.136192, 5);
    expect(found.logLikelihood).toBeCloseTo(-2.396701, 6);
    expect([...found.gradient].map((value) => Math.abs(value - 1) < 1e-6)).toEqual([true, true]);
    expect(found.isConverged).toBe(true);
  });

  test("a constant that all structures have of an image leaves them", () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 20, maxLength: 20 }),
        (seed, shifts) => {
          const matrix = mixture(20, 0.4, seed);
          const shifted = Float64Array.from(matrix.data, (value, at) => value + shifts[at % 20]);
          const options = { bootstrap: 0, tolerance: 1e-6 };
          const [one, other] = [
            ensembleWeights(matrix, options),
            ensembleWeights({ ...matrix, data: shifted }, options),
          ];
          expect(other.weights[0]).toBeCloseTo(one.weights[0], 4);
        },
      ),
      { numRuns: 20, seed: 2 },
    );
  });

  test("a planted mixture of 30 and 70 percent lies within its intervals", () => {
    let within = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const { weights, lower, upper, effectiveNumber } = ensembleWeights(mixture(400, 0.3, seed), {
        bootstrap: 100,
      });
      expect(weights[0] + weights[1]).toBeCloseTo(1, 12);
      expect(Math.abs(weights[0] - 0.3)).toBeLessThan(0.12);
      expect(effectiveNumber).toBeGreaterThan(1.5);
      if (lower[0] <= 0.3 && 0.3 <= upper[0]) within++;
    }
    // Nineteen of twenty intervals hold it.
    expect(within).toBeGreaterThanOrEqual(8);
  });

  test("a prior draws weights together", () => {
    const matrix = mixture(30, 0.05, 3);
    const [flat, drawn] = [
      ensembleWeights(matrix, { bootstrap: 0 }),
      ensembleWeights(matrix, { bootstrap: 0, dirichlet: 20 }),
    ];
    expect(Math.abs(drawn.weights[0] - 0.5)).toBeLessThan(Math.abs(flat.weights[0] - 0.5));
  });
});

test("structures are ranked, with what speaks for each", () => {
  const ranked = rankStructures(mixture(200, 0.9, 4), { bootstrap: 300 });
  expect(ranked.map(({ structure }) => structure)).toEqual([0, 1]);
  const [best, other] = ranked;
  expect(best.posterior).toBeGreaterThan(0.999);
  expect(best.logBayesFactor).toBe(0);
  expect(other.logBayesFactor).toBeCloseTo(best.logLikelihood - other.logLikelihood, 8);
  expect(other.lower).toBeLessThan(other.logBayesFactor);
  expect(other.upper).toBeGreaterThan(other.logBayesFactor);
  expect(best.support).toBe(1);
  expect(best.images + other.images).toBe(200);
});

test("posteriors of images add up to 1", () => {
  const posteriors = imagePosteriors(mixture(5, 0.5, 5), [0.3, 0.7]);
  for (let i = 0; i < 5; i++) expect(posteriors[2 * i] + posteriors[2 * i + 1]).toBeCloseTo(1, 12);
});

test("matrices and options that cannot be are refused", () => {
  const matrix = mixture(3, 0.5, 6);
  expect(() => ensembleWeights({ ...matrix, shape: [2, 4] })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: likelihood matrix: expected structures x images values, at least one of each, found 6 for 2 x 4.]`,
  );
  expect(() =>
    rankStructures({ ...matrix, data: [1, 2, Number.NaN, 4, 5, 6] }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: likelihood matrix structure 0, image 2: expected a finite log-likelihood, found NaN.]`,
  );
  expect(() => ensembleWeights(matrix, { dirichlet: 0.5 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: ensembleWeights dirichlet: expected a number from 1, found 0.5.]`,
  );
  expect(() => ensembleWeights(matrix, { confidence: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: ensembleWeights confidence: expected a number between 0 and 1, found 1.]`,
  );
});
