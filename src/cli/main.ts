import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { VitrineError } from "../core/index.ts";
import { addAcquire } from "./acquire.ts";
import { addCompareParticles } from "./compareParticles.ts";
import { addConfig } from "./config.ts";
import { addConstrainedSearch } from "./constrainedSearch.ts";
import { addConvert } from "./convert.ts";
import { addExtract } from "./extract.ts";
import { addInfo } from "./info.ts";
import { addInspectPeaks } from "./inspectPeaks.ts";
import { addJobs } from "./jobs.ts";
import { addMatch } from "./match.ts";
import { addMatchCollect } from "./matchCollect.ts";
import { addOptimizeBFactor } from "./optimizeBFactor.ts";
import { addOptimizeTemplate } from "./optimizeTemplate.ts";
import { example } from "./options.ts";
import { addPicture } from "./picture.ts";
import { addRefine } from "./refine.ts";
import { addSimulateMap } from "./simulateMap.ts";
import { addSimulateMicrograph } from "./simulateMicrograph.ts";
import { addTour } from "./tour.ts";

/** Exit codes: done, failed, wrong use. */
const DONE = 0;
const FAILED = 1;
const WRONG_USE = 2;

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

const COMMANDS = [
  addAcquire,
  addConvert,
  addInfo,
  addMatch,
  addMatchCollect,
  addPicture,
  addInspectPeaks,
  addRefine,
  addConstrainedSearch,
  addOptimizeBFactor,
  addOptimizeTemplate,
  addExtract,
  addCompareParticles,
  addConfig,
  addJobs,
  addSimulateMap,
  addSimulateMicrograph,
  addTour,
];

function createCli(): Command {
  const cli = new Command("vitrine")
    .description("From camera to molecule: acquire, map and match microscopy images.")
    .version(version())
    .addHelpText("after", example("match config.yaml --workers 8"))
    .showHelpAfterError("(vitrine COMMAND --help explains a command)")
    .exitOverride();
  for (const add of COMMANDS) add(cli);
  return cli;
}

/** Says what went wrong; returns the exit code. */
function failWith(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USE;
  if (error instanceof VitrineError) {
    const why = error.code === "aborted" && error.cause instanceof Error ? ` ${error.cause.message}.` : "";
    process.stderr.write(`vitrine: ${error.message}${why}\n`);
    return FAILED;
  }
  process.stderr.write(
    `vitrine: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return FAILED;
}

/**
 * Runs the command line.
 *
 * @param args  without `node` and the script
 * @returns     exit code: 0 done, 1 failed, 2 wrong use
 */
export async function run(args: readonly string[]): Promise<number> {
  const cli = createCli();
  try {
    if (args.length === 0) {
      cli.outputHelp();
      return WRONG_USE;
    }
    await cli.parseAsync([...args], { from: "user" });
    return DONE;
  } catch (error) {
    return failWith(error);
  }
}
