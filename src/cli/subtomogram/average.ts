import type { Command } from "commander";
import { type AverageReport, runAverage } from "../../subtomogram/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { count, example, notNegative, seed } from "../options.ts";
import { report } from "../report.ts";
import {
  addResultOptions,
  addTomogramOptions,
  TOMOGRAM,
  type TomogramArguments,
  toTomogramInputs,
} from "./tomogramOptions.ts";

interface AverageArguments extends TomogramArguments {
  readonly out: string;
  readonly wedgeWeighting?: boolean;
  readonly wiener: number;
  readonly split?: number;
  readonly seed: number;
  readonly picture?: string;
}

/** Adds `vitrine average TOMOGRAM`. */
export function addAverage(cli: Command): void {
  const command = cli
    .command("average")
    .addHelpText("after", example("average tomogram.mrc --molecules aligned.csv --size 32 --out average.mrc"))
    .description("average the boxes of molecules of a tomogram in the molecules' own axes")
    .argument("<tomogram>", TOMOGRAM);
  addTomogramOptions(command)
    .requiredOption(
      "--out <file.mrc>",
      "the average; of --split one file each, _1 and so on before the ending",
    )
    .option("--wedge-weighting", "divide each frequency by how often it was seen, with --tilt")
    .option(
      "--wiener <constant>",
      "of the weighting: share of all molecules that is added to that number",
      notNegative,
      0.1,
    )
    .option("--split <parts>", "average so many parts of the molecules apart, drawn at random", count)
    .option("--seed <number>", "of the parts", seed, 0)
    .option("--picture <file.png>", "slices through the centre");
  addResultOptions(command).action((tomogram: string, args: AverageArguments) =>
    report({ json: args.json ?? false, text: averageText }, (tools) => {
      tellIdle(command, RULES, { args, onLog: tools.onLog });
      return runAverage({
        ...toTomogramInputs(tomogram, args),
        ...tools,
        outPath: args.out,
        wedgeWeighting: args.wedgeWeighting ?? false,
        wienerConstant: args.wiener,
        parts: args.split ?? 1,
        seed: args.seed,
        overwrite: args.overwrite ?? false,
        ...(args.picture !== undefined && { picturePath: args.picture }),
        ...(args.workers !== undefined && { workers: args.workers }),
      });
    }),
  );
}

const RULES: readonly IdleRule<AverageArguments>[] = [
  {
    options: ["wiener"],
    isIdle: ({ wedgeWeighting }) => wedgeWeighting !== true,
    why: "without --wedge-weighting",
  },
  {
    options: ["tilt"],
    isIdle: ({ wedgeWeighting }) => wedgeWeighting !== true,
    why: "without --wedge-weighting",
  },
  { options: ["seed"], isIdle: ({ split }) => split === undefined, why: "without --split" },
];

function averageText({ molecules, shape, scale, files }: AverageReport): string {
  return `averaged ${molecules} molecules in boxes of ${shape.join(" x ")} voxels of ${scale} nm: ${files.join(", ")}\n`;
}
