import { VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import { fromFile } from "../../pipe/index.ts";
import { PROGRAM_KEYS, type ProgramOptions } from "../../program/index.ts";
import { ALIGN_KINDS, type AlignModelName } from "../align/alignChoices.ts";
import { BackProjectionLoader } from "../loaders/backProjectionLoader.ts";
import { type Mask, normalizeTemplates } from "../loaders/templates.ts";
import { tellIdleCutoff } from "../models/lowPass.ts";
import { given, type MoleculeTools, runOnMolecules } from "./frame.ts";
import { INPUT_KEYS, type MoleculeLoader, type TomogramInputs } from "./inputs.ts";
import { requireTablePath, writeTable } from "./moleculeTable.ts";

/** What molecules are compared with, how, and where the scores go. */
export interface ScoreProgramOptions extends Omit<TomogramInputs, "outputShape">, ProgramOptions {
  /** MRC, TIFF, `.npy`, OME-Zarr. */
  readonly templatePaths: readonly string[];
  /** nm/voxel of the templates; default what their files say. */
  readonly templateScale?: number;
  readonly mask?: Mask;
  /** Low pass of both, cycles/voxel; default none. */
  readonly cutoff?: number;
  /** What is compared; default `zncc`. Of images by themselves `zncc` or `ncc`. */
  readonly model?: AlignModelName;
  /** Of a tilt series: compare with each image by itself too; default false. */
  readonly eachTilt?: boolean;
  /** With `eachTilt`: see projections through each molecule's own CTF; default false. */
  readonly seeThroughCtf?: boolean;
  /** The molecules with their scores: .csv or .parquet. */
  readonly outPath: string;
  readonly overwrite?: boolean;
}

const { outputShape: _, ...INPUTS } = INPUT_KEYS;

const KEYS: OptionKeys<ScoreProgramOptions> = {
  ...PROGRAM_KEYS,
  ...INPUTS,
  templatePaths: true,
  templateScale: true,
  mask: true,
  cutoff: true,
  model: true,
  eachTilt: true,
  seeThroughCtf: true,
  outPath: true,
  overwrite: true,
};

/** How well templates fit. */
export interface ScoreReport {
  readonly molecules: number;
  /** Means over the molecules, of each template. */
  readonly meanScores: readonly number[];
  /** Of each template the means of each image; empty where images are not compared by themselves. */
  readonly meanTiltScores: readonly (readonly number[])[];
  readonly files: readonly string[];
}

/**
 * Says how well templates fit the molecules where they are, without a search, and writes the molecules with the feature `score` (`score-0`, `score-1` of several
 * templates). With `eachTilt` `score-tilt-0` and so on are those of the images of the tilt series by themselves.
 *
 * @throws {VitrineError} as `SubtomogramLoader` and the readers of its files; unsupported: images of a tomogram, or another model for them; exists: a result is
 *   there
 */
export async function runScore(options: ScoreProgramOptions): Promise<ScoreReport> {
  requireKnownOptions("runScore", options, KEYS);
  const { templatePaths, templateScale, outPath, model = "zncc", eachTilt = false } = options;
  requireTablePath(outPath);
  const templates = templatePaths.map((path) =>
    fromFile(path, templateScale, undefined, given(options, "onLog")),
  );
  tellIdleCutoff(options.cutoff, options.onLog);
  const shapeOf = async (scale: number) => (await normalizeTemplates(templates, scale))[0].shape;
  const work = async ({ loader, results, run, files }: MoleculeTools) => {
    const choices = { ...run, ...given(options, "mask", "cutoff") };
    const series = eachTilt ? requireSeries(loader, options) : undefined;
    const scores = await loader.score(templates, { ...choices, model: ALIGN_KINDS[model] });
    const tiltScores =
      series === undefined ? [] : await scoresOfTilts({ loader: series, run }, templates, options);
    const features: Record<string, number[]> = {};
    scores.forEach((column, t) => {
      const name = scores.length === 1 ? "score" : `score-${t}`;
      features[name] = Array.from(column);
      const tilts = tiltScores[t] ?? [];
      for (const [i, values] of tilts.entries()) features[`${name}-tilt-${i}`] = Array.from(values);
    });
    await writeTable(results, outPath, loader.molecules.withFeatures(features));
    return {
      molecules: loader.count,
      meanScores: scores.map(mean),
      meanTiltScores: tiltScores.map((tilts) => tilts.map(mean)),
      files,
    };
  };
  return runOnMolecules(options, [outPath], work, shapeOf);
}

/** @throws {VitrineError} unsupported: a tomogram has no images, or they are compared in other ways */
function requireSeries(
  loader: MoleculeLoader,
  { tomogramPath, model = "zncc" }: ScoreProgramOptions,
): BackProjectionLoader {
  if (!(loader instanceof BackProjectionLoader))
    throw unsupported(tomogramPath, "a tilt series, to compare its images by themselves", "a tomogram");
  if (model !== "zncc" && model !== "ncc") throw unsupported("model", "zncc or ncc for single images", model);
  return loader;
}

/** Of each template, of each image: all molecules' scores. */
async function scoresOfTilts(
  { loader, run }: { readonly loader: BackProjectionLoader; readonly run: MoleculeTools["run"] },
  templates: Parameters<BackProjectionLoader["scoreOnTilt"]>[0],
  { model, seeThroughCtf = false, ...options }: ScoreProgramOptions,
): Promise<readonly (readonly Float32Array[])[]> {
  const method = model === "ncc" ? "ncc" : "zncc";
  const choices = { ...given(options, "mask", "cutoff"), method, ctf: seeThroughCtf } as const;
  const found = await loader.scoreOnTilt(templates, { ...run, ...choices });
  const { count } = loader.tiltSeries;
  return found.map((scores) =>
    Array.from({ length: count }, (_, tilt) => scores.filter((_, i) => i % count === tilt)),
  );
}

function unsupported(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "unsupported", at, expected, found });
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
