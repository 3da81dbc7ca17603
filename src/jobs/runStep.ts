import { type OptionKeys, pickOptions, requireKnownOptions, VitrineError } from "../core/index.ts";
import { readResult } from "./batchFiles.ts";
import { ENGINE_KEYS, type EngineOptions, type LocalEngine, requireKnownEngine } from "./engine.ts";
import { initStep, PLACE_KEYS, type StepPlace } from "./initStep.ts";
import { readStepFolder, type StepFolder } from "./layout.ts";
import { runLocally } from "./local.ts";
import { interrupted, openBatches, requireDone } from "./openBatches.ts";
import { PhaseProgress } from "./phaseProgress.ts";
import { runOnSlurm } from "./slurm.ts";
import { submitToSlurm } from "./slurmSubmit.ts";
import type { CollectContext, Json, Step, StoredResult } from "./step.ts";
import { TaskProcesses } from "./taskProcess.ts";

const RUN_STEP_KEYS: OptionKeys<RunStepOptions> = { ...PLACE_KEYS, ...ENGINE_KEYS };

/** What {@link runStep} takes. */
export interface RunStepOptions extends StepPlace, EngineOptions {}

/**
 * Runs a step from its batches to what is collected. What is done already is not run again.
 *
 * @throws {VitrineError} as {@link initStep} and {@link resubmitStep}, and whatever `collect` throws
 */
export async function runStep<Batch extends Json, Result extends Json, Outcome>(
  step: Step<Batch, Result, Outcome>,
  options: RunStepOptions,
): Promise<Outcome> {
  requireKnownOptions("runStep", options, RUN_STEP_KEYS);
  requireKnownEngine(options.engine);
  const { path } = await initStep(step, pickOptions<StepPlace>(options, PLACE_KEYS));
  const { onLog } = options;
  await resubmitStep(path, pickOptions<EngineOptions>(options, ENGINE_KEYS));
  return collectStep(step, path, { ...(onLog && { onLog }) });
}

/**
 * Runs what is missing, failed or lost of a step, its phases in order, and waits for it.
 *
 * @param path  the step's own folder
 * @throws {VitrineError} aborted: with how much is done and whether it can go on; worker, timeout: batches that failed, after all others of
 *   their phase are done; range: more than the machine has; missing, unsupported: no Slurm; device: the cluster refuses; storage
 */
export async function resubmitStep(path: string, options: EngineOptions = {}): Promise<void> {
  requireKnownOptions("resubmitStep", options, ENGINE_KEYS);
  requireKnownEngine(options.engine);
  const folder = await readStepFolder(path);
  const { engine = { kind: "local" } } = options;
  if (engine.kind === "slurm") return await runOnSlurm(folder, { ...options, engine });
  const processes = new TaskProcesses();
  try {
    await runPhases(folder, { ...options, engine, processes });
  } finally {
    processes.close();
  }
}

async function runPhases(
  folder: StepFolder,
  options: EngineOptions & { readonly engine: LocalEngine; readonly processes: TaskProcesses },
): Promise<void> {
  for (const phase of folder.record.phases) {
    const { missing, before } = await openBatches(folder, phase);
    const work = new Map(missing.map((batch) => [batch.index, batch.work]));
    const common = { unit: phase.unit, total: phase.work, before, onProgress: options.onProgress };
    const progress = new PhaseProgress(work, common);
    const ends = await runLocally(folder, missing, { ...options, progress });
    if (options.signal?.aborted) throw await interrupted(folder, options.signal.reason);
    // on a full disk what a batch said is nowhere else
    const said = ends.flatMap(({ index, message }): [number, string][] =>
      message === "" ? [] : [[index, message]],
    );
    await requireDone(folder, phase, new Map(said));
  }
}

/**
 * Leaves what is missing of a step to a cluster and does not wait: `stepInfo` tells how far it is, `collectStep` joins it.
 *
 * @returns the numbers of the cluster's jobs
 * @throws {VitrineError} unsupported: an engine that ends with this process; otherwise as {@link resubmitStep}
 */
export async function submitStep(path: string, options: EngineOptions): Promise<readonly string[]> {
  requireKnownOptions("submitStep", options, ENGINE_KEYS);
  requireKnownEngine(options.engine);
  const { engine } = options;
  if (engine?.kind === "slurm") return submitToSlurm(await readStepFolder(path), { ...options, engine });
  throw new VitrineError({
    code: "unsupported",
    at: path,
    expected: "a cluster to leave batches to",
    found: "processes of this machine, which end with this one",
    hint: "Run the step, or take the engine slurm",
  });
}

/**
 * Joins the results of a step whose batches are all done.
 *
 * @throws {VitrineError} missing: some are not; format: results of another identity, by the parts that differ
 */
export async function collectStep<Batch extends Json, Result extends Json, Outcome>(
  step: Pick<Step<Batch, Result, Outcome>, "collect">,
  path: string,
  options: Partial<Pick<CollectContext, "onLog">> = {},
): Promise<Outcome> {
  requireKnownOptions("collectStep", options, { onLog: true });
  const { onLog = () => {} } = options;
  const folder = await readStepFolder(path);
  for (const phase of folder.record.phases) await requireDone(folder, phase);
  const results = storedResults(folder) as AsyncGenerator<StoredResult<Batch, Result>>;
  return step.collect(results, { options: folder.record.options, onLog });
}

/**
 * Joins the results of a step by the function that its `collectTarget` names, for whoever has only the folder.
 *
 * @throws {VitrineError} unsupported: it names none; otherwise as {@link collectStep}
 */
export async function collectStepFolder(
  path: string,
  options: Partial<Pick<CollectContext, "onLog">> = {},
): Promise<unknown> {
  requireKnownOptions("collectStepFolder", options, { onLog: true });
  const { path: at, record } = await readStepFolder(path);
  const loaded: Record<string, unknown> =
    record.collect === undefined ? {} : await import(record.collect.module);
  const collect = loaded[record.collect?.export ?? ""];
  if (isCollect(collect))
    return inFolder(record.workingDirectory, () => collectStep({ collect }, at, options));
  throw new VitrineError({
    code: "unsupported",
    at: path,
    expected: "a step that says how its results are joined",
    found:
      record.collect === undefined
        ? "one that its own command joins"
        : `no function ${record.collect.export}`,
    hint: "Run the command that began it once more: it goes on from what is done",
  });
}

/** Works in the folder to which a step's paths are relative, which is this process's own meanwhile. */
async function inFolder<Result>(folder: string | undefined, work: () => Promise<Result>): Promise<Result> {
  const before = process.cwd();
  if (folder === undefined || folder === before) return work();
  process.chdir(folder);
  try {
    return await work();
  } finally {
    process.chdir(before);
  }
}

function isCollect(value: unknown): value is Step["collect"] {
  return typeof value === "function";
}

async function* storedResults(folder: StepFolder): AsyncGenerator<StoredResult> {
  for (const phase of folder.record.phases)
    for (let index = 0; index < phase.batches; index++)
      yield await readResult(folder, { phase: phase.name, index });
}
