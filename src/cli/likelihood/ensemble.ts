import { type Command, InvalidArgumentError } from "commander";
import { type EnsembleReport, runEnsemble } from "../../likelihood/index.ts";
import { count, example, notNegative, positive, rate } from "../options.ts";
import { report } from "../report.ts";

interface EnsembleArguments {
  readonly out: string;
  readonly names?: readonly string[];
  readonly prior?: readonly number[];
  readonly poseLikelihood?: boolean;
  readonly bootstrap: number;
  readonly confidence: number;
  readonly dirichlet: number;
  readonly tolerance: number;
  readonly seed: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine ensemble MATRIX`. */
export function addEnsemble(cli: Command): void {
  cli
    .command("ensemble")
    .addHelpText("after", example("ensemble likelihood_matrix --out ensemble --names open,closed"))
    .description("rank structures by the likelihoods of one set of images, and weigh them as an ensemble")
    .argument("<matrix>", "log-likelihoods (structures, images): a .pt of vitrine stitch, or its folder")
    .requiredOption("--out <folder>", "of tables and pictures")
    .option("--names <names>", "of the structures, with commas; default: template0, template1 …", (text) =>
      text.split(","),
    )
    .option(
      "--prior <numbers>",
      "what is believed of each structure beforehand, with commas; default: all alike",
      numbers,
    )
    .option("--pose-likelihood", "of a folder, take the matrix of the best poses, not the integrated one")
    .option("--bootstrap <draws>", "draws of the images, for intervals", notNegative, 200)
    .option("--confidence <share>", "of the draws that intervals hold", rate, 0.95)
    .option("--dirichlet <number>", "prior of the weights: 1 is flat, more draws them together", positive, 1)
    .option("--tolerance <number>", "ends where no image would gain more", positive, 1e-8)
    .option("--seed <number>", "of the draws", count, 1)
    .option("--overwrite", "replace results that are there")
    .option("--json", "print the result as JSON")
    .action((matrix: string, args: EnsembleArguments) =>
      report({ json: args.json ?? false, text }, ({ onLog }) =>
        runEnsemble(matrix, {
          ...{
            folderOutput: args.out,
            overwrite: args.overwrite ?? false,
            optimal: args.poseLikelihood ?? false,
          },
          ...{ bootstrap: args.bootstrap, confidence: args.confidence, dirichlet: args.dirichlet },
          ...{ tolerance: args.tolerance, seed: args.seed, onLog },
          ...(args.names !== undefined && { names: args.names }),
          ...(args.prior !== undefined && { prior: args.prior }),
        }),
      ),
    );
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
