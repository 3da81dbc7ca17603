import { afterAll, expect, test } from "vitest";
import { goldenNpy, goldenNpz, relativeError } from "../../test/support/npy.ts";
import { createPool } from "../compute/index.ts";
import { seededRandom } from "../core/index.ts";
import { type DeformationField, deformationAt, undeformFrame } from "./deformation.ts";
import { criticalExposure, doseWeights } from "./dose.ts";
import { sumFrames } from "./sumFrames.ts";

const pool = await createPool({ workers: 2 });
afterAll(() => pool.dispose());

const movies = goldenNpz("../match-extra/movies/movies.npz");

function golden(name: string): Float32Array {
  const array = movies.get(name)?.data;
  if (!(array instanceof Float32Array)) throw new Error(`no array ${name}`);
  return array;
}

function framesOf(movie: Float32Array, area: number): Float32Array[] {
  return Array.from({ length: movie.length / area }, (_, i) => movie.subarray(i * area, (i + 1) * area));
}

function noise(count: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => random.normal());
}

test.each([
  ["dose_out_200kV_px2_pre0_flu2", { voltageKv: 200, preExposureA2: 0, dosePerFrameA2: 2 }],
  ["dose_out_300kV_px2_pre1_flu1p5", { voltageKv: 300, preExposureA2: 1, dosePerFrameA2: 1.5 }],
])("the dose-weighted sum %s is torch-fourier-filter's", async (name, exposure) => {
  const movie = Float32Array.from(goldenNpy("unit/dose_movie_in.npy").data);
  const frames = framesOf(movie, 40 * 48);
  const found = await sumFrames(pool, frames, { shape: [40, 48], pixelSizeA: 2, exposure });
  // both in float32
  expect(relativeError(found, goldenNpy(`unit/${name}.npy`).data)).toBeLessThan(2e-6);
});

test("frames that are shifted and weighted give Leopard-EM's sum", async () => {
  const shifts = golden("shifts");
  const found = await sumFrames(pool, framesOf(golden("movie"), 36 * 40), {
    shape: [36, 40],
    pixelSizeA: 1.5,
    exposure: { dosePerFrameA2: 1.25, preExposureA2: 2, voltageKv: 200 },
    shiftsPx: (frame) => shifts.subarray(2 * frame, 2 * frame + 2),
  });
  // both in float32; the spectrum of the movie is 1e-17 where a Nyquist frequency is taken differently
  expect(relativeError(found, golden("weightedSum"))).toBeLessThan(2e-6);
});

test.each([
  [32, 36],
  [31, 33],
])(
  "a shifted copy is undone in %i x %i pixels, and whole pixels are a rotation of the array",
  async (h, w) => {
    const image = noise(h * w, 3);
    const options = { shape: [h, w] as const, pixelSizeA: 1 };
    const moved = await sumFrames(pool, [image], { ...options, shiftsPx: () => [3, -2] });
    const rolled = image.map((_, i) => image[((Math.floor(i / w) + h - 3) % h) * w + (((i % w) + 2) % w)]);
    expect(relativeError(moved, rolled)).toBeLessThan(1e-5);
    // A fraction of a pixel loses amplitude at the Nyquist frequency of an even side: take that away by adding neighbours.
    const neighbours = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ];
    const smooth = await sumFrames(
      pool,
      neighbours.map(() => image),
      { ...options, shiftsPx: (i) => neighbours[i] },
    );
    const there = await sumFrames(pool, [smooth], { ...options, shiftsPx: () => [0.3, 2.7] });
    const back = await sumFrames(pool, [there], { ...options, shiftsPx: () => [-0.3, -2.7] });
    expect(relativeError(there, smooth)).toBeGreaterThan(0.1);
    expect(relativeError(back, smooth)).toBeLessThan(1e-5);
  },
);

test("images of a batch are moved each by itself", async () => {
  const images = noise(2 * 16 * 16, 5);
  const options = { shape: [16, 16] as const, pixelSizeA: 1 };
  const both = await sumFrames(pool, [images], { ...options, batch: 2, shiftsPx: () => [0, 0, 1.5, -4] });
  const second = await sumFrames(pool, [images.subarray(256)], { ...options, shiftsPx: () => [1.5, -4] });
  expect(relativeError(both.subarray(256), second)).toBeLessThan(1e-6);
  expect(relativeError(both.subarray(0, 256), images.subarray(0, 256))).toBeLessThan(1e-6);
});

test("each image of a batch may have a pixel size of its own", async () => {
  const frames = framesOf(noise(3 * 2 * 16 * 16, 6), 2 * 16 * 16);
  const options = { shape: [16, 16] as const, exposure: { dosePerFrameA2: 3 } };
  const both = await sumFrames(pool, frames, { ...options, batch: 2, pixelSizeA: [1, 2.5] });
  for (const [i, pixelSizeA] of [1, 2.5].entries()) {
    const alone = frames.map((frame) => frame.subarray(256 * i, 256 * (i + 1)));
    const found = await sumFrames(pool, alone, { ...options, pixelSizeA });
    expect(relativeError(both.subarray(256 * i, 256 * (i + 1)), found)).toBeLessThan(1e-6);
  }
  await expect(sumFrames(pool, frames, { ...options, batch: 2, pixelSizeA: [1] })).rejects.toThrow(
    "sumFrames pixelSizeA: expected 2 values, found 1",
  );
});

test("weights: noise keeps its power, late frames lose fine detail, exposure before cancels", () => {
  const exposure = { dosePerFrameA2: 2 };
  for (const frequency of [0, 0.05, 0.3]) {
    const weights = doseWeights(frequency, 20, exposure);
    expect(weights.reduce((sum, w) => sum + w * w, 0)).toBeCloseTo(1, 12);
    const later = doseWeights(frequency, 20, { ...exposure, preExposureA2: 7 });
    expect(Math.max(...later.map((w, i) => Math.abs(w - weights[i])))).toBeLessThan(1e-12);
    const plain = doseWeights(frequency, 20, { ...exposure, preExposureA2: 7, restoresNoise: false });
    expect(plain[4]).toBeCloseTo(Math.exp(-17 / 2 / criticalExposure(frequency, 300)), 12);
  }
  expect(doseWeights(0, 4, exposure)).toEqual(new Float64Array(4).fill(0.5));
});

test("without exposure the sum is the sum; no frames and frames of another size are refused", async () => {
  const frames = framesOf(noise(3 * 64, 1), 64);
  const options = { shape: [8, 8] as const, pixelSizeA: 1 };
  const sum = frames[0].map((v, i) => v + frames[1][i] + frames[2][i]);
  expect(relativeError(await sumFrames(pool, frames, options), sum)).toBeLessThan(1e-6);
  await expect(sumFrames(pool, [], options)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: sumFrames frames: expected at least one, found none.]`,
  );
  await expect(sumFrames(pool, [frames[0].subarray(1)], options)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: sumFrames frame 0: expected 64 values, found 63.]`,
  );
  const exposure = { dosePerFrameA2: -1 };
  await expect(sumFrames(pool, frames, { ...options, exposure })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: exposure dosePerFrameA2: expected 0 or more electrons/Å², found -1.]`,
  );
});

const FIELD: DeformationField = { shape: [3, 2, 4], shiftsA: golden("field") };

test.each([
  ["fieldAtPoints", FIELD],
  ["singleAtPoints", { shape: [5, 1, 1] as const, shiftsA: golden("singleField") }],
])("the deformation field %s is torch-motion-correction's", (name, field) => {
  const points = golden("points");
  const found = Array.from({ length: points.length / 3 }, (_, i) =>
    deformationAt(field, [points[3 * i], points[3 * i + 1], points[3 * i + 2]]),
  );
  // torch-motion-correction's coordinates are float32, and 1e-6 off at the ends of an axis, times slopes of some Å
  expect(relativeError(found.flat(), golden(name))).toBeLessThan(1e-5);
});

test("a frame comes back as torch-motion-correction's, to the error of its kernel and of its coarser field", () => {
  const corrected = framesOf(golden("corrected"), 36 * 40);
  for (const [i, frame] of framesOf(golden("movie"), 36 * 40).entries()) {
    const found = undeformFrame(frame, FIELD, { shape: [36, 40], pixelSizeA: 1.5, time: i / 4 });
    // inside: at the edges torch-motion-correction sees zeros
    const inside = found.map((_, k) => k).filter((k) => k % 40 > 7 && k % 40 < 32 && k > 320 && k < 1120);
    const at = (values: Float32Array) => Float64Array.from(inside, (k) => values[k]);
    expect(relativeError(at(found), at(corrected[i]))).toBeLessThan(0.05);
  }
});

test("a known deformation of a smooth image is undone", () => {
  const [h, w] = [64, 80];
  const value = (y: number, x: number) => Math.sin(y / 5) + Math.cos(x / 7 + y / 11);
  const field: DeformationField = {
    shape: [2, 2, 2],
    shiftsA: Float32Array.from([0, 0, 0, 0, 2, 4, 2, 4, 0, 0, 0, 0, -3, -3, 3, 3]),
  };
  // what lies at p lies at p + shift: the frame holds value(q - shift(p)) where q = p + shift(p); the field is linear
  const frame = new Float32Array(h * w);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      let [py, px] = [y, x];
      for (let k = 0; k < 30; k++) {
        const [sy, sx] = deformationAt(field, [1, py / (h - 1), px / (w - 1)]);
        [py, px] = [y - sy / 2, x - sx / 2];
      }
      frame[y * w + x] = value(py, px);
    }
  }
  const found = undeformFrame(frame, field, { shape: [h, w], pixelSizeA: 2, time: 1 });
  let worst = 0;
  for (let y = 4; y < h - 4; y++) {
    for (let x = 4; x < w - 4; x++) worst = Math.max(worst, Math.abs(found[y * w + x] - value(y, x)));
  }
  // third order in pixels per radian (1/5)
  expect(worst).toBeLessThan(1e-3);
  expect(undeformFrame(frame, field, { shape: [h, w], pixelSizeA: 2, time: 0 })).toEqual(frame);
});

test("a field of another size, or with a hole, is refused", () => {
  const frame = { shape: [4, 4] as const, pixelSizeA: 1, time: 0 };
  const act = (field: DeformationField) => () => undeformFrame(new Float32Array(16), field, frame);
  expect(act({ shape: [2, 2, 2], shiftsA: new Float32Array(8) })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: deformation field shiftsA: expected 16 values, found 8.]`,
  );
  const hole = new Float32Array(2).fill(Number.NaN);
  expect(act({ shape: [1, 1, 1], shiftsA: hole })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: deformation field shiftsA[0]: expected a finite shift, found NaN.]`,
  );
});
