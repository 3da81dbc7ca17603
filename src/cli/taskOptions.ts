import type { Command } from "commander";
import { defaultWorkerCount, poolKernels } from "../compute/index.ts";
import {
  type BatchFunction,
  type Engine,
  type IdentityParts,
  type Json,
  runStep,
  runStepHere,
  type Step,
} from "../jobs/index.ts";
import { addResourceOptions, type EngineArguments, engineOption, toEngine } from "./engineOptions.ts";
import { count } from "./options.ts";
import type { CommandTools } from "./report.ts";

/** What {@link addTaskOptions} parses to. */
export interface TaskArguments extends Omit<EngineArguments, "engine"> {
  readonly engine?: Engine["kind"];
  /** Folder of states and logs. */
  readonly jobs?: string;
  readonly keepParts?: boolean;
}

/** The options of work in tasks, on this machine or a cluster. @param parts  whether a task may leave states of parts; `what` is divided */
export function addTaskOptions(command: Command, { parts = false, what = "micrograph" } = {}): Command {
  command
    .addOption(engineOption("run in batches: processes of this machine, or of a Slurm cluster"))
    .option("--tasks <number>", `with --engine: batches of each ${what} (default: 1)`, count)
    .option(
      "--jobs <folder>",
      "with --engine: states and logs of the batches (default: beside the particles)",
    );
  if (parts)
    command.option(
      "--keep-parts",
      "with --engine: keep the states of the parts of a search when they are joined",
    );
  return addResourceOptions(command, "with --engine: ");
}

/** `--resume` of commands that keep their states only where they run in tasks. */
export function addResumeOption(command: Command): Command {
  return command.option("--resume", "with --engine: continue after a run that was stopped");
}

/** The engine that is asked for; undefined where none is. Options of an engine without one are wrong use. */
export function engineOf(command: Command, args: TaskArguments): Engine | undefined {
  const { engine, tasks, jobs, keepParts, ...others } = args;
  const { cores, memory, duration, partition, account, sbatch } = others;
  const ofCluster = [partition, account, sbatch].some((one) => one !== undefined);
  if (engine === undefined) {
    const isAny =
      ofCluster || [tasks, jobs, keepParts, cores, memory, duration].some((one) => one !== undefined);
    if (isAny) command.error("error: options of tasks need --engine local or --engine slurm");
    return undefined;
  }
  if (engine === "local" && ofCluster)
    command.error("error: options --partition, --account and --sbatch need --engine slurm");
  return toEngine({ engine, ...others });
}

/** As {@link engineOf} for a command with {@link addResumeOption}, which without an engine keeps nothing to go on from. */
export function resumableEngineOf(
  command: Command,
  args: TaskArguments & { readonly resume?: boolean },
): Engine | undefined {
  const engine = engineOf(command, args);
  if (engine === undefined && args.resume)
    command.error("error: option --resume needs --engine local or --engine slurm, which keep what is done");
  return engine;
}

/** Work in batches, and what decides about its results. */
export interface TaskWork<Batch extends Json, Outcome> {
  readonly step: Step<Batch, Json, Outcome>;
  readonly identity: IdentityParts;
  readonly options: Json;
}

/** Runs work on an engine, its states in the folder that is asked for, or beside its result. */
export function runTasks<Batch extends Json, Outcome>(
  { step, ...work }: TaskWork<Batch, Outcome>,
  engine: Engine,
  {
    args,
    tools,
    beside,
  }: {
    readonly args: { readonly jobs?: string; readonly overwrite?: boolean; readonly resume?: boolean };
    readonly tools: CommandTools;
    readonly beside: string;
  },
): Promise<Outcome> {
  const existing = args.overwrite ? "overwrite" : args.resume ? "resume" : undefined;
  const { signal, onProgress, onLog } = tools;
  tools.onBackend(`${poolKernels()}, in tasks (${engine.kind})`);
  return runStep(step, {
    ...work,
    directory: args.jobs ?? `${beside}.jobs`,
    engine,
    signal,
    onProgress,
    onLog,
    ...(existing && { existing }),
  });
}

/** Runs the same work in this process, one batch after the other; nothing is kept until all are done. */
export function runHere<Batch extends Json, Outcome>(
  { step, ...work }: TaskWork<Batch, Outcome>,
  run: Readonly<Record<string, BatchFunction<Batch, Json>>>,
  { args, tools }: { readonly args: { readonly workers?: number }; readonly tools: CommandTools },
): Promise<Outcome> {
  const cores = args.workers ?? defaultWorkerCount();
  const { signal, onProgress, onLog } = tools;
  tools.onBackend(`${poolKernels()}, ${cores} ${cores === 1 ? "worker" : "workers"}`);
  return runStepHere(step, { ...work, run, cores, signal, onProgress, onLog });
}
