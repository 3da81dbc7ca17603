import { type Command, InvalidArgumentError, Option } from "commander";
import { builtFile } from "../../core/index.node.ts";
import {
  configureDisplacement,
  configureLikelihoodFiles,
  joinReports,
  type LikelihoodReport,
  likelihoodStep,
  type RunLikelihoodOptions,
  readTemplateList,
  runLikelihoodFullCrossCorrelation,
  runLikelihoodOptimalPose,
  templateListPath,
} from "../../likelihood/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { count, example, numberIn } from "../options.ts";
import { type CommandTools, report } from "../report.ts";
import {
  addResumeOption,
  addTaskOptions,
  resumableEngineOf,
  runTasks,
  type TaskArguments,
} from "../taskOptions.ts";
import {
  addComparisonOptions,
  type ComparisonArguments,
  comparisonChoices,
  displacementOf,
} from "./comparisonOptions.ts";

interface LikelihoodArguments extends TaskArguments, ComparisonArguments {
  readonly params: string;
  readonly templates: string;
  readonly particles: string;
  readonly out: string;
  readonly iTemplate: readonly number[] | "all";
  readonly nStacks: number;
  readonly full?: boolean;
  readonly integrated?: boolean;
  readonly poseLikelihood?: boolean;
  readonly posePosterior?: boolean;
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
    isIdle: ({ integrated, poseLikelihood, posePosterior }) =>
      !integrated && !poseLikelihood && !posePosterior,
    why: "without --integrated, --pose-likelihood or --pose-posterior",
  },
  {
    options: ["noisePrior"],
    isIdle: ({ compat, poseLikelihood, posePosterior }) =>
      compat === true && !poseLikelihood && !posePosterior,
    why: "with --compat, whose integrated likelihoods are one constant",
  },
  {
    options: ["discoverBatchSize"],
    isIdle: ({ nTemplatesPerBatch, nImagesPerBatch }) =>
      nTemplatesPerBatch !== undefined && nImagesPerBatch !== undefined,
    why: "where both batch sizes are given",
  },
  { options: ["errorBound"], isIdle: ({ method }) => method === "exact", why: "with --method exact" },
  {
    options: ["workers"],
    isIdle: ({ engine }) => engine !== undefined,
    why: "with --engine, where --cores says it",
  },
];

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
    .addOption(
      new Option("--i-template <numbers>", "which of the list, from 0: one, several (0,2) or all")
        .argParser(templateNumbers)
        .default([0], "0"),
    )
    .option("--n-stacks <number>", "of particles, from the first on", count, 1);
  addComparisonOptions(command)
    .option("--full", "keep all correlations: (images, templates, displacements, rotations)")
    .option("--integrated", "write log-likelihoods over all poses, too")
    .option(
      "--pose-posterior",
      "write each image's posterior over views, displacements and in-plane rotations, too, with tables and pictures",
    )
    .option("--pose-likelihood", "write log-likelihoods in the best pose, too")
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

function toOptions(
  args: LikelihoodArguments,
): Omit<
  RunLikelihoodOptions,
  "workers" | "signal" | "onProgress" | "onLog" | "onBackend" | "iTemplate" | "nStacks"
> {
  const { nTemplatesPerBatch, nImagesPerBatch } = args;
  return {
    ...comparisonChoices(args),
    ...{
      discoverBatchSize: args.discoverBatchSize,
      skipExist: args.skipExist ?? false,
      compat: args.compat ?? false,
    },
    ...{ integrated: args.integrated ?? false, poseLikelihood: args.poseLikelihood ?? false },
    ...{ posePosterior: args.posePosterior ?? false, picture: args.picture ?? false },
    ...(nTemplatesPerBatch !== undefined && { nTemplatesPerBatch }),
    ...(nImagesPerBatch !== undefined && { nImagesPerBatch }),
  };
}

function text({ images, stacks, files }: LikelihoodReport): string {
  const skipped = stacks.filter((stack) => stack.skipped).length;
  const structures = new Set(stacks.map(({ iTemplate }) => iTemplate)).size;
  const bound = stacks.reduce((most, stack) => Math.max(most, stack.errorBound), 0);
  const exactness =
    bound > 0
      ? `no correlation is further than ${bound.toExponential(1)} from the exact one`
      : "correlations are exact";
  const compared =
    structures > 1 ? `comparisons of an image with one of ${structures} structures` : "images compared";
  return [
    `${images} ${compared}${skipped > 0 ? `, ${skipped} stacks skipped` : ""}`,
    ...(skipped < stacks.length ? [exactness] : []),
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}

/** Reads `0`, `0,2`, `all`. */
function templateNumbers(words: string): readonly number[] | "all" {
  if (words === "all") return "all";
  const numbers = words.split(",").map(numberIn);
  if (numbers.every((value) => Number.isInteger(value) && value >= 0)) return numbers;
  throw new InvalidArgumentError("Expected whole numbers from 0 (0,2), or all.");
}
