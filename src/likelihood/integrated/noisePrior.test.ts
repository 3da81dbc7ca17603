import { describe, expect, test } from "vitest";
import { marginalLogLikelihood, viewPosteriors } from "./integralModel.ts";
import { logGamma, logSumExp } from "./logSum.ts";
import { noisePowers, residualLogLikelihood, residualOf } from "./noisePrior.ts";

// The numeric anchor of the reference page, to the digits that it has.
const model = [0, 1, 2, 4, 3, 1, 0, 2];
const image = [1, 0, 3, 5, 4, 1, 1, 2];

describe("likelihoods of eight pixels", () => {
  const left = residualOf(image, model);

  test("the best scale and offset, and what they leave", () => {
    expect(left.determinant).toBe(111);
    expect(left.squares).toBeCloseTo(3.837838, 6);
    expect(left.scale).toBeCloseTo(1.108108, 6);
    expect(left.offset).toBeCloseTo(0.324324, 6);
  });

  test("BioEM's formula, cryoJAX's, and that of a known variance", () => {
    expect(residualLogLikelihood(left, 8, "flat-sigma")).toBeCloseTo(-2.133519, 6);
    expect(residualLogLikelihood(left, 8, "profile")).toBeCloseTo(-4.034727, 6);
    expect(residualLogLikelihood(left, 8, { variance: 1 })).toBeCloseTo(-1.918919, 6);
    expect(residualLogLikelihood(left, 8, "flat-variance")).toBeCloseTo(
      -2 * Math.log(left.squares) - Math.log(111) / 2,
      12,
    );
  });

  test("BioEM's own sums give the same", () => {
    const sum = (f: (i: number) => number) => model.reduce((total, _, i) => total + f(i), 0);
    const [n, r, c] = [8, sum((i) => image[i]), sum((i) => model[i])];
    const [rr, cc, rc] = [
      sum((i) => image[i] ** 2),
      sum((i) => model[i] ** 2),
      sum((i) => image[i] * model[i]),
    ];
    const f = n * (rr * cc - rc * rc) + 2 * r * c * rc - rr * c * c - r * r * cc;
    const g = n * cc - c * c;
    const bioem = ((3 - n) / 2) * Math.log(f) + (n / 2 - 2) * Math.log((n - 2) * g);
    expect(residualLogLikelihood(left, 8, "flat-sigma")).toBeCloseTo(bioem, 10);
  });
});

test("noise priors that cannot be are refused", () => {
  expect(() => noisePowers({ variance: 0 }, 64)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: noisePrior variance: expected a number above 0, found 0.]`,
  );
  expect(() => noisePowers("flat-variance", 4)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: noisePrior: expected images of more than 4 pixels, found 4.]`,
  );
  expect(() => residualOf([1, 2], [3, 3])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: residualOf model: expected a model that varies, found the same value everywhere.]`,
  );
  expect(() => residualOf([1, 2], [3])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: residualOf model: expected 2 values, found 1.]`,
  );
});

test("sums of exponentials and the logarithm of the gamma function", () => {
  expect(logSumExp([1000, 1000 + Math.log(3)])).toBeCloseTo(1000 + Math.log(4), 12);
  expect(logSumExp([])).toBe(Number.NEGATIVE_INFINITY);
  expect(logGamma(5)).toBeCloseTo(Math.log(24), 12);
  // Stirling with its first term.
  expect(logGamma(1150.5)).toBeCloseTo(
    1150 * Math.log(1150.5) - 1150.5 + Math.log(2 * Math.PI) / 2 + 1 / (12 * 1150.5),
    8,
  );
});

test("a structure's likelihood is the mean over poses, whatever their weights add up to", () => {
  const integrals = Float64Array.of(0, 0, 3, 1);
  const poses = { displacements: 2, inplanes: 5 };
  const found = marginalLogLikelihood(integrals, 2, { ...poses, weights: [2, 6] });
  expect(found[0]).toBeCloseTo(-Math.log(10), 12);
  expect(found[1]).toBeCloseTo(Math.log(0.25 * Math.exp(3) + 0.75 * Math.E) - Math.log(10), 12);
  // CryoLike adds the weights themselves.
  const compat = marginalLogLikelihood(integrals, 2, { ...poses, weights: [2, 6], compat: true });
  expect(compat[1]).toBeCloseTo(Math.log(Math.exp(5) + Math.exp(7)) - Math.log(10), 12);
});

test("posteriors of views add up to 1 and follow the weights", () => {
  const found = viewPosteriors(Float64Array.of(0, 0, 5000, 5000 + Math.log(3)), 2, [1, 3]);
  [0.25, 0.75, 0.1, 0.9].forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 12);
  });
});
