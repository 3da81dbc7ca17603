import { expect, test } from "vitest";
import { goldenJson, goldenMrc } from "../../../test/support/npy.ts";
import { type Random, type Shape2, seededRandom } from "../../core/index.ts";
import type { ScoreMap } from "./peaks.ts";
import { findPeaksByFdr, fitNoiseTail, noisePeakChance } from "./peaksFdr.ts";
import { fitGev, gevCutoff, gevQuantileAbove } from "./peaksGev.ts";
import { findPeaksByPValue, pValueMap } from "./peaksPvalue.ts";

interface PValueGolden {
  readonly cutoff: number;
  readonly mask_radius: number;
  readonly peaks_yx: readonly (readonly [number, number])[];
  readonly peak_values: readonly number[];
  readonly grid_yx_every_17_19_from_3_5: readonly number[];
}
type Golden = Readonly<
  Record<
    "search1" | "search2",
    {
      readonly gev: Readonly<Record<"shape" | "location" | "scale" | "cutoff_fp1" | "cutoff_fp100", number>>;
      readonly pvalue_quadrant1: PValueGolden;
      readonly pvalue_quadrant3: PValueGolden;
    }
  >
>;

const golden = goldenJson<Golden>("../match-extra/peaks.json");
const searches = ["search1", "search2"] as const;

function goldenMap(name: string): ScoreMap {
  const { data, shape } = goldenMrc(name);
  return { data, shape: [shape[1], shape[2]] };
}

test.each(searches)("p-values and their peaks are Leopard-EM's in %s", (name) => {
  const maps = { mip: goldenMap(`${name}_mip.mrc`), scaledMip: goldenMap(`${name}_scaled_mip.mrc`) };
  const [height, width] = maps.mip.shape;
  for (const quadrant of [1, 3] as const) {
    const wanted = golden[name][`pvalue_quadrant${quadrant}`];
    const { data } = pValueMap(maps, { quadrant });
    const found: number[] = [];
    for (let y = 3; y < height; y += 17) for (let x = 5; x < width; x += 19) found.push(data[y * width + x]);
    const grid = wanted.grid_yx_every_17_19_from_3_5;
    // Leopard-EM's ranks are float32; 1e-4 covers that away from the very top
    expect(Math.max(...found.map((value, i) => Math.abs(value - grid[i])))).toBeLessThan(1e-3);
    const options = { cutoff: wanted.cutoff, maskRadiusPx: wanted.mask_radius, quadrant };
    const peaks = findPeaksByPValue(maps, options);
    const inOrder = (places: readonly (readonly number[])[]) => places.map(String).sort();
    expect(inOrder(peaks.map(({ y, x }) => [y, x]))).toEqual(inOrder(wanted.peaks_yx));
    for (const [i, [y, x]] of wanted.peaks_yx.entries())
      expect(Math.abs(data[y * width + x] / wanted.peak_values[i] - 1)).toBeLessThan(3e-3);
    for (const { y, x, zScore } of peaks) expect(zScore).toBe(maps.scaledMip.data[y * width + x]);
  }
});

test("the golden search's own p-value peaks", () => {
  const maps = { mip: goldenMap("search1_mip.mrc"), scaledMip: goldenMap("search1_scaled_mip.mrc") };
  const info = goldenJson<{ pvalue_peaks_yx_cut8_mask8: [number, number][] }>("search1_info.json");
  const peaks = findPeaksByPValue(maps, { cutoff: 8, maskRadiusPx: 8 });
  expect(peaks.map(({ y, x }) => [y, x])).toEqual(info.pvalue_peaks_yx_cut8_mask8);
});

test.each(searches)("the extreme value distribution and its cutoffs are Leopard-EM's in %s", (name) => {
  const map = goldenMap(`${name}_scaled_mip.mrc`);
  const { gev } = golden[name];
  const fit = fitGev(map);
  // scipy stops its simplex at 1e-4
  expect(Math.abs(fit.shape - gev.shape)).toBeLessThan(3e-4);
  expect(Math.abs(fit.location - gev.location)).toBeLessThan(3e-4);
  expect(Math.abs(fit.scale - gev.scale)).toBeLessThan(3e-4);
  expect(Math.abs(gevCutoff(map, { falsePositives: 1 }) - gev.cutoff_fp1)).toBeLessThan(0.01);
  expect(Math.abs(gevCutoff(map, { falsePositives: 100 }) - gev.cutoff_fp100)).toBeLessThan(0.005);
});

test.each([-0.1, 0, 0.12])("a known extreme value distribution of shape %f is found again", (shape) => {
  const random = seededRandom(7);
  const known = { shape, location: 4, scale: 0.25 };
  const data = Float32Array.from({ length: 40_000 }, () => gevQuantileAbove(known, 1 - random.uniform()));
  const fit = fitGev({ data, shape: [200, 200] });
  // four standard errors of 40,000 values
  expect(Math.abs(fit.shape - shape)).toBeLessThan(0.016);
  expect(Math.abs(fit.location - 4)).toBeLessThan(0.006);
  expect(Math.abs(fit.scale - 0.25)).toBeLessThan(0.005);
});

/** Peaks of given heights, farther apart than 5 pixels, on a low ground. */
function mapOf(heights: readonly number[]): ScoreMap {
  const columns = Math.ceil(Math.sqrt(heights.length));
  const shape: Shape2 = [6 * columns, 6 * columns];
  const data = new Float32Array(shape[0] * shape[1]).fill(-9);
  heights.forEach((height, i) => {
    data[(6 * Math.floor(i / columns) + 2) * shape[1] + 6 * (i % columns) + 2] = height;
  });
  return { data, shape };
}

/** Height of a noise peak: exponential, or the largest of many normal values. */
const exponential = (random: Random) => 4 - 0.3 * Math.log(1 - random.uniform());
function gaussianMaximum(random: Random): number {
  let most = -9;
  for (let i = 0; i < 50; i++) most = Math.max(most, random.normal());
  return most;
}

/** The most of `trials` that a rate explains: six standard errors would be an accident of 1e-9. */
const most = (trials: number, rate: number) => trials * rate + 3.5 * Math.sqrt(trials * rate * (1 - rate));

test.each([
  ["exponential", exponential, 100],
  ["exponential", exponential, 400],
  ["Gaussian", gaussianMaximum, 100],
])("noise peaks with an %s tail give a find at the stated rate at most", (_, height, count) => {
  const random = seededRandom(11);
  const [trials, rate] = [500, 0.1];
  let finds = 0;
  for (let trial = 0; trial < trials; trial++) {
    const map = mapOf(Array.from({ length: count }, () => height(random)));
    if (findPeaksByFdr(map, { rate, maskRadiusPx: 5 }).peaks.length > 0) finds++;
  }
  expect(finds).toBeLessThanOrEqual(most(trials, rate));
  if (height === exponential) expect(finds).toBeGreaterThan(trials * rate * 0.4); // the model's own case is not given away
});

test("among particles the share of noise stays below the rate, and the high ones are found", () => {
  const random = seededRandom(3);
  const [rate, trials] = [0.1, 150];
  let [shares, found, planted] = [0, 0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const noise = Array.from({ length: 300 }, () => exponential(random));
    const particles = Array.from({ length: 30 }, () => 8 + random.normal());
    const { peaks, cutoff } = findPeaksByFdr(mapOf([...particles, ...noise]), { rate, maskRadiusPx: 5 });
    const real = new Set(particles.map(Math.fround));
    const hits = peaks.filter(({ zScore }) => real.has(zScore)).length;
    shares += (peaks.length - hits) / Math.max(1, peaks.length);
    found += hits;
    planted += particles.length;
    expect(Math.min(...peaks.map(({ zScore }) => zScore))).toBeGreaterThanOrEqual(cutoff - 1e-6);
  }
  expect(shares / trials).toBeLessThan(rate);
  expect(found / planted).toBeGreaterThan(0.85);
});

test("particles in the upper half of the tail do not widen it", () => {
  const random = seededRandom(5);
  const heights = Array.from({ length: 1000 }, () => exponential(random));
  const clean = fitNoiseTail(Float64Array.from(heights).sort().reverse());
  const mixed = fitNoiseTail(
    Float64Array.from([...heights, ...new Array(20).fill(30)])
      .sort()
      .reverse(),
  );
  expect(clean.above).toBe(100);
  expect(mixed.scale / clean.scale).toBeLessThan(1.5);
  expect(noisePeakChance(clean, clean.threshold)).toBe(1);
  // a tenth at the tail's beginning, falling by e every 0.3; the scale of 50 values is good to 14 %
  const fall = Math.log(noisePeakChance(clean, clean.threshold + 0.3) / 0.1);
  expect(Math.abs(fall + 1)).toBeLessThan(0.45);
});

test("only the highest of a neighbourhood is a candidate; maps of next to nothing have no finds", () => {
  const map = mapOf(Array.from({ length: 100 }, (_, i) => 4 + (i % 10) / 10));
  map.data[2 * map.shape[1] + 2] = 40;
  map.data[2 * map.shape[1] + 3] = 39;
  map.data[2 * map.shape[1] + 6] = 38; // nearer than 5 to the highest
  const { peaks } = findPeaksByFdr(map, { rate: 0.05, maskRadiusPx: 5 });
  expect(peaks).toEqual([{ y: 2, x: 2, zScore: 40 }]);
  for (const data of [
    new Float32Array(0),
    Float32Array.of(9),
    Float32Array.of(Number.NaN),
    new Float32Array(9).fill(3),
  ]) {
    const shape: Shape2 = data.length === 0 ? [0, 0] : [1, data.length];
    const nothing = findPeaksByFdr({ data, shape }, { rate: 0.5, maskRadiusPx: 2 });
    expect(nothing.peaks).toEqual([]);
    expect(nothing.cutoff).not.toBeNaN();
  }
});

test("bad parameters are refused", () => {
  const map = mapOf([4, 5, 6]);
  expect(() => findPeaksByFdr(map, { rate: 0, maskRadiusPx: 5 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: findPeaksByFdr().rate: expected a rate between 0 and 1, found 0.]`,
  );
  expect(() => findPeaksByFdr(map, { rate: 1, maskRadiusPx: 5 })).toThrow("rate");
  expect(() => fitGev({ data: new Float32Array(50), shape: [5, 10] })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: fitGev(): expected at least 100 z-scores up to 8.5 that differ, found 50 with a deviation of 0. Choose particles by --peaks z.]`,
  );
  expect(() => gevCutoff(map, { falsePositives: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: gevCutoff().falsePositives: expected a number above 0 and below 144, found 0.]`,
  );
  expect(() => pValueMap({ mip: map, scaledMip: mapOf([1]) })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: pValueMap(): expected maps of one shape, found 12 x 12 and 6 x 6.]`,
  );
});
