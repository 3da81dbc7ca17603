import { type Command, InvalidArgumentError, Option } from "commander";
import type { Engine } from "../jobs/index.ts";
import { count, positive } from "./options.ts";

/** What {@link addEngineOptions} parses to. */
export interface EngineArguments {
  readonly engine?: Engine["kind"];
  readonly tasks?: number;
  readonly cores?: number;
  readonly memory?: number;
  readonly duration?: number;
  readonly partition?: string;
  readonly account?: string;
  readonly sbatch?: string[];
  readonly jobs?: string;
}

/** The options of work in tasks, on this machine or a cluster. */
export function addEngineOptions(command: Command): Command {
  const collect = (option: string, options: string[] = []) => [...options, option];
  return command
    .addOption(
      new Option("--engine <name>", "run in tasks: processes of this machine, or of a Slurm cluster").choices(
        ["local", "slurm"],
      ),
    )
    .option("--tasks <number>", "with --engine: parts of each micrograph (default: 1)", count)
    .option("--cores <number>", "with --engine: threads of a task (default: 1)", count)
    .option("--memory <GiB>", "with --engine: memory of a task", positive)
    .option("--duration <h:mm:ss>", "with --engine: time after which a task is ended", duration)
    .option("--partition <name>", "with --engine slurm")
    .option("--account <name>", "with --engine slurm")
    .option(
      "--sbatch <--name=value>",
      "with --engine slurm: a further option of sbatch; may be repeated",
      collect,
    )
    .option("--jobs <folder>", "with --engine: states and logs of the tasks (default: beside the particles)");
}

/** @throws usage: options of an engine without one */
export function engineOf(command: Command, args: EngineArguments): Engine | undefined {
  const { engine, cores, memory, duration: durationS, partition, account, sbatch } = args;
  if (engine === undefined) {
    const needed = [args.tasks, cores, memory, durationS, partition, account, sbatch, args.jobs];
    if (needed.every((one) => one === undefined)) return undefined;
    command.error("error: options of tasks need --engine local or --engine slurm");
  }
  const resources = {
    ...(cores !== undefined && { cores }),
    ...(memory !== undefined && { memoryBytes: memory * 2 ** 30 }),
    ...(durationS !== undefined && { durationS }),
  };
  if (engine === "slurm") {
    const given = { ...(partition && { partition }), ...(account && { account }), ...(sbatch && { sbatch }) };
    return { kind: "slurm", ...resources, ...given };
  }
  if ([partition, account, sbatch].some((one) => one !== undefined))
    command.error("error: options --partition, --account and --sbatch need --engine slurm");
  return { kind: "local", ...resources };
}

/** Seconds of `90`, `2:30` or `48:00:00`. */
function duration(text: string): number {
  if (/^\d+(:\d\d){0,2}$/.test(text))
    return text.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
  throw new InvalidArgumentError("Expected hours:minutes:seconds, minutes:seconds or seconds.");
}
