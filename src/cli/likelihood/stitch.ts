import type { Command } from "commander";
import { type StitchReport, stitchLogLikelihoodMatrices } from "../../likelihood/index.ts";
import { count, example } from "../options.ts";
import { report } from "../report.ts";

interface StitchArguments {
  readonly out?: string;
  readonly nTemplates?: number;
  readonly nStacks?: number;
  readonly crossCorrelation: boolean;
  readonly integrated?: boolean;
  readonly poseLikelihood?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine stitch FOLDER`. */
export function addStitch(cli: Command): void {
  cli
    .command("stitch")
    .addHelpText("after", example("stitch likelihood --integrated"))
    .description("put the results of all template stacks together: matrices of structures and images")
    .argument("<folder>", "results of vitrine likelihood")
    .option("--out <folder>", "of the matrices; default: likelihood_matrix beside the results")
    .option("--n-templates <number>", "template stacks; default: as many as there are", count)
    .option("--n-stacks <number>", "stacks of particles; default: as many as there are", count)
    .option("--no-cross-correlation", "leave the best correlations out")
    .option("--integrated", "integrated log-likelihoods must be there; default: if they are")
    .option("--pose-likelihood", "those of the best pose must be there; default: if they are")
    .option("--json", "print the result as JSON")
    .action((folder: string, args: StitchArguments) =>
      report({ json: args.json ?? false, text }, () =>
        stitchLogLikelihoodMatrices({
          ...{ folderOutput: folder, crossCorrelation: args.crossCorrelation },
          ...(args.out !== undefined && { folderMatrix: args.out }),
          ...(args.nTemplates !== undefined && { nTemplates: args.nTemplates }),
          ...(args.nStacks !== undefined && { nStacks: args.nStacks }),
          ...(args.integrated && { integrated: true }),
          ...(args.poseLikelihood && { optimal: true }),
        }),
      ),
    );
}

function text({ templates, images, files }: StitchReport): string {
  return [`${templates} structures x ${images} images`, ...files.map((file) => `wrote ${file}`), ""].join(
    "\n",
  );
}
