import { type Command, Option } from "commander";
import { ALIGN_MODELS, type AlignModelName, runScore, type ScoreReport } from "../../subtomogram/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { example, positive } from "../options.ts";
import { report } from "../report.ts";
import {
  addMask,
  addResultOptions,
  addTemplateScale,
  addTiltSeriesOptions,
  MASK_RULE,
  type MaskArguments,
  orderOption,
  TOMOGRAM,
  TOMOGRAM_NAME,
  type TomogramArguments,
  tiltRange,
  tiltSeriesInputs,
  toMask,
  toOrder,
} from "./tomogramOptions.ts";

interface ScoreArguments extends Omit<TomogramArguments, "size">, MaskArguments {
  readonly template: readonly string[];
  readonly templateScale?: number;
  readonly cutoff?: number;
  readonly model: AlignModelName;
  readonly eachTilt?: boolean;
  readonly seeThroughCtf?: boolean;
  readonly out: string;
}

/** Adds `vitrine score TOMOGRAM`. */
export function addScore(cli: Command): void {
  const command = cli
    .command("score")
    .addHelpText(
      "after",
      example(
        "score TS_01@tomograms.star --molecules aligned.csv --template T.mrc --each-tilt --out scored.csv",
      ),
    )
    .description("say how well templates fit molecules where they are, without a search")
    .argument("<tomogram>", TOMOGRAM)
    .requiredOption(
      "--molecules <table>",
      "places and orientations: .csv, .parquet, .star, .tbl, .em, .json, .mod",
    )
    .option("--tomogram <name>", TOMOGRAM_NAME)
    .requiredOption("--template <file...>", "MRC, TIFF, .npy or OME-Zarr; of several each has a column")
    .requiredOption("--out <table>", "the molecules with the feature score: .csv or .parquet")
    .option("--scale <nm>", "of the tomogram's voxels; default: what its file says", positive)
    .option("--cutoff <frequency>", "low pass of both, cycles/voxel", positive)
    .addOption(new Option("--model <model>", "what is compared").choices(ALIGN_MODELS).default("zncc"))
    .option("--tilt <degrees>", "lowest and highest tilt about y, with =: --tilt=-60,60", tiltRange)
    .addOption(orderOption())
    .option("--corner-safe", "read so much around that no turned corner is cut off")
    .option("--drop-outside", "leave out molecules outside of the tomogram, which are an error otherwise");
  addTiltSeriesOptions(command)
    .option("--each-tilt", "of a tilt series: compare with each image by itself too, score-tilt-0 and so on")
    .option("--see-through-ctf", "with --each-tilt: projections as each image's CTF shows them");
  addResultOptions(addMask(addTemplateScale(command), "the template")).action(
    (tomogram: string, args: ScoreArguments) =>
      report({ json: args.json ?? false, text: scoreText }, (tools) => {
        tellIdle(command, RULES, { args, onLog: tools.onLog });
        return runScore({
          tomogramPath: tomogram,
          moleculesPath: args.molecules,
          templatePaths: args.template,
          outPath: args.out,
          model: args.model,
          order: toOrder(args.order),
          cornerSafe: args.cornerSafe ?? false,
          dropOutside: args.dropOutside ?? false,
          eachTilt: args.eachTilt ?? false,
          seeThroughCtf: args.seeThroughCtf ?? false,
          overwrite: args.overwrite ?? false,
          ...tools,
          ...tiltSeriesInputs(args),
          ...(args.templateScale !== undefined && { templateScale: args.templateScale }),
          ...toMask(args, tools.onLog),
          ...(args.tomogram !== undefined && { tomogram: args.tomogram }),
          ...(args.scale !== undefined && { scale: args.scale }),
          ...(args.cutoff !== undefined && { cutoff: args.cutoff }),
          ...(args.tilt !== undefined && { tiltModel: args.tilt }),
          ...(args.workers !== undefined && { workers: args.workers }),
        });
      }),
  );
}

const RULES: readonly IdleRule<ScoreArguments>[] = [
  MASK_RULE,
  {
    options: ["seeThroughCtf"],
    isIdle: ({ eachTilt }) => eachTilt !== true,
    why: "without --each-tilt",
  },
];

function scoreText({ molecules, meanScores, meanTiltScores, files }: ScoreReport): string {
  const lines = meanScores.map((score, t) => {
    const name = meanScores.length === 1 ? "" : `template ${t}: `;
    const tilts = meanTiltScores[t] ?? [];
    const worst = tilts.length === 0 ? "" : `, worst image ${tilts.indexOf(Math.min(...tilts))}`;
    return `${name}mean score ${score.toFixed(4)} of ${molecules} molecules${worst}\n`;
  });
  return `${lines.join("")}${files.join(", ")}\n`;
}
