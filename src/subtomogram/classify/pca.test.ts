import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { singleAxis } from "../tilt/tilt.ts";
import { createDifferences } from "./differences.ts";
import { principalComponents } from "./pca.ts";

/** Rows of 12 whole numbers. */
function rowsOf(count: number): Float32Array {
  return Float32Array.from({ length: 12 * count }, (_, i) => {
    const [a, b] = [Math.floor(i / 12), i % 12];
    return ((a * a + 3 * b) % 31) + (a % 3) * b;
  });
}

describe("components are scikit-learn's (1.9.1, PCA with svd_solver='full'), up to their signs", () => {
  const WANTED = [
    {
      count: 500,
      explained: [0.3321292591668812, 0.29064540487536367, 0.13946086906177735],
      rows: {
        0: [9.61689, 9.77263, 21.79672],
        250: [11.95987, 18.76124, 2.90853],
        499: [10.66313, 11.24785, 16.50015],
      },
    },
    {
      count: 12,
      explained: [0.42545098550571686, 0.29372021511953245, 0.10097505360299319, 0.0729910877622059],
      rows: { 0: [8.5936, 11.29224, 23.38315, 7.79607], 11: [45.74733, 4.28432, 3.43858, 8.61517] },
    },
  ];
  test.each(WANTED)("of $count rows", async ({ count, explained, rows }) => {
    const components = explained.length;
    const found = await principalComponents(rowsOf(count), { width: 12, components, seed: 0 });
    explained.forEach((share, k) => {
      expect(found.explained[k]).toBeCloseTo(share, 8);
    });
    for (const [row, wanted] of Object.entries(rows))
      wanted.forEach((value, k) => {
        // single precision of the rows, of up to 50
        expect(Math.abs(found.projections[Number(row) * components + k])).toBeCloseTo(value, 4);
      });
  });
});

test("many rows give what few do, also where they lie along two directions alone", async () => {
  const random = seededRandom(4);
  const few = Float32Array.from({ length: 60 * 500 }, () => random.normal());
  // Eight times each: the same directions.
  const many = Float32Array.from({ length: 8 * few.length }, (_, i) => few[i % few.length]);
  const options = { width: 500, components: 4, seed: 1 };
  const [a, b] = [await principalComponents(few, options), await principalComponents(many, options)];
  for (let k = 0; k < 4; k++) expect(b.explained[k]).toBeCloseTo(a.explained[k], 7);
  a.projections.forEach((value, i) => {
    expect(Math.abs(b.projections[i])).toBeCloseTo(Math.abs(value), 3);
  });
  const flat = Float32Array.from({ length: 450 * 500 }, (_, i) => {
    const [row, column] = [Math.floor(i / 500), i % 500];
    return column === 3 ? row % 2 : column === 8 ? Math.floor(row / 2) % 2 : 0;
  });
  const found = await principalComponents(flat, options);
  expect(Array.from(found.explained, (share) => Math.round(share * 1e4) / 1e4)).toEqual([0.5, 0.5, 0, 0]);
});

test("where rows differ in nothing more components are 0, and so are the rows along them", async () => {
  // Two values of a row alone: the others' directions would be those of rounding.
  const rows = Float32Array.from({ length: 8 * 30 }, (_, i) => (i % 30 === 4 ? Math.floor(i / 30) % 2 : 0));
  const found = await principalComponents(rows, { width: 30, components: 8, seed: 0 });
  expect([...found.explained]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
  expect(found.components.subarray(30).every((value) => value === 0)).toBe(true);
  for (let i = 0; i < 8; i++)
    expect([...found.projections.subarray(8 * i + 1, 8 * i + 8)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  await expect(
    principalComponents(new Float32Array(40), { width: 4, components: 5, seed: 0 }),
  ).rejects.toThrow("components: expected a whole number from 1 to 4, no more than voxels, found 5.");
});

describe("differences", () => {
  let pool: Pool;
  beforeAll(async () => {
    pool = await createPool({ workers: 1 });
  });
  afterAll(() => pool[Symbol.asyncDispose]());

  test("are acryo's, on the planes of Nyquist too, of which a missing wedge sees one side", async () => {
    // acryo 0.9.1, ZNCCAlignment(template, tilt=single_axis((-60, 60), "y")).masked_difference(image, quaternion)
    const of = (value: (i: number) => number) => Float32Array.from({ length: 64 }, (_, i) => value(i));
    const template = { data: of((i) => (i * 7) % 11), shape: [4, 4, 4] as const };
    const differences = createDifferences(pool, { template, mask: undefined, cutoff: undefined });
    const seen = { tilt: singleAxis([-60, 60]), rotation: [0.5, 0.5, 0.1, 0.7] as const };
    const found = await differences.difference(
      of((i) => (i * i) % 17),
      seen,
    );
    const wanted = { 0: -0.3125, 1: -3.625, 5: 7.3125, 21: 11.75, 42: 5.6562, 63: 6.4688 };
    for (const [i, value] of Object.entries(wanted)) expect(found[Number(i)]).toBeCloseTo(value, 3);
    differences.dispose();
  });
});
