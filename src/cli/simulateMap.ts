import { type Command, Option } from "commander";
import { type MapExposure, type MapProgramOptions, type MapReport, runSimulateMap } from "../match/index.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import {
  type AtomArguments,
  addAtomOptions,
  count,
  example,
  finite,
  notNegative,
  positive,
  toAtomOptions,
} from "./options.ts";
import { report } from "./report.ts";

interface MapArguments extends AtomArguments {
  readonly pixelSize: number;
  readonly box: number;
  readonly out: string;
  readonly centerAtoms: boolean;
  readonly removeHydrogens?: boolean;
  readonly removeWater?: boolean;
  readonly bFactorScaling: number;
  readonly additionalBFactor: number;
  readonly upsampling?: number;
  readonly doseStart: number;
  readonly doseEnd?: number;
  readonly voltage: number;
  readonly critExposureBfactor?: number;
  readonly doseFilterModifySignal: NonNullable<MapExposure["modifySignal"]>;
  readonly mtf?: string;
  readonly cutOutside?: boolean;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine simulate-map ATOMS`. */
export function addSimulateMap(cli: Command): void {
  const command = cli
    .command("simulate-map")
    .addHelpText("after", example("simulate-map 6z6u.cif --pixel-size 1.06 --box 256 --out template.mrc"))
    .description("make a template from atoms: their electrostatic potential in volts, as ttsim3d does")
    .argument("<atoms>", "PDB or mmCIF file")
    .requiredOption("--pixel-size <Å>", "side of a voxel", positive)
    .requiredOption("--box <voxels>", "side of the cube", count)
    .requiredOption("--out <file.mrc>", "the map")
    .option("--no-center-atoms", "put the origin of the coordinates at the centre, not the mean of the atoms")
    .option("--remove-hydrogens", "leave hydrogens out")
    .option("--remove-water", "leave water out")
    .option("--b-factor-scaling <factor>", "multiplies every B-factor (0.25: as ttsim3d)", notNegative, 1)
    .option("--additional-b-factor <Å²>", "added to every B-factor after that", finite, 0)
    .option("--upsampling <factor>", "finer grid; default 1 to 0.75 Å, 2 to 1.5 Å, else 4", count)
    .option("--dose-start <e/Å²>", "exposure before the first frame, with --dose-end", notNegative, 0)
    .option("--dose-end <e/Å²>", "exposure after the last frame: filters the map accordingly", positive)
    .option("--voltage <kV>", "of the microscope, for the dose filter", positive, 300)
    .option(
      "--crit-exposure-bfactor <Å²>",
      "critical exposure 4 / (B k²) in place of Grant & Grigorieff's curve",
      positive,
    )
    .addOption(
      new Option("--dose-filter-modify-signal <how>", "of the dose filter")
        .choices(["none", "sqrt", "rel_diff"])
        .default("none"),
    )
    .option("--mtf <file.star>", "multiply with a camera's transfer function, as RELION's files have it")
    .option("--cut-outside", "leave out atoms outside the box, which are an error otherwise")
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count)
    .option("--overwrite", "replace the map if it is there")
    .option("--json", "print the result as JSON");
  addAtomOptions(command).action((atoms: string, args: MapArguments) =>
    report({ json: args.json ?? false, text: mapText }, (tools) => {
      tellIdle(command, RULES, { args, onLog: tools.onLog });
      return runSimulateMap(atoms, { ...toMapOptions(args), ...tools });
    }),
  );
}

const RULES: readonly IdleRule<MapArguments>[] = [
  {
    options: ["doseStart", "voltage", "critExposureBfactor", "doseFilterModifySignal"],
    isIdle: ({ doseEnd }) => doseEnd === undefined,
    why: "without --dose-end",
  },
];

function toMapOptions(args: MapArguments): MapProgramOptions {
  return {
    mapPath: args.out,
    boxSize: args.box,
    pixelSizeA: args.pixelSize,
    centerAtoms: args.centerAtoms,
    removeHydrogens: args.removeHydrogens ?? false,
    removeWater: args.removeWater ?? false,
    bFactorScaling: args.bFactorScaling,
    additionalBFactorA2: args.additionalBFactor,
    cutOutside: args.cutOutside ?? false,
    overwrite: args.overwrite ?? false,
    ...toAtomOptions(args),
    ...(args.upsampling !== undefined && { upsampling: args.upsampling }),
    ...(args.mtf !== undefined && { mtfPath: args.mtf }),
    ...(args.doseEnd !== undefined && { exposure: toExposure(args, args.doseEnd) }),
    ...(args.workers !== undefined && { workers: args.workers }),
  };
}

function toExposure(args: MapArguments, endPerA2: number): MapExposure {
  return {
    startPerA2: args.doseStart,
    endPerA2,
    voltageKv: args.voltage,
    modifySignal: args.doseFilterModifySignal,
    ...(args.critExposureBfactor !== undefined && { critExposureBFactor: args.critExposureBfactor }),
  };
}

function mapText({ path, atoms, boxSize, pixelSizeA, minimumV, maximumV }: MapReport): string {
  return `wrote ${path}: ${atoms} atoms in ${boxSize}³ voxels of ${pixelSizeA} Å, ${minimumV.toPrecision(3)} to ${maximumV.toPrecision(3)} V\n`;
}
