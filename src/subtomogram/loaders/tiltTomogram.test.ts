import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { acryoSeries, tiltSeriesGolden, tiltSeriesMolecules } from "../../../test/support/tiltSeriesCase.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { parseNpy } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { BackProjectionLoader } from "./backProjectionLoader.ts";
import { SubtomogramLoader } from "./subtomogramLoader.ts";
import type { ScoreOnTiltChoices } from "./tiltSeriesCalls.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool[Symbol.asyncDispose]());

const open = (options = {}) =>
  BackProjectionLoader.open(acryoSeries(), tiltSeriesMolecules, {
    ...{ outputShape: 16, normalize: false, ctf: "none", backend: pool },
    ...options,
  });

const SHAPE = [20, 26, 24] as const;

describe("a tomogram of a tilt series", () => {
  test("is acryo's", async () => {
    const wanted = parseNpy(readFileSync(tiltSeriesGolden("tomogram.npy")), "tomogram.npy").data;
    // Its boxes are bright where images are dark, its tomograms are not.
    const { data } = await (await open({ invert: false })).reconstructTomogram({ shape: SHAPE });
    expect(correlation(data, Float32Array.from(wanted, Number))).toBeGreaterThan(0.9999);
  });

  test("hardly shows its patches, and not at all the workers and planes", async () => {
    const loader = await open();
    const whole = await loader.reconstructTomogram({ shape: SHAPE, patchSize: 32 });
    const patches = { shape: SHAPE, patchSize: 12, blendMargin: 6 };
    const blended = await loader.reconstructTomogram(patches);
    expect(correlation(blended.data, whole.data)).toBeGreaterThan(0.97);
    await using one = await createPool({ workers: 1 });
    expect(await loader.reconstructTomogram({ ...patches, backend: one })).toEqual(blended);
    const firsts: number[] = [];
    for await (const { z } of loader.reconstructPlanes(patches)) firsts.push(z);
    expect(firsts).toEqual([0, 6]);
  });

  test("has the boxes that are made without it", async () => {
    // The centre at voxel 24 of 48, 12 nm.
    const center = [12, 12, 12] as const;
    const molecules = tiltSeriesMolecules.translate(center);
    const loader = (await open({ tomogramCenter: center, padding: 4 })).replace({ molecules });
    const tomogram = await loader.reconstructTomogram({ shape: [48, 48, 48], patchSize: 16, blendMargin: 8 });
    const cut = new SubtomogramLoader(tomogram, molecules, { scale: 0.5, outputShape: 16, backend: pool });
    const [boxes, wanted] = [await cut.asArray(), await loader.asArray()];
    // 13 slices leave more unseen in larger boxes.
    expect(correlation(boxes.data, wanted.data)).toBeGreaterThan(0.95);
  });

  test("is refused with patches that are none", async () => {
    const loader = await open();
    await expect(loader.reconstructTomogram({ shape: SHAPE, patchSize: 4 })).rejects.toThrow(
      "reconstructTomogram patchSize: expected a whole number from 8, found 4.",
    );
    await expect(loader.reconstructTomogram({ shape: SHAPE, blendMargin: 40 })).rejects.toThrow(
      "reconstructTomogram blendMargin: expected a whole number from 0 to 32, found 40.",
    );
  });
});

/** Two Gaussians, one smaller: what the golden scores are of. */
function template(): PipeImage {
  return volumeOf(
    (z, y, x) =>
      Math.exp(-(z ** 2 + (y - 1) ** 2 + (x + 1) ** 2) / 8) +
      0.6 * Math.exp(-((z - 2) ** 2 + (y + 2) ** 2 + (x - 2) ** 2) / 5),
  );
}

const ball = volumeOf((z, y, x) => Math.min(1, Math.max(0, 7 - Math.hypot(z, y, x))));

function volumeOf(value: (z: number, y: number, x: number) => number): PipeImage {
  const data = Float32Array.from({ length: 3375 }, (_, i) =>
    value(Math.floor(i / 225) - 7, (Math.floor(i / 15) % 15) - 7, (i % 15) - 7),
  );
  return { data, shape: [15, 15, 15] };
}

describe("scores in each image", () => {
  const wanted: Record<string, number[][]> = JSON.parse(
    readFileSync(tiltSeriesGolden("scoreOnTilt.json"), "utf8"),
  );
  const cases: readonly [string, ScoreOnTiltChoices][] = [
    ["plain", {}],
    ["mask", { mask: ball }],
    ["cutoff", { cutoff: 0.25 }],
    ["ncc", { method: "ncc", mask: ball, cutoff: 0.25 }],
    ["ctf", { ctf: true, cutoff: 0.3 }],
  ];
  test.each(cases)("are acryo's: %s", async (name, options) => {
    const [scores] = await (await open()).scoreOnTilt(template(), options);
    const all = wanted[name].flat();
    expect(scores.length).toBe(all.length);
    const off = Math.max(...all.map((score, i) => Math.abs(score - scores[i])));
    // acryo's slices are interpolated linearly: its plain scores are up to 0.024 off those of the exact projections, which the next test has.
    expect(off).toBeLessThan(0.05);
  });

  test("are those of the exact projections", async () => {
    const [scores] = await (await open()).scoreOnTilt(template());
    const all = wanted.exact.flat();
    expect(Math.max(...all.map((score, i) => Math.abs(score - scores[i])))).toBeLessThan(0.004);
  });

  test("a template where none is fits worse; unknown options are refused", async () => {
    const loader = await open();
    const [here] = await loader.scoreOnTilt(template());
    const moved = loader.replace({ molecules: tiltSeriesMolecules.translate([0, 2.5, 2.5]) });
    const [beside] = await moved.scoreOnTilt(template());
    const mean = (list: Float32Array) => list.reduce((sum, value) => sum + value, 0) / list.length;
    expect(mean(beside)).toBeLessThan(mean(here) - 0.1);
    const wrong = { cutof: 0.3 } as ScoreOnTiltChoices;
    await expect(loader.scoreOnTilt(template(), wrong)).rejects.toThrow("cutoff");
  });
});

function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (list: Float32Array) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    const [x, y] = [value - meanA, b[i] - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  });
  return ab / Math.sqrt(aa * bb);
}
