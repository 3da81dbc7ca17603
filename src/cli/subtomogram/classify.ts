import type { Command } from "commander";
import { type ClassifyReport, runClassify } from "../../subtomogram/index.ts";
import { tellIdle } from "../idle.ts";
import { count, example, positive, seed } from "../options.ts";
import { report } from "../report.ts";
import {
  addMask,
  addResultOptions,
  addTomogramOptions,
  MASK_RULE,
  type MaskArguments,
  TOMOGRAM,
  type TomogramArguments,
  toMask,
  toTomogramInputs,
} from "./tomogramOptions.ts";

interface ClassifyArguments extends TomogramArguments, MaskArguments {
  readonly out: string;
  readonly cutoff?: number;
  readonly components: number;
  readonly clusters: number;
  readonly seed: number;
  readonly picture?: string;
}

/** Adds `vitrine classify TOMOGRAM`. */
export function addClassify(cli: Command): void {
  const command = cli
    .command("classify")
    .addHelpText(
      "after",
      example("classify tomogram.mrc --molecules aligned.csv --size 32 --clusters 3 --out classes.csv"),
    )
    .description(
      "tell classes of molecules apart: principal components of their boxes and k-means, as acryo 0.5 did",
    )
    .argument("<tomogram>", TOMOGRAM);
  addTomogramOptions(command)
    .requiredOption("--out <table>", "the molecules with the feature cluster: .csv or .parquet")
    .option("--cutoff <frequency>", "low pass, cycles/voxel; default none", positive)
    .option("--components <number>", "principal components that are looked at", count, 2)
    .option("--clusters <number>", "classes", count, 2)
    .option("--seed <number>", "of the first centres", seed, 0)
    .option("--picture <file.png>", "slices of the classes' averages");
  addResultOptions(addMask(command, "the average")).action((tomogram: string, args: ClassifyArguments) =>
    report({ json: args.json ?? false, text: classifyText }, (tools) => {
      tellIdle(command, [MASK_RULE], { args, onLog: tools.onLog });
      return runClassify({
        ...toTomogramInputs(tomogram, args),
        ...tools,
        outPath: args.out,
        components: args.components,
        clusters: args.clusters,
        seed: args.seed,
        overwrite: args.overwrite ?? false,
        ...toMask(args, tools.onLog),
        ...(args.cutoff !== undefined && { cutoff: args.cutoff }),
        ...(args.picture !== undefined && { picturePath: args.picture }),
        ...(args.workers !== undefined && { workers: args.workers }),
      });
    }),
  );
}

function classifyText({ molecules, sizes, files }: ClassifyReport): string {
  return `${molecules} molecules in classes of ${sizes.join(", ")}: ${files.join(", ")}\n`;
}
