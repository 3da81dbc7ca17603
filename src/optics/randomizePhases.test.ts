import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { relativeError } from "../../test/support/npy.ts";
import { createPool, rfft2, rfft3 } from "../compute/index.ts";
import {
  elementCount,
  type Image,
  type Shape2,
  type Shape3,
  seededRandom,
  type Volume,
} from "../core/index.ts";
import { rfftWidth, signedFrequency } from "./frequencies.ts";
import { randomizePhases, randomizeSpectrumPhases } from "./randomizePhases.ts";

const pool = await createPool({ workers: 2 });
afterAll(() => pool.dispose());

function noise(shape: readonly number[], seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: elementCount(shape) }, () => 1 + random.normal());
}

function amplitudes(spectrum: Float32Array): Float64Array {
  return Float64Array.from({ length: spectrum.length / 2 }, (_, i) =>
    Math.hypot(spectrum[2 * i], spectrum[2 * i + 1]),
  );
}

const side = fc.integer({ min: 2, max: 13 });

test("amplitudes and coarse phases are kept, fine phases are not; the result is real (even and odd sides)", async () => {
  await fc.assert(
    fc.asyncProperty(side, side, fc.integer(), async (height, width, seed) => {
      const shape: Shape2 = [height, width];
      const image: Image = { data: noise(shape, seed), shape, pixelSizeA: 2 };
      const before = await rfft2(pool, image.data, shape);
      const result = await randomizePhases(pool, image, { beyondA: 10, seed });
      const after = await rfft2(pool, result.data, shape);
      // a value that is not real would lose amplitude on the way back
      expect(relativeError(amplitudes(after), amplitudes(before))).toBeLessThan(1e-5);
      const scale = Math.max(...amplitudes(before));
      for (let i = 0; i < before.length; i++) {
        const [y, x] = [Math.floor(i / 2 / rfftWidth(width)), (i >> 1) % rfftWidth(width)];
        const frequency = Math.hypot(signedFrequency(y, height), x / width);
        if (frequency < 0.2) expect(Math.abs(after[i] - before[i])).toBeLessThan(1e-5 * scale);
      }
    }),
    { numRuns: 40 },
  );
});

test("volumes too, and all phases are random beyond the resolution", async () => {
  const shape: Shape3 = [9, 8, 10];
  const volume: Volume = { data: noise(shape, 2), shape, voxelSizeA: 1 };
  const result = await randomizePhases(pool, volume, { beyondA: 4 });
  const [before, after] = [await rfft3(pool, volume.data, shape), await rfft3(pool, result.data, shape)];
  expect(relativeError(amplitudes(after), amplitudes(before))).toBeLessThan(1e-5);
  let [cross, power] = [0, 0];
  for (let i = 0; i < before.length; i++) {
    const row = Math.floor(i / 2 / 6);
    const z = signedFrequency(Math.floor(row / 8), 9);
    if (Math.hypot(z, signedFrequency(row % 8, 8), ((i >> 1) % 6) / 10) < 0.25) continue;
    cross += before[i] * after[i];
    power += before[i] * before[i];
  }
  // 400 independent phases: 1 / sqrt(2 x 400) = 0.035
  expect(Math.abs(cross / power)).toBeLessThan(0.15);
  expect(result.voxelSizeA).toBe(1);
});

test("a seed gives the same image, another seed another; nothing beyond the resolution leaves it as it is", async () => {
  const shape: Shape2 = [12, 15];
  const image: Image = { data: noise(shape, 8), shape, pixelSizeA: 1 };
  const copy = Float32Array.from(image.data);
  const first = await randomizePhases(pool, image, { beyondA: 3, seed: 5 });
  expect((await randomizePhases(pool, image, { beyondA: 3, seed: 5 })).data).toEqual(first.data);
  expect((await randomizePhases(pool, image, { beyondA: 3, seed: 6 })).data).not.toEqual(first.data);
  expect(relativeError((await randomizePhases(pool, image, { beyondA: 1 })).data, copy)).toBeLessThan(1e-6);
  expect(image.data).toEqual(copy);
});

test("faults name their place", async () => {
  const image: Image = { data: noise([4, 4], 1), shape: [4, 4], pixelSizeA: 0 };
  await expect(randomizePhases(pool, image, { beyondA: 4 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: randomizePhases pixelSizeA: expected Å above 0, found 0.]`,
  );
  await expect(
    randomizePhases(pool, image, { beyondA: 0, pixelSizeA: 1 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: randomizePhases beyondA: expected Å above 0, found 0.]`,
  );
  expect(() =>
    randomizeSpectrumPhases(new Float32Array(3), [4, 4], { cutOn: 0 }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: randomizePhases spectrum: expected 24 values, found 3.]`,
  );
});
