import type { Command } from "commander";
import { type FscReport, runFsc } from "../../subtomogram/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
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

interface FscArguments extends TomogramArguments, MaskArguments {
  readonly out: string;
  readonly dfreq: number;
  readonly sets: number;
  readonly seed: number;
  readonly randomizeFrom?: number;
  readonly halfMaps?: string;
  readonly picture?: string;
}

/** Adds `vitrine fsc TOMOGRAM`. */
export function addFsc(cli: Command): void {
  const command = cli
    .command("fsc")
    .addHelpText(
      "after",
      example("fsc tomogram.mrc --molecules aligned.csv --size 32 --mask soft-otsu --out fsc.csv"),
    )
    .description("compare averages of halves of the molecules by frequency: Fourier shell correlation")
    .argument("<tomogram>", TOMOGRAM);
  addTomogramOptions(command)
    .requiredOption("--out <file.csv>", "freq in cycles/voxel, and a column for each division")
    .option("--dfreq <frequency>", "width of a shell, cycles/voxel", positive, 0.05)
    .option("--sets <number>", "divisions in halves", count, 1)
    .option("--seed <number>", "of the divisions", seed, 0)
    .option(
      "--randomize-from <frequency>",
      "with --mask: take out what the mask itself correlates, by phases drawn at random from there on, cycles/voxel",
      positive,
    )
    .option(
      "--half-maps <file.mrc>",
      "the averages of the first division's halves, _1 and _2 before the ending",
    )
    .option("--picture <file.png>", "the curves");
  addResultOptions(addMask(command, "the average")).action((tomogram: string, args: FscArguments) =>
    report({ json: args.json ?? false, text: fscText }, (tools) => {
      tellIdle(command, RULES, { args, onLog: tools.onLog });
      return runFsc({
        ...toTomogramInputs(tomogram, args),
        ...tools,
        outPath: args.out,
        dfreq: args.dfreq,
        sets: args.sets,
        seed: args.seed,
        overwrite: args.overwrite ?? false,
        ...toMask(args, tools.onLog),
        ...(args.randomizeFrom !== undefined && { randomizeFrom: args.randomizeFrom }),
        ...(args.halfMaps !== undefined && { halfMapsPath: args.halfMaps }),
        ...(args.picture !== undefined && { picturePath: args.picture }),
        ...(args.workers !== undefined && { workers: args.workers }),
      });
    }),
  );
}

const RULES: readonly IdleRule<FscArguments>[] = [
  MASK_RULE,
  { options: ["randomizeFrom"], isIdle: ({ mask }) => mask === undefined, why: "without --mask" },
  { options: ["tilt"], isIdle: () => true, why: "since halves are averaged as they are, without weighting" },
];

function fscText({ molecules, resolutionNm, files }: FscReport): string {
  const below = (threshold: "0.143" | "0.5") => {
    const nm = resolutionNm[threshold];
    return nm === null ? `never below ${threshold}` : `${threshold} at ${nm.toFixed(2)} nm`;
  };
  return `halves of ${molecules} molecules: ${below("0.143")}, ${below("0.5")}: ${files.join(", ")}\n`;
}
