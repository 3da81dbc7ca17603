import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noise } from "../../test/support/noise.ts";
import { elementCount, type Shape3 } from "../core/index.ts";
import { createThreadPool, type ThreadPool } from "./pool.ts";
import { resampleImages, resampleVolumes, rescaledShape } from "./resample.ts";

/** Two transforms, each below 5e-7 in the 2-norm. */
const TOLERANCE = 1e-6;

let pool: ThreadPool;
beforeAll(async () => {
  pool = await createThreadPool({ workers: 2 });
});
afterAll(() => pool.dispose());

/** What n samples weigh in each of m: the interpolating cosines summed one by one, in float64. */
function weights(n: number, m: number): number[][] {
  const shorter = Math.min(n, m);
  const highest = Math.floor(shorter / 2);
  return Array.from({ length: m }, (_, j) =>
    Array.from({ length: n }, (_, x) => {
      let sum = 1;
      for (let f = 1; f <= highest; f++) {
        // + and - of the shorter's Nyquist frequency are one cosine where it lies on the old grid, two on the new
        const count = 2 * f === shorter && m >= n ? 1 : 2;
        sum += count * Math.cos(2 * Math.PI * f * (j / m - x / n));
      }
      return sum / n;
    }),
  );
}

/** Resamples axis after axis, in float64. */
function reference(data: ArrayLike<number>, from: readonly number[], to: readonly number[]): Float64Array {
  let [values, shape] = [Float64Array.from(data), [...from]];
  for (const [axis, length] of to.entries()) {
    const matrix = weights(shape[axis], length);
    const inner = elementCount(shape.slice(axis + 1));
    const next = shape.with(axis, length);
    values = Float64Array.from({ length: elementCount(next) }, (_, at) => {
      const [o, j, i] = [Math.floor(at / inner / length), Math.floor(at / inner) % length, at % inner];
      return matrix[j].reduce((sum, w, x) => sum + w * values[(o * shape[axis] + x) * inner + i], 0);
    });
    shape = next;
  }
  return values;
}

function relativeError(result: ArrayLike<number>, truth: ArrayLike<number>): number {
  expect(result.length).toBe(truth.length);
  let [error, norm] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    error += (result[i] - truth[i]) ** 2;
    norm += truth[i] ** 2;
  }
  return Math.sqrt(error / norm);
}

const length = fc.integer({ min: 1, max: 12 });
const shape3 = fc.tuple(length, length, length);

test("a volume of any size becomes one of any other as the interpolating cosines say", async () => {
  await fc.assert(
    fc.asyncProperty(shape3, shape3, async (from, to) => {
      const volume = noise(elementCount(from));
      const result = await resampleVolumes(pool, volume, { from, to });
      // a volume reduced to one value can be near zero beside what it was made of
      const floor = TOLERANCE * Math.hypot(...volume) * Math.sqrt(elementCount(to) / elementCount(from));
      const truth = reference(volume, from, to);
      expect(Math.hypot(...result.map((value, i) => value - truth[i]))).toBeLessThan(floor);
    }),
    { numRuns: 150 },
  );
});

test.each([
  [48, 50, 32, 32],
  [48, 50, 64, 75],
  [31, 40, 40, 31],
  [200, 101, 60, 202],
])("images of %i x %i become %i x %i, each of the batch as if alone", async (h, w, height, width) => {
  const shapes = { from: [h, w], to: [height, width] } as const;
  const images = noise(3 * h * w);
  const result = await resampleImages(pool, images, shapes);
  expect(relativeError(result, reference(images, [3, h, w], [3, height, width]))).toBeLessThan(TOLERANCE);
});

test("volumes of a batch are resampled each as if alone", async () => {
  const volumes = noise(3 * 8 * 9 * 10);
  const result = await resampleVolumes(pool, volumes, { from: [8, 9, 10], to: [6, 12, 8] });
  expect(relativeError(result, reference(volumes, [3, 8, 9, 10], [3, 6, 12, 8]))).toBeLessThan(TOLERANCE);
});

test("waves that both grids can hold are sampled anew", async () => {
  const wave = (height: number, width: number) =>
    Float32Array.from({ length: height * width }, (_, i) => {
      const [y, x] = [Math.floor(i / width) / height, (i % width) / width];
      return 2 + Math.cos(2 * Math.PI * (3 * y + 5 * x) + 1) + Math.sin(2 * Math.PI * (4 * y - 7 * x));
    });
  const result = await resampleImages(pool, wave(20, 30), { from: [20, 30], to: [11, 16] });
  expect(relativeError(result, wave(11, 16))).toBeLessThan(TOLERANCE);
  const larger = await resampleImages(pool, wave(11, 16), { from: [11, 16], to: [64, 45] });
  expect(relativeError(larger, wave(64, 45))).toBeLessThan(TOLERANCE);
});

test("the mean is kept, and enlarging and shrinking back is exact", async () => {
  const more = fc.nat(9);
  await fc.assert(
    fc.asyncProperty(shape3, fc.tuple(more, more, more), async (small, extra) => {
      const large: Shape3 = [small[0] + extra[0], small[1] + extra[1], small[2] + extra[2]];
      const volume = noise(elementCount(small)).map((value) => value + 1);
      const enlarged = await resampleVolumes(pool, volume, { from: small, to: large });
      const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const rms = Math.hypot(...volume) / Math.sqrt(volume.length);
      expect(Math.abs(mean(enlarged) - mean(volume)) / rms).toBeLessThan(TOLERANCE);
      const back = await resampleVolumes(pool, enlarged, { from: large, to: small });
      expect(relativeError(back, volume)).toBeLessThan(2 * TOLERANCE);
    }),
    { numRuns: 50 },
  );
});

test("the nearest shape of a pixel size, and what it really is", () => {
  expect(rescaledShape([4092, 5760], 0.936, 1.5)).toMatchInlineSnapshot(`
    {
      "pixelSizesA": [
        1.5002397179788485,
        1.5001001669449083,
      ],
      "shape": [
        2553,
        3594,
      ],
    }
  `);
  expect(rescaledShape([10, 10, 1], 1, 100).shape).toEqual([1, 1, 1]);
  for (const [pixelSizeA, targetA] of [
    [0, 1],
    [1, Number.NaN],
    [Number.POSITIVE_INFINITY, 1],
  ]) {
    expect(() => rescaledShape([4, 4], pixelSizeA, targetA)).toThrow("expected pixel sizes above 0 Å");
  }
});

test("what is not whole images is refused, and no memory is lost", async () => {
  const shapes = { from: [4, 6], to: [2, 3] } as const;
  await expect(resampleImages(pool, new Float32Array(25), shapes)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: resample: expected a multiple of 24 values for [4,6], found 25.]`,
  );
  const signal = AbortSignal.abort();
  const before = pool.memory.buffer.byteLength;
  for (let i = 0; i < 20; i++) {
    const large = { from: [512, 512], to: [512, 510] } as const;
    await expect(resampleImages(pool, new Float32Array(512 * 512), large, { signal })).rejects.toThrow(
      "abort",
    );
  }
  expect(pool.memory.buffer.byteLength - before).toBeLessThan(5 * 2 ** 20);
});
