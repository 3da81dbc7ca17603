import { type Command, Option } from "commander";
import { createPool } from "../compute/index.ts";
import { VitrineError } from "../core/index.ts";
import { fileExists, readAtoms, writeMrc } from "../io/index.ts";
import { type MapExposure, type MapOptions, type Mtf, readMtf, simulateMap } from "../match/index.ts";
import { abortOnSignals } from "./interrupt.ts";
import { count, finite, notNegative, positive } from "./options.ts";

interface MapArguments {
  readonly pixelSize: number;
  readonly box: number;
  readonly out: string;
  readonly model: number;
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
export function addSimulateMap(program: Command): void {
  program
    .command("simulate-map")
    .description("make a template from atoms: their electrostatic potential in volts, as ttsim3d does")
    .argument("<atoms>", "PDB or mmCIF file")
    .requiredOption("--pixel-size <Å>", "side of a voxel", positive)
    .requiredOption("--box <voxels>", "side of the cube", count)
    .requiredOption("--out <file.mrc>", "the map")
    .option("--model <number>", "which model of the file, counted from 1", count, 1)
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
    .option("--json", "print the result as JSON")
    .action(simulateAndWrite);
}

async function simulateAndWrite(path: string, args: MapArguments): Promise<void> {
  using interrupt = abortOnSignals();
  if (!args.overwrite && (await fileExists(args.out))) {
    const hint = "Replace it with --overwrite, or choose another path";
    throw new VitrineError({
      code: "exists",
      at: args.out,
      expected: "no file of this name",
      found: "one",
      hint,
    });
  }
  const { models } = await readAtoms(path, {
    model: args.model,
    select: { excludeWater: args.removeWater ?? false },
  });
  const mtf = args.mtf === undefined ? undefined : await readMtf(args.mtf);
  const pool = await createPool({ workers: args.workers });
  try {
    const map = await simulateMap(pool, models[0], { ...toMapOptions(args, mtf), signal: interrupt.signal });
    await writeMrc(args.out, map, { overwrite: args.overwrite ?? false });
    const report = {
      path: args.out,
      atoms: models[0].length,
      boxSize: args.box,
      pixelSizeA: args.pixelSize,
      ...rangeOf(map.data),
    };
    process.stdout.write(args.json ? `${JSON.stringify(report)}\n` : describe(report));
  } finally {
    await pool.dispose();
  }
}

function toMapOptions(args: MapArguments, mtf: Mtf | undefined): MapOptions {
  return {
    boxSize: args.box,
    pixelSizeA: args.pixelSize,
    centerAtoms: args.centerAtoms,
    removeHydrogens: args.removeHydrogens ?? false,
    bFactorScaling: args.bFactorScaling,
    additionalBFactorA2: args.additionalBFactor,
    ...(args.upsampling !== undefined && { upsampling: args.upsampling }),
    cutOutside: args.cutOutside ?? false,
    ...(mtf !== undefined && { mtf }),
    ...(args.doseEnd !== undefined && { exposure: toExposure(args, args.doseEnd) }),
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

function rangeOf(data: Float32Array): { minimumV: number; maximumV: number } {
  let [minimumV, maximumV] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (value < minimumV) minimumV = value;
    if (value > maximumV) maximumV = value;
  }
  return { minimumV, maximumV };
}

function describe(report: {
  path: string;
  atoms: number;
  boxSize: number;
  pixelSizeA: number;
  minimumV: number;
  maximumV: number;
}): string {
  const { path, atoms, boxSize, pixelSizeA, minimumV, maximumV } = report;
  return `wrote ${path}: ${atoms} atoms in ${boxSize}³ voxels of ${pixelSizeA} Å, ${minimumV.toPrecision(3)} to ${maximumV.toPrecision(3)} V\n`;
}
