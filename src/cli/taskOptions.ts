import { type Command, Option } from "commander";
import type { Engine } from "../jobs/index.ts";
import { bytes, type EngineArguments, seconds, toEngine } from "./engineOptions.ts";
import { count } from "./options.ts";

/** What {@link addTaskOptions} parses to. */
export interface TaskArguments extends Omit<EngineArguments, "engine"> {
  readonly engine?: Engine["kind"];
  /** Folder of states and logs. */
  readonly jobs?: string;
}

/** The options of work in tasks, on this machine or a cluster. */
export function addTaskOptions(command: Command): Command {
  const collect = (option: string, options: string[] = []) => [...options, option];
  return command
    .addOption(
      new Option("--engine <name>", "run in tasks: processes of this machine, or of a Slurm cluster").choices(
        ["local", "slurm"],
      ),
    )
    .option("--tasks <number>", "with --engine: parts of each micrograph (default: 1)", count)
    .option("--cores <number>", "with --engine: threads of a task (default: 1)", count)
    .option("--memory <size>", "with --engine: memory of a task: 500M, 8G", bytes)
    .option("--duration <time>", "with --engine: time after which a task is ended: 45m, 12h, 2d", seconds)
    .option("--partition <name>", "with --engine slurm")
    .option("--account <name>", "with --engine slurm")
    .option(
      "--sbatch <--name=value>",
      "with --engine slurm: a further option of sbatch; may be repeated",
      collect,
    )
    .option("--jobs <folder>", "with --engine: states and logs of the tasks (default: beside the particles)");
}

/** The engine that is asked for; undefined where none is. Options of an engine without one are wrong use. */
export function engineOf(command: Command, args: TaskArguments): Engine | undefined {
  const { engine, tasks, jobs, ...others } = args;
  const { cores, memory, duration, partition, account, sbatch } = others;
  const ofCluster = [partition, account, sbatch].some((one) => one !== undefined);
  if (engine === undefined) {
    const isAny = ofCluster || [tasks, jobs, cores, memory, duration].some((one) => one !== undefined);
    if (isAny) command.error("error: options of tasks need --engine local or --engine slurm");
    return undefined;
  }
  if (engine === "local" && ofCluster)
    command.error("error: options --partition, --account and --sbatch need --engine slurm");
  return toEngine({ engine, ...others });
}
