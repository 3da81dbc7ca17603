import fc from "fast-check";
import { expect, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";
import { singularValues, svd, symmetricEigen } from "./eigen.ts";

/** Times √n: float64 rounds to 1e-16, and every value passes some n rotations; 1e-14 at most was seen. */
const TOLERANCE = 1e-13;

function symmetric(n: number, seed: number): Float64Array {
  const random = noise(n * n, seed);
  return Float64Array.from(random, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return random[n * Math.max(i, j) + Math.min(i, j)];
  });
}

const row = (matrix: Float64Array, i: number, length: number) =>
  matrix.subarray(i * length, (i + 1) * length);
const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);

/** Largest |v·w|, or |v·v - 1|, of the rows. */
function skew(vectors: Float64Array, length: number): number {
  let worst = 0;
  for (let i = 0; i < vectors.length / length; i++)
    for (let j = 0; j <= i; j++) {
      const product = dot(row(vectors, i, length), row(vectors, j, length));
      worst = Math.max(worst, Math.abs(product - (i === j ? 1 : 0)));
    }
  return worst;
}

/** Largest |A v - λ v| of any element. */
function residual(matrix: Float64Array, { values, vectors }: ReturnType<typeof symmetricEigen>): number {
  const n = values.length;
  let worst = 0;
  for (let i = 0; i < n; i++) {
    const vector = row(vectors, i, n);
    for (let j = 0; j < n; j++)
      worst = Math.max(worst, Math.abs(dot(row(matrix, j, n), vector) - values[i] * vector[j]));
  }
  return worst;
}

function expectEigen(matrix: Float64Array, n: number): void {
  const result = symmetricEigen(matrix, n);
  const largest = result.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(residual(matrix, result)).toBeLessThanOrEqual(TOLERANCE * Math.sqrt(n) * largest);
  expect(skew(result.vectors, n)).toBeLessThan(TOLERANCE * Math.sqrt(n));
  expect(result.values).toEqual(result.values.toSorted());
}

test("eigenvalues ascend, A v = λ v, vectors are orthogonal, for any size", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(1000), (n, seed) => {
      expectEigen(symmetric(n, seed + 1), n);
    }),
    { numRuns: 60, seed: 3 },
  );
  expectEigen(symmetric(200, 5), 200);
});

test("equal eigenvalues have orthogonal vectors too", () => {
  const n = 60;
  const basis = symmetricEigen(symmetric(n, 8), n).vectors;
  // 3 values, 20 times each
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const vector = row(basis, i, n);
    for (let y = 0; y < n; y++)
      for (let x = 0; x <= y; x++) matrix[n * y + x] += ((i % 3) - 1) * vector[y] * vector[x];
  }
  for (let y = 0; y < n; y++) for (let x = 0; x < y; x++) matrix[n * x + y] = matrix[n * y + x];
  expectEigen(matrix, n);
  const { values } = symmetricEigen(matrix, n);
  values.forEach((value, i) => {
    expect(Math.abs(value - (Math.floor(i / 20) - 1))).toBeLessThan(TOLERANCE * Math.sqrt(n));
  });
  expectEigen(new Float64Array(n * n), n);
});

test("only the lower triangle is read", () => {
  const matrix = symmetric(7, 2);
  const expected = symmetricEigen(matrix, 7);
  for (let i = 0; i < 7; i++) for (let j = i + 1; j < 7; j++) matrix[7 * i + j] = 99;
  expect(symmetricEigen(matrix, 7)).toEqual(expected);
});

test("a decomposition adds up to its matrix, tall, wide and without full rank", () => {
  fc.assert(
    fc.property(
      fc.record({
        m: fc.integer({ min: 1, max: 30 }),
        n: fc.integer({ min: 1, max: 30 }),
        rank: fc.integer({ min: 0, max: 30 }),
        seed: fc.nat(1000),
      }),
      ({ m, n, rank, seed }) => {
        const [left, right] = [noise(m * rank, seed + 1), noise(n * rank, seed + 2)];
        const matrix = new Float64Array(m * n);
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++)
            for (let k = 0; k < rank; k++) matrix[i * n + j] += left[i * rank + k] * right[j * rank + k];
        const { values, u, v } = svd(matrix, [m, n]);
        const sum = new Float64Array(m * n);
        values.forEach((value, term) => {
          for (let i = 0; i < m; i++)
            for (let j = 0; j < n; j++) sum[i * n + j] += value * u[term * m + i] * v[term * n + j];
        });
        const limit = TOLERANCE * Math.sqrt(m + n);
        const worst = matrix.reduce((most, value, at) => Math.max(most, Math.abs(value - sum[at])), 0);
        expect(worst).toBeLessThanOrEqual(limit * values[0]);
        expect([values.length, u.length, v.length]).toEqual([
          Math.min(m, n),
          Math.min(m, n) * m,
          Math.min(m, n) * n,
        ]);
        expect(Math.max(skew(u, m), skew(v, n))).toBeLessThan(limit);
        expect(values).toEqual(values.toSorted().reverse());
        const alone = singularValues(matrix, [m, n]);
        values.forEach((value, i) => {
          expect(Math.abs(value - alone[i])).toBeLessThanOrEqual(limit * values[0]);
        });
      },
    ),
    { numRuns: 100, seed: 4 },
  );
});

test("shapes and values that cannot be are refused", () => {
  const bad = new Float64Array([1, Number.NaN, 2, 3]);
  expect(() => symmetricEigen(bad, 3)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: symmetricEigen: expected rows x columns values, both from 1, found 4 values for 3 x 3.]`,
  );
  expect(() => symmetricEigen(new Float64Array(0), 0)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: symmetricEigen: expected rows x columns values, both from 1, found 0 values for 0 x 0.]`,
  );
  expect(() => svd(bad, [2, 2])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: svd: expected finite values, found NaN.]`,
  );
});
