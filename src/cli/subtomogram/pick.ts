import { type Command, InvalidArgumentError, Option } from "commander";
import { VitrineError } from "../../core/index.ts";
import { type PickMethod, type PickReport, type RotationRange, runPick } from "../../subtomogram/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { example, finite, numberIn, positive } from "../options.ts";
import { report } from "../report.ts";
import { addResultOptions, addTemplateScale, rotationRanges } from "./tomogramOptions.ts";

interface PickArguments {
  readonly method: "log" | "dog" | "template";
  readonly sigma?: readonly number[];
  readonly template?: string;
  readonly templateScale?: number;
  readonly rotations?: readonly [RotationRange, RotationRange, RotationRange];
  readonly minDistance: number;
  readonly minScore: number;
  readonly minCoverage: number;
  readonly within?: string;
  readonly bothHands?: boolean;
  readonly scale?: number;
  readonly out: string;
  readonly picture?: string;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine pick TOMOGRAM`. */
export function addPick(cli: Command): void {
  const command = cli
    .command("pick")
    .addHelpText("after", example("pick tomogram.mrc --method log --sigma 4 --out picks.csv"))
    .description("find molecules in a tomogram: bright blobs, or what looks like a template")
    .argument("<tomogram>", "MRC, TIFF, .npy or OME-Zarr")
    .addOption(
      new Option(
        "--method <how>",
        "Laplacian of a Gaussian, difference of two, or correlation with a template",
      )
        .choices(["log", "dog", "template"])
        .makeOptionMandatory(),
    )
    .requiredOption("--out <table>", "places, orientations and scores: .csv or .parquet")
    .option("--sigma <nm>", "of the Gaussian; of two with a comma between: 1.5,2.2", numbers)
    .option("--template <file>", "what molecules look like, rescaled to the tomogram")
    .option(
      "--rotations <max:step>",
      "degrees to both sides and between two: 20:10, or three with commas (z, y, x); default: as it is",
      rotationRanges,
    )
    .option("--min-distance <nm>", "between molecules, with --method template", positive, 1)
    .option(
      "--min-coverage <share>",
      "least share of a template's box that is not 0, as tomograms are where no tilt shows anything, with --method template",
      share,
      0,
    )
    .option("--within <file>", "of the tomogram's shape: where it is 0 nothing is picked")
    .option("--both-hands", "match the template's mirror image too, with --method template: column hand")
    .option("--min-score <score>", "lowest score of a molecule; of a template from -1 to 1", finite, 0)
    .option("--scale <nm>", "of a voxel; default: what the tomogram's file says", positive)
    .option("--picture <file.png>", "a section of the tomogram with the molecules in it");
  addResultOptions(addTemplateScale(command)).action((tomogram: string, args: PickArguments) =>
    report({ json: args.json ?? false, text: pickText }, (tools) => {
      tellIdle(command, RULES, { args, onLog: tools.onLog });
      return runPick({
        ...tools,
        tomogramPath: tomogram,
        method: toMethod(args),
        outPath: args.out,
        minScore: args.minScore,
        overwrite: args.overwrite ?? false,
        ...(args.within !== undefined && { withinPath: args.within }),
        ...(args.scale !== undefined && { scale: args.scale }),
        ...(args.picture !== undefined && { picturePath: args.picture }),
        ...(args.workers !== undefined && { workers: args.workers }),
      });
    }),
  );
}

const RULES: readonly IdleRule<PickArguments>[] = [
  { options: ["sigma"], isIdle: ({ method }) => method === "template", why: "with --method template" },
  {
    options: ["template", "templateScale", "rotations", "minDistance", "minCoverage", "bothHands"],
    isIdle: ({ method }) => method !== "template",
    why: "without --method template",
  },
];

function toMethod(args: PickArguments): PickMethod {
  const { method, sigma = [], template, rotations, minDistance } = args;
  switch (method) {
    case "log":
      if (sigma.length === 1) return { kind: method, sigma: sigma[0] };
      throw wrongSigma("one length in nm", sigma);
    case "dog":
      if (sigma.length === 2) return { kind: method, sigmas: [sigma[0], sigma[1]] };
      throw wrongSigma("two lengths in nm, with a comma between", sigma);
    case "template":
      if (template !== undefined)
        return {
          kind: method,
          templatePath: template,
          ...(args.templateScale !== undefined && { templateScale: args.templateScale }),
          minDistance,
          minCoverage: args.minCoverage,
          ...(args.bothHands === true && { bothHands: true }),
          ...(rotations !== undefined && { rotations }),
        };
      throw new VitrineError({
        code: "missing",
        at: "--template",
        expected: "a file, with --method template",
        found: "none",
      });
  }
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("Expected a share from 0 to 1.");
}

function wrongSigma(expected: string, sigma: readonly number[]): VitrineError {
  const found = sigma.length === 0 ? "none" : sigma.join(",");
  return new VitrineError({ code: "range", at: "--sigma", expected, found });
}

function numbers(text: string): readonly number[] {
  const values = text.split(",").map(numberIn);
  if (values.every((value) => Number.isFinite(value) && value > 0)) return values;
  throw new InvalidArgumentError("Expected numbers above 0, nm, with commas between.");
}

function pickText({ molecules, bestScore, files }: PickReport): string {
  const best = bestScore === null ? "" : `, the best with a score of ${bestScore.toPrecision(3)}`;
  return `picked ${molecules} molecules${best}: ${files.join(", ")}\n`;
}
