import { type Command, InvalidArgumentError, Option } from "commander";
import type { TiffRows } from "../io/index.ts";
import type { PeakChoice } from "../match/index.ts";
import type { IdleRule } from "./idle.ts";

/** What the help of a command ends with: a call of it, without `vitrine`. */
export function example(call: string): string {
  return `\nExample:\n  vitrine ${call}`;
}

/** Reads a whole number of at least 1. */
export function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("Expected a whole number of at least 1.");
}

/** Reads a whole number of at least 0. */
export function index(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number of at least 0.");
}

/** A number of a list: nothing between two commas is none, where `Number` has 0 for it. */
export function numberIn(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

/** Reads the seed of random numbers, of 32 bits. */
export function seed(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value < 2 ** 32) return value;
  throw new InvalidArgumentError("Expected a whole number from 0 to 4294967295.");
}

/** Reads a number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("Expected a number above 0.");
}

/** Reads a number of at least 0. */
export function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError("Expected a number of at least 0.");
}

/** Reads a quality of JPEG. */
export function quality(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw new InvalidArgumentError("Expected a whole number from 1 to 100.");
}

/** Reads any number. */
export function finite(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Expected a number.");
}

/** Reads a number from 0 to 1. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("Expected a number from 0 to 1.");
}

/** Reads a number between 0 and 1. */
export function rate(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError("Expected a number between 0 and 1.");
}

/** The option that says how TIFF lies beside MRC. */
export function addTiffRows(command: Command): Command {
  return command.addOption(
    new Option(
      "--tiff-rows <how>",
      "whether the last row of a TIFF is the first of an MRC, as RELION, IMOD, SerialEM and MotionCor2 have it; default: flip, which is said",
    ).choices(["flip", "keep"]),
  );
}

/** What {@link addTiffRows} parses to. */
export interface TiffArguments {
  readonly tiffRows?: TiffRows;
}

/** The library's name of the same option. */
export function toTiffOptions({ tiffRows }: TiffArguments): TiffArguments {
  return tiffRows === undefined ? {} : { tiffRows };
}

/** Adds what tables of RELION and cryoSPARC do not say, or say of something else. */
export function addForeignTable(command: Command): Command {
  return command
    .option(
      "--invert-y",
      "with particles of cryoSPARC (.cs): count y from the other side, as micrographs of MotionCor2 and RELION need it",
    )
    .option(
      "--pixel-size <Å>",
      "of the micrographs, in place of what particles of RELION or cryoSPARC (.star, .cs) say",
      positive,
    );
}

/** What {@link addForeignTable} parses to. */
export interface ForeignTableArguments {
  readonly invertY?: boolean;
  readonly pixelSize?: number;
}

/** The library's names of the same options. */
export function toForeignTable({ invertY, pixelSize }: ForeignTableArguments) {
  return { ...(invertY && { invertY }), ...(pixelSize !== undefined && { pixelSizeA: pixelSize }) };
}

/** What `--planted` does, wherever there is a picture. */
export const PLANTED = "mark the particles of a table in the picture, as simulate-micrograph's truth";

/** The options by which particles are told from noise. */
export function addPeakOptions(command: Command): Command {
  return command
    .option("--mask-radius <pixels>", "smallest distance of two particles", notNegative, 5)
    .addOption(
      new Option(
        "--peaks <method>",
        "how particles are told from noise: z-score, p-value, extreme value fit, false discovery rate",
      )
        .choices(["z", "p", "gev", "fdr"])
        .default("z"),
    )
    .option("--p-cutoff <-ln p>", "with --peaks p: negative logarithm of the p-value", positive, 8)
    .addOption(
      new Option(
        "--p-quadrant <number>",
        "with --peaks p: both z-score and correlation above their median, or either",
      )
        .choices(["1", "3"])
        .default("1"),
    )
    .option("--fdr <rate>", "with --peaks fdr: share of false particles among those found", rate, 0.05)
    .option(
      "--false-positives <number>",
      "expected number of false particles, which sets the z-score cutoff of z and gev",
      positive,
      1,
    )
    .option(
      "--z-cutoff <sigma>",
      "z-score above which a pixel is a particle, instead of --false-positives",
      positive,
    );
}

/** The options that say how central slices are taken; the parts of a search and their collection must agree in them. */
export function addSliceOptions(command: Command): Command {
  return command
    .option(
      "--exact-slices",
      "leave out Leopard-EM's float32 rounding of rotations, which drops samples in places",
    )
    .option(
      "--template-padding <factor>",
      "pad the template before its transform: slices interpolate better",
      count,
      1,
    )
    .option("--sinc-correction", "undo what trilinear interpolation of slices does to the template's rim");
}

/** What {@link addSliceOptions} parses to. */
export interface SliceArguments {
  readonly exactSlices?: boolean;
  readonly templatePadding: number;
  readonly sincCorrection?: boolean;
}

/** The library's names of the same options. */
export function toSliceOptions({ exactSlices, templatePadding, sincCorrection }: SliceArguments) {
  return { exactSlices: exactSlices ?? false, templatePadding, sincCorrection: sincCorrection ?? false };
}

/** The options by which atoms are taken from a structure. */
export function addAtomOptions(command: Command): Command {
  return command
    .option("--model <number>", "which model of the atoms' file, counted from 1; default: the first", count)
    .addOption(
      new Option("--models <which>", "the first model, or all together, as biological assemblies are written")
        .choices(["first", "all"])
        .conflicts("model"),
    )
    .option("--ignore-occupancy", "take every atom fully, as ttsim3d does");
}

/** What {@link addAtomOptions} parses to. */
export interface AtomArguments {
  readonly model?: number;
  readonly models?: "first" | "all";
  readonly ignoreOccupancy?: boolean;
}

/** The library's names of the same options. */
export function toAtomOptions({ model, models, ignoreOccupancy }: AtomArguments) {
  const chosen = models === "all" ? models : (model ?? (models === "first" ? 1 : undefined));
  return {
    ...(chosen !== undefined && { model: chosen }),
    ...(ignoreOccupancy !== undefined && { ignoreOccupancy }),
  };
}

/** What {@link addPeakOptions} parses to. */
export interface PeakArguments {
  readonly maskRadius: number;
  readonly peaks: PeakChoice["kind"];
  readonly pCutoff: number;
  readonly pQuadrant: "1" | "3";
  readonly fdr: number;
  readonly falsePositives: number;
  readonly zCutoff?: number;
}

/** Which of them do nothing. */
export const PEAK_RULES: readonly IdleRule<PeakArguments>[] = [
  { options: ["pCutoff", "pQuadrant"], isIdle: ({ peaks }) => peaks !== "p", why: "without --peaks p" },
  { options: ["fdr"], isIdle: ({ peaks }) => peaks !== "fdr", why: "without --peaks fdr" },
  {
    options: ["falsePositives"],
    isIdle: ({ peaks }) => peaks === "p" || peaks === "fdr",
    why: "with --peaks p or fdr",
  },
  { options: ["falsePositives"], isIdle: ({ zCutoff }) => zCutoff !== undefined, why: "with --z-cutoff" },
];

/** Of `--compat-batch`. */
export const COMPAT_RULE: IdleRule<{ readonly compat?: boolean; readonly compatBatch: number }> = {
  options: ["compatBatch"],
  isIdle: ({ compat }) => !compat,
  why: "without --compat",
};

/** The library's names of the options by which particles are told from noise. */
export function toPeakOptions(args: PeakArguments) {
  return {
    maskRadiusPx: args.maskRadius,
    peaks: toPeakChoice(args),
    falsePositives: args.falsePositives,
    ...(args.zCutoff !== undefined && { zCutoff: args.zCutoff }),
  };
}

function toPeakChoice({ peaks, pCutoff, pQuadrant, fdr }: PeakArguments): PeakChoice {
  if (peaks === "p") return { kind: peaks, cutoff: pCutoff, quadrant: pQuadrant === "1" ? 1 : 3 };
  return peaks === "fdr" ? { kind: peaks, rate: fdr } : { kind: peaks };
}

/** The options that refinements share; `batch` is how many orientations Leopard-EM takes at once. */
export function addRefineOptions(command: Command, batch: number): Command {
  return addForeignTable(addTiffRows(command))
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count)
    .option(
      "--compat",
      "do as Leopard-EM 1.2 does: the root of the deviation once more, the largest correlation of a batch",
    )
    .option(
      "--compat-batch <orientations>",
      "the batch that Leopard-EM would use, with --compat",
      count,
      batch,
    )
    .option("--overwrite", "replace results that are there")
    .option("--json", "print the result as JSON");
}

/** What {@link addRefineOptions} parses to, and the table. */
export interface RefineArguments extends TiffArguments, ForeignTableArguments {
  readonly particles: string;
  readonly workers?: number;
  readonly compat?: boolean;
  readonly compatBatch: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** The library's names of the same options. */
export function toRefineOptions(args: RefineArguments) {
  return {
    ...toTiffOptions(args),
    ...toForeignTable(args),
    particlesPath: args.particles,
    overwrite: args.overwrite ?? false,
    ...(args.workers !== undefined && { workers: args.workers }),
    ...(args.compat && { compatBatch: args.compatBatch }),
  };
}

/** Reads the number of a port; 0 is one that is free. */
export function portNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError("Expected a whole number from 0 to 65535.");
}
