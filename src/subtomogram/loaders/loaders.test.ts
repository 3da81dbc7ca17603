import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import type { Shape3 } from "../../core/index.ts";
import { parseNpy } from "../../io/index.ts";
import { type PipeImage, softOtsu } from "../../pipe/index.ts";
import { parseMoleculesCsv } from "../molecules/csv.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { SubtomogramLoader } from "./subtomogramLoader.ts";

/** Vectors of acryo 0.9.1; see test/golden/subtomogram/README.md. */
const FOLDER = new URL("../../../test/golden/subtomogram/", import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, FOLDER));

function golden(name: string) {
  const { data, shape } = parseNpy(readFileSync(path(name)), name);
  return { data: Float32Array.from(data, Number), shape };
}

function volume(name: string): PipeImage {
  const { data, shape } = golden(name);
  return { data, shape: [shape[0], shape[1], shape[2]] };
}

function molecules(name: string): Molecules {
  return parseMoleculesCsv(readFileSync(path(name), "utf8"), name);
}

let pool: Pool;
let tomo: PipeImage;
let wedged: PipeImage;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
  [tomo, wedged] = [volume("tomo.npy"), volume("tomo_wedge.npy")];
});
afterAll(() => pool[Symbol.asyncDispose]());

/** As a share of the vector's range; acryo itself computes in single precision. */
function expectVolume(found: ArrayLike<number>, wanted: Float32Array, tolerance = 1e-5) {
  expect(found.length).toBe(wanted.length);
  const range = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) worst = Math.max(worst, Math.abs(found[i] - wanted[i]));
  expect(worst / range).toBeLessThan(tolerance);
}

const start = () => molecules("molecules_start.csv");
const loaderOf = (image: PipeImage, of: Molecules, options = {}) =>
  new SubtomogramLoader(image, of, { scale: 0.5, backend: pool, ...options });

describe("boxes are acryo's", () => {
  const cases: readonly [file: string, outputShape: Shape3 | number, options: object][] = [
    ["order0_box24", 24, { order: 0 }],
    ["order1_box24", 24, { order: 1 }],
    ["order3_box24", 24, {}],
    ["order3_box20x22x25", [20, 22, 25], {}],
    ["order3_box16_cornersafe", 16, { cornerSafe: true }],
  ];
  test.each(cases)("%s", async (file, outputShape, options) => {
    const wanted = golden(`subtomo/${file}.npy`);
    const loader = loaderOf(tomo, start(), { outputShape, ...options }).select([0, 3, 17, 39]);
    const { data, shape } = await loader.asArray();
    expect(shape).toEqual(wanted.shape);
    expectVolume(data, wanted.data);
  });

  test("at the coordinates of their voxels", () => {
    const wanted = golden("subtomo/localcoords_mol0_box4x5x6.npy");
    expectVolume(start().head(1).localCoordinates([4, 5, 6], 0.5), wanted.data);
  });

  test("binned by sums, in memory and box by box", async () => {
    for (const compute of [true, false]) {
      const binned = await loaderOf(tomo, start(), { outputShape: 12 }).binning(2, { compute });
      expect(binned.scale).toBe(1);
      const wanted = molecules("subtomo/binned2_molecules.csv");
      wanted.pos.forEach((place, i) => {
        expect(binned.molecules.pos[i]).toBeCloseTo(place, 5);
      });
      const { data } = await binned.select([0, 3, 17, 39]).asArray();
      expectVolume(data, golden("subtomo/binned2_box12.npy").data);
    }
  });
});

describe("averages are acryo's", () => {
  test.each([
    ["start", "molecules_start.csv"],
    ["truth", "molecules_truth.csv"],
    ["aligned", "align_zncc_rot125_mask_cut0.3.csv"],
  ])("%s", async (name, table) => {
    const { data, shape } = await loaderOf(tomo, molecules(table)).average({ outputShape: 24 });
    expect(shape).toEqual([24, 24, 24]);
    expectVolume(data, golden(`average_${name}.npy`).data);
  });

  test.each([
    ["plain", false],
    ["wedgeweighted", true],
  ])("with a missing wedge, %s", async (name, wedgeWeighting) => {
    const loader = loaderOf(wedged, molecules("alignw_zncc_rot27_mask_cut0.3.csv"), {
      tiltModel: [-60, 60],
      outputShape: 24,
    });
    const { data } = await loader.average({ wedgeWeighting });
    expectVolume(data, golden(`averagew_aligned_${name}.npy`).data);
  });

  test("of given halves", async () => {
    const loader = loaderOf(tomo, molecules("align_zncc_rot125_mask_cut0.3.csv"), { outputShape: 24 });
    const { data, shape } = await loader.averageSplit({ divisions: [halves(0)] });
    expect(shape).toEqual([1, 2, 24, 24, 24]);
    expectVolume(data, golden("average_split_aligned_seed0.npy").data);
  });
});

const masks = JSON.parse(readFileSync(path("split_masks.json"), "utf8"));
/** acryo's division: part 0 is where its mask is set. */
const halves = (set: number): number[] => masks[`set${set}_split0`].map((isFirst: number) => 1 - isFirst);

describe("Fourier shell correlations are acryo's", () => {
  const curves = (name: string) =>
    readFileSync(path(name), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",").map(Number));
  const aligned = () => loaderOf(tomo, molecules("align_zncc_rot125_mask_cut0.3.csv"), { outputShape: 24 });
  const expectCurves = (
    found: { frequencies: Float64Array; curves: readonly Float64Array[] },
    wanted: number[][],
  ) => {
    expect(found.frequencies.length).toBe(wanted.length);
    wanted.forEach(([frequency, ...values], i) => {
      expect(found.frequencies[i]).toBeCloseTo(frequency, 9);
      values.forEach((value, set) => {
        expect(found.curves[set][i]).toBeCloseTo(value, 4);
      });
    });
  };

  test("without a mask", async () => {
    const found = await aligned().fsc({ divisions: [halves(0)] });
    expectCurves(found, curves("fsc_aligned_nomask_dfreq0.05.csv"));
  });

  test("two sets, a mask", async () => {
    const found = await aligned().fsc({ mask: volume("mask_A.npy"), divisions: [halves(0), halves(1)] });
    expectCurves(found, curves("fsc_aligned_maskarray_nset2_dfreq0.05.csv"));
  });

  test("with its halves, the mask made of their average", async () => {
    const mask = softOtsu({ sigma: 1, radius: 1 });
    const found = await aligned().fscWithHalfmaps({ mask, divisions: [halves(0)] });
    expectCurves(found, curves("fsc_halfmaps_converter_autodfreq.csv"));
    expectVolume(found.halfmaps.data.subarray(0, 24 ** 3), golden("fsc_halfmap0.npy").data);
    expectVolume(found.mask?.data ?? [], golden("fsc_mask.npy").data);
  });

  test("mask and average are those of the first of several sets, the box is a mask's where no other is said", async () => {
    const mask = softOtsu({ sigma: 1, radius: 1 });
    const divisions = [halves(0), halves(0).toReversed()];
    const found = await aligned().fscWithHalfmaps({ mask, divisions });
    expectVolume(found.mask?.data ?? [], golden("fsc_mask.npy").data);
    const { data } = found.halfmaps;
    expectVolume(
      found.average.data,
      found.average.data.map((_, i) => (data[i] + data[24 ** 3 + i]) / 2),
    );
    const kept = await aligned().fscWithHalfmaps({ divisions, zeroNorm: false });
    const plain = await aligned().averageSplit({ divisions });
    expect(kept.halfmaps).toEqual(plain);
    const { molecules, tomogram } = aligned();
    const unsaid = new SubtomogramLoader(tomogram, molecules, { scale: 0.5 });
    const volume = { data: new Float32Array(24 ** 3).fill(1), shape: [24, 24, 24] };
    expect((await unsaid.fscWithHalfmaps({ mask: volume, divisions })).curves).toEqual(
      (await aligned().fscWithHalfmaps({ mask: volume, divisions })).curves,
    );
  });
});

test("functions of boxes are acryo's", async () => {
  const [, ...rows] = readFileSync(path("apply_mean_std_max.csv"), "utf8").trim().split("\n");
  const mean = ({ data }: PipeImage) => data.reduce((sum, value) => sum + value, 0) / data.length;
  const std = (image: PipeImage) => {
    const middle = mean(image);
    return Math.sqrt(image.data.reduce((sum, value) => sum + (value - middle) ** 2, 0) / image.data.length);
  };
  const max = ({ data }: PipeImage) =>
    data.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const found = await loaderOf(tomo, start(), { outputShape: 24 }).apply({ mean, std, max });
  rows.forEach((row, i) => {
    const [wantedMean, wantedStd, wantedMax] = row.split(",").map(Number);
    expect(found.mean[i]).toBeCloseTo(wantedMean, 6);
    expect(found.std[i]).toBeCloseTo(wantedStd, 6);
    expect(found.max[i]).toBeCloseTo(wantedMax, 5);
  });
});
