import { type OptionKeys, requireKnownOptions } from "../../core/index.ts";
import { inputPrints } from "../../io/index.ts";
import type { Json, Step } from "../../jobs/index.ts";
import type { DisplacementOptions } from "../displacements/configureDisplacement.ts";
import { configureLikelihoodFiles } from "./fileManager.ts";
import { collectLikelihood, type LikelihoodBatch } from "./likelihoodBatch.ts";
import type { LikelihoodReport, RunLikelihoodOptions } from "./runLikelihood.ts";

const LIKELIHOOD_STEP_KEYS: OptionKeys<LikelihoodStepOptions> = {
  params: true,
  folderTemplates: true,
  folderParticles: true,
  folderOutput: true,
  iTemplates: true,
  nStacks: true,
  displacement: true,
  full: true,
  choices: true,
  tasks: true,
  module: true,
};

/** What decides about a run's results, as JSON: everything but workers, progress and log. */
export type LikelihoodChoices = Omit<
  RunLikelihoodOptions,
  "workers" | "signal" | "onProgress" | "onLog" | "onBackend" | "iTemplate" | "nStacks" | "nImages"
>;

/** A run of several templates and stacks, divided. */
export interface LikelihoodStepOptions {
  readonly params: string;
  readonly folderTemplates: string;
  readonly folderParticles: string;
  readonly folderOutput: string;
  readonly iTemplates: readonly number[];
  readonly nStacks: number;
  readonly displacement: DisplacementOptions;
  /** Keep all correlations. */
  readonly full: boolean;
  readonly choices: LikelihoodChoices;
  /** Batches of each template; each has some of the stacks. */
  readonly tasks: number;
  /** The built module of `likelihoodBatch.ts`. */
  readonly module: string | URL;
}

/** A run in tasks, for an engine of `src/jobs`. */
export interface LikelihoodStep {
  readonly step: Step<LikelihoodBatch, Json, LikelihoodReport>;
  readonly identity: Readonly<Record<string, Json>>;
  readonly options: Json;
}

/**
 * Divides templates x stacks into batches, whose files are those of a run in one piece.
 *
 * @throws {VitrineError} as `configureLikelihoodFiles`, for all templates
 */
export async function likelihoodStep(given: LikelihoodStepOptions): Promise<LikelihoodStep> {
  requireKnownOptions("likelihoodStep", given, LIKELIHOOD_STEP_KEYS);
  const { params, iTemplates, nStacks, tasks, module, displacement, full, choices } = given;
  const { folderTemplates, folderParticles, folderOutput } = given;
  const folders = { folderTemplates, folderParticles, folderOutput };
  const inputs = [params];
  for (const iTemplate of iTemplates) {
    const files = await configureLikelihoodFiles({ ...folders, nStacks, iTemplate });
    inputs.push(files.templates, ...files.stacks.flatMap(({ fourier, metadata }) => [fourier, metadata]));
  }
  const perBatch = Math.ceil(nStacks / Math.min(tasks, nStacks));
  const told = JSON.stringify({ ...folders, params, displacement, full, choices, nStacks });
  return {
    step: {
      name: "likelihood",
      phases: [
        {
          name: "compare",
          target: { module, export: "likelihoodBatch" },
          unit: "stacks",
          work: (batch) => (batch as LikelihoodBatch).count,
        },
      ],
      init: () => iTemplates.flatMap((iTemplate) => batchesOf(iTemplate, { nStacks, perBatch })),
      collect: collectLikelihood,
      collectTarget: { module, export: "collectLikelihood" },
    },
    identity: JSON.parse(
      JSON.stringify({
        version: 1,
        option: { displacement, full, ...choices },
        input: await inputPrints(inputs),
        iTemplates,
        nStacks,
        tasks,
      }),
    ),
    options: { told },
  };
}

function batchesOf(
  iTemplate: number,
  { nStacks, perBatch }: { readonly nStacks: number; readonly perBatch: number },
): LikelihoodBatch[] {
  const count = Math.ceil(nStacks / perBatch);
  return Array.from({ length: count }, (_, i) => ({
    iTemplate,
    first: i * perBatch,
    count: Math.min(perBatch, nStacks - i * perBatch),
  }));
}
