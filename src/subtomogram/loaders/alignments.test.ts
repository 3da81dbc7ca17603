import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  subtomogramGolden,
  subtomogramMolecules,
  subtomogramVolume,
} from "../../../test/support/subtomogramCase.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { parseNpy } from "../../io/index.ts";
import { type PipeImage, softOtsu } from "../../pipe/index.ts";
import type { EmStep } from "../classify/expectation.ts";
import { FscAlignment, NccAlignment, PccAlignment, ZnccAlignment } from "../models/kinds.ts";
import type { ModelParams } from "../models/model.ts";
import { Molecules } from "../molecules/molecules.ts";
import { IDENTITY } from "../molecules/quaternion.ts";
import type { AlignOptions } from "./align.ts";
import { SubtomogramLoader } from "./subtomogramLoader.ts";

const [tomo, wedged] = [subtomogramVolume("tomo.npy"), subtomogramVolume("tomo_wedge.npy")];
const [A, B] = [subtomogramVolume("template_A.npy"), subtomogramVolume("template_B.npy")];
const mask = softOtsu({ sigma: 1, radius: 1 });

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool[Symbol.asyncDispose]());

const loaderOf = (image: PipeImage, options = {}) =>
  new SubtomogramLoader(image, subtomogramMolecules("molecules_start.csv"), {
    scale: 0.5,
    backend: pool,
    ...options,
  });

/** The gates of the golden vectors: score 1e-4, places 0.05 voxels, the very same rotation. PCC's scores are sums: relative. */
function expectMolecules(found: Molecules, wanted: Molecules) {
  expect(found.count).toBe(wanted.count);
  for (let i = 0; i < wanted.count; i++) {
    const score = Number(wanted.features.score[i]);
    expect(
      Math.abs(Number(found.features.score[i]) - score) / Math.max(1, Math.abs(score)),
      `score ${i}`,
    ).toBeLessThan(1e-4);
    for (let k = 0; k < 3; k++)
      expect(Math.abs(found.pos[3 * i + k] - wanted.pos[3 * i + k]) / 0.5, `place ${i}`).toBeLessThan(0.05);
    for (const name of ["align-dzrot", "align-dyrot", "align-dxrot"])
      expect(Number(found.features[name][i]), `${name} ${i}`).toBeCloseTo(
        Number(wanted.features[name][i]),
        4,
      );
  }
}

const TWENTY_SEVEN: AlignOptions = { rotations: [5, 5] };
const cases: readonly [string, AlignOptions][] = [
  ["align_zncc_norot_nomask_nocut", {}],
  ["align_zncc_norot_mask_cut0.3", { mask, cutoff: 0.3 }],
  ["align_zncc_norot_anisoshift", { maxShifts: [0.3, 0.8, 1.7], cutoff: 0.4 }],
  ["align_ncc_rot27_cut0.3", { ...TWENTY_SEVEN, mask, cutoff: 0.3, model: NccAlignment }],
  ["align_pcc_rot27_cut0.3", { ...TWENTY_SEVEN, mask, cutoff: 0.3, model: PccAlignment }],
];

describe("alignments through a loader are acryo's", () => {
  test.each(cases)("%s", async (name, options) => {
    const aligned = await loaderOf(tomo).align(A, { maxShifts: 1.5, compat: true, ...options });
    expectMolecules(aligned.molecules, subtomogramMolecules(`${name}.csv`));
  });

  test("FSC", async () => {
    const options = { maxShifts: 1, mask, model: FscAlignment, compat: true };
    const aligned = await loaderOf(tomo).head(4).align(A, options);
    expectMolecules(aligned.molecules, subtomogramMolecules("align_fsc_norot.csv"));
  });

  test.each([
    ["zncc", ZnccAlignment],
    ["pcc", PccAlignment],
  ])("%s with a missing wedge", async (name, model) => {
    const loader = loaderOf(wedged, { tiltModel: [-60, 60] }).head(12);
    const options = { ...TWENTY_SEVEN, maxShifts: 1.5, mask, cutoff: 0.3, compat: true, model };
    const aligned = await loader.align(A, options);
    const wanted = subtomogramMolecules(`alignw_${name}_rot27_mask_cut0.3.csv`).head(12);
    expectMolecules(aligned.molecules, wanted);
  });

  test("several templates", async () => {
    const aligned = await loaderOf(tomo).alignMultiTemplates([A, B], {
      maxShifts: 1.5,
      compat: true,
      cutoff: 0.3,
      mask,
    });
    const wanted = subtomogramMolecules("align_multi_norot.csv");
    expect(aligned.molecules.features.labels).toEqual(wanted.features.labels);
  });

  test("groups, to their own averages", async () => {
    const wanted = subtomogramMolecules("align_no_template_group.csv");
    const start = subtomogramMolecules("molecules_start.csv");
    const g = new Array<number>(start.count).fill(0);
    const loader = loaderOf(tomo).replace({ molecules: start.withFeatures({ g }) });
    const aligned = await loader
      .groupby("g")
      .alignNoTemplate({ maxShifts: 1.5, cutoff: 0.3, outputShape: 24, compat: true });
    expectMolecules(aligned.molecules, wanted);
  });
});

test("a group knows its loader's missing wedge", async () => {
  const loader = loaderOf(wedged, { tiltModel: [-60, 60] }).head(3);
  const options = { maxShifts: 1.5, mask, cutoff: 0.3 };
  const whole = await loader.align(A, options);
  const grouped = await loader.groupby("cls").align(A, options);
  expect(Array.from(grouped.molecules.features.score, Number).sort()).toEqual(
    Array.from(whole.molecules.features.score, Number).sort(),
  );
});

test("scores where molecules are", async () => {
  const wanted: Record<string, number[][]> = JSON.parse(
    readFileSync(subtomogramGolden("scores.json"), "utf8"),
  );
  const loader = loaderOf(tomo);
  const found = {
    "zncc_mask_cut0.3": await loader.score([A, B], { mask, cutoff: 0.3, compat: true }),
    zncc_plain: await loader.score([A, B], { compat: true }),
    ncc_plain: await loader.score([A, B], { compat: true, model: NccAlignment }),
    pcc_plain: await loader.score([A, B], { compat: true, model: PccAlignment }),
    "zncc_wedge_cut0.3": await loaderOf(wedged, { tiltModel: [-60, 60] }).score([A, B], {
      cutoff: 0.3,
      compat: true,
    }),
  };
  for (const [name, scores] of Object.entries(found))
    wanted[name].forEach((row, template) => {
      row.forEach((score, i) => {
        expect(Math.abs(scores[template][i] - score) / Math.max(1, Math.abs(score)), name).toBeLessThan(1e-4);
      });
    });
});

test("parameters of a bound model hold in a loader, which hands on what it was given alone", async () => {
  const some = loaderOf(tomo).head(3);
  const options = { mask, maxShifts: 1.5 };
  const wanted = await some.align(A, { ...options, ...TWENTY_SEVEN, cutoff: 0.3 });
  const bound = ZnccAlignment.withParams({ rotations: [5, 5], cutoff: 0.3 });
  const found = await some.align(A, { ...options, model: bound });
  expect(found.molecules).toEqual(wanted.molecules);
  expect(found.molecules.features["align-dzrot"].some((angle) => angle !== 0)).toBe(true);
  const other = await some.align(A, { ...options, model: bound, cutoff: 0.2 });
  expect(other.molecules.features.score).not.toEqual(wanted.molecules.features.score);
  const tilt = [-60, 60] as const;
  const seen = await loaderOf(tomo, { tiltModel: tilt }).head(3).align(A, options);
  const bySeries = { ...options, model: ZnccAlignment.withParams({ tilt }) };
  expect((await some.align(A, bySeries)).molecules.features.score).toEqual(seen.molecules.features.score);
});

test("scores of nothing seen are 0 by what a bound model leaves, and of the template as it fits", async () => {
  const waves = (axis: number, period: number) =>
    Array.from({ length: 24 ** 3 }, (_, i) =>
      Math.cos((2 * Math.PI * (Math.floor(i / 24 ** (2 - axis)) % 24)) / period),
    );
  const [alongZ, alongX] = [waves(0, 8), waves(2, 8 / 3)];
  const template = { data: Float32Array.from(alongZ), shape: [24, 24, 24] as const };
  // 1e-6 of the power lies along x; the low pass leaves a 7000th of it: next to no tilt sees what is below rounding then.
  const fine = { ...template, data: template.data.map((value, i) => value + 1e-3 * alongX[i]) };
  const one = loaderOf(tomo)
    .head(1)
    .replace({ molecules: new Molecules([[12, 12, 12]]) });
  const tilt = [-2, 2] as const;
  const scoreOf = async (params: ModelParams, of = template) => {
    const model = ZnccAlignment.withParams(params);
    const found = await one.align(of, { model, maxShifts: 0.5, backend: pool });
    return Number(found.molecules.features.score[0]);
  };
  expect(await scoreOf({ tilt })).toBe(0);
  expect(await scoreOf({ tilt }, fine)).not.toBe(0);
  expect(await scoreOf({ tilt, cutoff: 0.01 }, fine)).toBe(0);
  // Turned by 90 degrees about y the waves run along x, which every tilt sees.
  const aside = [[0, Math.SQRT1_2, 0, Math.SQRT1_2]] as const;
  expect(await scoreOf({ tilt, rotations: aside })).not.toBe(0);
  expect(await scoreOf({ tilt, compat: true })).not.toBe(0);

  // Where molecules are, and about them: FSC gave -1, the others what rounding has in common.
  const warnings: string[] = [];
  const told = { maxShifts: 0.5, onLog: (message: string) => warnings.push(message) };
  for (const kind of [ZnccAlignment, NccAlignment, PccAlignment, FscAlignment]) {
    const model = kind.withParams({ tilt, rotations: [IDENTITY, ...aside] });
    const [[ofWaves], [ofA]] = await one.score([template, A], { model, onLog: told.onLog });
    expect(ofWaves, kind.name).toBe(0);
    expect(ofA, kind.name).not.toBe(0);
    const { data } = await one.constructLandscape(template, { ...told, model });
    const half = data.length / 2;
    expect(data.subarray(0, half), kind.name).toEqual(new Float32Array(half));
    expect(data.subarray(half).some((value) => value !== 0)).toBe(true);
  }
  expect(new Set(warnings)).toEqual(
    new Set(["1 of 1 molecules have a score of 0: low pass and tilts leave nothing of the template"]),
  );
});

test("landscapes", async () => {
  const wanted = parseNpy(readFileSync(subtomogramGolden("landscape/zncc_mol3.npy")), "zncc_mol3");
  const found = await loaderOf(tomo)
    .select([3])
    .constructLandscape(A, { mask, cutoff: 0.3, maxShifts: 1.5, compat: true });
  expect(found.shape.slice(2)).toEqual([7, 7, 7]);
  wanted.data.forEach((value, i) => {
    expect(found.data[i]).toBeCloseTo(Number(value), 4);
  });
});

test("classes by expectation and maximization", async () => {
  const guesses = [
    { data: A.data.map((value, i) => value + 0.3 * B.data[i]), shape: A.shape },
    { data: B.data.map((value, i) => value + 0.3 * A.data[i]), shape: A.shape },
  ];
  const loader = loaderOf(tomo).replace({ molecules: subtomogramMolecules("molecules_truth.csv") });
  let iteration = 0;
  const sumsOf = loader.iterClassifyEm(guesses, { cutoff: 0.3, compat: true });
  for await (const { probabilities, templates } of loader.iterClassifyEm(guesses, { cutoff: 0.3 })) {
    iteration++;
    const { value: compat } = await sumsOf.next();
    const wanted = parseNpy(readFileSync(subtomogramGolden(`em/iter${iteration}_probs.npy`)), "probs").data;
    for (let i = 0; i < wanted.length; i++) expect(probabilities[i]).toBeCloseTo(Number(wanted[i]), 4);
    const sums = parseNpy(
      readFileSync(subtomogramGolden(`em/iter${iteration}_templates.npy`)),
      "templates",
    ).data;
    templates.forEach(({ data }, k) => {
      // acryo's are sums, which `compat` gives.
      let weight = 0;
      for (let i = 0; i < 40; i++) weight += probabilities[2 * i + k];
      let worst = 0;
      data.forEach((value, v) => {
        const sum = Number(sums[k * data.length + v]);
        worst = Math.max(worst, Math.abs(value * weight - sum), Math.abs(compat.templates[k].data[v] - sum));
      });
      expect(worst).toBeLessThan(1e-4 * 44);
    });
    if (iteration === 2) break;
  }
});

async function firstStep(steps: AsyncGenerator<EmStep>): Promise<EmStep> {
  for await (const step of steps) return step;
  throw new Error("no step");
}

test("classes of some molecules a step are mixed with those before; a mask is made of the first guesses' mean", async () => {
  const loader = loaderOf(tomo).replace({ molecules: subtomogramMolecules("molecules_truth.csv").head(8) });
  const chosen = [6, 1, 2, 3];
  const options = { cutoff: 0.3, sharpness: 30 };
  const mean = { data: A.data.map((value, i) => (value + B.data[i]) / 2), shape: A.shape };
  const ready = { ...options, mask: await mask(mean, 0.5) };
  const whole = await firstStep(loader.select(chosen).iterClassifyEm([A, B], ready));
  const steps = loader.iterClassifyEm([A, B], { ...options, mask, subset: () => chosen, subsetBias: 2 });
  const some = await firstStep(steps);
  expect(some.probabilities).toEqual(whole.probabilities);
  const share = 1 - (1 - 4 / 8) ** 2;
  some.templates.forEach(({ data }, k) => {
    const old = [A, B][k].data;
    data.forEach((value, i) => {
      expect(Math.abs(value - (share * whole.templates[k].data[i] + (1 - share) * old[i]))).toBeLessThan(
        1e-5,
      );
    });
  });
  await expect(loader.iterClassifyEm([A, B], { subsetBias: 0.5 }).next()).rejects.toThrow("a number from 1");
  await expect(loader.iterClassifyEm([A, B], { sharpness: 0 }).next()).rejects.toThrow("a number above 0");
});

test("classes by principal components", async () => {
  const loader = loaderOf(tomo).replace({
    molecules: subtomogramMolecules("molecules_truth.csv"),
    outputShape: 24,
  });
  const { loader: classified, classes } = await loader.classify({
    mask,
    cutoff: 0.3,
    components: 2,
    clusters: 2,
  });
  expect(classified.molecules.features.cluster).toEqual(classified.molecules.features.cls);
  expect(classes.explained[0]).toBeGreaterThan(classes.explained[1]);
});

test("planted molecules are found to 0.15 voxels and 3 degrees, where the best rotation of the grid is farther", async () => {
  const { features, pos, rotator } = subtomogramMolecules("molecules_truth.csv");
  const ofA = Array.from(features.cls, Number).flatMap((kind, i) => (kind === 0 ? [i] : []));
  const loader = loaderOf(tomo).select(ofA);
  const options: AlignOptions = { mask, maxShifts: 1.5, rotations: [10, 5], cutoff: 0.3 };
  const { molecules } = await loader.align(A, options);
  const px = ofA.map((from, i) =>
    Math.hypot(...molecules.place(i).map((nm, k) => (nm - pos[3 * from + k]) / 0.5)),
  );
  const degrees = ofA.map((from, i) => {
    const dot = rotator[from].reduce((sum, value, k) => sum + value * molecules.rotator[i][k], 0);
    return (360 / Math.PI) * Math.acos(Math.min(1, Math.abs(dot)));
  });
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
  // 0.143 and 2.67; acryo 0.164 and 3.05 (golden stats). Over other seeds: npm run bench -- subtomogram planted.
  expect(middle(px)).toBeLessThan(0.15);
  expect(middle(degrees)).toBeLessThan(3);
  await expect(loader.align(A, { model: PccAlignment, estimate: "mean" })).rejects.toThrow(
    "estimate mean: expected ZnccAlignment or NccAlignment, an exhaustive search and no compat, found PccAlignment.",
  );
});
