import { type Command, Option } from "commander";
import { type Experiment, openExperiment } from "../../experiment/index.ts";
import { makeFolder, writeFileAtomic } from "../../io/index.ts";
import type { BatchPlace, StepInfo } from "../../jobs/index.ts";
import { MISSING_SITES, PyramidBuilder } from "../../pyramid/index.ts";
import { databaseOption } from "../database.ts";
import { infoText } from "../jobs.ts";
import { type CommandTools, report } from "../report.ts";

/** What a method is told beside its own options. */
export interface MethodContext {
  /** The experiment's folder. */
  readonly directory: string;
  /** How often `-v` was given before the method. */
  readonly verbosity: number;
}

/** What every method takes. */
export interface CommonArguments {
  readonly verbosity: number;
  readonly database?: string;
  readonly json?: boolean;
}

/** Adds what every method takes. */
export function addCommonOptions(method: Command): Command {
  return method
    .option("-v, --verbosity", "say more; again for more still", (_, before: number) => before + 1, 0)
    .addOption(databaseOption())
    .option("--json", "print the results as JSON");
}

/** What becomes of sites that cannot be read. */
export type MissingSites = (typeof MISSING_SITES)[number];

/** `--missing-sites`. */
export function missingSitesOption(byDefault: string): Option {
  const text =
    "of sites that cannot be read or are of another size: their jobs fail, or they stay black, which is said";
  return new Option("--missing-sites <how>", `${text} (${byDefault})`).choices(MISSING_SITES);
}

/** How far jobs are, with the numbers by which `run`, `info` and `log` know them. */
export function jobsText(info: StepInfo): string {
  return infoText(info, (place) => jobNameOf(info, place));
}

/** `job 3 (levels-0-4/2)`: numbers go on from phase to phase. */
export function jobNameOf({ phases }: StepInfo, { phase, index }: BatchPlace): string {
  const before = phases.slice(
    0,
    phases.findIndex(({ name }) => name === phase),
  );
  const number = before.reduce((sum, { counts }) => sum + batchesOf(counts), index + 1);
  return `job ${number} (${phase}/${index})`;
}

function batchesOf(counts: StepInfo["phases"][number]["counts"]): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Which log a method leaves; those of jobs are the engine's. */
export type LogPhase = "init" | "collect";

/** Where the log of a phase that is no job lies. */
export function logFile(directory: string, phase: LogPhase): string {
  return `${directory}/jobs/illuminati.${phase}.log`;
}

/** What {@link withBuilder} is told. */
export interface BuilderWork<Results extends object | null> {
  readonly args: CommonArguments;
  readonly text: (results: Results) => string;
  /** Its lines are kept for `log --phase`. */
  readonly phase?: LogPhase;
}

/** Opens the experiment, does the work in the frame of every command, and keeps its log. */
export function withBuilder<Results extends object | null>(
  context: MethodContext,
  { args, text, phase }: BuilderWork<Results>,
  work: (builder: PyramidBuilder, tools: CommandTools, experiment: Experiment) => Promise<Results>,
): Promise<void> {
  const { directory } = context;
  const verbosity = context.verbosity + args.verbosity;
  return report({ json: args.json ?? false, text }, async (tools) => {
    const { database } = args;
    await using experiment = await openExperiment(
      directory,
      database === undefined ? {} : { databaseUrl: database },
    );
    const lines: string[] = [];
    const note = (message: string) => lines.push(`${new Date().toISOString()} ${message}`);
    const onLog: CommandTools["onLog"] = (message, kind) => {
      note(kind === "warning" ? `warning: ${message}` : message);
      if (kind === "warning" || verbosity > 0) tools.onLog(message, kind);
    };
    const own = { ...tools, onLog, signal: tools.signal };
    try {
      const results = await work(new PyramidBuilder(experiment), own, experiment);
      note(`done: ${text(results).trimEnd()}`);
      return results;
    } catch (error) {
      note(`failed: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    } finally {
      if (phase !== undefined) await keepLog(logFile(directory, phase), lines);
    }
  });
}

/** A log that cannot be kept (a full disk) is not the trouble to tell. */
async function keepLog(path: string, lines: readonly string[]): Promise<void> {
  try {
    await makeFolder(path.replace(/[\\/][^\\/]*$/, ""));
    await writeFileAtomic(path, new TextEncoder().encode(`${lines.join("\n")}\n`), { overwrite: true });
  } catch {
    // the work's own error, or its success, stands
  }
}
