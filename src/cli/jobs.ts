import { type Command, InvalidArgumentError } from "commander";
import { VitrineError } from "../core/index.ts";
import {
  BATCH_STATES,
  type BatchPlace,
  cleanupStep,
  collectStepFolder,
  resubmitStep,
  type StepInfo,
  stepInfo,
  stepLog,
} from "../jobs/index.ts";
import { addEngineOptions, type EngineArguments, toEngine } from "./engineOptions.ts";
import { example } from "./options.ts";
import { durationText } from "./progress.ts";
import { report } from "./report.ts";

interface JsonArgument {
  readonly json?: boolean;
}

/** Adds `vitrine jobs info|log|resubmit|collect|cleanup DIR`: what can be done with any step's folder. */
export function addJobs(cli: Command): void {
  const jobs = cli
    .command("jobs")
    .description("look at heavy work in batches, finish it, or remove it")
    .addHelpText("after", example("jobs info results/jobs/match"));
  addInfo(jobs);
  addLog(jobs);
  addResubmit(jobs);
  addCollect(jobs);
  addCleanup(jobs);
}

const FOLDER = ["<dir>", "the folder of one step, in which step.json lies"] as const;

function addInfo(jobs: Command): void {
  jobs
    .command("info")
    .description("how many batches are pending, running, done, failed, lost; why they failed")
    .argument(...FOLDER)
    .option("--json", "print all batches as JSON")
    .action((dir: string, { json = false }: JsonArgument) =>
      report({ json, text: infoText }, () => stepInfo(dir)),
    );
}

function addLog(jobs: Command): void {
  jobs
    .command("log")
    .description("the log of one batch, of all its runs")
    .argument(...FOLDER)
    .argument("<batch>", "its phase and number, as info tells them: search/3", batchPlace)
    .action(async (dir: string, place: BatchPlace) => {
      process.stdout.write(await stepLog(dir, place));
    });
}

function addResubmit(jobs: Command): void {
  const command = jobs
    .command("resubmit")
    .description("run what is missing, failed or lost, and wait for it")
    .argument(...FOLDER)
    .option("--json", "print the states as JSON");
  addEngineOptions(command).action((dir: string, args: EngineArguments & JsonArgument) =>
    report({ json: args.json ?? false, text: infoText }, async ({ signal, onProgress, onLog }) => {
      await resubmitStep(dir, { engine: toEngine(args), signal, onProgress, onLog });
      return stepInfo(dir);
    }),
  );
}

function addCollect(jobs: Command): void {
  jobs
    .command("collect")
    .description("join the results of a step whose batches are all done")
    .argument(...FOLDER)
    .option("--json", "print what came of it as JSON")
    .action((dir: string, { json = false }: JsonArgument) =>
      report<{ collected: unknown }>(
        { json, text: ({ collected }) => `${JSON.stringify(collected)}\n` },
        async ({ onLog }) => ({
          collected: await collectStepFolder(dir, { onLog }),
        }),
      ),
    );
}

function addCleanup(jobs: Command): void {
  jobs
    .command("cleanup")
    .description("remove states, logs and results of a step, and nothing that somebody else put there")
    .argument(...FOLDER)
    .action(async (dir: string) => {
      if (!(await cleanupStep(dir))) throw noStep(dir);
    });
}

function noStep(at: string): VitrineError {
  const hint = "Name the folder of one step, inside the directory of jobs; nothing was removed";
  const expected = "the folder of a step, with its step.json";
  return new VitrineError({ code: "missing", at, expected, found: "none", hint });
}

/** One line a phase, then one for each batch that needs a look. @param nameOf  how users call a batch */
export function infoText({ phases, batches, seconds }: StepInfo, nameOf = pathOf): string {
  const lines = phases.map(({ name, counts }) => {
    const parts = BATCH_STATES.filter((state) => counts[state] > 0).map(
      (state) => `${counts[state]} ${state}`,
    );
    return `${name}: ${parts.join(", ") || "no batches"}`;
  });
  const troubles = batches.filter(({ state, message }) => state === "failed" || state === "lost" || message);
  for (const { state, message, hasCheckpoint, ...place } of troubles)
    lines.push(
      `${nameOf(place)} ${state}${message ? `: ${message}` : ""}${hasCheckpoint ? " (has a checkpoint)" : ""}`,
    );
  if (seconds > 0) lines.push(`${durationText(seconds)} of work in all`);
  return `${lines.join("\n")}\n`;
}

function pathOf({ phase, index }: BatchPlace): string {
  return `${phase}/${index}`;
}

function batchPlace(text: string): BatchPlace {
  const match = /^([A-Za-z0-9_.-]+)\/(\d+)$/.exec(text);
  if (match !== null) return { phase: match[1], index: Number(match[2]) };
  throw new InvalidArgumentError("Expected a phase and a number, such as search/3.");
}
