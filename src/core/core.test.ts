import fc from "fast-check";
import { expect, test } from "vitest";
import {
  matrixFromZyz,
  multiplyMatrices,
  seededRandom,
  transposeMatrix,
  VitrineError,
  zyzFromMatrix,
} from "./index.ts";

test("an error says where, what was expected, what was found and what to do", () => {
  const fault = {
    code: "format",
    at: "run7.mrc header.mode",
    expected: "a known mode",
    found: "77",
  } as const;
  expect(
    new VitrineError({ ...fault, hint: "Convert with IMOD newstack -mode 2" }).message,
  ).toMatchInlineSnapshot(
    `"run7.mrc header.mode: expected a known mode, found 77. Convert with IMOD newstack -mode 2."`,
  );
  expect(new VitrineError(fault).fault).toEqual(fault);
});

const angle = fc.double({ min: -360, max: 360, noNaN: true });

test("angles of a rotation's matrix give that matrix again, at the poles too", () => {
  fc.assert(
    fc.property(angle, fc.oneof(fc.constantFrom(0, 180), angle), angle, (phiDeg, thetaDeg, psiDeg) => {
      const matrix = matrixFromZyz({ phiDeg, thetaDeg, psiDeg });
      const again = matrixFromZyz(zyzFromMatrix(matrix));
      matrix.forEach((value, i) => {
        expect(again[i]).toBeCloseTo(value, 7);
      });
    }),
  );
});

test("a rotation times its transpose is the identity", () => {
  const matrix = matrixFromZyz({ phiDeg: 12, thetaDeg: 34, psiDeg: 56 });
  const identity = multiplyMatrices(matrix, transposeMatrix(matrix));
  identity.forEach((value, i) => {
    expect(value).toBeCloseTo(i % 4 === 0 ? 1 : 0, 14);
  });
});

test("seeded random numbers repeat, and normal deviates have mean 0 and variance 1", () => {
  const [a, b] = [seededRandom(7), seededRandom(7)];
  expect(Array.from({ length: 5 }, () => a.uniform())).toEqual(Array.from({ length: 5 }, () => b.uniform()));
  const values = Float64Array.from({ length: 20_000 }, () => a.normal());
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(variance - 1)).toBeLessThan(0.05);
});
