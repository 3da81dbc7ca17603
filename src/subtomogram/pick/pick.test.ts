import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { parseNpy } from "../../io/index.ts";
import { parseMoleculesCsv } from "../molecules/csv.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { pickDoG, pickLoG, pickTemplate } from "./pickers.ts";

/** Vectors of acryo 0.9.1; see test/golden/subtomogram/README.md. */
const FOLDER = new URL("../../../test/golden/subtomogram/", import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, FOLDER));

function volume(name: string) {
  const { data, shape } = parseNpy(readFileSync(path(name)), name);
  return { data: Float32Array.from(data, Number), shape };
}

/** tomo[:, :72, :72] */
const tomo = volume("tomo.npy");
const crop = {
  data: tomo.data.filter((_, i) => Math.floor(i / 120) % 120 < 72 && i % 120 < 72),
  shape: [60, 72, 72],
};
const A = volume("template_A.npy");
const wantedOf = (name: string) =>
  parseMoleculesCsv(readFileSync(path(`pick/${name}_tomo_crop72.csv`), "utf8"), name);

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool[Symbol.asyncDispose]());

/** Scores by places, in half voxels. */
function byPlace(molecules: Molecules): Map<string, number> {
  const key = (i: number) =>
    molecules
      .place(i)
      .map((nm) => Math.round(4 * nm))
      .join();
  return new Map(
    Array.from({ length: molecules.count }, (_, i) => [key(i), Number(molecules.features.score[i])]),
  );
}

/** Every one of acryo's that lies so far inside that nothing outside was looked at is found, with its score. */
function expectPicks(found: Molecules, wanted: Molecules, margin: number) {
  const scores = byPlace(found);
  const isInside = (i: number) =>
    wanted.place(i).every((nm, axis) => nm / 0.5 >= margin && nm / 0.5 <= crop.shape[axis] - 1 - margin);
  const inside = wanted.subset(Array.from({ length: wanted.count }, (_, i) => isInside(i)));
  expect(inside.count).toBeGreaterThan(3);
  for (const [place, score] of byPlace(inside))
    expect(Math.abs((scores.get(place) ?? Number.NaN) - score)).toBeLessThan(2e-5);
}

describe("picks are acryo's", () => {
  test("Laplacian of a Gaussian", async () => {
    const found = await pickLoG(crop, 1.6, { scale: 0.5 });
    expectPicks(found, wantedOf("log"), 4);
    for (let i = 0; i < found.count; i++)
      for (const nm of found.place(i)) expect(nm).toBeGreaterThanOrEqual(0);
  });

  test("difference of Gaussians", async () => {
    expectPicks(await pickDoG(crop, [1.5, 2.2], { scale: 0.5 }), wantedOf("dog"), 4);
  });

  test("a template", async () => {
    const options = { scale: 0.5, minScore: 0.1, minDistance: 4, backend: pool };
    const found = await pickTemplate(crop, A, {
      ...options,
      rotations: [
        [20, 20],
        [0, 0],
        [0, 0],
      ],
    });
    expectPicks(found, wantedOf("zncc"), 12);
  });
});

test("nothing is picked where nothing is looked for, and inverted contrast is said", async () => {
  const half = { data: crop.data.map((_, i) => (i % 72 < 36 ? 1 : 0)), shape: crop.shape };
  const found = await pickDoG(crop, [1.5, 2.2], { scale: 0.5, within: half });
  expect(found.count).toBeGreaterThan(10);
  for (let i = 0; i < found.count; i++) expect(found.place(i)[2]).toBeLessThan(18);
  const said: string[] = [];
  const inverted = { data: crop.data.map((value) => -value), shape: crop.shape };
  await pickTemplate(inverted, A, { scale: 0.5, backend: pool, onLog: (message) => said.push(message) });
  expect(said).toHaveLength(1);
  expect(said[0]).toContain("is the contrast inverted?");
});

test("a template that cannot be", async () => {
  const large = { data: new Float32Array(100 ** 3), shape: [100, 100, 100] };
  await expect(pickTemplate(crop, large, { scale: 0.5 })).rejects.toThrow(
    "template for tomogram: expected at most the tomogram's 60 x 72 x 72 voxels",
  );
});
