import { type Command, InvalidArgumentError, Option } from "commander";
import type { Engine } from "../jobs/index.ts";
import { count } from "./options.ts";

/** What {@link addEngineOptions} parses to. */
export interface EngineArguments {
  readonly engine: Engine["kind"];
  readonly tasks?: number;
  readonly cores?: number;
  /** Bytes. */
  readonly memory?: number;
  /** Seconds. */
  readonly duration?: number;
  readonly partition?: string;
  readonly account?: string;
  readonly sbatch?: readonly string[];
}

/** Adds the options that say where batches run and with what, for commands that only run steps. */
export function addEngineOptions(command: Command): Command {
  command
    .addOption(
      engineOption("where batches run: processes of this machine, or a Slurm cluster").default("local"),
    )
    .option("--tasks <number>", "batches at a time; default: as many as fit", count);
  return addResourceOptions(command);
}

/** `--engine`; `description` says what runs there. */
export function engineOption(description: string): Option {
  return new Option("--engine <name>", description).choices(["local", "slurm"]);
}

/** Adds the options that say what each batch gets. @param when  what their help begins with, where they need another option */
export function addResourceOptions(command: Command, when = ""): Command {
  return command
    .option("--cores <number>", `${when}threads of each batch (default: 1)`, count)
    .option("--memory <size>", `${when}memory of each batch: 500M, 8G`, bytes)
    .option("--duration <time>", `${when}longest time of each batch: 90s, 45m, 12h, 2d`, seconds)
    .option("--partition <name>", "with --engine slurm: where")
    .option("--account <name>", "with --engine slurm: who pays")
    .option(
      "--sbatch <option>",
      "with --engine slurm: any other option of sbatch, again for more",
      collected,
    );
}

/** The library's names of the same options. */
export function toEngine(args: EngineArguments): Engine {
  const { engine: kind, tasks, cores, memory, duration, partition, account, sbatch } = args;
  const common = {
    ...(tasks !== undefined && { tasks }),
    ...(cores !== undefined && { cores }),
    ...(memory !== undefined && { memoryBytes: memory }),
    ...(duration !== undefined && { durationS: duration }),
  };
  if (kind === "local") return { kind, ...common };
  return {
    kind,
    ...common,
    ...(partition !== undefined && { partition }),
    ...(account !== undefined && { account }),
    ...(sbatch !== undefined && { sbatch }),
  };
}

/** Reads `500M`, `8G`, `1T`; without a letter MiB, as Slurm has it. */
function bytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  const value = Number(match?.[1]) * 1024 ** ("KMGT".indexOf((match?.[2] || "M").toUpperCase()) + 1);
  if (value > 0) return value;
  throw new InvalidArgumentError("Expected a size, such as 500M or 8G.");
}

/** Reads `90s`, `45m`, `12h`, `2d`, or Slurm's `hours:minutes:seconds`; without a letter minutes, as Slurm has it. */
function seconds(text: string): number {
  const clock = /^(\d+):(\d\d):(\d\d)$/.exec(text.trim());
  if (clock !== null) return Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text.trim());
  const value = Number(match?.[1]) * { s: 1, m: 60, h: 3600, d: 86400 }[match?.[2] || "m"]!;
  if (value > 0) return value;
  throw new InvalidArgumentError("Expected a time, such as 90s, 45m, 12h or 2d.");
}

function collected(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
