import { afterAll, expect, test } from "vitest";
import { relativeError } from "../../../test/support/npy.ts";
import { createPool, rfft2 } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { preprocessMicrograph } from "./searchFilters.ts";

const pool = await createPool({ workers: 2 });
afterAll(() => pool.dispose());

test("random phases leave the power of a prepared micrograph and its coarse part, and nothing else", async () => {
  const shape = [48, 57] as const;
  const random = seededRandom(4);
  const data = Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal());
  const filters = { whitening: { maxFreq: 0.5, doPowerSpectrum: true }, bandPass: null, curve: null };
  const micrograph = { data, shape, pixelSizeA: 1 };
  const plain = await preprocessMicrograph(pool, micrograph, filters);
  const found = await preprocessMicrograph(pool, micrograph, { ...filters, phases: { cutOn: 0.2 } });
  expect(found.whitening).toEqual(plain.whitening);
  const [before, after] = [await rfft2(pool, plain.image, shape), await rfft2(pool, found.image, shape)];
  const amplitudes = (spectrum: Float32Array) =>
    Float64Array.from({ length: spectrum.length / 2 }, (_, i) =>
      Math.hypot(spectrum[2 * i], spectrum[2 * i + 1]),
    );
  // float32 transforms
  expect(relativeError(amplitudes(after), amplitudes(before))).toBeLessThan(1e-5);
  // the first row holds frequencies x / 57: 11 of them lie below 0.2
  expect(relativeError(after.subarray(0, 24), before.subarray(0, 24))).toBeLessThan(1e-5);
  expect(relativeError(after.subarray(24, 58), before.subarray(24, 58))).toBeGreaterThan(0.3);
});
