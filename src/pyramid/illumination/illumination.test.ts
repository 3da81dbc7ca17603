import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { parseNpy } from "../../io/index.ts";
import {
  addImage,
  basicModel,
  clipRange,
  correctedValues,
  correctIllumination,
  emptyStatistics,
  type IlluminationModel,
  medianModel,
  mergeStatistics,
  oddImages,
  percentileOf,
  scaleTable,
  zscoreModel,
} from "../index.ts";
import { histogramOf, medianOf } from "./statistics.ts";

const bytesOf = (name: string) =>
  readFileSync(new URL(`../../../test/golden/pyramid/${name}`, import.meta.url));
const json = (name: string) => JSON.parse(bytesOf(`${name}.json`).toString());
const npy = (name: string) => parseNpy(bytesOf(`${name}.npy`), name).data;

const SIZE = { height: 48, width: 64 };
const AREA = 48 * 64;
const stack = npy("illum_stack_u16") as Uint16Array;
const images = Array.from({ length: 14 }, (_, i) => stack.slice(i * AREA, (i + 1) * AREA));

function statisticsOf(list: readonly Uint16Array[], size = SIZE) {
  const statistics = emptyStatistics(size);
  for (const image of list) addImage(statistics, image);
  return statistics;
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let most = 0;
  for (let i = 0; i < b.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
};

describe("golden results of TissueMAPS", () => {
  const statistics = statisticsOf(images);

  test("means and deviations, raw and smoothed", () => {
    // The peer rounds each step of the mean to float32.
    const tolerance = 2e-7;
    const deviation = statistics.squares.map((sum) => Math.sqrt(sum / 13));
    expect(largestDifference(statistics.mean, npy("illum_mean_raw_f64") as Float64Array)).toBeLessThan(
      tolerance,
    );
    expect(largestDifference(deviation, npy("illum_std_raw_f64") as Float64Array)).toBeLessThan(tolerance);
    const model = zscoreModel(statistics);
    expect(largestDifference(model.mean, npy("illum_mean_smooth5_f64") as Float64Array)).toBeLessThan(
      tolerance,
    );
    expect(largestDifference(model.deviation, npy("illum_std_smooth5_f64") as Float64Array)).toBeLessThan(
      tolerance,
    );
  });

  test("percentiles", () => {
    for (const { value, output } of json("illum_percentiles").queries)
      expect(percentileOf(statistics, value)).toBe(output);
  });

  // With the peer's own maps, so that its rounding of the statistics does not show.
  const model: IlluminationModel = {
    kind: "zscore",
    mean: npy("illum_mean_smooth5_f64") as Float64Array,
    deviation: npy("illum_std_smooth5_f64") as Float64Array,
  };

  test("correction, but for the pixel that wraps round there and is held here", () => {
    const expected = npy("illum_corrected_before_cast_f64") as Float64Array;
    const cast = npy("illum_corrected_u16") as Uint16Array;
    let held = 0;
    images.slice(0, 6).forEach((image, k) => {
      const values = correctedValues(image, model);
      const part = expected.subarray(k * AREA, (k + 1) * AREA);
      // 10 to a power of up to 5: its error is that of the exponent, times the value.
      values.forEach(
        (value, i) =>
          void expect(Math.abs(value - part[i])).toBeLessThanOrEqual(1e-12 * Math.max(1, part[i])),
      );
      correctIllumination(image, model).forEach((value, i) => {
        if (value !== cast[k * AREA + i]) held++;
        if (value !== cast[k * AREA + i]) expect([value, part[i] > 65_535]).toEqual([65_535, true]);
      });
    });
    expect(held).toBe(1);
  });

  test("correction, then scaling", () => {
    const { min_intensity: lower, max_intensity: upper } = json("illum_corrected_scaled");
    const table = scaleTable({ lower, upper });
    const expected = npy("illum_corrected_scaled_u8") as Uint8Array;
    const different = images
      .slice(0, 6)
      .flatMap((image, k) =>
        [...correctIllumination(image, model)].filter((value, i) => table[value] !== expected[k * AREA + i]),
      );
    expect(different.every((value) => value === 65_535)).toBe(true);
    expect(different.length).toBeLessThanOrEqual(1);
  });

  test("clip ranges", () => {
    for (const one of json("clip_bounds")) {
      const options = { bitDepth: one.bit_depth, clip: one.clip, percent: one.clip_percent ?? 99.9 };
      expect(clipRange(options, statistics)).toEqual({ lower: one.min_intensity, upper: one.max_intensity });
    }
  });

  test("scaling tables", () => {
    const { cases, errors } = json("scale_to_u8");
    for (const { lower, upper, ...one } of cases) {
      const table = scaleTable({ lower, upper });
      expect((one.in as number[]).map((value) => table[value])).toEqual(one.out);
    }
    expect(scaleTable({ lower: 237, upper: 3160 })).toEqual(npy("scale_lut_237_3160_u8"));
    for (const { lower, upper } of errors.filter((one: { dtype?: string }) => one.dtype === undefined)) {
      expect(() => scaleTable({ lower, upper })).toThrow("0 <= lower < upper <= 65535");
    }
  });
});

test("a clip value needs no statistics, and wins over percentiles", () => {
  expect(clipRange({ bitDepth: 16, value: 4000 })).toEqual({ lower: 0, upper: 4000 });
  expect(clipRange({ bitDepth: 16, value: 4000, percent: 50 }, statisticsOf(images)).upper).toBe(4000);
  expect(() => clipRange({ bitDepth: 16, clip: true })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: clipRange: expected statistics of the channel, found none. Make statistics first, or give a clip value.]`,
  );
});

test("a saturated channel has a range of 255 below the end of 16 bits, and is white", () => {
  const saturated = emptyStatistics({ height: 1, width: 4 });
  addImage(saturated, new Uint16Array(4).fill(65_535));
  const range = clipRange({ bitDepth: 16, clip: true }, saturated);
  expect(range).toEqual({ lower: 65_280, upper: 65_535 });
  expect(scaleTable(range)[65_535]).toBe(255);
});

test("merged statistics are those of all images, however they were shared out", () => {
  const whole = statisticsOf(images);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 14 }), (cut) => {
      const parts = [statisticsOf(images.slice(0, cut)), statisticsOf(images.slice(cut))];
      const merged = emptyStatistics(SIZE);
      for (const part of parts) mergeStatistics(merged, part);
      expect(merged.count).toBe(14);
      expect(largestDifference(merged.mean, whole.mean)).toBeLessThan(1e-13);
      expect(largestDifference(merged.squares, whole.squares)).toBeLessThan(1e-12);
      expect(percentileOf(merged, 99.9)).toBe(percentileOf(whole, 99.9));
    }),
    { numRuns: 6 },
  );
});

/** Sites of one plate under an uneven light: offset 100, background 200, cells of 300 to 2300, noise. */
function plate(count: number, seed: number, cells = 8) {
  const size = { height: 96, width: 128 };
  const random = seededRandom(seed);
  const light = (y: number, x: number) =>
    0.5 + 0.75 * Math.exp(-(((y / 96 - 0.55) / 0.6) ** 2) - ((x / 128 - 0.4) / 0.7) ** 2);
  const field = Float64Array.from({ length: 96 * 128 }, (_, i) => light(Math.floor(i / 128), i % 128));
  const mean = field.reduce((sum, value) => sum + value, 0) / field.length;
  const sites = Array.from({ length: count }, () => {
    const truth = new Float64Array(96 * 128).fill(200);
    for (let cell = 0; cell < cells; cell++) {
      const [cy, cx, a] = [96 * random.uniform(), 128 * random.uniform(), 300 + 2000 * random.uniform()];
      truth.forEach((_, i) => {
        const square = (Math.floor(i / 128) - cy) ** 2 + ((i % 128) - cx) ** 2;
        if (square < 200) truth[i] += a * Math.exp(-square / 18);
      });
    }
    return Uint16Array.from(truth, (value, i) => 100 + (value * field[i]) / mean + 5 * random.normal());
  });
  return { size, sites, field: field.map((value) => value / mean) };
}

describe("planted fields", () => {
  const { size, sites, field } = plate(30, 5);
  const rms = (flat: ArrayLike<number>) =>
    Math.sqrt(field.reduce((sum, value, i) => sum + (flat[i] - value) ** 2, 0) / field.length);

  test("the median of 30 sites finds the light to 0.025, where the uncorrected error is above 0.1", () => {
    const { flat } = medianModel(size, sites, { dark: 100 });
    expect(rms(new Float64Array(field.length).fill(1))).toBeGreaterThan(0.1);
    expect(rms(flat)).toBeLessThan(0.025);
    expect(Math.min(...flat)).toBeGreaterThan(0);
    expect(flat.reduce((sum, value) => sum + value, 0) / flat.length).toBeCloseTo(1, 4);
  });

  test("BaSiC finds it to 0.01, also from crowded sites, where the median is worse", () => {
    const crowded = plate(30, 6, 24).sites;
    const found = basicModel(size, sites, { dark: 100, side: 64 }).flat;
    const fromCrowded = basicModel(size, crowded, { dark: 100, side: 64 }).flat;
    expect(rms(found)).toBeLessThan(0.01);
    expect(rms(fromCrowded)).toBeLessThan(0.01);
    expect(rms(medianModel(size, crowded, { dark: 100 }).flat)).toBeGreaterThan(0.01);
  });

  test("three sites of thirty that are black, saturated or upside down change little", () => {
    const bad = [new Uint16Array(sites[0].length), sites[1].map(() => 65_535), sites[2].toReversed()];
    expect(rms(medianModel(size, [...sites.slice(3), ...bad], { dark: 100 }).flat)).toBeLessThan(0.03);
  });

  test("a uniform slide is flat once corrected: corners as bright as the centre, within 2 %", () => {
    const model = medianModel(size, sites, { dark: 100 });
    const slide = Uint16Array.from(field, (value) => 100 + 1000 * value);
    const corrected = correctIllumination(slide, model);
    const centre = corrected[48 * 128 + 64];
    for (const corner of [0, 127, 95 * 128, 95 * 128 + 127]) {
      expect(Math.abs(corrected[corner] / centre - 1)).toBeLessThan(0.02);
    }
  });

  test("intensities a hundred times larger give the same field", () => {
    const dim = sites.map((site) => site.map((value) => (value - 100) / 10));
    const bright = dim.map((site) => site.map((value) => value * 100));
    expect(largestDifference(medianModel(size, dim).flat, medianModel(size, bright).flat)).toBeLessThan(1e-3);
  });

  test("a channel without light has a flat field", () => {
    for (const make of [medianModel, basicModel]) {
      expect(new Set(make(size, [new Uint16Array(field.length)]).flat)).toEqual(new Set([1]));
      expect(() => make(size, [])).toThrow("expected images, found none");
    }
  });
});

test("images that do not belong are found by their level", () => {
  const { sites } = plate(12, 9);
  const medians = [...sites, new Uint16Array(100), new Uint16Array(100).fill(60_000)].map((image) =>
    medianOf(image),
  );
  expect(oddImages(medians)).toEqual([12, 13]);
  expect(oddImages([5, 5, 5])).toEqual([]);
});

test("a histogram counts every value", () => {
  const counts = histogramOf(Uint8Array.of(3, 255, 3));
  expect([counts[3], counts[255], counts.reduce((sum, count) => sum + count, 0)]).toEqual([2, 1, 3]);
});

test("errors say what was wrong", () => {
  expect(() => addImage(emptyStatistics(SIZE), new Uint16Array(3))).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: illumination statistics: expected 48 x 64 pixels, found 3 pixels.]`,
  );
  expect(() => zscoreModel(statisticsOf(images.slice(0, 1)))).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: zscoreModel: expected two images or more, found 1.]`,
  );
  expect(() => percentileOf(emptyStatistics(SIZE), 50)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: illumination percentile: expected images, found none.]`,
  );
  expect(() =>
    correctIllumination(new Uint16Array(3), zscoreModel(statisticsOf(images))),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: illumination correction: expected 3072 pixels, found 3.]`,
  );
});
