import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { VitrineError } from "../../core/index.ts";
import { makeFolder, writeFileAtomic } from "../../io/index.ts";
import { formatTour, isTourFolder, type Server, startServer, TOUR_FILE } from "../../server/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { abortOnSignals, raised } from "../interrupt.ts";
import { count, example, portNumber } from "../options.ts";
import { type CommandTools, log, report } from "../report.ts";
import { acquireStep } from "./acquireStep.ts";
import { writeCages } from "./cage.ts";
import { mapStep } from "./mapStep.ts";
import { searchStep } from "./searchStep.ts";
import type { TourResult } from "./step.ts";
import { structuresStep } from "./structuresStep.ts";
import { subtomogramsStep } from "./subtomogramsStep.ts";

/** Where files go that nobody wants to keep. */
const FOLDER = "tour";

interface TourArguments {
  readonly dir?: string;
  readonly once?: boolean;
  readonly port: number;
  readonly workers?: number;
  readonly json?: boolean;
}

/** Adds `vitrine tour`. */
export function addTour(cli: Command): void {
  const command = cli
    .command("tour")
    .addHelpText("after", example("tour --once --dir tour --workers 4"))
    .description(
      "acquire a plate and map it, find molecules, rank structures, average subtomograms, all simulated; compare with what was planted, and show it in a browser",
    )
    .option("--once", "end when done, and show nothing")
    .option("--dir <folder>", `where files stay; default: ${FOLDER}, which is removed at the end`)
    .option("--port <port>", "of the page; 0: one that is free", portNumber, 0)
    .option("--workers <number>", "threads", count)
    .option("--json", "print the result as JSON")
    .action((args: TourArguments) => runTour(command, args));
}

const RULES: readonly IdleRule<TourArguments>[] = [
  { options: ["port"], isIdle: ({ once }) => once === true, why: "with --once" },
];

async function runTour(command: Command, args: TourArguments): Promise<void> {
  const { dir, once = false, port, workers, json = false } = args;
  const folder = dir ?? FOLDER;
  using interrupt = once ? undefined : abortOnSignals();
  let steps: readonly TourResult[] = [];
  let server: Server | undefined;
  try {
    await report({ json, text: tourText }, async (tools) => {
      tellIdle(command, RULES, { args, onLog: tools.onLog });
      await clear(folder);
      steps = await takeSteps(folder, { ...tools, ...(workers !== undefined && { workers }) });
      if (!once && steps.every(({ isRight }) => isRight)) server = await startServer([folder], { port });
      const { address = null } = server ?? {};
      return { steps, address };
    });
    requireRight(steps, folder); // printed before, so that one sees what is wrong
    if (server === undefined || interrupt === undefined) return;
    log("the page is served until Ctrl-C");
    await raised(interrupt.signal);
  } finally {
    await server?.close();
    if (dir === undefined && (await isTourFolder(folder))) await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the folder, or empties one that a tour made. @throws {VitrineError} exists: a folder with other files */
async function clear(folder: string): Promise<void> {
  if (await isTourFolder(folder)) await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
  if ((await readdir(folder)).length > 0) {
    const expected = "an empty folder, or one of an earlier tour";
    const hint = "Name another with --dir";
    throw new VitrineError({ code: "exists", at: folder, expected, found: "one with other files", hint });
  }
  // from now on it is a tour's, however this one ends
  await write(folder, []);
}

async function write(folder: string, steps: readonly TourResult[]): Promise<void> {
  const bytes = new TextEncoder().encode(formatTour(steps));
  await writeFileAtomic(join(folder, TOUR_FILE), bytes, { overwrite: true });
}

async function takeSteps(
  dir: string,
  tools: CommandTools & { readonly workers?: number },
): Promise<readonly TourResult[]> {
  const { onLog, signal } = tools;
  const own = { ...tools, signal, dir };
  const steps: TourResult[] = [];
  const take = async <Result extends TourResult>(title: string, step: () => Promise<Result>) => {
    signal.throwIfAborted();
    onLog(`${steps.length + 1}. ${title}`, "note");
    const result = await step();
    steps.push(result);
    return result;
  };
  const { folder, nuclei, ...plate } = await take("acquire a plate", () => acquireStep(own));
  steps[0] = plate;
  await take("map it", () => mapStep({ folder, nuclei }, own));
  await writeCages(dir);
  await take("find molecules in a micrograph", () => searchStep(own));
  await take("rank two structures", () => structuresStep(own));
  await take("average subtomograms", () => subtomogramsStep(own));
  await write(dir, steps);
  return steps;
}

interface TourReport {
  readonly steps: readonly TourResult[];
  readonly address: string | null;
}

function tourText({ steps, address }: TourReport): string {
  const lines = steps.flatMap(({ title, text, planted, found, others, isRight }, i) => [
    `${i + 1}. ${title}: planted ${planted}, found ${found}, others ${others}${isRight ? "" : ": WRONG"}`,
    `   ${text}`,
  ]);
  const end = address === null ? [] : ["", `Open ${address}`];
  return [...lines, ...end, ""].join("\n");
}

/** @throws {VitrineError} range: a step whose result is not what was planted */
function requireRight(steps: readonly TourResult[], folder: string): void {
  const wrong = steps.find(({ isRight }) => !isRight);
  if (wrong === undefined) return;
  throw new VitrineError({
    code: "range",
    at: `tour ${folder}, ${wrong.name}`,
    expected: `${wrong.planted}, as planted, and nothing else`,
    found: `${wrong.found}, and ${wrong.others} others`,
  });
}
