import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goldenNpy } from "../../../test/support/npy.ts";
import type { Shape2 } from "../../core/index.ts";
import { normalizeTemplateProjection } from "../index.ts";

function golden(path: string): { data: Float32Array; shape: readonly number[] } {
  const { data, shape } = goldenNpy(path);
  if (!(data instanceof Float32Array)) throw new Error(`${path} is not float32`);
  return { data, shape };
}

function expectClose(found: Float32Array, wanted: Float32Array): void {
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
  // Leopard-EM sums in float32: some 1e-7 of the largest value.
  expect(worst / largest).toBeLessThan(1e-6);
}

describe("against Leopard-EM", () => {
  test.each([
    ["unit/seed_normalize_in.npy", "unit/seed_normalize_out_90x128.npy", [90, 128] as const],
    ["unit/normalize_in.npy", "unit/normalize_out_256x320.npy", [256, 320] as const],
  ])("%s", (input, output, large) => {
    const projections = golden(input);
    const small: Shape2 = [projections.shape.at(-2) ?? 0, projections.shape.at(-1) ?? 0];
    const before = projections.data.slice();
    const result = normalizeTemplateProjection(projections, small, large);
    expectClose(result.data, golden(output).data);
    expect(result.shape).toEqual(projections.shape);
    expect(projections.data).toEqual(before);

    const inPlace = normalizeTemplateProjection(projections, small, large, { inPlace: true });
    expect(inPlace.data).toBe(projections.data);
    expect(inPlace.data).toEqual(result.data);
  });
});

const size = fc.integer({ min: 1, max: 12 });
const value = fc.float({ min: -100, max: 100, noNaN: true });

test("exact gives the padded projection a variance of 1; leading dimensions are a loop", () => {
  fc.assert(
    fc.property(
      fc.tuple(size, size),
      fc.tuple(size, size),
      fc.infiniteStream(value),
      ([h, w], [dy, dx], values) => {
        const area = h * w;
        const data = Float32Array.from({ length: 6 * area }, () => values.next().value ?? 0);
        const large: Shape2 = [h + dy, w + dx];
        const all = normalizeTemplateProjection({ data, shape: [2, 3, h, w] }, [h, w], large, {
          exact: true,
        });
        for (let k = 0; k < 6; k++) {
          const one = { data: data.slice(k * area, (k + 1) * area), shape: [h, w] };
          const alone = normalizeTemplateProjection(one, [h, w], large, { exact: true });
          const part = all.data.subarray(k * area, (k + 1) * area);
          expect(alone.data).toEqual(part);
          const count = large[0] * large[1];
          const mean = part.reduce((sum, v) => sum + v, 0) / count;
          const squares = part.reduce((sum, v) => sum + (v - mean) ** 2, 0);
          const variance = (squares + (count - area) * mean ** 2) / count;
          // A projection equal to its border's mean is 0 all over.
          if (part.some((v) => v !== 0)) expect(variance).toBeCloseTo(1, 5);
        }
      },
    ),
  );
});

test.each([false, true])("a constant projection gives zeros (exact: %s)", (exact) => {
  const shape = [2, 7, 5];
  const data = new Float32Array(70).fill(0.1, 0, 35);
  const result = normalizeTemplateProjection({ data, shape }, [7, 5], [7, 5], { exact });
  expect(result.data).toEqual(new Float32Array(70));
});

test("a NaN is not hidden", () => {
  const data = Float32Array.of(1, NaN, 3, 4);
  const result = normalizeTemplateProjection({ data, shape: [2, 2] }, [2, 2], [4, 4]);
  expect(result.data).toEqual(new Float32Array(4).fill(NaN));
});

test("shapes that do not fit are refused", () => {
  const projections = { data: new Float32Array(12), shape: [3, 4] };
  const { data } = projections;
  expect(() => normalizeTemplateProjection(projections, [4, 3], [9, 9])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: normalizeTemplateProjection().projections.shape: expected (..., 4, 3), found (3, 4).]`,
  );
  expect(() => normalizeTemplateProjection(projections, [3, 4], [9, 3])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: normalizeTemplateProjection().largeShape: expected at least (3, 4), found (9, 3).]`,
  );
  expect(() => normalizeTemplateProjection({ data, shape: [2, 3, 4] }, [3, 4], [9, 9])).toThrow("24 values");
  expect(() => normalizeTemplateProjection({ data, shape: [12] }, [1, 12], [9, 19])).toThrow("(..., 1, 12)");
});
