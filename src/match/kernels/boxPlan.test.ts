import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";
import { smoothVolume } from "../../../test/support/searchCase.ts";
import { createFft, createPool, type FftPlan, type Pool } from "../../compute/index.ts";
import { boxPlan, createBoxes } from "./boxPlan.ts";
import type { BoxPlan } from "./boxTypes.ts";
import { createCorrelation } from "./correlationPlan.ts";

const SIDE = 12;
const SHAPE = [20, 17] as const;
const PLACES = 9 * 6;
const ORIENTATIONS = 37;
const FILTERS = 3;
const BOXES = 5;

let pools: readonly Pool[];
beforeAll(async () => {
  pools = await Promise.all([1, 2, 3].map((workers) => createPool({ workers })));
});
afterAll(async () => {
  for (const pool of pools) await pool.dispose();
});

const SIZE = { image: SHAPE, template: SIDE, orientations: ORIENTATIONS, filters: FILTERS };

async function templateSpectrum(pool: Pool): Promise<FftPlan> {
  const plan = createFft(pool, { kind: "real3d", shape: [SIDE, SIDE, SIDE] });
  plan.set("real", smoothVolume(SIDE, 3));
  await plan.run("forward");
  return plan;
}

function rotations(seed: number): Float32Array {
  const out = new Float32Array(9 * ORIENTATIONS);
  for (let i = 0; i < ORIENTATIONS; i++) {
    const angle = 0.1 + i * 0.17 + seed;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    out.set([c, -s, 0, s, c, 0, 0, 0, 1], 9 * i);
  }
  return out;
}

const filtersOf = (set: number) =>
  noise(FILTERS * SIDE * (SIDE / 2 + 1), 50 + set).map((value, i) =>
    i % (SIDE * (SIDE / 2 + 1)) === 0 ? 0 : 1 + 0.3 * value,
  );

function boxOf(box: number) {
  const centred = noise(SHAPE[0] * SHAPE[1], 10 + box);
  return {
    image: centred.map((value) => value + 5),
    mean: noise(PLACES, 20 + box).map((value) => 0.1 * value),
    deviation: noise(PLACES, 30 + box).map((value) => 1 + 0.2 * Math.abs(value)),
    rotations: rotations(box),
    filterSet: box % 2,
  };
}

function setBox(plan: BoxPlan, at: number, box: ReturnType<typeof boxOf>): void {
  plan.set("images", box.image, at);
  plan.set("means", box.mean, at);
  plan.set("deviations", box.deviation, at);
  plan.set("rotations", box.rotations, at);
}

/** Scores of one box from the statistics of a whole search in it. */
async function searched(pool: Pool, volume: FftPlan, box: number, templates = [0, ORIENTATIONS * FILTERS]) {
  const plan = createCorrelation(pool, { ...SIZE, orientations: ORIENTATIONS }, { spectrum: volume });
  const { image, mean, deviation, filterSet, ...given } = boxOf(box);
  const average = image.reduce((sum, value) => sum + value, 0) / image.length;
  plan.set(
    "image",
    image.map((value) => value - average),
  );
  plan.set("filters", filtersOf(filterSet));
  plan.set("rotations", given.rotations);
  await plan.run({ firstBlock: templates[0] / 64 });
  const [maximum, index] = [new Float32Array(PLACES), new Int32Array(PLACES)];
  plan.read("maximum", maximum);
  plan.read("index", index);
  plan.dispose();
  const scores = maximum.map((value, i) => (value - mean[i]) / deviation[i]);
  const place = scores.indexOf(Math.max(...scores.filter((score) => !Number.isNaN(score))));
  return { maximum, score: scores[place], correlation: maximum[place], template: index[place], place };
}

/** A magnification by nothing needs whole slices, as any: such boxes are correlated by whole maps, others by products. */
const METHODS = [
  ["products", {}],
  ["maps", { magnification: [1, 0, 0, 1] as const }],
] as const;

/** Products and maps sum some thousand float32 products in other orders. */
const ROUNDING = 1e-6;

test.each(METHODS)("each box has the best score of a whole search in it, by %s", async (_, method) => {
  const results = [];
  for (const pool of pools) {
    const volume = await templateSpectrum(pool);
    const plan = createBoxes(pool, { ...SIZE, ...method, boxes: BOXES, filterSets: 2 }, { spectrum: volume });
    for (const set of [0, 1]) plan.set("filters", filtersOf(set), set);
    for (let box = 0; box < BOXES; box++) setBox(plan, box, boxOf(box));
    const progress: number[] = [];
    const filterSets = Array.from({ length: BOXES }, (_, box) => box % 2);
    const found = await plan.run({ filterSets }, { onProgress: (done) => progress.push(done) });
    expect(progress.at(-1)).toBe(BOXES * ORIENTATIONS * FILTERS);
    for (let box = 0; box < BOXES; box++) {
      const wanted = await searched(pool, volume, box);
      expect(found[box].template).toBe(wanted.template);
      expect(found[box].y * 6 + found[box].x).toBe(wanted.place);
      expect(Math.abs(found[box].correlation / wanted.correlation - 1)).toBeLessThan(ROUNDING);
      expect(found[box].score).toBeCloseTo(wanted.score, 4);
    }
    results.push(found);
    plan.dispose();
    volume.dispose();
  }
  for (const result of results) expect(result).toEqual(results[0]);
});

test("places without deviation do not count, and a box without any has no best", async () => {
  const [, pool] = pools;
  const volume = await templateSpectrum(pool);
  const plan = createBoxes(pool, { ...SIZE, boxes: 2, filterSets: 1 }, { spectrum: volume });
  plan.set("filters", filtersOf(0));
  const open = boxOf(0);
  const only = open.deviation.map((value, i) => (i === 20 ? value : Number.NaN));
  setBox(plan, 0, { ...open, deviation: only });
  setBox(plan, 1, { ...open, deviation: open.deviation.map(() => Number.NaN) });
  const [one, none] = await plan.run({ filterSets: [0, 0] });
  expect([one.y, one.x]).toEqual([3, 2]);
  expect([none.score, none.template]).toEqual([Number.NEGATIVE_INFINITY, -1]);
  plan.dispose();
  volume.dispose();
});

test("the largest correlation of the best template's batch", async () => {
  const [, pool] = pools;
  const volume = await templateSpectrum(pool);
  const plan = createBoxes(pool, { ...SIZE, boxes: 1, filterSets: 1 }, { spectrum: volume });
  plan.set("filters", filtersOf(0));
  setBox(plan, 0, boxOf(0));
  const [whole] = await plan.run({ filterSets: [0], batch: ORIENTATIONS });
  const { maximum } = await searched(pool, volume, 0);
  expect(Math.abs(whole.batchMaximum / Math.max(...maximum) - 1)).toBeLessThan(ROUNDING);
  const [single] = await plan.run({ filterSets: [0], batch: 1 });
  expect(single.batchMaximum).toBeGreaterThanOrEqual(single.correlation);
  expect(single.batchMaximum).toBeLessThanOrEqual(whole.batchMaximum);
  expect(await plan.run({ filterSets: [] })).toEqual([]);
  plan.dispose();
  volume.dispose();
});

describe("products are what maps are", () => {
  test.each([
    ["an odd side", { template: 13, image: [20, 17] as const }],
    ["an even box", { template: 12, image: [18, 18] as const }],
    ["complex filters", { template: 12, image: [20, 17] as const, complexFilters: true }],
    ["complex filters, an odd side", { template: 11, image: [15, 13] as const, complexFilters: true }],
    [
      "normalised for a larger image",
      { template: 12, image: [16, 17] as const, normalizedFor: [99, 120] as const },
    ],
    ["exact slices", { template: 12, image: [14, 14] as const, exactSlices: true }],
    ["one position", { template: 14, image: [14, 14] as const }],
    ["a length with a large prime", { template: 23, image: [27, 26] as const }],
  ])("%s", async (_, options) => {
    const [, pool] = pools;
    const { template: n, image } = options;
    const volume = createFft(pool, { kind: "real3d", shape: [n, n, n] });
    volume.set("real", smoothVolume(n, 5));
    await volume.run("forward");
    const size = { orientations: ORIENTATIONS, filters: FILTERS, boxes: 3, filterSets: 1, ...options };
    const positions = (image[0] - n + 1) * (image[1] - n + 1);
    const best = [];
    for (const [, method] of METHODS) {
      const plan = createBoxes(pool, { ...size, ...method }, { spectrum: volume });
      const parts = "complexFilters" in options ? 2 : 1;
      plan.set("filters", noise(FILTERS * n * parts * (Math.floor(n / 2) + 1), 8));
      for (let box = 0; box < 3; box++) {
        plan.set("images", noise(image[0] * image[1], 70 + box), box);
        plan.set("means", noise(positions, 80 + box), box);
        plan.set("deviations", new Float32Array(positions).fill(1), box);
        plan.set("rotations", rotations(box), box);
      }
      best.push(await plan.run({ filterSets: [0, 0, 0], batch: 4 }));
      expect(plan.bytes).toBe(pool.bytes(boxPlan, { ...size, ...method }));
      plan.dispose();
    }
    const [products, maps] = best;
    products.forEach((found, box) => {
      const { score, correlation, batchMaximum, ...others } = maps[box];
      expect(found).toMatchObject(others);
      for (const [value, other] of [
        [found.score, score],
        [found.correlation, correlation],
        [found.batchMaximum, batchMaximum],
      ]) {
        expect(Math.abs(value / other - 1)).toBeLessThan(5 * ROUNDING); // filters are noise: sums cancel
      }
    });
    volume.dispose();
  });
});

test("wrong lengths and no boxes are refused, and an abort ends the work", async () => {
  const [, pool] = pools;
  const volume = await templateSpectrum(pool);
  const plan = createBoxes(pool, { ...SIZE, boxes: 1, filterSets: 1 }, { spectrum: volume });
  expect(() => plan.set("means", new Float32Array(3))).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: boxes means: expected whole rows of 54 values, found 3 values.]`,
  );
  expect(() => plan.set("images", new Float64Array(340))).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: boxes images: expected Float32Array, found Float64Array.]`,
  );
  await expect(plan.run({ filterSets: [0, 0] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: boxes filterSets: expected at most 1, found 2.]`,
  );
  plan.set("filters", filtersOf(0));
  setBox(plan, 0, boxOf(0));
  await expect(plan.run({ filterSets: [0] }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "aborted",
  });
  expect(() => createBoxes(pool, { ...SIZE, boxes: 0, filterSets: 1 }, { spectrum: volume })).toThrow(
    /boxes/,
  );
  plan.dispose();
  volume.dispose();
});
