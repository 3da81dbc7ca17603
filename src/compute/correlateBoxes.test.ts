import { afterAll, beforeAll, expect, test } from "vitest";
import { noise } from "../../test/support/noise.ts";
import { smoothVolume } from "../../test/support/searchCase.ts";
import {
  BoxCorrelationPlan,
  CorrelationPlan,
  createFft,
  createPool,
  type FftPlan,
  type Pool,
} from "./index.ts";

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
  await plan.forward();
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

/** Scores of one box from the statistics of a whole search in it. */
async function searched(pool: Pool, volume: FftPlan, box: number, templates = [0, ORIENTATIONS * FILTERS]) {
  const plan = new CorrelationPlan(pool, { ...SIZE, orientations: ORIENTATIONS }, volume);
  const { image, mean, deviation, filterSet, ...given } = boxOf(box);
  const average = image.reduce((sum, value) => sum + value, 0) / image.length;
  await plan.setImage(image.map((value) => value - average));
  plan.setFilters(filtersOf(filterSet));
  plan.setRotations(given.rotations);
  await plan.run({ firstBlock: templates[0] / 64, lastBlock: plan.blockCount });
  const [maximum, index] = [new Float32Array(PLACES), new Int32Array(PLACES)];
  plan.read("maximum", maximum);
  plan.read("index", index);
  plan.dispose();
  const scores = maximum.map((value, i) => (value - mean[i]) / deviation[i]);
  const place = scores.indexOf(Math.max(...scores.filter((score) => !Number.isNaN(score))));
  return { maximum, score: scores[place], correlation: maximum[place], template: index[place], place };
}

test("each box has the best score of a whole search in it, with any number of workers", async () => {
  const results = [];
  for (const pool of pools) {
    const volume = await templateSpectrum(pool);
    const plan = new BoxCorrelationPlan(pool, { ...SIZE, boxes: BOXES, filterSets: 2 }, volume);
    for (const set of [0, 1]) plan.setFilters(set, filtersOf(set));
    for (let box = 0; box < BOXES; box++) plan.setBox(box, boxOf(box));
    const progress: number[] = [];
    const found = await plan.run({ onProgress: (done) => progress.push(done) });
    expect(progress.at(-1)).toBe(BOXES * ORIENTATIONS * FILTERS);
    for (let box = 0; box < BOXES; box++) {
      const wanted = await searched(pool, volume, box);
      expect(found[box].template).toBe(wanted.template);
      expect(found[box].y * 6 + found[box].x).toBe(wanted.place);
      expect(found[box].correlation).toBe(wanted.correlation);
      expect(found[box].score).toBeCloseTo(wanted.score, 5);
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
  const plan = new BoxCorrelationPlan(pool, { ...SIZE, boxes: 2, filterSets: 1 }, volume);
  plan.setFilters(0, filtersOf(0));
  const open = boxOf(0);
  const only = open.deviation.map((value, i) => (i === 20 ? value : Number.NaN));
  plan.setBox(0, { ...open, deviation: only });
  plan.setBox(1, { ...open, deviation: open.deviation.map(() => Number.NaN) });
  const [one, none] = await plan.run();
  expect([one.y, one.x]).toEqual([3, 2]);
  expect([none.score, none.template]).toEqual([Number.NEGATIVE_INFINITY, -1]);
  plan.dispose();
  volume.dispose();
});

test("the largest correlation of the best template's batch", async () => {
  const [, pool] = pools;
  const volume = await templateSpectrum(pool);
  const plan = new BoxCorrelationPlan(pool, { ...SIZE, boxes: 1, filterSets: 1 }, volume);
  plan.setFilters(0, filtersOf(0));
  const box = boxOf(0);
  plan.setBox(0, box);
  const [whole] = await plan.run({ batch: ORIENTATIONS });
  const { maximum } = await searched(pool, volume, 0);
  expect(whole.batchMaximum).toBe(Math.max(...maximum));
  plan.setBox(0, box);
  const [single] = await plan.run({ batch: 1 });
  expect(single.batchMaximum).toBeGreaterThanOrEqual(single.correlation);
  expect(single.batchMaximum).toBeLessThanOrEqual(whole.batchMaximum);
  expect(await plan.run()).toEqual([]);
  plan.dispose();
  volume.dispose();
});

test("wrong lengths and no boxes are refused, and an abort ends the work", async () => {
  const [, pool] = pools;
  const volume = await templateSpectrum(pool);
  const plan = new BoxCorrelationPlan(pool, { ...SIZE, boxes: 1, filterSets: 1 }, volume);
  expect(() => plan.setBox(0, { ...boxOf(0), mean: new Float32Array(3) })).toThrow(/box mean: expected 54/);
  plan.setFilters(0, filtersOf(0));
  plan.setBox(0, boxOf(0));
  await expect(plan.run({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  expect(() => new BoxCorrelationPlan(pool, { ...SIZE, boxes: 0, filterSets: 1 }, volume)).toThrow(/boxes/);
  plan.dispose();
  volume.dispose();
});
