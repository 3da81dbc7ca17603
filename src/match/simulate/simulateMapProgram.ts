import { pickOptions, type Volume } from "../../core/index.ts";
import {
  MRC_NAME,
  type OptionKeys,
  refuseOtherEnding,
  requireKnownOptions,
  writeMrc,
} from "../../io/index.ts";
import { PROGRAM_KEYS, type ProgramOptions, runProgram } from "../../program/index.ts";
import { readMtf } from "../config/mtfFile.ts";
import { type GivenValue, warnOfImplausible } from "../config/plausible.ts";
import { readMapAtoms } from "./mapAtoms.ts";
import { MAP_KEYS, type MapOptions, simulateMap } from "./simulateMap.ts";

/** How atoms become a map, and where it goes. */
export interface MapProgramOptions
  extends Omit<MapOptions, "mtf" | "signal">,
    Pick<ProgramOptions, "workers" | "signal" | "onLog" | "onBackend"> {
  /** The map, MRC. */
  readonly mapPath: string;
  /** Which model of the file, counted from 1, or all of them together; default the first. */
  readonly model?: number | "all";
  /** Take every atom fully, whatever occupancy the file gives it (default false). */
  readonly ignoreOccupancy?: boolean;
  /** Default false. */
  readonly removeWater?: boolean;
  /** STAR file of RELION's with a camera's transfer function; none if absent. */
  readonly mtfPath?: string;
  readonly overwrite?: boolean;
}

const { mtf: _, ...OWN_MAP_KEYS } = MAP_KEYS;

const KEYS: OptionKeys<MapProgramOptions & ProgramOptions> = {
  ...PROGRAM_KEYS,
  ...OWN_MAP_KEYS,
  mapPath: true,
  model: true,
  ignoreOccupancy: true,
  removeWater: true,
  mtfPath: true,
  overwrite: true,
};

/** What was made of atoms. */
export interface MapReport {
  readonly path: string;
  /** Atoms that were read, those that the options leave out included, but for water. */
  readonly atoms: number;
  readonly boxSize: number;
  readonly pixelSizeA: number;
  readonly minimumV: number;
  readonly maximumV: number;
  readonly files: readonly string[];
}

/**
 * Makes a template from atoms, as {@link simulateMap}, and writes it.
 *
 * @param atomsPath  PDB or mmCIF
 * @throws {VitrineError} missing, storage, format: the files; exists: the map is there; and as `simulateMap`
 */
export async function runSimulateMap(atomsPath: string, options: MapProgramOptions): Promise<MapReport> {
  requireKnownOptions("runSimulateMap", options, KEYS);
  const { mapPath, model, ignoreOccupancy, removeWater = false, mtfPath, overwrite = false, onLog } = options;
  refuseOtherEnding(mapPath, MRC_NAME, "a name that ends with .mrc");
  warnOfImplausible(mapValues(options), onLog);
  const atoms = await readMapAtoms(atomsPath, {
    ...(model !== undefined && { model }),
    ...(ignoreOccupancy !== undefined && { ignoreOccupancy }),
    select: { excludeWater: removeWater },
    onLog,
  });
  const mtf = mtfPath === undefined ? undefined : await readMtf(mtfPath);
  const inputs = mtfPath === undefined ? [atomsPath] : [atomsPath, mtfPath];
  const hint = "Replace it with --overwrite, or choose another path";
  return runProgram({ inputs, outputs: [mapPath], overwrite, hint }, options, async ({ pool, results }) => {
    const volume = await simulateMap(pool, atoms, {
      ...pickOptions<MapOptions>(options, MAP_KEYS),
      ...(mtf !== undefined && { mtf }),
    });
    await results.write(mapPath, (path) => writeMrc(path, volume, { overwrite: true }));
    const { boxSize, pixelSizeA } = options;
    return { path: mapPath, atoms: atoms.length, boxSize, pixelSizeA, ...rangeOf(volume), files: [mapPath] };
  });
}

function mapValues({ pixelSizeA, exposure, additionalBFactorA2 = 0 }: MapProgramOptions): GivenValue[] {
  return [
    { at: "--pixel-size", quantity: "pixelSize", value: pixelSizeA },
    { at: "--voltage", quantity: "voltage", value: exposure?.voltageKv },
    { at: "--dose-start", quantity: "dose", value: exposure?.startPerA2 },
    { at: "--dose-end", quantity: "dose", value: exposure?.endPerA2 },
    { at: "--additional-b-factor", quantity: "bFactor", value: Math.abs(additionalBFactorA2) },
  ];
}

function rangeOf({ data }: Volume): { minimumV: number; maximumV: number } {
  let [minimumV, maximumV] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (value < minimumV) minimumV = value;
    if (value > maximumV) maximumV = value;
  }
  return { minimumV, maximumV };
}
