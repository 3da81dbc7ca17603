import { initStep, type RunStepOptions, type StepFolder } from "../../src/jobs/index.ts";
import { type ManyOptions, type MatchStep, matchStep, matchTargets } from "../../src/match/index.ts";

process.execArgv = []; // the tests' own, with which Node would take sources for built files, are not for tasks

/** A search in tasks, and how it is run. */
export interface TaskRun {
  readonly step: MatchStep["step"];
  readonly options: RunStepOptions;
  /** Makes its folder alone. */
  init(): Promise<StepFolder>;
}

/** The search of a case in tasks, its states beside its table. */
export async function taskRun(
  { config, table }: { readonly config: string; readonly table: string },
  {
    micrographs,
    ...choices
  }: ManyOptions & {
    readonly tasks: number;
    readonly micrographs?: readonly string[];
    readonly keepsParts?: boolean;
  },
): Promise<TaskRun> {
  const targets = await matchTargets({ configs: [config], ...(micrographs && { micrographs }) });
  const { step, ...work } = await matchStep(targets, {
    particlesPath: table,
    zCutoff: 3.5,
    ...choices,
    isSingle: micrographs === undefined,
    module: new URL("../../dist/match/many/matchBatch.js", import.meta.url),
  });
  const options = { ...work, directory: `${table}.jobs` };
  return { step, options, init: () => initStep(step, options) };
}
