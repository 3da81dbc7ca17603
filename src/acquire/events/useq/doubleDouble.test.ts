import fc from "fast-check";
import { expect, test } from "vitest";
import { angleOf, cosSin, exactProduct, exactSum, fusedMultiplyAdd } from "./doubleDouble.ts";

const whole = fc.integer({ min: -(2 ** 31), max: 2 ** 31 });

test("sums and products of whole numbers lose nothing", () => {
  fc.assert(
    fc.property(whole, whole, whole, (a, b, c) => {
      const [big, wide] = [a * 2 ** 21 + b, c * 2 ** 21 + a];
      const sum = exactSum(big * 2 ** 40, wide);
      expect(BigInt(sum.hi) + BigInt(sum.lo)).toBe(BigInt(big) * 2n ** 40n + BigInt(wide));
      const product = exactProduct(big, wide);
      expect(BigInt(product.hi) + BigInt(product.lo)).toBe(BigInt(big) * BigInt(wide));
      expect(fusedMultiplyAdd(big, wide, b) + 0).toBe(Number(BigInt(big) * BigInt(wide) + BigInt(b)));
    }),
  );
});

test.each([
  // numpy 2.4.6
  [0.1, 0.9950041652780258, 0.09983341664682815],
  [1, 0.5403023058681398, 0.8414709848078965],
  [2.5, -0.8011436155469337, 0.5984721441039565],
  [3.3, -0.9874797699088649, -0.1577456941432482],
  [-4.7, -0.01238866346289056, 0.9999232575641008],
  [6.2831, 0.9999999963613425, -8.530717948287973e-5],
])("cosine and sine of %d have numpy's digits", (angle, cos, sin) => {
  expect(cosSin(angle)).toEqual([cos, sin]);
});

test("the angle of a direction is the angle", () => {
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (angle) => {
      const [cos, sin] = cosSin(angle);
      // a direction of two doubles is itself off by up to 2^-53
      expect(Math.abs(angleOf(cos, sin) - angle)).toBeLessThan(3e-16);
    }),
  );
});
