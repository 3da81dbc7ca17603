import { type Command, InvalidArgumentError } from "commander";
import { type CtfCorrection, type ReconstructReport, runReconstruct } from "../../subtomogram/index.ts";
import { count, example, positive } from "../options.ts";
import { report } from "../report.ts";
import { addResultOptions, addTiltSeriesOptions, tiltSeriesInputs } from "./tomogramOptions.ts";

interface ReconstructArguments {
  readonly out: string;
  readonly tomogramSize?: readonly [number, number, number];
  readonly imageScale?: number;
  readonly scale?: number;
  readonly ctf?: CtfCorrection;
  readonly doseWeighting?: boolean;
  readonly keepContrast?: boolean;
  readonly mirror?: boolean;
  readonly patch: number;
  readonly margin?: number;
  readonly picture?: string;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine reconstruct SERIES`. */
export function addReconstruct(cli: Command): void {
  const command = cli.command("reconstruct");
  addTiltSeriesOptions(command)
    .addHelpText("after", example("reconstruct TS_01@tomograms.star --scale 1 --out tomogram.mrc"))
    .description("make the tomogram of an aligned tilt series, molecules bright")
    .argument("<series>", "a tilt series: .aln, .xf, .json, TS_01@tomograms.star")
    .requiredOption("--out <file.mrc>", "the tomogram, float32")
    .option("--scale <nm>", "of a voxel; default: that of the images", positive)
    .option("--keep-contrast", "what is dark in the images stays dark")
    .option("--mirror", "mirror it along z: the other hand")
    .option("--patch <voxels>", "between the centres of the boxes that it is made of", count, 64)
    .option("--margin <voxels>", "in which boxes are blended; default: a quarter of --patch", whole)
    .option("--picture <file.png>", "slices through the centre");
  addResultOptions(command).action((seriesPath: string, args: ReconstructArguments) =>
    report({ json: args.json ?? false, text: reconstructText }, (tools) =>
      runReconstruct({
        ...tools,
        seriesPath,
        outPath: args.out,
        patchSize: args.patch,
        keepContrast: args.keepContrast ?? false,
        tomogramHand: args.mirror === true ? -1 : 1,
        overwrite: args.overwrite ?? false,
        ...(args.scale !== undefined && { scale: args.scale }),
        ...tiltSeriesInputs(args),
        ...(args.margin !== undefined && { blendMargin: args.margin }),
        ...(args.picture !== undefined && { picturePath: args.picture }),
        ...(args.workers !== undefined && { workers: args.workers }),
      }),
    ),
  );
}

/** Reads a whole number from 0. */
function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && text.trim() !== "") return value;
  throw new InvalidArgumentError("Expected a whole number from 0.");
}

function reconstructText({ tilts, shape, scale, files }: ReconstructReport): string {
  return `reconstructed ${shape.join(" x ")} voxels (z, y, x) of ${scale} nm of ${tilts} tilts: ${files.join(", ")}\n`;
}
