import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
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
function expectPicks(found: Molecules, wanted: Molecules, margin: number, gate = 2e-5) {
  const scores = byPlace(found);
  const isInside = (i: number) =>
    wanted.place(i).every((nm, axis) => nm / 0.5 >= margin && nm / 0.5 <= crop.shape[axis] - 1 - margin);
  const inside = wanted.subset(Array.from({ length: wanted.count }, (_, i) => isInside(i)));
  expect(inside.count).toBeGreaterThan(3);
  for (const [place, score] of byPlace(inside))
    expect(Math.abs((scores.get(place) ?? Number.NaN) - score)).toBeLessThan(gate);
}

describe("picks are acryo's", () => {
  test("Laplacian of a Gaussian", async () => {
    const found = await pickLoG(crop, 1.6, { scale: 0.5 });
    // scipy's Laplacian of a constant is not 0: 1.3e-4 of the blurred values here.
    expectPicks(found, wantedOf("log"), 4, 1e-4);
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

describe("maxima", () => {
  const SHAPE = [16, 17, 18] as const;
  const volumeOf = (value: (z: number, y: number, x: number) => number) => {
    const data = Float32Array.from({ length: 16 * 17 * 18 }, (_, i) =>
      value(Math.floor(i / 306), Math.floor(i / 18) % 17, i % 18),
    );
    return { data, shape: SHAPE };
  };
  const blob = (z: number, y: number, x: number) =>
    Math.exp(-((z - 7) ** 2 + (y - 8) ** 2 + (x - 9) ** 2) / 4);

  test("are among the voxels beside them, however short the distance", async () => {
    // Deviations of 0.8 voxels, and a least distance of 0.7 voxels: each voxel of a blob was a molecule.
    const image = volumeOf(blob);
    const found = [
      await pickLoG(image, 0.8, { scale: 1 }),
      await pickDoG(image, [0.8, 1.5], { scale: 1 }),
      await pickTemplate(
        image,
        { data: Float32Array.from({ length: 27 }, (_, i) => (i === 13 ? 1 : 0)), shape: [3, 3, 3] },
        { scale: 1.4, minScore: 0.1, backend: pool },
      ),
    ];
    for (const [i, molecules] of found.entries()) {
      expect(molecules.count, `${i}`).toBe(1);
      expect(molecules.place(0).map((nm) => Math.round(nm / (i === 2 ? 1.4 : 1)))).toEqual([7, 8, 9]);
    }
  });

  test("are not where all is alike, and not moved by what all voxels have more", async () => {
    const flat = volumeOf(() => 100);
    const within = volumeOf((z, y, x) => (z > 4 && y > 4 && x > 4 ? 1 : 0));
    expect((await pickLoG(flat, 1.5, { scale: 1, within })).count).toBe(0);
    expect((await pickDoG(flat, [1, 2], { scale: 1, within })).count).toBe(0);
    const sparse = await pickLoG(volumeOf(blob), 1.5, { scale: 1, minScore: 0.01 });
    const raised = volumeOf((z, y, x) => 1000 + 100 * blob(z, y, x));
    const more = await pickLoG(raised, 1.5, { scale: 1, minScore: 1 });
    expect(sparse.count).toBe(1);
    expect(more.pos).toEqual(sparse.pos);
    // In single precision values of 1000 are known to 6e-5, of which the Laplacian adds some.
    expect(Math.abs(Number(more.features.score[0]) - 100 * Number(sparse.features.score[0]))).toBeLessThan(
      2e-3,
    );
  });

  test("a value that is no number is told with its place", async () => {
    const broken = volumeOf((z, y, x) => (z === 3 && y === 4 && x === 5 ? Number.NaN : blob(z, y, x)));
    await expect(pickLoG(broken, 1, { scale: 1 })).rejects.toThrow(
      "tomogram voxel (z, y, x) 3, 4, 5: expected a finite value, found NaN.",
    );
  });
});

test("equal maxima on both sides of a block's border are one, the first", async () => {
  // Mirrored about x = 59.5, where blocks of 120 voxels meet, as is the template: scores of x and 119 - x are equal but for rounding.
  const random = seededRandom(11);
  const [depth, height, width] = [14, 60, 120];
  const data = new Float32Array(depth * height * width);
  for (let row = 0; row < data.length; row += width)
    for (let x = 0; x < width / 2; x++) {
      const value = Math.round(20 * random.normal());
      data[row + x] = value;
      data[row + width - 1 - x] = value;
    }
  const template = {
    data: Float32Array.from({ length: 75 }, (_, i) => (i % 5 === 2 ? 2 : i % 5 === 1 || i % 5 === 3 ? 1 : 0)),
    shape: [3, 5, 5],
  };
  const options = { scale: 1, minDistance: 3, minScore: 0.05, backend: pool };
  const found = await pickTemplate({ data, shape: [depth, height, width] }, template, options);
  const middle = {
    data: data.filter((_, i) => i % width >= 20 && i % width < 100),
    shape: [depth, height, 80],
  };
  const alone = await pickTemplate(middle, template, options);
  const near = (molecules: Molecules, first: number) =>
    Array.from({ length: molecules.count }, (_, i) => molecules.place(i))
      .map(([z, y, x]) => [z, y, x - first])
      .filter(([, , x]) => x >= 54 && x <= 65)
      .map((place) => place.join());
  expect(near(found, 0)).toEqual(near(alone, -20));
  const places = near(found, 0).map((place) => place.split(",").map(Number));
  const onBorder = places.filter(([, , x]) => x === 59);
  expect(onBorder.length).toBeGreaterThan(5);
  expect(places.filter(([, , x]) => x === 60)).toEqual([]);
});

test("a template that cannot be", async () => {
  const large = { data: new Float32Array(100 ** 3), shape: [100, 100, 100] };
  await expect(pickTemplate(crop, large, { scale: 0.5 })).rejects.toThrow(
    "template for tomogram: expected at most the tomogram's 60 x 72 x 72 voxels",
  );
});
