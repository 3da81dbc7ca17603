import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { parseNpy } from "../../io/index.ts";
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
