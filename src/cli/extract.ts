import { type Command, Option } from "commander";
import { builtFile } from "../core/index.node.ts";
import { type ExtractOptions, type ExtractReport, extractParticles, extractStep } from "../match/index.ts";
import {
  addMicrographOptions,
  chosenMicrographs,
  type MicrographArguments,
  micrographLines,
} from "./micrographs.ts";
import {
  addForeignTable,
  addTiffRows,
  count,
  example,
  type ForeignTableArguments,
  notNegative,
  type TiffArguments,
  toForeignTable,
  toTiffOptions,
} from "./options.ts";
import { report } from "./report.ts";
import {
  addResumeOption,
  addTaskOptions,
  resumableEngineOf,
  runTasks,
  type TaskArguments,
} from "./taskOptions.ts";

interface ExtractArguments extends TiffArguments, ForeignTableArguments, MicrographArguments, TaskArguments {
  readonly resume?: boolean;
  readonly box: number;
  readonly out: string;
  readonly padding: NonNullable<ExtractOptions["padding"]>;
  readonly bounds: NonNullable<ExtractOptions["bounds"]>;
  readonly movie?: string;
  readonly shifts?: string;
  readonly deformation?: string;
  readonly preExposure?: number;
  readonly fluencePerFrame?: number;
  readonly normalize?: boolean;
  readonly backgroundRadius?: number;
  readonly invert?: boolean;
  readonly full?: boolean;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine extract PARTICLES.csv`. */
export function addExtract(cli: Command): void {
  const command = cli
    .command("extract")
    .addHelpText(
      "after",
      example("extract particles.csv --box 256 --out particles.mrcs --normalize --invert"),
    )
    .description("cut particles out of their micrographs: a stack and a STAR file of RELION")
    .argument(
      "<particles...>",
      "table of a search or of a refinement, or particles of RELION or cisTEM (.star) or cryoSPARC (.cs); several become one stack",
    )
    .requiredOption("--box <pixels>", "side of a box", count)
    .option(
      "--out <file.mrcs>",
      "the stack; its table lies beside it as .star, or with .h5 in it (Leopard-EM 1.3)",
      "particles.mrcs",
    )
    .addOption(
      new Option("--padding <how>", "what lies outside the micrograph")
        .choices(["constant", "reflect", "replicate"])
        .default("reflect"),
    )
    .addOption(
      new Option("--bounds <how>", "what to do with a box that leaves the micrograph")
        .choices(["pad", "error"])
        .default("pad"),
    )
    .option("--normalize", "give every box's background mean 0, no ramp and deviation 1, as RELION does")
    .option("--background-radius <pixels>", "with --normalize; default: 3/8 of the box", notNegative)
    .option("--full", "write to the STAR file scores, maps and all else that RELION does not know, too")
    .option("--invert", "turn contrast around: dark particles become bright, as RELION expects them");
  addMicrographOptions(command, "only the particles of these, which lie there");
  addResumeOption(addTaskOptions(command));
  addForeignTable(addTiffRows(addMovieOptions(command)))
    .option("--overwrite", "replace results that are there")
    .option("--json", "print the result as JSON")
    .action(async (tables: string[], args: ExtractArguments) => {
      requireTogether(command, args);
      const { json = false, tasks = 1, resume = false } = args;
      const engine = resumableEngineOf(command, args);
      return report({ json, text: extractedText }, async (tools) => {
        const { inputs, ...chosen } = await chosenMicrographs(tables, args, tools.onLog);
        const options = { ...toOptions(args), ...chosen };
        if (engine === undefined) return extractParticles(inputs, { ...options, ...tools });
        const divided = { tasks, resume, module: builtFile("#extract-batch"), onLog: tools.onLog };
        const work = await extractStep(inputs, { ...options, ...divided });
        return runTasks(work, engine, { args, tools, beside: args.out });
      });
    });
}

function extractedText({ particles, micrographs, files }: ExtractReport): string {
  return [
    `${particles} particles`,
    ...micrographLines(micrographs),
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}

function addMovieOptions(command: Command): Command {
  return command
    .option("--movie <file>", "sum boxes from its frames (MRC or TIFF), weighted by exposure")
    .addOption(
      new Option(
        "--shifts <file.csv>",
        "with --movie: pixels by which particles are moved (particle_index,frame,y_shift,x_shift)",
      ).conflicts("deformation"),
    )
    .option("--deformation <file.csv>", "with --movie: Å by which the specimen went (t,h,w,y_shift,x_shift)")
    .option(
      "--pre-exposure <e/Å²>",
      "with --movie: electrons/Å² before its first frame; default: 0",
      notNegative,
    )
    .option("--fluence-per-frame <e/Å²>", "with --movie: electrons/Å² of a frame; default: 1", notNegative)
    .option("--workers <number>", "with --movie: threads; default: all processors", count);
}

/** Options that mean nothing without another. */
function requireTogether(command: Command, args: ExtractArguments): void {
  const { movie, shifts, deformation, preExposure, fluencePerFrame, workers } = args;
  if (movie !== undefined && shifts === undefined && deformation === undefined)
    command.error("error: option --movie needs --shifts <file.csv> or --deformation <file.csv>");
  if (movie === undefined && [shifts, deformation, preExposure, fluencePerFrame, workers].some(isGiven))
    command.error(
      "error: options --shifts, --deformation, --pre-exposure, --fluence-per-frame and --workers need --movie <file>",
    );
  if (args.backgroundRadius !== undefined && !args.normalize)
    command.error("error: option --background-radius needs --normalize");
}

function isGiven(value: string | number | undefined): boolean {
  return value !== undefined;
}

function toOptions(args: ExtractArguments): ExtractOptions {
  const { movie, normalize, backgroundRadius, workers } = args;
  return {
    ...toTiffOptions(args),
    ...toForeignTable(args),
    boxSize: args.box,
    stackPath: args.out,
    padding: args.padding,
    bounds: args.bounds,
    ...(normalize && { normalize: backgroundRadius === undefined ? {} : { radius: backgroundRadius } }),
    invert: args.invert ?? false,
    full: args.full ?? false,
    ...(movie !== undefined && { movie: toMovie(movie, args) }),
    ...(workers !== undefined && { workers }),
    overwrite: args.overwrite ?? false,
  };
}

function toMovie(path: string, args: ExtractArguments): NonNullable<ExtractOptions["movie"]> {
  const { shifts, deformation = "", preExposure = 0, fluencePerFrame = 1 } = args;
  return {
    path,
    motion:
      shifts === undefined ? { kind: "deformation", path: deformation } : { kind: "shifts", path: shifts },
    preExposureA2: preExposure,
    dosePerFrameA2: fluencePerFrame,
  };
}
