import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { VitrineError } from "../core/index.ts";
import { inCommandWords } from "./argumentNames.ts";
import { example } from "./options.ts";

/** Exit codes: done, failed, wrong use. */
const DONE = 0;
const FAILED = 1;
const WRONG_USE = 2;

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Adds one command to the program. */
type Add = (cli: Command) => void;

/** The commands in the order of the help, each with the file that it alone loads: a start takes half of all files' time. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  acquire: async () => (await import("./acquire.ts")).addAcquire,
  convert: async () => (await import("./convert.ts")).addConvert,
  info: async () => (await import("./info.ts")).addInfo,
  match: async () => (await import("./match.ts")).addMatch,
  "match-collect": async () => (await import("./matchCollect.ts")).addMatchCollect,
  picture: async () => (await import("./picture.ts")).addPicture,
  "inspect-peaks": async () => (await import("./inspectPeaks.ts")).addInspectPeaks,
  refine: async () => (await import("./refine.ts")).addRefine,
  "constrained-search": async () => (await import("./constrainedSearch.ts")).addConstrainedSearch,
  "optimize-b-factor": async () => (await import("./optimizeBFactor.ts")).addOptimizeBFactor,
  "optimize-template": async () => (await import("./optimizeTemplate.ts")).addOptimizeTemplate,
  extract: async () => (await import("./extract.ts")).addExtract,
  "compare-particles": async () => (await import("./compareParticles.ts")).addCompareParticles,
  config: async () => (await import("./config.ts")).addConfig,
  align: async () => (await import("./subtomogram/align.ts")).addAlign,
  average: async () => (await import("./subtomogram/average.ts")).addAverage,
  fsc: async () => (await import("./subtomogram/fsc.ts")).addFsc,
  classify: async () => (await import("./subtomogram/classify.ts")).addClassify,
  pick: async () => (await import("./subtomogram/pick.ts")).addPick,
  score: async () => (await import("./subtomogram/score.ts")).addScore,
  reconstruct: async () => (await import("./subtomogram/reconstruct.ts")).addReconstruct,
  simulate: async () => (await import("./subtomogram/simulate.ts")).addSimulate,
  parameters: async () => (await import("./likelihood/parameters.ts")).addParameters,
  templates: async () => (await import("./likelihood/templates.ts")).addTemplates,
  particles: async () => (await import("./likelihood/particles.ts")).addParticles,
  likelihood: async () => (await import("./likelihood/likelihood.ts")).addLikelihood,
  stitch: async () => (await import("./likelihood/stitch.ts")).addStitch,
  ensemble: async () => (await import("./likelihood/ensemble.ts")).addEnsemble,
  experiment: async () => (await import("./experiment.ts")).addExperiment,
  illuminati: async () => (await import("./illuminati/illuminati.ts")).addIlluminati,
  import: async () => (await import("./import.ts")).addImport,
  objects: async () => (await import("./objects.ts")).addObjects,
  jobs: async () => (await import("./jobs.ts")).addJobs,
  serve: async () => (await import("./serve.ts")).addServe,
  "simulate-map": async () => (await import("./simulateMap.ts")).addSimulateMap,
  "simulate-micrograph": async () => (await import("./simulateMicrograph.ts")).addSimulateMicrograph,
  tour: async () => (await import("./tour/tour.ts")).addTour,
};

function neededBy(name: string | undefined): readonly (() => Promise<Add>)[] {
  if (name === "--version" || name === "-V") return [];
  return name !== undefined && Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]] : Object.values(COMMANDS);
}

/** The program with the named command alone; with all of them where none is named first (help, a misspelt name). */
async function createCli(name: string | undefined): Promise<Command> {
  const cli = new Command("vitrine")
    .description("From camera to molecule: acquire, map and match microscopy images.")
    .version(version())
    .addHelpText("after", example("match config.yaml --workers 8"))
    .showHelpAfterError("(vitrine COMMAND --help explains a command)")
    .enablePositionalOptions()
    .exitOverride();
  for (const load of neededBy(name)) (await load())(cli);
  return cli;
}

/** Says what went wrong; returns the exit code. */
function failWith(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USE;
  if (error instanceof VitrineError) {
    const why = error.code === "aborted" && error.cause instanceof Error ? ` ${error.cause.message}.` : "";
    process.stderr.write(`vitrine: ${inCommandWords(error).message}${why}\n`);
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
  const cli = await createCli(args[0]);
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
