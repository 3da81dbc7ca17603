import { VitrineError } from "../../core/index.ts";
import { fileExists, prepareResultFiles, requireKnownOptions } from "../../io/index.ts";
import type { ProgramOptions } from "../../program/index.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { ensureDescriptor } from "../descriptor/descriptorFile.ts";
import type { Displacer } from "../displacements/configureDisplacement.ts";
import { particleStackPaths, templateListPath } from "../files.ts";
import { configureLikelihoodFiles } from "../runs/fileManager.ts";
import { type RunLikelihoodOptions, runLikelihoodOptimalPose } from "../runs/runLikelihood.ts";
import { stitchLogLikelihoodMatrices } from "../runs/stitch.ts";
import { readTemplateList } from "../runs/templateList.ts";
import {
  ENSEMBLE_KEYS,
  type EnsembleReport,
  ensembleFiles,
  type RunEnsembleOptions,
  requireStructures,
  runEnsemble,
} from "./program.ts";

/** Particles and structures of an ensemble. */
export interface EnsembleInputs {
  /** Of images and templates. */
  readonly params: string | ImageDescriptor;
  readonly folderTemplates: string;
  readonly folderParticles: string;
  /** Stacks of particles, from the first on; default all. */
  readonly nStacks?: number;
  readonly displacer: Displacer;
}

/** How particles are compared and judged. */
export interface ParticleEnsembleOptions
  extends Omit<RunEnsembleOptions, "folderLikelihood">,
    Omit<ProgramOptions, "onLog">,
    Pick<
      RunLikelihoodOptions,
      | "method"
      | "errorBound"
      | "noisePrior"
      | "whiten"
      | "ctfEnvelope"
      | "ctfAngles"
      | "posePosterior"
      | "skipExist"
    > {}

const RUN_ONLY = {
  method: true,
  errorBound: true,
  noisePrior: true,
  whiten: true,
  ctfEnvelope: true,
  ctfAngles: true,
  posePosterior: true,
  skipExist: true,
  workers: true,
  signal: true,
  onProgress: true,
  onBackend: true,
} as const;

/**
 * Compares all particles with all structures, then ranks and weighs these: `runLikelihoodOptimalPose` of each template stack into OUT/likelihood, the matrices into
 * OUT/likelihood_matrix, and `runEnsemble`. With `posePosterior` posteriors over poses as well, with `whiten` the power of the noise.
 *
 * @throws {VitrineError} as `configureLikelihoodFiles`, `runLikelihoodOptimalPose` and `runEnsemble`
 *
 * @example
 * const displacer = configureDisplacement({ maxDisplacementPixels: 3, nDisplacementsX: 5, nDisplacementsY: 5 });
 * const inputs = { params: "parameters.npz", folderTemplates: "templates", folderParticles: "particles", displacer };
 * const { weights } = await runParticleEnsemble(inputs, { folderOutput: "ensemble", posePosterior: true });
 */
export async function runParticleEnsemble(
  { params, folderTemplates, folderParticles, displacer, ...inputs }: EnsembleInputs,
  options: ParticleEnsembleOptions,
): Promise<EnsembleReport> {
  requireKnownOptions("runParticleEnsemble", options, { ...ENSEMBLE_KEYS, ...RUN_ONLY });
  const { folderOutput, names, optimal = false, posePosterior = false } = options;
  const structures = await readTemplateList(templateListPath(folderTemplates));
  requireStructures(options, structures.length);
  const more = { poses: posePosterior, noise: options.whiten ?? false };
  const outputs = ensembleFiles(folderOutput, more);
  await prepareResultFiles({ inputs: [], outputs, overwrite: options.overwrite ?? false });
  const nStacks = inputs.nStacks ?? (await stacksOf(folderParticles));
  const descriptor = await ensureDescriptor(params);
  const folderLikelihood = `${folderOutput}/likelihood`;
  const folders = { folderTemplates, folderParticles, folderOutput: folderLikelihood, nStacks };
  const managers = [];
  for (const iTemplate of structures.keys())
    managers.push(await configureLikelihoodFiles({ ...folders, iTemplate }));
  const own = part(options, RUN_ONLY);
  const { onProgress, onLog } = options;
  for (const [k, manager] of managers.entries())
    await runLikelihoodOptimalPose(manager, descriptor, displacer, {
      ...own,
      ...{ posePosterior, integrated: !optimal || posePosterior, poseLikelihood: optimal },
      ...(onLog && { onLog }),
      ...(onProgress && {
        onProgress: ({ done, total, ...more }) =>
          onProgress({ done: k * total + done, total: managers.length * total, ...more }),
      }),
    });
  const folderMatrix = `${folderOutput}/likelihood_matrix`;
  const counts = { nTemplates: structures.length, nStacks };
  await stitchLogLikelihoodMatrices({ folderOutput: folderLikelihood, folderMatrix, ...counts });
  return runEnsemble(folderMatrix, {
    ...part(options, ENSEMBLE_KEYS),
    ...{ folderOutput, optimal, names: names ?? namesOf(structures) },
    ...((posePosterior || options.whiten) && { folderLikelihood }),
  });
}

/** The options of `keys` that are given. */
function part<Options extends object, Keys extends object>(
  options: Options,
  keys: Keys,
): Pick<Options, keyof Keys & keyof Options> {
  const entries = Object.entries(options).filter(([name]) => name in keys);
  return Object.fromEntries(entries) as Pick<Options, keyof Keys & keyof Options>;
}

async function stacksOf(folder: string): Promise<number> {
  let count = 0;
  while (await fileExists(particleStackPaths(folder, count).fourier)) count++;
  if (count > 0) return count;
  throw new VitrineError({
    code: "missing",
    at: particleStackPaths(folder, 0).fourier,
    expected: "a stack of particles",
    found: "none",
    hint: "Make it with `vitrine particles`",
  });
}

/** Names of files without folder, ending and what all have in common; numbers where two have one name. */
function namesOf(structures: readonly string[]): string[] {
  const names = structures.map((path) =>
    path
      .replace(/^.*[/\\]/, "")
      .replace(/^templates_fourier_/, "")
      .replace(/\.pt$/, ""),
  );
  return new Set(names).size === names.length ? names : names.map((name, k) => `${name}_${k}`);
}
