import fc from "fast-check";
import { expect, test } from "vitest";
import { goldenJson, goldenMrc, goldenNpy } from "../../../test/support/npy.ts";
import type { Shape2 } from "../../core/index.ts";
import { finishStatistics } from "./maps.ts";

function map(path: string): { data: Float32Array; shape: Shape2 } {
  const { data, shape } = goldenNpy(path);
  if (!(data instanceof Float32Array)) throw new Error(`${path} is not float32`);
  return { data, shape: [shape[0], shape[1]] };
}

/** Where the template, 48², lies wholly inside the image. */
function crop({ data, shape }: { data: Float32Array; shape: Shape2 }): Float32Array {
  const [rows, columns] = [shape[0] - 47, shape[1] - 47];
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    return data[Math.floor(i / columns) * shape[1] + (i % columns)];
  });
}

test("the golden search's maps from its mean and deviation before the crop", () => {
  const mip = map("search1_same_mip.npy");
  const mean = map("search1_same_mean.npy").data;
  const std = map("search1_same_std.npy").data;
  const { total_projections: total } = goldenJson<{ total_projections: number }>("search1_info.json");
  const found = finishStatistics({
    sum: Float64Array.from(mean, (value) => value * total),
    squaredSum: Float64Array.from(mean, (value, i) => (value ** 2 + std[i] ** 2) * total),
    mip: mip.data,
    total,
  });
  expect(crop(mip)).toEqual(goldenMrc("search1_mip.mrc").data);
  // Both round their inputs to float32: some 1e-7 of the values, which are below 10.
  for (const [data, path] of [
    [found.mean, "search1_correlation_average.mrc"],
    [found.std, "search1_correlation_variance.mrc"],
    [found.scaled, "search1_scaled_mip.mrc"],
  ] as const) {
    const wanted = goldenMrc(path).data;
    const cropped = crop({ data, shape: mip.shape });
    const worst = cropped.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
    expect(worst, path).toBeLessThan(2e-6);
  }
});

test("values that are all the same have deviation 0 and z-score 0; a NaN stays NaN", () => {
  const { mean, std, scaled } = finishStatistics({
    sum: Float64Array.of(3, NaN),
    squaredSum: Float64Array.of(9, NaN),
    mip: Float32Array.of(5, -Infinity),
    total: 1,
  });
  expect([...mean, ...std, ...scaled]).toEqual([3, NaN, 0, NaN, 0, NaN]);
});

test("mean and deviation are those of the values; pieces give what the whole gives", () => {
  const values = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 6 }), (rows) => {
      const sums = {
        sum: Float64Array.from(rows, (row) => row.reduce((s, v) => s + v, 0)),
        squaredSum: Float64Array.from(rows, (row) => row.reduce((s, v) => s + v * v, 0)),
        mip: Float32Array.from(rows, (row) => Math.max(...row)),
        total: 12,
      };
      const whole = finishStatistics(sums);
      rows.forEach((row, i) => {
        const mean = row.reduce((s, v) => s + v, 0) / 12;
        const std = Math.sqrt(row.reduce((s, v) => s + (v - mean) ** 2, 0) / 12);
        expect(whole.mean[i]).toBeCloseTo(mean, 5);
        expect(whole.std[i]).toBeCloseTo(std, 5);
      });
      const pieces = { mean: whole.mean.slice(), std: whole.std.slice(), scaled: sums.mip.slice() };
      pieces.mean.fill(7);
      for (let i = 0; i < rows.length; i++) {
        const part = (array: Float32Array) => array.subarray(i, i + 1);
        const into = { mean: part(pieces.mean), std: part(pieces.std), scaled: part(pieces.scaled) };
        const one = { sum: sums.sum.subarray(i, i + 1), squaredSum: sums.squaredSum.subarray(i, i + 1) };
        finishStatistics({ ...one, mip: into.scaled, total: 12 }, into);
      }
      expect(pieces).toEqual(whole);
    }),
  );
});

test("arrays that do not fit are refused", () => {
  const sums = {
    sum: new Float64Array(2),
    squaredSum: new Float64Array(3),
    mip: new Float32Array(2),
    total: 4,
  };
  expect(() => finishStatistics(sums)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: finishStatistics().squaredSum: expected as many values as mip (2), found 3.]`,
  );
  expect(() => finishStatistics({ ...sums, squaredSum: sums.sum, total: 0 })).toThrow("total");
});
