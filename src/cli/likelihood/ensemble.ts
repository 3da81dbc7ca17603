import { type Command, InvalidArgumentError } from "commander";
import {
  configureDisplacement,
  type EnsembleReport,
  type RunEnsembleOptions,
  runEnsemble,
  runParticleEnsemble,
} from "../../likelihood/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { count, example, notNegative, positive, rate } from "../options.ts";
import { type CommandTools, report } from "../report.ts";
import {
  addComparisonOptions,
  type ComparisonArguments,
  comparisonChoices,
  displacementOf,
} from "./comparisonOptions.ts";

interface EnsembleArguments extends ComparisonArguments {
  readonly out: string;
  readonly names?: readonly string[];
  readonly prior?: readonly number[];
  readonly poseLikelihood?: boolean;
  readonly likelihood?: string;
  readonly bootstrap: number;
  readonly confidence: number;
  readonly dirichlet: number;
  readonly tolerance: number;
  readonly seed: number;
  readonly params?: string;
  readonly templates?: string;
  readonly particles?: string;
  readonly nStacks?: number;
  readonly posePosterior?: boolean;
  readonly skipExist?: boolean;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

type Given = EnsembleArguments & { readonly matrix: string | undefined };

const RULES: readonly IdleRule<Given>[] = [
  {
    options: [
      ...(["nStacks", "posePosterior", "skipExist", "workers"] as const),
      ...(["maxDisplacementPixels", "nDisplacements", "noisePrior", "whiten"] as const),
      ...(["ctfEnvelope", "ctfAngles", "method", "errorBound"] as const),
    ],
    isIdle: ({ matrix }) => matrix !== undefined,
    why: "with a matrix, which is computed already",
  },
  { options: ["errorBound"], isIdle: ({ method }) => method === "exact", why: "with --method exact" },
  { options: ["likelihood"], isIdle: ({ matrix }) => matrix === undefined, why: "with --particles" },
  {
    options: ["poseLikelihood"],
    isIdle: ({ matrix }) => matrix?.endsWith(".pt") ?? false,
    why: "with the file of a matrix",
  },
  {
    options: ["confidence", "seed"],
    isIdle: ({ bootstrap }) => bootstrap === 0,
    why: "with --bootstrap 0",
  },
];

/** Adds `vitrine ensemble [MATRIX]`. */
export function addEnsemble(cli: Command): void {
  const command = cli
    .command("ensemble")
    .addHelpText(
      "after",
      `${example("ensemble likelihood_matrix --out ensemble --names open,closed")}${example(
        "ensemble --params parameters.npz --templates templates --particles particles --max-displacement-pixels 3 --n-displacements 5,5 --whiten --pose-posterior --out ensemble",
      )}`,
    )
    .description(
      "rank structures by the likelihoods of one set of images, and weigh them as an ensemble: of a matrix, or of particles and templates",
    )
    .argument("[matrix]", "log-likelihoods (structures, images): a .pt of vitrine stitch, or its folder")
    .requiredOption("--out <folder>", "of tables and pictures")
    .option(
      "--names <names>",
      "of the structures, with commas; default: of a matrix template0, template1 …, else those of the templates",
      (text) => text.split(","),
    )
    .option(
      "--prior <numbers>",
      "what is believed of each structure beforehand, with commas; default: all alike",
      numbers,
    )
    .option("--pose-likelihood", "take the likelihoods of the best poses, not the integrated ones")
    .option(
      "--likelihood <folder>",
      "results of vitrine likelihood --pose-posterior behind the matrix: tell poses of the images and their noise, too",
    )
    .option("--bootstrap <draws>", "draws of the images, for intervals", notNegative, 200)
    .option("--confidence <share>", "of the draws that intervals hold", rate, 0.95)
    .option("--dirichlet <number>", "prior of the weights: 1 is flat, more draws them together", positive, 1)
    .option("--tolerance <number>", "ends where no image would gain more", positive, 1e-8)
    .option("--seed <number>", "of the draws", count, 1)
    .option("--params <parameters.npz>", "without a matrix: of particles and templates")
    .option("--templates <folder>", "without a matrix: of the templates and their list")
    .option("--particles <folder>", "without a matrix: of the stacks")
    .option("--n-stacks <number>", "of particles, from the first on; default: all", count)
    .option("--pose-posterior", "tell posteriors over poses, too");
  addComparisonOptions(command)
    .option("--skip-exist", "go on after a run that was stopped: skip stacks whose results are all there")
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count)
    .option("--overwrite", "replace results that are there")
    .option("--json", "print the result as JSON")
    .action((matrix: string | undefined, args: EnsembleArguments) => {
      const inputs = inputsOf(command, matrix, args);
      return report({ json: args.json ?? false, text }, (tools) => {
        tellIdle(command, RULES, { args: { ...args, matrix }, onLog: tools.onLog });
        const options = toOptions(args, tools);
        return inputs === undefined
          ? runEnsemble(matrix ?? "", {
              ...options,
              ...(args.likelihood !== undefined && { folderLikelihood: args.likelihood }),
            })
          : runParticleEnsemble(inputs, { ...options, ...runOptions(args, tools) });
      });
    });
}

/** Undefined of a matrix. Either that is given, or all three of the others. */
function inputsOf(command: Command, matrix: string | undefined, args: EnsembleArguments) {
  const { params, templates: folderTemplates, particles: folderParticles, nStacks } = args;
  if (matrix !== undefined) {
    if (params !== undefined || folderTemplates !== undefined || folderParticles !== undefined)
      command.error(
        "error: a matrix is computed already: leave it out, or --params, --templates and --particles",
      );
    return undefined;
  }
  if (params === undefined || folderTemplates === undefined || folderParticles === undefined)
    return command.error(
      "error: missing a matrix, or the options '--params <parameters.npz>', '--templates <folder>' and '--particles <folder>' together",
    );
  const displacer = configureDisplacement(displacementOf(args));
  return {
    ...{ params, folderTemplates, folderParticles, displacer },
    ...(nStacks !== undefined && { nStacks }),
  };
}

function toOptions(args: EnsembleArguments, { onLog }: CommandTools): RunEnsembleOptions {
  return {
    ...{ folderOutput: args.out, overwrite: args.overwrite ?? false, optimal: args.poseLikelihood ?? false },
    ...{ bootstrap: args.bootstrap, confidence: args.confidence, dirichlet: args.dirichlet },
    ...{ tolerance: args.tolerance, seed: args.seed, onLog },
    ...(args.names !== undefined && { names: args.names }),
    ...(args.prior !== undefined && { prior: args.prior }),
  };
}

function runOptions(args: EnsembleArguments, { signal, onProgress, onBackend }: CommandTools) {
  return {
    ...comparisonChoices(args),
    ...{ posePosterior: args.posePosterior ?? false, skipExist: args.skipExist ?? false },
    ...{ signal, onProgress, onBackend },
    ...(args.workers !== undefined && { workers: args.workers }),
  };
}

function text({ ranking, weights, images, files }: EnsembleReport): string {
  const short = (value: number) => Number(value.toPrecision(4));
  return [
    `${images} images`,
    ...ranking.map(
      ({ name, posterior, logBayesFactor, support }) =>
        `${name}: posterior ${short(posterior)}, ln Bayes factor ${short(logBayesFactor)} below the best, best in ${short(100 * support)} % of draws`,
    ),
    ...weights.map(
      ({ name, weight, lower, upper }) =>
        `${name}: weight ${short(weight)} (${short(lower)} to ${short(upper)})`,
    ),
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}

/** Reads `1,2,1`. */
function numbers(words: string): number[] {
  const values = words.split(",").map(Number);
  if (values.every((value) => value > 0 && Number.isFinite(value))) return values;
  throw new InvalidArgumentError("Expected numbers above 0, with commas.");
}
