import type { Command } from "commander";
import type { Engine } from "../jobs/index.ts";
import { addResourceOptions, type EngineArguments, engineOption, toEngine } from "./engineOptions.ts";
import { count } from "./options.ts";

/** What {@link addTaskOptions} parses to. */
export interface TaskArguments extends Omit<EngineArguments, "engine"> {
  readonly engine?: Engine["kind"];
  /** Folder of states and logs. */
  readonly jobs?: string;
  readonly keepParts?: boolean;
}

/** The options of work in tasks, on this machine or a cluster. */
export function addTaskOptions(command: Command): Command {
  command
    .addOption(engineOption("run in batches: processes of this machine, or of a Slurm cluster"))
    .option("--tasks <number>", "with --engine: batches of each micrograph (default: 1)", count)
    .option(
      "--jobs <folder>",
      "with --engine: states and logs of the batches (default: beside the particles)",
    )
    .option("--keep-parts", "with --engine: keep the states of the parts of a search when they are joined");
  return addResourceOptions(command, "with --engine: ");
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
