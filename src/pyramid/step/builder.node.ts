import { poolKernels } from "../../compute/index.ts";
import { builtFile } from "../../core/index.node.ts";
import { type OptionKeys, pickOptions, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { deleteStaticMapobjects, type Experiment } from "../../experiment/index.ts";
import { fileExists, parseWithSchema, removeFile, removeFolder } from "../../io/index.ts";
import {
  type BatchInfo,
  type BatchPlace,
  changeStepOptions,
  cleanupStep,
  collectStep,
  ENGINE_KEYS,
  type Engine,
  type EngineOptions,
  initStep,
  type Json,
  memoryPerCore,
  type RunBatchOptions,
  readStepBatch,
  readStepFolder,
  resubmitStep,
  runBatch,
  type Step,
} from "../../jobs/index.ts";
import { layerName } from "../layers/layers.ts";
import { platePath, writePlates } from "../multiscale/writePlates.ts";
import { registerExperiment } from "../registration/experiment.ts";
import { tilesBatchSchema } from "../tiles/batch.ts";
import {
  durationSeconds,
  IlluminatiBatchArguments,
  type IlluminatiBatchInput,
  type IlluminatiBatchOptions,
  IlluminatiSubmissionArguments,
  type IlluminatiSubmissionInput,
} from "./arguments.ts";
import { type CollectReport, collectLayers } from "./collect.ts";
import { type CollectBatch, jobName, type MultiRunPhase, type RunBatch, type RunPhase } from "./phases.ts";
import { type BatchPlan, phaseName, planBatches } from "./planBatches.ts";

export type { AlignOptions, AlignReport } from "../align/align.node.ts";
export { alignExperiment } from "../align/align.node.ts";
export type { ChannelIllumination, IlluminationOptions } from "../stats/stats.node.ts";
export { computeIllumination } from "../stats/stats.node.ts";
export type { CollectedLayer, CollectReport } from "./collect.ts";

/** Name of the step, and of its folder below the experiment's `jobs`. */
const STEP = "illuminati";

/** Changes with every change of what jobs leave. */
const STATE_VERSION = 3;

/** Gets what a user should know. */
interface LogOption {
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
}

const LOG_KEYS: OptionKeys<LogOption> = { onLog: true };

/** What {@link PyramidBuilder.init} made. */
export interface InitReport {
  /** Names of the layers. */
  readonly layers: readonly string[];
  readonly phases: readonly { readonly name: string; readonly jobs: number }[];
}

/**
 * TissueMAPS' step `illuminati`: makes the zoomable layers of an experiment on the engine of `vitrine/jobs`. `init` writes the batches, of
 * which every job owns its own tiles; jobs never open the database; `collectJobOutput` writes the archives of tiles, the rows of the layers
 * and the map objects of plates, wells and sites.
 *
 * @example
 * await using experiment = await openExperiment("screen");
 * const builder = new PyramidBuilder(experiment);
 * await builder.init({ clip: true });
 * await builder.submit({ memory: 4000 }, { engine: { kind: "local" } });
 *
 * Source: TissueMAPS, tmlib.workflow.illuminati.api.
 */
export class PyramidBuilder {
  /** There is a job that joins what the others leave. */
  readonly hasCollectPhase = true;
  /** The folder of the step's states. */
  readonly stepPath: string;
  readonly #experiment: Experiment;

  constructor(experiment: Experiment) {
    this.#experiment = experiment;
    this.stepPath = `${experiment.directory}/jobs/${STEP}`;
  }

  /**
   * Descriptions of all jobs, in the order of their numbers: those of full resolution, which read the sites, then those above.
   *
   * @throws {VitrineError} format: an unknown argument; missing: no images, or statistics that were not made; unsupported: pixels that no
   *   tiles are made of
   */
  async *createRunBatches(
    args: IlluminatiBatchInput = {},
    options: LogOption = {},
  ): AsyncGenerator<RunBatch> {
    requireKnownOptions("createRunBatches", options, LOG_KEYS);
    const { onLog } = options;
    const plan = await this.#plan(args, onLog);
    for await (const { phase, index, batch } of plan.batches()) yield { phase, index, ...batch };
  }

  /**
   * Removes what was there before, and writes the batches; with `register`, once sites are where their images say.
   *
   * @throws {VitrineError} as `createRunBatches`; busy: another process writes to the experiment; storage
   */
  async init(args: IlluminatiBatchInput = {}, options: LogOption = {}): Promise<InitReport> {
    requireKnownOptions("init", options, LOG_KEYS);
    const { onLog } = options;
    if (parseWithSchema(args, IlluminatiBatchArguments, "illuminati arguments").register)
      await registerExperiment(this.#experiment, {}, onLog === undefined ? {} : { onLog });
    const plan = await this.#plan(args, onLog);
    await this.deletePreviousJobOutput();
    const step: Pick<Step<Json, Json>, "name" | "phases" | "init"> = {
      name: STEP,
      phases: plan.phases.map((levels) => ({
        name: phaseName(levels),
        target: { module: builtFile("#pyramid-batch"), export: "makeTiles" },
        unit: "blocks",
        work: (batch) => parseWithSchema(batch, tilesBatchSchema, "batch").blocks.length,
      })),
      init: (phase) => phaseValues(plan, phase),
    };
    const parsed = parseWithSchema(args, IlluminatiBatchArguments, "illuminati arguments");
    const config: Json = JSON.parse(JSON.stringify(parsed));
    const identity = { config, kernels: poolKernels(), state: STATE_VERSION };
    const directory = `${this.#experiment.directory}/jobs`;
    const { record } = await initStep(step, { directory, identity, options: config, existing: "overwrite" });
    return {
      layers: plan.layers.map(({ key }) => layerName(key)),
      phases: record.phases.map(({ name, batches }) => ({ name, jobs: batches })),
    };
  }

  async #plan(args: IlluminatiBatchInput, onLog: LogOption["onLog"] = () => {}): Promise<BatchPlan> {
    const options = parseWithSchema(args, IlluminatiBatchArguments, "illuminati arguments");
    return planBatches(this.#experiment, { options, onLog });
  }

  /** The collection of the phases of a submission, which {@link createRunJobs} fills. */
  createRunPhase(submissionId: number, parentId: number): MultiRunPhase {
    return { kind: "MultiRunPhase", name: `${STEP}_run`, submissionId, parentId, phases: [] };
  }

  /**
   * The jobs of the batches that `init` wrote: one phase a level, or for several levels where a block of tiles holds them, in order.
   *
   * @param verbosity  how much jobs log
   * @param duration   longest time of each, HH:MM:SS
   * @param memory     of each, MB
   * @throws {VitrineError} missing: nothing was initialised
   */
  async createRunJobs(
    userName: string,
    jobCollection: MultiRunPhase,
    verbosity: number,
    duration: string,
    memory: number,
    cores: number,
  ): Promise<MultiRunPhase> {
    const { record } = await this.#step();
    const flags = verbosity > 0 ? [`-${"v".repeat(verbosity)}`] : [];
    let id = 0;
    const phases: RunPhase[] = [];
    for (const [index, { name, batches }] of record.phases.entries()) {
      const jobs = Array.from({ length: batches }, () => {
        id++;
        const args = [STEP, this.#experiment.directory, ...flags, "run", "--job", `${id}`];
        return { id, name: jobName(index, id), userName, arguments: args, duration, memory, cores };
      });
      phases.push({ kind: "RunPhase", name, index, levels: levelsOf(name), jobs });
    }
    return { ...jobCollection, phases };
  }

  /**
   * Runs one job in a process of this machine.
   *
   * @param options  `assumeCleanState`: it was not run before; else what it left is removed first
   * @throws {VitrineError} missing: nothing was initialised, or no such job; worker: it failed, with its own words
   */
  async runJob(batch: Pick<RunBatch, "phase" | "index">, options: RunJobOptions = {}): Promise<BatchInfo> {
    requireKnownOptions("runJob", options, { ...ENGINE_KEYS, assumeCleanState: true });
    const { assumeCleanState = false, ...run } = options;
    await this.#step();
    const { phase, index } = batch;
    return runBatch(this.stepPath, { phase, index }, { ...run, anew: !assumeCleanState });
  }

  /**
   * Joins what the jobs have left: archives, rows of layers, map objects of plates, wells and sites.
   *
   * @throws {VitrineError} missing: nothing was initialised, or jobs are not done; busy, storage
   */
  async collectJobOutput(_batch?: CollectBatch, options: CollectOptions = {}): Promise<CollectReport> {
    requireKnownOptions("collectJobOutput", options, COLLECT_KEYS);
    const { record } = await this.#step();
    const { multiscale } = batchOptions(record.options);
    const collect = async (results: Parameters<Step["collect"]>[0]) => ({
      ...(await collectLayers(this.#experiment, results, options)),
      multiscales: multiscale ? await writePlates(this.#experiment, options) : [],
    });
    const { onLog } = options;
    return collectStep({ collect }, this.stepPath, { ...(onLog && { onLog }) });
  }

  /** Removes all layers with their tiles, and the map objects of plates, wells and sites; no others. @throws {VitrineError} busy, storage */
  async deletePreviousJobOutput(): Promise<void> {
    const { directory, query } = this.#experiment;
    const layers = await query.selectFrom("channelLayers").select("path").execute();
    await this.#experiment.transaction(async (transaction) => {
      await transaction.deleteFrom("channelLayers").execute();
      await deleteStaticMapobjects(this.#experiment, transaction);
    });
    const plates = await query.selectFrom("plates").select(["id", "name"]).execute();
    for (const { id, name } of plates) await removeFolder(`${directory}/${platePath(name, id)}`);
    for (const { path } of layers)
      if (path !== null && (await fileExists(`${directory}/${path}`)))
        await removeFile(`${directory}/${path}`);
  }

  /**
   * Runs all jobs that are not done, phase by phase, and joins what they leave. With `missingSites: "black"` jobs that failed for a site that
   * cannot be read go on without it.
   *
   * @throws {VitrineError} missing: nothing was initialised; format: a duration that is none, an unknown argument; worker, timeout: jobs
   *   failed, after all others of their phase are done; aborted; otherwise as `resubmitStep` and `collectJobOutput`
   */
  async submit(args: IlluminatiSubmissionInput = {}, options: EngineOptions = {}): Promise<CollectReport> {
    requireKnownOptions("submit", options, ENGINE_KEYS);
    const engine = await engineFor(args, options);
    const { record } = await this.#step();
    const { missingSites } = args;
    if (missingSites !== undefined) {
      const changed: Json = JSON.parse(JSON.stringify({ ...batchOptions(record.options), missingSites }));
      await changeStepOptions(this.stepPath, changed);
    }
    await resubmitStep(this.stepPath, { ...options, engine });
    return this.collectJobOutput(undefined, pickOptions<CollectOptions>(options, COLLECT_KEYS));
  }

  /** Removes what jobs and their join left, and the batches. @throws {VitrineError} busy, storage */
  async cleanup(): Promise<void> {
    await this.deletePreviousJobOutput();
    await cleanupStep(this.stepPath);
  }

  /** The description of a job by its number. @throws {VitrineError} missing: nothing was initialised, or no such job */
  async readBatch(id: number): Promise<RunBatch> {
    const place = await this.placeOf(id);
    const value = await readStepBatch(this.stepPath, place);
    return { ...place, ...parseWithSchema(value, tilesBatchSchema, `${STEP} job ${id}`) };
  }

  /** The description of the job that joins the others. @throws {VitrineError} missing: nothing was initialised */
  async readCollectBatch(): Promise<CollectBatch> {
    const { record } = await this.#step();
    const layers = new Map<number, string>();
    for (let index = 0; index < record.phases[0].batches; index++) {
      const value = await readStepBatch(this.stepPath, { phase: record.phases[0].name, index });
      const { layer } = parseWithSchema(value, tilesBatchSchema, `${STEP} batch ${index}`);
      layers.set(layer.id, layerName(layer));
    }
    return { kind: "collect", layers: [...layers.values()] };
  }

  /** Where a job lies by its number. @throws {VitrineError} missing: nothing was initialised, or no such job */
  async placeOf(id: number): Promise<BatchPlace> {
    const { record } = await this.#step();
    let before = 0;
    for (const { name, batches } of record.phases) {
      if (id > before && id <= before + batches) return { phase: name, index: id - before - 1 };
      before += batches;
    }
    throw new VitrineError({
      code: "missing",
      at: `${STEP} job ${id}`,
      expected: `a job from 1 to ${before}`,
      found: "none of this number",
    });
  }

  async #step() {
    if (await fileExists(`${this.stepPath}/step.json`)) return readStepFolder(this.stepPath);
    throw new VitrineError({
      code: "missing",
      at: this.#experiment.directory,
      expected: "batches of illuminati",
      found: "none",
      hint: `Make them first: vitrine illuminati ${this.#experiment.directory} init`,
    });
  }
}

/** What `init` was told, as its batches know it. */
function batchOptions(options: Json): IlluminatiBatchOptions {
  return parseWithSchema(options, IlluminatiBatchArguments, "step.json options");
}

/** What {@link PyramidBuilder.collectJobOutput} takes. */
export type CollectOptions = LogOption & Pick<EngineOptions, "signal" | "onProgress">;

const COLLECT_KEYS: OptionKeys<CollectOptions> = { ...LOG_KEYS, signal: true, onProgress: true };

/** What {@link PyramidBuilder.runJob} takes. */
export interface RunJobOptions extends Omit<RunBatchOptions, "anew"> {
  readonly assumeCleanState?: boolean;
}

/** The engine with what each job gets: more cores where its memory exceeds their share. */
async function engineFor(args: IlluminatiSubmissionInput, { engine, onLog }: EngineOptions): Promise<Engine> {
  const parsed = parseWithSchema(args, IlluminatiSubmissionArguments, "illuminati submission");
  const { duration, memory } = parsed;
  const where: Engine = engine ?? { kind: "local" };
  const memoryBytes = memory * 2 ** 20;
  const share = await memoryPerCore(where);
  const cores = Math.max(parsed.cores, Math.ceil(memoryBytes / share));
  if (cores > parsed.cores)
    onLog?.(
      `${memory} MB of memory exceed the share of ${parsed.cores === 1 ? "one core" : `${parsed.cores} cores`} ` +
        `(${Math.floor(share / 2 ** 20)} MB each): each job gets ${cores} cores`,
      "warning",
    );
  return { ...where, cores, memoryBytes, durationS: durationSeconds(duration) };
}

async function* phaseValues(plan: BatchPlan, name: string): AsyncGenerator<Json> {
  const phase = plan.phases.findIndex((levels) => phaseName(levels) === name);
  for await (const { batch } of plan.phaseBatches(phase)) yield batch;
}

/** Levels that a phase's name tells. */
function levelsOf(name: string): number[] {
  const [first, last] = name.split("-").slice(1).map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
