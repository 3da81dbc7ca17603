import { poolKernels } from "../../compute/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../core/index.ts";
import { inputPrints, prepareResultFiles } from "../../io/index.ts";
import type { Json, Step } from "../../jobs/index.ts";
import { checkTableName } from "../particles/writeParticles.ts";
import {
  type PlannedRefine,
  planRefine,
  RUN_REFINE_KEYS,
  type RunRefineOptions,
  warnOfRefine,
  withTask,
} from "../refine/refineProgram.ts";
import { namedChoices } from "../search/choiceNames.ts";
import { suffixed } from "../search/resultNames.ts";
import {
  collectRefined,
  type RefineChoices,
  type RefineManyReport,
  type RefineTarget,
} from "./refineBatch.ts";
import { ownOptions, type RowBatch, type RowStepOptions, rowBatches, rowPhase } from "./rowBatches.ts";
import { distinctSuffixes } from "./targets.ts";

const REFINE_STEP_KEYS: OptionKeys<RefineStepOptions> = {
  ...RUN_REFINE_KEYS,
  tasks: true,
  module: true,
  resume: true,
};

/** Refinements in tasks, for an engine of `src/jobs`. */
export interface RefineStep {
  readonly step: Step<RowBatch, Json, RefineManyReport>;
  /** What decides about the results. */
  readonly identity: Readonly<Record<string, Json>>;
  /** For each batch, and for the join of what they give. */
  readonly options: RefineChoices;
}

/** Options of {@link refineStep}; `module` is the built `refineBatch.ts`. */
export interface RefineStepOptions extends RunRefineOptions, RowStepOptions {}

/**
 * Divides refinements into batches, particles of one micrograph each. The tables are byte for byte those of the refinements in one piece;
 * where there are several configurations, each has a table with its name, and a joint one has all particles.
 *
 * @throws {VitrineError} as `planRefine` and `prepareResultFiles`
 */
export async function refineStep(configs: readonly string[], all: RefineStepOptions): Promise<RefineStep> {
  requireKnownOptions("refineStep", all, REFINE_STEP_KEYS);
  const { tasks = 1, module, resume = false, ...given } = all;
  const { overwrite = false, particlesPath = "refined_particles.csv" } = given;
  const planned: { readonly target: RefineTarget; readonly plan: PlannedRefine }[] = [];
  const inputs: string[] = [];
  for (const target of targetsOf(configs, particlesPath)) {
    const plan = await planRefine(target.configPath, { ...given, particlesPath: target.particlesPath });
    await withTask(plan, (task) => warnOfRefine(plan, task));
    planned.push({ target, plan });
    inputs.push(...plan.inputs);
  }
  const outputs = [...new Set([...planned.map(({ target }) => target.particlesPath), particlesPath])];
  await prepareResultFiles({ inputs, outputs, overwrite: overwrite || resume });
  checkTableName(particlesPath);
  const prints = await inputPrints(inputs);
  const choices = { ...ownOptions(given), overwrite: true };
  const step: RefineStep["step"] = {
    name: "refine",
    phases: [rowPhase("refine", module)],
    init: () =>
      rowBatches(
        planned.map(({ plan }) => plan.stack.particles),
        tasks,
      ),
    collect: collectRefined,
    collectTarget: { module, export: "collectRefined" },
  };
  const settings = planned.map(({ plan }) => [plan.configPath, plan.settings]);
  const decisive = namedChoices({ ...choices, overwrite: undefined, particlesPath: undefined });
  const identity = JSON.parse(
    JSON.stringify({
      version: 1,
      configuration: Object.fromEntries(settings),
      option: decisive,
      input: prints,
      kernels: poolKernels(),
      tasks,
    }),
  );
  const options = {
    targets: planned.map(({ target }) => target),
    choices: JSON.stringify(choices),
    table: planned.length > 1 ? particlesPath : null,
    inputs: prints,
  };
  return { step, identity, options };
}

/** Of several configurations each has its own table. */
function targetsOf(configs: readonly string[], particlesPath: string): RefineTarget[] {
  if (configs.length === 1) return [{ configPath: configs[0], particlesPath }];
  const suffixes = distinctSuffixes(configs);
  return configs.map((configPath, i) => ({
    configPath,
    particlesPath: suffixed(particlesPath, suffixes[i]),
  }));
}
