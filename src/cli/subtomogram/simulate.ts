import { type Command, InvalidArgumentError, Option } from "commander";
import type { Shape3 } from "../../core/index.ts";
import { runSimulate, type SimulateReport, type TiltRange } from "../../subtomogram/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { example, notNegative, numberIn, positive, seed } from "../options.ts";
import { report } from "../report.ts";
import {
  addResultOptions,
  addTemplateScale,
  boxShape,
  orderOption,
  tiltRange,
  toOrder,
} from "./tomogramOptions.ts";

interface SimulateArguments {
  readonly templateScale?: number;
  readonly molecules: string;
  readonly tomogram?: string;
  readonly shape: Shape3;
  readonly scale: number;
  readonly out: string;
  readonly tilts?: readonly number[];
  readonly tilt?: TiltRange;
  readonly noise: number;
  readonly seed: number;
  readonly order: "0" | "1" | "3";
  readonly compat?: boolean;
  readonly picture?: string;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine simulate TEMPLATE`. */
export function addSimulate(cli: Command): void {
  const command = cli
    .command("simulate")
    .addHelpText(
      "after",
      example(
        "simulate template.mrc --molecules truth.csv --shape 60x120x120 --scale 0.5 --noise 0.3 --out tomogram.mrc",
      ),
    )
    .description("draw a tomogram, or a tilt series, of molecules whose places and orientations are known")
    .argument("<template>", "what every molecule looks like: MRC, TIFF, .npy or OME-Zarr; it is rescaled")
    .requiredOption(
      "--molecules <table>",
      "places and orientations: .csv, .parquet, .star, .tbl, .em, .json, .mod",
    )
    .option("--tomogram <name>", "whose molecules are drawn of a table of several tomograms")
    .requiredOption("--shape <voxels>", "of the tomogram: 60x120x120 (z, y, x)", boxShape)
    .requiredOption("--scale <nm>", "of a voxel of the tomogram", positive)
    .requiredOption("--out <file.mrc>", "the tomogram, or the images of the tilt series")
    .option(
      "--tilts <degrees>",
      "a tilt series about y instead, with =: first,last,step: --tilts=-60,60,3",
      tiltAngles,
    )
    .addOption(
      new Option(
        "--tilt <degrees>",
        "lose the frequencies that a tilt series from lowest to highest does not see: --tilt=-60,60",
      )
        .argParser(tiltRange)
        .conflicts("tilts"),
    )
    .option(
      "--noise <deviation>",
      "of Gaussian noise in each voxel, before --tilt takes effect",
      notNegative,
      0,
    )
    .option("--seed <number>", "of the noise", seed, 0)
    .addOption(orderOption())
    .option("--compat", "as acryo 0.9.1: templates of even sides half a voxel off")
    .option("--picture <file.png>", "slices through the centre");
  addResultOptions(addTemplateScale(command)).action((template: string, args: SimulateArguments) =>
    report({ json: args.json ?? false, text: simulateText }, (tools) => {
      tellIdle(command, RULES, { args, onLog: tools.onLog });
      return runSimulate({
        ...tools,
        templatePath: template,
        moleculesPath: args.molecules,
        shape: args.shape,
        scale: args.scale,
        outPath: args.out,
        noise: args.noise,
        seed: args.seed,
        order: toOrder(args.order),
        compat: args.compat ?? false,
        overwrite: args.overwrite ?? false,
        ...(args.tomogram !== undefined && { tomogram: args.tomogram }),
        ...(args.tilts !== undefined && { tilts: args.tilts }),
        ...(args.tilt !== undefined && { tiltModel: args.tilt }),
        ...(args.picture !== undefined && { picturePath: args.picture }),
        ...(args.templateScale !== undefined && { templateScale: args.templateScale }),
        ...(args.workers !== undefined && { workers: args.workers }),
      });
    }),
  );
}

const RULES: readonly IdleRule<SimulateArguments>[] = [
  { options: ["seed"], isIdle: ({ noise }) => noise === 0, why: "without --noise" },
];

function tiltAngles(text: string): readonly number[] {
  const [first, last, step, ...more] = text.split(",").map(numberIn);
  const count = Math.floor((last - first) / step + 1e-9) + 1;
  if (more.length === 0 && first >= -90 && last <= 90 && step > 0 && count >= 1 && count <= 1000)
    return Array.from({ length: count }, (_, i) => first + i * step);
  throw new InvalidArgumentError("Expected first, last and step in degrees: -60,60,3.");
}

function simulateText({ molecules, shape, scale, files }: SimulateReport): string {
  return `drew ${molecules} molecules in ${shape.join(" x ")} voxels of ${scale} nm: ${files.join(", ")}\n`;
}
