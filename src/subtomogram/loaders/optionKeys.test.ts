import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { CtfModel } from "../ctf/ctfModel.ts";
import { ZnccAlignment } from "../models/kinds.ts";
import { readMoleculesCsv, writeMoleculesCsv } from "../molecules/csv.ts";
import { Molecules } from "../molecules/molecules.ts";
import { dropNeighbours } from "../molecules/neighbours.ts";
import { readMoleculesParquet, writeMoleculesParquet } from "../molecules/parquet.ts";
import { toTomogram } from "../sampling/tomogram.ts";
import { SubtomogramLoader } from "./subtomogramLoader.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
});
afterAll(() => pool[Symbol.asyncDispose]());

const volume = (side: number): PipeImage => ({
  data: Float32Array.from({ length: side ** 3 }, (_, i) => Math.sin(i * i)),
  shape: [side, side, side],
});

/** As who writes JavaScript gives them. */
const misspelt = (options: object) => options;

test("a misspelt option of what is done with molecules is refused, with the nearest name", async () => {
  const molecules = new Molecules([
    [8, 8, 8],
    [7, 7, 7],
  ]);
  const loader = new SubtomogramLoader(volume(16), molecules, { scale: 1, outputShape: 6, backend: pool });
  const template = volume(6);
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    outputShape: () => loader.asArray(misspelt({ outputShap: 4 })),
    wedgeWeighting: () => loader.average(misspelt({ wedgeWeightin: true })),
    parts: () => loader.averageSplit(misspelt({ part: 3 })),
    dfreq: () => loader.fsc(misspelt({ dfrq: 0.1 })),
    randomizeFrom: () => loader.fscWithHalfmaps(misspelt({ randomiseFrom: 0.1 })),
    sets: () => loader.fscWithAverage(misspelt({ set: 2 })),
    maxShifts: () => loader.align(template, misspelt({ maxShift: 1 })),
    rotations: () => loader.alignNoTemplate(misspelt({ rotation: [10, 5] })),
    labelName: () => loader.alignMultiTemplates([template], misspelt({ labelNam: "kind" })),
    cutoff: () => loader.score(template, misspelt({ cutof: 0.3 })),
    upsample: () => loader.constructLandscape(template, misspelt({ upsampl: 2 })),
    clusters: () => loader.classify(misspelt({ cluster: 3 })),
    sharpness: async () => loader.iterClassifyEm([template], misspelt({ sharpnes: 1 })).next(),
    signal: () => loader.apply({ mean: () => 1 }, misspelt({ signl: 1 })),
    tilt: async () => ZnccAlignment.create({ templates: [template] }, misspelt({ tilts: [-60, 60] })),
    floatPrecision: () => writeMoleculesCsv("never.csv", molecules, misspelt({ floatPrecison: 2 })),
    descending: async () => molecules.sort("score", misspelt({ descendin: true })),
    nullable: async () => molecules.concatWith(molecules, misspelt({ nulable: false })),
    concatFeatures: async () => Molecules.concat([molecules], misspelt({ concatFeature: false })),
    compute: () => loader.binning(2, misspelt({ comput: false })),
    posCols: () => readMoleculesCsv("never.csv", misspelt({ posCol: ["z", "y", "x"] })),
    rotCols: () => readMoleculesParquet("never.parquet", misspelt({ rotCol: ["a", "b", "c"] })),
    overwrite: () => writeMoleculesParquet("never.parquet", molecules, misspelt({ overwrit: true })),
    level: async () => toTomogram(volume(6), misspelt({ levl: 1 })),
    snr: async () => new CtfModel({ kv: 300, defocusUm: 2 }).deconvolve(volume(6), 1, misspelt({ snrr: 2 })),
    by: async () => dropNeighbours(molecules, 1, misspelt({ bye: "score" })),
  };
  for (const [nearest, call] of Object.entries(calls))
    await expect(call(), nearest).rejects.toThrow(`did you mean "${nearest}"?`);
});
