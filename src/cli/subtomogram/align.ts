import { type Command, InvalidArgumentError, Option } from "commander";
import { builtFile } from "../../core/index.node.ts";
import type { Log } from "../../program/index.ts";
import {
  ALIGN_MODELS,
  type AlignChoices,
  type AlignModelName,
  type AlignReport,
  alignBatch,
  alignStep,
  type CtfCorrection,
  dualAxis,
  type RotationRange,
  singleAxis,
  type TiltRange,
} from "../../subtomogram/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { example, numberIn, positive } from "../options.ts";
import { report } from "../report.ts";
import {
  addResumeOption,
  addTaskOptions,
  resumableEngineOf,
  runHere,
  runTasks,
  type TaskArguments,
} from "../taskOptions.ts";
import {
  addMask,
  addResultOptions,
  addTemplateScale,
  addTiltSeriesOptions,
  MASK_RULE,
  type MaskArguments,
  orderOption,
  rotationRanges,
  tiltRange,
  tiltSeriesInputs,
  toOrder,
} from "./tomogramOptions.ts";

interface AlignArguments extends TaskArguments, MaskArguments {
  readonly molecules: readonly string[];
  readonly tomogram?: readonly string[];
  readonly pixelSize?: number;
  readonly template: readonly string[];
  readonly templateScale?: number;
  readonly scale?: number;
  readonly maxShift: readonly [number, number, number];
  readonly rotations?: readonly [RotationRange, RotationRange, RotationRange];
  readonly cutoff?: number;
  readonly model: AlignModelName;
  readonly tilt?: TiltRange;
  readonly tiltX?: TiltRange;
  readonly order: "0" | "1" | "3";
  readonly cornerSafe?: boolean;
  readonly dropOutside?: boolean;
  readonly tomogramSize?: readonly [number, number, number];
  readonly imageScale?: number;
  readonly ctf?: CtfCorrection;
  readonly doseWeighting?: boolean;
  readonly search: "exhaustive" | "coarse-to-fine";
  readonly estimate?: "best" | "mean";
  readonly compat?: boolean;
  readonly out: string;
  readonly picture?: string;
  readonly resume?: boolean;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** What is read and written. */
function addFiles(command: Command): Command {
  return command
    .requiredOption(
      "--molecules <table...>",
      "places and orientations, a table a tomogram: .csv, .parquet, .star, .tbl, .em, .json, .mod",
    )
    .option(
      "--tomogram <name...>",
      "whose molecules are taken of tables of several tomograms, one a tomogram; default: of the one that the file is called after",
    )
    .requiredOption(
      "--template <file...>",
      "MRC, TIFF, .npy or OME-Zarr; of several the one that fits best is told",
    )
    .requiredOption(
      "--out <table>",
      "the molecules where they were found: .csv, .parquet, .star, .tbl, .em, .json",
    )
    .option(
      "--pixel-size <Å>",
      "of voxels without binning, in which a .star, .tbl or .em is written; default: the tomogram's",
      positive,
    );
}

/** Adds `vitrine align TOMOGRAM`. */
export function addAlign(cli: Command): void {
  const command = cli
    .command("align")
    .addHelpText(
      "after",
      example(
        "align tomogram.mrc --molecules start.csv --template T.mrc --mask soft-otsu:sigma=1,radius=1 --max-shift 1.5 --rotations 10:5 --cutoff 0.3 --tilt=-60,60 --out aligned.csv",
      ),
    )
    .description("find where and how a template fits best to the molecules of tomograms")
    .argument(
      "<tomogram...>",
      "MRC, TIFF, .npy, OME-Zarr, or a tilt series (.aln, .xf, .json, TS_01@tomograms.star); several have a table of molecules each",
    );
  addMask(addTemplateScale(addFiles(command)), "the template")
    .option("--scale <nm>", "of the tomograms' voxels; default: what their files say", positive)
    .option("--max-shift <nm>", "largest shift, or three: 1,1,2 (z, y, x)", threeShifts, [1, 1, 1])
    .option(
      "--rotations <max:step>",
      "degrees to both sides and between two, or three with commas: 10:5,10:5,0:0 (z, y, x); of half the step, some six times the work, come nearer",
      rotationRanges,
    )
    .option("--cutoff <frequency>", "low pass of both, cycles/voxel", positive)
    .addOption(new Option("--model <model>", "what is compared").choices(ALIGN_MODELS).default("zncc"))
    .option("--tilt <degrees>", "lowest and highest tilt about y, with =: --tilt=-60,60", tiltRange)
    .option("--tilt-x <degrees>", "of a second series, about x", tiltRange)
    .addOption(orderOption())
    .option("--corner-safe", "read so much around that no turned corner is cut off")
    .option("--drop-outside", "leave out molecules outside of the tomogram, which are an error otherwise");
  addTiltSeriesOptions(command)
    .addOption(
      new Option("--search <way>", "all rotations, or every second one first and then their neighbours")
        .choices(["exhaustive", "coarse-to-fine"])
        .default("exhaustive"),
    )
    .addOption(
      new Option(
        "--estimate <way>",
        "the best rotation and shift, or the mean of all by how likely they are (default: mean for ZNCC and NCC of ranges up to 30 degrees)",
      ).choices(["best", "mean"]),
    )
    .option("--compat", "acryo 0.9.1's numbers, with its faults")
    .option(
      "--picture <file.png>",
      "slices through the template, the averages before and after and the best molecule's scores",
    );
  addResumeOption(addTaskOptions(command));
  addResultOptions(command).action((tomograms: string[], args: AlignArguments) => {
    const engine = resumableEngineOf(command, args);
    if (args.molecules.length !== tomograms.length)
      command.error(
        `error: option --molecules needs a table a tomogram (${tomograms.length}), found ${args.molecules.length}`,
      );
    const { length: names = tomograms.length } = args.tomogram ?? {};
    if (names !== tomograms.length)
      command.error(`error: option --tomogram needs a name a tomogram (${tomograms.length}), found ${names}`);
    return report({ json: args.json ?? false, text: alignedText }, async (tools) => {
      tellIdle(command, RULES, { args, onLog: tools.onLog });
      const work = await toStep(tomograms, args, tools.onLog);
      if (engine === undefined) return runHere(work, { align: alignBatch }, { args, tools });
      return runTasks(work, engine, { args, tools, beside: args.out });
    });
  });
}

const RULES: readonly IdleRule<AlignArguments>[] = [
  MASK_RULE,
  {
    options: ["search"],
    isIdle: ({ search, rotations }) => search === "coarse-to-fine" && rotations === undefined,
    why: "without --rotations",
  },
  {
    options: ["estimate"],
    isIdle: ({ estimate, rotations }) => estimate === "mean" && rotations === undefined,
    why: "without --rotations",
  },
  {
    options: ["pixelSize"],
    isIdle: ({ out }) => !/\.(star|tbl|em)$/i.test(out),
    why: "without --out of .star, .tbl or .em",
  },
];

function toStep(tomograms: readonly string[], args: AlignArguments, onLog: Log) {
  const { tasks = 1, resume = false, overwrite = false } = args;
  const module = builtFile("#align-batch");
  return alignStep(toChoices(tomograms, args), { tasks, resume, overwrite, module, onLog });
}

function toChoices(tomograms: readonly string[], args: AlignArguments): AlignChoices {
  const { template, templateScale, mask, scale, rotations, cutoff, model, picture } = args;
  const tilt = toTilt(args);
  return {
    tomograms: tomograms.map((path, i) => {
      const name = args.tomogram?.[i];
      return { path, molecules: args.molecules[i], ...(name !== undefined && { name }) };
    }),
    templates: [...template],
    maxShiftsNm: [...args.maxShift],
    model,
    order: toOrder(args.order),
    cornerSafe: args.cornerSafe ?? false,
    dropOutside: args.dropOutside ?? false,
    compat: args.compat ?? false,
    search: args.search === "exhaustive" ? "exhaustive" : "coarseToFine",
    outPath: args.out,
    ...(args.estimate !== undefined && { estimate: args.estimate }),
    ...(args.pixelSize !== undefined && { pixelSizeA: args.pixelSize }),
    ...(templateScale !== undefined && { templateScale }),
    ...(mask !== undefined && { mask }),
    ...(args.maskScale !== undefined && { maskScale: args.maskScale }),
    ...(scale !== undefined && { scale }),
    ...(rotations && { rotations: [[...rotations[0]], [...rotations[1]], [...rotations[2]]] }),
    ...(cutoff !== undefined && { cutoff }),
    ...(tilt !== undefined && { tilt }),
    ...tiltSeriesInputs(args),
    ...(picture !== undefined && { picturePath: picture }),
  };
}

function toTilt({ tilt, tiltX }: AlignArguments): AlignChoices["tilt"] {
  const model =
    tilt !== undefined && tiltX !== undefined
      ? dualAxis(tilt, tiltX)
      : tilt !== undefined
        ? singleAxis(tilt)
        : tiltX !== undefined
          ? singleAxis(tiltX, "x")
          : undefined;
  switch (model?.kind) {
    case "single":
      return { ...model, rangeDeg: [...model.rangeDeg] };
    case "dual":
      return { ...model, rangeYDeg: [...model.rangeYDeg], rangeXDeg: [...model.rangeXDeg] };
    default:
      return model;
  }
}

function threeShifts(text: string): readonly [number, number, number] {
  const shifts = text.split(",").map(numberIn);
  const [z, y = z, x = z] = shifts;
  if ((shifts.length === 1 || shifts.length === 3) && shifts.every((shift) => shift >= 0 && shift < Infinity))
    return [z, y, x];
  throw new InvalidArgumentError("Expected nanometres not below 0, or three with commas between (z, y, x).");
}

function alignedText({ tomograms, molecules, meanScore, medianShiftNm, files }: AlignReport): string {
  const where = tomograms === 1 ? "" : ` of ${tomograms} tomograms`;
  return `aligned ${molecules} molecules${where}: mean score ${meanScore.toPrecision(4)}, half of them moved by more than ${medianShiftNm.toFixed(2)} nm: ${files.join(", ")}\n`;
}
