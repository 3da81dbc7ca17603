import { type Command, InvalidArgumentError, Option } from "commander";
import type { Shape3 } from "../../core/index.ts";
import type { Log } from "../../program/index.ts";
import {
  type CtfCorrection,
  isMaskOfTemplate,
  type Mask,
  parseMask,
  type RotationRange,
  type TiltRange,
  type TomogramInputs,
} from "../../subtomogram/index.ts";
import { sizeOf } from "../convertMolecules.ts";
import type { IdleRule } from "../idle.ts";
import { count, numberIn, positive } from "../options.ts";

/** Adds the options by which boxes of molecules are read of a tomogram. */
export function addTomogramOptions(command: Command): Command {
  command
    .requiredOption(
      "--molecules <table>",
      "places and orientations: .csv, .parquet, .star, .tbl, .em, .json, .mod",
    )
    .option("--tomogram <name>", TOMOGRAM_NAME)
    .requiredOption("--size <voxels>", "side of the boxes, or three: 24x32x32 (z, y, x)", boxShape)
    .option("--scale <nm>", "of a voxel; default: what the tomogram's file says", positive)
    .addOption(orderOption())
    .option("--corner-safe", "read so much around that no turned corner is cut off")
    .option(
      "--tilt <degrees>",
      "lowest and highest tilt, with =: --tilt=-60,60; default: no missing wedge",
      tiltRange,
    )
    .option("--drop-outside", "leave out molecules outside of the tomogram, which are an error otherwise");
  return addTiltSeriesOptions(command);
}

/** Adds what boxes of the images of a tilt series need. */
export function addTiltSeriesOptions(command: Command): Command {
  return command
    .option(
      "--tomogram-size <X,Y,Z>",
      "of a tilt series: voxels without binning of the tomogram that molecules were found in; default: what its file says",
      sizeOf,
    )
    .option(
      "--image-scale <nm>",
      "of a tilt series: of a pixel of its images; default: what files say",
      positive,
    )
    .addOption(ctfOption())
    .option("--dose-weighting", "of a tilt series: weigh frequencies by the dose that the specimen had seen");
}

/** What `--tomogram` says of a table of molecules. */
export const TOMOGRAM_NAME =
  "whose molecules are taken of a table of several tomograms; default: of the one that the file is called after";

/** What such commands take. */
export const TOMOGRAM = "MRC, TIFF, .npy, OME-Zarr, or a tilt series: .aln, .xf, .json, TS_01@tomograms.star";

/** What is done about the CTF. */
export function ctfOption(): Option {
  return new Option(
    "--ctf <way>",
    "of a tilt series, at each molecule's own defocus: turn signs, weigh, or nothing; default: flip where defoci are known",
  ).choices(["flip", "wiener", "none"]);
}

/** Adds the options of every such command's results. */
export function addResultOptions(command: Command): Command {
  return command
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count)
    .option("--overwrite", "replace results that are there")
    .option("--json", "print the result as JSON");
}

/** What {@link addTomogramOptions} and {@link addResultOptions} parse to. */
export interface TomogramArguments {
  readonly molecules: string;
  readonly tomogram?: string;
  readonly size: Shape3;
  readonly scale?: number;
  readonly order: "0" | "1" | "3";
  readonly cornerSafe?: boolean;
  readonly tilt?: TiltRange;
  readonly dropOutside?: boolean;
  readonly tomogramSize?: readonly [number, number, number];
  readonly imageScale?: number;
  readonly ctf?: CtfCorrection;
  readonly doseWeighting?: boolean;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** The library's names of the same options. */
export function toTomogramInputs(tomogramPath: string, args: TomogramArguments): TomogramInputs {
  return {
    tomogramPath,
    moleculesPath: args.molecules,
    outputShape: args.size,
    order: toOrder(args.order),
    cornerSafe: args.cornerSafe ?? false,
    dropOutside: args.dropOutside ?? false,
    ...(args.tomogram !== undefined && { tomogram: args.tomogram }),
    ...(args.scale !== undefined && { scale: args.scale }),
    ...(args.tilt !== undefined && { tiltModel: args.tilt }),
    ...tiltSeriesInputs(args),
  };
}

type TiltSeriesInputs = Pick<TomogramInputs, "tomogramSize" | "imageScale" | "ctf" | "doseWeighting">;

/** What {@link TomogramInputs} has of tilt series. */
export function tiltSeriesInputs({
  tomogramSize,
  imageScale,
  ctf,
  doseWeighting,
}: TiltSeriesInputs): TiltSeriesInputs {
  return {
    ...(tomogramSize !== undefined && { tomogramSize }),
    ...(imageScale !== undefined && { imageScale }),
    ...(ctf !== undefined && { ctf }),
    ...(doseWeighting !== undefined && { doseWeighting }),
  };
}

/** Of a spline. */
export function orderOption(): Option {
  return new Option("--order <number>", "of the spline: 0 the nearest voxel, 1 linear, 3 cubic")
    .choices(["0", "1", "3"])
    .default("3");
}

/** The same as a number. */
export function toOrder(order: "0" | "1" | "3"): 0 | 1 | 3 {
  return order === "0" ? 0 : order === "1" ? 1 : 3;
}

/** Reads sides of a box, one for all three. */
export function boxShape(text: string): Shape3 {
  const sides = text.split("x").map(numberIn);
  const [z, y = z, x = z] = sides;
  if (
    (sides.length === 1 || sides.length === 3) &&
    sides.every((side) => Number.isInteger(side) && side >= 1)
  )
    return [z, y, x];
  throw new InvalidArgumentError("Expected a whole number of voxels, or three with x between (z, y, x).");
}

/** Reads two angles. */
export function tiltRange(text: string): TiltRange {
  const [low, high, ...more] = text.split(",").map(numberIn);
  if (more.length === 0 && low >= -90 && high <= 90 && low < high) return [low, high];
  throw new InvalidArgumentError("Expected two angles from -90 to 90 that rise, with a comma between.");
}

/** Reads `max:step` of all axes, or of z, y and x. */
export function rotationRanges(text: string): readonly [RotationRange, RotationRange, RotationRange] {
  const ranges = text.split(",").map((one) => one.split(":").map(numberIn));
  const isRange = (one: readonly number[]) =>
    one.length === 2 && one.every((angle) => angle >= 0 && angle <= 180);
  if ((ranges.length !== 1 && ranges.length !== 3) || !ranges.every(isRange))
    throw new InvalidArgumentError(
      "Expected degrees from 0 to 180 as max:step, or three with commas between (z, y, x).",
    );
  const [z, y, x] = ranges.map(([max, step]): RotationRange => [max, step]);
  return [z, y ?? z, x ?? z];
}

/** Adds what a file says of its voxels that tells nothing, or something else. */
export function addTemplateScale(command: Command): Command {
  return command.option(
    "--template-scale <nm>",
    "of a voxel of the template; default: what its file says",
    positive,
  );
}

/** Adds the mask of `what`. */
export function addMask(command: Command, what: string): Command {
  return command
    .option("--mask <mask>", `a file, otsu, or soft-otsu:sigma=NM,radius=NM of ${what}`)
    .option("--mask-scale <nm>", "of a voxel of a mask's file; default: what it says", positive);
}

/** What {@link addMask} parses to. */
export interface MaskArguments {
  readonly mask?: string;
  readonly maskScale?: number;
}

/** Of `--mask-scale`. */
export const MASK_RULE: IdleRule<MaskArguments> = {
  options: ["maskScale"],
  isIdle: ({ mask }) => mask === undefined || isMaskOfTemplate(mask),
  why: "without --mask FILE",
};

/** The mask that was asked for. */
export function toMask({ mask, maskScale }: MaskArguments, onLog: Log): { readonly mask?: Mask } {
  if (mask === undefined) return {};
  return { mask: parseMask(mask, { onLog, ...(maskScale !== undefined && { originalScale: maskScale }) }) };
}
