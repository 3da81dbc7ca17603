import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { parseNpy } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { CtfModel } from "./ctfModel.ts";
import { sharpenHalfmaps } from "./sharpen.ts";

/** Vectors of acryo 0.9.1; see test/golden/subtomogram/README.md. */
const FOLDER = new URL("../../../test/golden/subtomogram/ctf/", import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, FOLDER));

function golden(name: string) {
  const { data, shape } = parseNpy(readFileSync(path(`${name}.npy`)), name);
  return { data: Float32Array.from(data, Number), shape };
}

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
});
afterAll(() => pool[Symbol.asyncDispose]());

const model = CtfModel.fromKv(300, { csMm: 2.7, defocusUm: -3, bfactor: 0.5 });

function expectNear(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number) {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) expect(Math.abs(found[i] - wanted[i])).toBeLessThan(tolerance);
}

describe("the contrast transfer function is acryo's", () => {
  test("values and wavelength", () => {
    const { freq, ctf, wave_length } = JSON.parse(readFileSync(path("ctf.json"), "utf8"));
    expect(model.wavelengthNm * 10).toBeCloseTo(wave_length, 6);
    expectNear(model.simulate(freq), ctf, 1e-3);
  });

  test("of images", async () => {
    const run = { backend: pool };
    expectNear(model.simulateImage([24, 30], 0.5).data, golden("simulate_image_24x30_0.5").data, 1e-3);
    expectNear((await model.applyCtf(golden("in"), 0.5, run)).data, golden("apply_ctf_scale0.5").data, 3e-3);
    expectNear(
      (await model.phaseFlip(golden("in"), 0.5, run)).data,
      golden("phase_flip_scale0.5").data,
      2e-4,
    );
  });

  test("deconvolved, with its constants", async () => {
    const { data } = await model.deconvolve(golden("deconv_in"), 0.5, { compat: true, backend: pool });
    expectNear(data, golden("deconv_out_scale0.5").data, 2e-3);
  });
});

test("deconvolution undoes what the function does where there is signal", async () => {
  const flat = new CtfModel({ kv: 300, defocusUm: -1 });
  const random = seededRandom(5);
  const image = {
    data: Float32Array.from({ length: 16 * 16 * 16 }, () => random.normal()),
    shape: [16, 16, 16],
  };
  const seen = await flat.applyCtf(image, 2, { backend: pool });
  const back = await flat.deconvolve(seen, 2, { snr: 1e6, falloff: 0, backend: pool });
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const similarity =
    dot(image.data, back.data) / Math.sqrt(dot(image.data, image.data) * dot(back.data, back.data));
  expect(similarity).toBeGreaterThan(0.99);
});

test("parameters that cannot be", () => {
  expect(() => new CtfModel({ kv: 0, defocusUm: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: CtfModel kv: expected a voltage above 0, found 0.]`,
  );
});

test("half-maps: what they share is kept, noise is not", async () => {
  const random = seededRandom(6);
  const side = 24;
  const at = (i: number) => (i - 11.5) ** 2;
  const signal = Float32Array.from(
    { length: side ** 3 },
    (_, i) => 10 * Math.exp(-(at(Math.floor(i / 576)) + at(Math.floor(i / 24) % 24) + at(i % 24)) / 18),
  );
  const half = () => ({
    data: signal.map((value) => value + random.normal()),
    shape: [side, side, side] as const,
  });
  const [a, b] = [half(), half()];
  const sharp = await sharpenHalfmaps([a, b], { scale: 0.5, backend: pool });
  const error = (data: Float32Array) => data.reduce((sum, value, i) => sum + (value - signal[i]) ** 2, 0);
  expect(error(sharp.data)).toBeLessThan(0.2 * error(a.data));
});

test("a phase flip leaves what the function says nothing of: the mean without amplitude contrast", async () => {
  const flat = new CtfModel({ kv: 300, defocusUm: -2, amplitudeContrast: 0 });
  const image = { data: Float32Array.from({ length: 30 }, (_, i) => 5 + ((i * i) % 7)), shape: [5, 6] };
  const { data } = await flat.phaseFlip(image, 0.4, { backend: pool });
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(data)).toBeCloseTo(mean(image.data), 5);
});

test("constants of acryo's deconvolution that cannot be", async () => {
  const image = { data: new Float32Array(27), shape: [3, 3, 3] };
  const wrong = (compat: object) => model.deconvolve(image, 1, { compat });
  await expect(wrong({ highpassNyquist: 0 })).rejects.toThrow(
    "compat highpassNyquist: expected a share above 0",
  );
  await expect(wrong({ snrFalloff: Number.NaN })).rejects.toThrow(
    "compat snrFalloff: expected a finite number",
  );
});

/** Halves of a pattern with all frequencies, of which the second has other values beside it. */
function halvesOf(side: number, { offset = 0, noise = 0 }: { offset?: number; noise?: number }) {
  const random = seededRandom(11);
  const signal = Float32Array.from({ length: side ** 3 }, () => random.normal());
  const shape = [side, side, side] as const;
  const half = () => ({
    data: signal.map((value) => value + offset + (noise === 0 ? 0 : noise * random.normal())),
    shape,
  });
  return [half(), half()] as const;
}

const difference = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

test("half-maps that are alike are their own mean, to the corners and in shells narrower than the frequencies lie", async () => {
  const [a, b] = halvesOf(10, { offset: 3 });
  for (const dfreq of [0.15, 0.1, 0.02]) {
    const { data } = await sharpenHalfmaps([a, b], { scale: 1, dfreq, backend: pool });
    // single precision
    expect(difference(data, a.data)).toBeLessThan(1e-5);
  }
});

test("half-maps: a constant in both changes nothing but the mean, with a mask too; means of other signs leave the map", async () => {
  const [a, b] = halvesOf(12, { noise: 1 });
  const mask = { data: a.data.map((_, i) => (i % 12 < 7 ? 1 : 0)), shape: a.shape };
  const plus = (half: PipeImage, value: number) => ({ ...half, data: half.data.map((own) => own + value) });
  for (const choice of [{}, { mask }]) {
    const options = { scale: 1, ...choice, backend: pool };
    const plain = await sharpenHalfmaps([a, b], options);
    const moved = await sharpenHalfmaps([plus(a, 50), plus(b, 50)], options);
    // single precision beside 50
    expect(difference(plus(plain, 50).data, moved.data)).toBeLessThan(1e-4);
    const opposite = await sharpenHalfmaps([plus(a, 1), plus(b, -1)], { ...options, dfreq: 1 / 12 });
    expect(difference(opposite.data, new Float32Array(12 ** 3))).toBeGreaterThan(1);
  }
});

test("half-maps that cannot be compared", async () => {
  const [a, b] = halvesOf(6, {});
  const nothing = { data: b.data.map((value, i) => (i === 7 ? Number.NaN : value)), shape: b.shape };
  await expect(sharpenHalfmaps([a, nothing], { scale: 1 })).rejects.toThrow(
    "sharpenHalfmaps second half: expected finite values, found NaN at voxel 7",
  );
  const opposite = { data: a.data.map((value) => -value), shape: a.shape };
  await expect(sharpenHalfmaps([a, opposite], { scale: 1 })).rejects.toThrow(
    "expected halves that agree in the first shell, found a correlation of -1.00",
  );
  await expect(sharpenHalfmaps([a, b], { scale: 0 })).rejects.toThrow("sharpenHalfmaps scale");
  await expect(sharpenHalfmaps([a, b], { scale: 1, bfactor: Number.NaN })).rejects.toThrow("bfactor");
});
