import { type Command, InvalidArgumentError, Option } from "commander";
import { builtFile } from "../../core/index.node.ts";
import {
  configureDisplacement,
  configureLikelihoodFiles,
  joinReports,
  type LikelihoodReport,
  likelihoodStep,
  type NoisePrior,
  type RunLikelihoodOptions,
  readTemplateList,
  runLikelihoodFullCrossCorrelation,
  runLikelihoodOptimalPose,
  templateListPath,
} from "../../likelihood/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { count, example, notNegative, positive } from "../options.ts";
import { type CommandTools, report } from "../report.ts";
import {
  addResumeOption,
  addTaskOptions,
  resumableEngineOf,
  runTasks,
  type TaskArguments,
} from "../taskOptions.ts";

interface LikelihoodArguments extends TaskArguments {
  readonly params: string;
  readonly templates: string;
  readonly particles: string;
  readonly out: string;
  readonly iTemplate: readonly number[] | "all";
  readonly nStacks: number;
  readonly maxDisplacementPixels: number;
  readonly nDisplacements: readonly [number, number];
  readonly full?: boolean;
  readonly integrated?: boolean;
  readonly poseLikelihood?: boolean;
  readonly posePosterior?: boolean;
  readonly noisePrior: NoisePrior;
  readonly whiten?: boolean;
  readonly ctfEnvelope?: boolean;
  readonly ctfAngles?: "rows" | "columns";
  readonly method: "compressed" | "exact";
  readonly errorBound: number;
  readonly nTemplatesPerBatch?: number;
  readonly nImagesPerBatch?: number;
  readonly discoverBatchSize: boolean;
  readonly skipExist?: boolean;
  readonly compat?: boolean;
  readonly picture?: boolean;
  readonly workers?: number;
  readonly resume?: boolean;
  readonly json?: boolean;
}

const RULES: readonly IdleRule<LikelihoodArguments>[] = [
  {
    options: ["integrated", "poseLikelihood", "posePosterior", "picture"],
    isIdle: ({ full }) => full === true,
    why: "with --full",
  },
  {
    options: ["noisePrior"],
    isIdle: ({ integrated, poseLikelihood }) => !integrated && !poseLikelihood,
    why: "without --integrated or --pose-likelihood",
  },
  { options: ["errorBound"], isIdle: ({ method }) => method === "exact", why: "with --method exact" },
  {
    options: ["workers"],
    isIdle: ({ engine }) => engine !== undefined,
    why: "with --engine, where --cores says it",
  },
];

const WHITEN = new Option(
  "--whiten",
  "take noise as coloured as the images' mean power per shell, which is written with a picture",
);

const CTF_ANGLES = new Option(
  "--ctf-angles <axis>",
  "what defocus angles are counted from; default: as the stacks say (RELION's and cryoSPARC's: columns), in CryoLike's own stacks rows",
).choices(["rows", "columns"]);

/** Adds `vitrine likelihood`. */
export function addLikelihood(cli: Command): void {
  const command = cli
    .command("likelihood")
    .addHelpText(
      "after",
      example(
        "likelihood --params parameters.npz --templates templates --particles particles --out likelihood --max-displacement-pixels 3 --n-displacements 5,5 --integrated",
      ),
    )
    .description(
      "compare CryoLike's particles with its templates: the best pose of each image, or how likely it is",
    )
    .requiredOption("--params <parameters.npz>", "of images and templates")
    .requiredOption("--templates <folder>", "of the templates and their list")
    .requiredOption("--particles <folder>", "of the stacks")
    .requiredOption("--out <folder>", "of the results")
    .option(
      "--i-template <numbers>",
      "which of the list, from 0: one, several (0,2) or all",
      templateNumbers,
      [0],
    )
    .option("--n-stacks <number>", "of particles, from the first on", count, 1)
    .option("--max-displacement-pixels <pixels>", "largest displacement along each axis", notNegative, 8)
    .option("--n-displacements <x,y>", "steps along both axes; 1: none", pair, [1, 1] as const)
    .option("--full", "keep all correlations: (images, templates, displacements, rotations)")
    .option("--integrated", "write log-likelihoods over all poses, too")
    .option(
      "--pose-posterior",
      "write each image's posterior over viewing directions, too, with a table and a picture",
    )
    .option("--pose-likelihood", "write log-likelihoods in the best pose, too")
    .option(
      "--noise-prior <prior>",
      "what is believed of the noise: flat-variance (CryoLike), flat-sigma (BioEM), profile, or a known variance",
      noisePrior,
      "flat-variance" as const,
    )
    .addOption(WHITEN)
    .option("--ctf-envelope", "multiply CTFs with the B-factor and the scale of the particles' table")
    .addOption(CTF_ANGLES)
    .addOption(
      new Option("--method <name>", "compressed per angular frequency, or whole spectra")
        .choices(["compressed", "exact"])
        .default("compressed"),
    )
    .option("--error-bound <number>", "largest error of a correlation by compression", positive, 1e-5)
    .option("--n-templates-per-batch <number>", "default: as many as memory has room for", count)
    .option("--n-images-per-batch <number>", "default: as many as memory has room for, at most 256", count)
    .option("--no-discover-batch-size", "take batches of 1 template and 128 images where they are not given")
    .option("--skip-exist", "skip stacks whose results are all there")
    .option("--compat", "do as CryoLike 0.0.1 does, faults and pickles included")
    .option(
      "--picture",
      "draw particles with their best templates, distribution and power into OUT/template0/plots",
    )
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count);
  addResumeOption(addTaskOptions(command, { what: "template stack" }));
  command.option("--json", "print the result as JSON").action((args: LikelihoodArguments) => {
    const engine = resumableEngineOf(command, args);
    return report({ json: args.json ?? false, text }, async (tools) => {
      tellIdle(command, RULES, { args, onLog: tools.onLog });
      const iTemplates = await templatesOf(args);
      const displacement = displacementOf(args);
      const choices = toOptions(args);
      if (engine === undefined) return runAll(iTemplates, args, tools);
      const folders = {
        folderTemplates: args.templates,
        folderParticles: args.particles,
        folderOutput: args.out,
      };
      const work = await likelihoodStep({
        ...{ ...folders, params: args.params, iTemplates, nStacks: args.nStacks, displacement, choices },
        ...{ full: args.full ?? false, tasks: args.tasks ?? 1, module: builtFile("#likelihood-batch") },
      });
      return runTasks(work, engine, { args: { ...args, overwrite: !args.resume }, tools, beside: args.out });
    });
  });
}

/** One template stack after another in this process. */
async function runAll(
  iTemplates: readonly number[],
  args: LikelihoodArguments,
  tools: CommandTools,
): Promise<LikelihoodReport> {
  const folders = {
    folderTemplates: args.templates,
    folderParticles: args.particles,
    folderOutput: args.out,
  };
  const displacer = configureDisplacement(displacementOf(args));
  const { signal, onProgress, onLog, onBackend } = tools;
  const run = args.full ? runLikelihoodFullCrossCorrelation : runLikelihoodOptimalPose;
  const managers = [];
  for (const iTemplate of iTemplates)
    managers.push(await configureLikelihoodFiles({ ...folders, nStacks: args.nStacks, iTemplate }));
  const reports: LikelihoodReport[] = [];
  for (const manager of managers) {
    reports.push(
      await run(manager, args.params, displacer, {
        ...toOptions(args),
        ...{ signal, onProgress, onLog, onBackend },
        ...(args.workers !== undefined && { workers: args.workers }),
      }),
    );
  }
  return joinReports(reports);
}

async function templatesOf({ iTemplate, templates }: LikelihoodArguments): Promise<readonly number[]> {
  if (iTemplate !== "all") return iTemplate;
  const list = await readTemplateList(templateListPath(templates));
  return list.map((_, i) => i);
}

function displacementOf({
  maxDisplacementPixels,
  nDisplacements: [nDisplacementsX, nDisplacementsY],
}: LikelihoodArguments) {
  return { maxDisplacementPixels, nDisplacementsX, nDisplacementsY };
}

function toOptions(
  args: LikelihoodArguments,
): Omit<
  RunLikelihoodOptions,
  "workers" | "signal" | "onProgress" | "onLog" | "onBackend" | "iTemplate" | "nStacks"
> {
  const { nTemplatesPerBatch, nImagesPerBatch } = args;
  return {
    ...{ method: args.method, errorBound: args.errorBound, noisePrior: args.noisePrior },
    ...{
      discoverBatchSize: args.discoverBatchSize,
      skipExist: args.skipExist ?? false,
      compat: args.compat ?? false,
    },
    ...{ integrated: args.integrated ?? false, poseLikelihood: args.poseLikelihood ?? false },
    ...{ posePosterior: args.posePosterior ?? false, whiten: args.whiten ?? false },
    ...{ ctfEnvelope: args.ctfEnvelope ?? false, picture: args.picture ?? false },
    ...(args.ctfAngles !== undefined && { ctfAngles: args.ctfAngles }),
    ...(nTemplatesPerBatch !== undefined && { nTemplatesPerBatch }),
    ...(nImagesPerBatch !== undefined && { nImagesPerBatch }),
  };
}

function text({ images, stacks, files }: LikelihoodReport): string {
  const skipped = stacks.filter((stack) => stack.skipped).length;
  const bound = stacks.reduce((most, stack) => Math.max(most, stack.errorBound), 0);
  return [
    `${images} images compared${skipped > 0 ? `, ${skipped} stacks skipped` : ""}`,
    bound > 0
      ? `no correlation is further than ${bound.toExponential(1)} from the exact one`
      : "correlations are exact",
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}

/** Reads `0`, `0,2`, `all`. */
function templateNumbers(words: string): readonly number[] | "all" {
  if (words === "all") return "all";
  const numbers = words.split(",").map(Number);
  if (numbers.every((value) => Number.isInteger(value) && value >= 0) && !words.split(",").includes(""))
    return numbers;
  throw new InvalidArgumentError("Expected whole numbers from 0 (0,2), or all.");
}

/** Reads `5,5`. */
function pair(words: string): readonly [number, number] {
  const numbers = words.split(",").map(Number);
  const isRight =
    numbers.length === 2 &&
    !words.split(",").includes("") &&
    numbers.every((value) => Number.isInteger(value) && value >= 0);
  if (isRight) return [numbers[0], numbers[1]];
  throw new InvalidArgumentError("Expected two whole numbers: 5,5.");
}

/** Reads a name or a variance. */
export function noisePrior(words: string): NoisePrior {
  const variance = Number(words);
  if (words === "flat-variance" || words === "flat-sigma" || words === "profile") return words;
  if (variance > 0 && Number.isFinite(variance)) return { variance };
  throw new InvalidArgumentError("Expected flat-variance, flat-sigma, profile, or a variance above 0.");
}
