import { type Command, InvalidArgumentError } from "commander";
import { fileExists, readText, writeFileAtomic } from "../../io/index.ts";
import { type Engine, stepInfo } from "../../jobs/index.ts";
import type { CollectReport, IlluminatiSubmissionInput, PyramidBuilder } from "../../pyramid/index.ts";
import { type EngineArguments, engineOption, toEngine } from "../engineOptions.ts";
import { count, notNegative, positive } from "../options.ts";
import { log } from "../report.ts";
import type { MethodContext } from "./common.ts";
import {
  addCommonOptions,
  type CommonArguments,
  jobNameOf,
  jobsText,
  type MissingSites,
  missingSitesOption,
  withBuilder,
} from "./common.ts";
import { collectText } from "./run.ts";

interface SubmitArguments extends CommonArguments {
  readonly depth: number;
  readonly interval: number;
  readonly duration?: string;
  readonly memory?: number;
  readonly cores?: number;
  readonly missingSites?: MissingSites;
  readonly engine?: Engine["kind"];
  readonly tasks?: number;
  readonly partition?: string;
  readonly account?: string;
  readonly sbatch?: readonly string[];
}

/** Adds `submit`. */
export function addSubmit(methods: Command, context: MethodContext): void {
  const method = methods
    .command("submit")
    .description("submit run and collect jobs and monitor their status (requires a prior init)")
    .option("--duration <hh:mm:ss>", "longest time of each job (default: 06:00:00)", duration)
    .option("--memory <mb>", "memory of each job, MB (default: 2147)", count)
    .option(
      "--cores <number>",
      "cores of each job; more where its memory exceeds one core's share (default: 1)",
      count,
    );
  addMonitorOptions(method).action((args: SubmitArguments) => submit(context, args, submissionOf(args)));
}

/** Adds `resubmit`. */
export function addResubmit(methods: Command, context: MethodContext): void {
  const method = methods
    .command("resubmit")
    .description("run what is missing of the last submission, as it was submitted, and monitor it");
  addMonitorOptions(method).action(async (args: SubmitArguments) => {
    const before = await lastSubmission(context.directory);
    const { args: own, engine } = submissionOf(args);
    return submit(context, args, {
      args: { ...before.args, ...own },
      engine: { ...before.engine, ...engine },
    });
  });
}

function addMonitorOptions(method: Command): Command {
  method
    .option("-d, --depth <index>", "child tasks that are monitored: 1 phases, 2 their jobs", notNegative, 1)
    .option("-i, --interval <seconds>", "between two looks", positive, 10)
    .addOption(engineOption("where jobs run: processes of this machine (default), or a Slurm cluster"))
    .option("--tasks <number>", "jobs at a time; default: as many as fit", count)
    .addOption(missingSitesOption("default: as init was told"))
    .option("--partition <name>", "with --engine slurm: where")
    .option("--account <name>", "with --engine slurm: who pays")
    .option(
      "--sbatch <option>",
      "with --engine slurm: any other option of sbatch, again for more",
      collected,
    );
  return addCommonOptions(method);
}

/** How jobs were submitted; kept beside the step, so that resubmitting needs no options. */
interface Submission {
  readonly args: IlluminatiSubmissionInput;
  readonly engine: Partial<EngineArguments>;
}

function submissionOf(args: SubmitArguments): Submission {
  const { duration: time, memory, cores, missingSites, engine, tasks, partition, account, sbatch } = args;
  return {
    args: {
      ...(time !== undefined && { duration: time }),
      ...(memory !== undefined && { memory }),
      ...(cores !== undefined && { cores }),
      ...(missingSites !== undefined && { missingSites }),
    },
    engine: {
      ...(engine !== undefined && { engine }),
      ...(tasks !== undefined && { tasks }),
      ...(partition !== undefined && { partition }),
      ...(account !== undefined && { account }),
      ...(sbatch !== undefined && { sbatch }),
    },
  };
}

function submissionFile(directory: string): string {
  return `${directory}/jobs/illuminati.submission.json`;
}

async function lastSubmission(directory: string): Promise<Submission> {
  const path = submissionFile(directory);
  return (await fileExists(path)) ? JSON.parse(await readText(path)) : { args: {}, engine: {} };
}

function submit(context: MethodContext, args: SubmitArguments, submission: Submission): Promise<void> {
  const work = { args, text: collectText, phase: "collect" } as const;
  return withBuilder<CollectReport>(context, work, async (builder, tools) => {
    await builder.placeOf(1); // nothing is kept of a submission without init
    const bytes = new TextEncoder().encode(`${JSON.stringify(submission)}\n`);
    await writeFileAtomic(submissionFile(context.directory), bytes, { overwrite: true });
    using _monitor = monitor(builder, args);
    const { signal, onProgress, onLog } = tools;
    const engine = engineOf(submission, args.interval);
    return await builder.submit(submission.args, { engine, signal, onProgress, onLog });
  });
}

function engineOf({ engine: { engine = "local", ...more } }: Submission, interval: number): Engine {
  const made = toEngine({ engine, ...more });
  return made.kind === "slurm" ? { ...made, pollS: interval } : made;
}

/** Says the states of phases, and of jobs, again and again. */
function monitor(builder: PyramidBuilder, { depth, interval }: SubmitArguments): Disposable {
  if (depth === 0) return { [Symbol.dispose]() {} };
  const look = async () => {
    const info = await stepInfo(builder.stepPath).catch(() => undefined); // the end of the work tells what is wrong
    if (info === undefined) return;
    log(jobsText(info).trimEnd());
    if (depth < 2) return;
    const running = info.batches.filter(({ state }) => state === "running");
    for (const { share, ...place } of running)
      log(`${jobNameOf(info, place)} running: ${(100 * share).toFixed(0)} %`);
  };
  const timer = setInterval(() => void look(), 1000 * interval);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function duration(text: string): string {
  if (/^\d{2,}:[0-5]\d:[0-5]\d$/.test(text) && /[1-9]/.test(text)) return text;
  throw new InvalidArgumentError("Expected a time above 0 as HH:MM:SS, such as 06:00:00.");
}

function collected(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
