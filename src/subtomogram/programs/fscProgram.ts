import {
  MRC_NAME,
  type OptionKeys,
  refuseOtherEnding,
  requireKnownOptions,
  writeFileAtomic,
  writeMrc,
} from "../../io/index.ts";
import { type Log, PROGRAM_KEYS, type ProgramOptions } from "../../program/index.ts";
import type { FscCurves } from "../loaders/fsc.ts";
import type { Mask } from "../loaders/templates.ts";
import { dropNeighbours } from "../molecules/neighbours.ts";
import { drawShellCurves } from "../pictures/pictures.ts";
import { given, partPaths, runOnMolecules, writePicture } from "./frame.ts";
import { INPUT_KEYS, type MoleculeLoader, type TomogramInputs } from "./inputs.ts";

/** Halves of what are compared, how, and where the curve goes. */
export interface FscProgramOptions extends TomogramInputs, ProgramOptions {
  /** CSV with `freq` in cycles/voxel and a column `FSC-0` a division. */
  readonly outPath: string;
  readonly mask?: Mask;
  /** Width of a shell, cycles/voxel; default 0.05. */
  readonly dfreq?: number;
  /** Divisions in halves; default 1. */
  readonly sets?: number;
  readonly seed?: number;
  /** Cycles/voxel from which phases of halves are drawn at random, to take out what the mask itself correlates. */
  readonly randomizeFrom?: number;
  /** MRC of the first division's halves less the mean of all their values, not masked; numbered before the ending. */
  readonly halfMapsPath?: string;
  /** PNG with the curve. */
  readonly picturePath?: string;
  readonly overwrite?: boolean;
}

const KEYS: OptionKeys<FscProgramOptions> = {
  ...PROGRAM_KEYS,
  ...INPUT_KEYS,
  outPath: true,
  mask: true,
  dfreq: true,
  sets: true,
  seed: true,
  randomizeFrom: true,
  halfMapsPath: true,
  picturePath: true,
  overwrite: true,
};

/** What halves agree in. */
export interface FscReport {
  readonly molecules: number;
  /** nm/voxel. */
  readonly scale: number;
  /** nm at which the first division's curve falls below 0.143 and 0.5; null where it never does. */
  readonly resolutionNm: { readonly "0.143": number | null; readonly "0.5": number | null };
  readonly files: readonly string[];
}

/**
 * Compares averages of halves of the molecules of a tomogram and writes their Fourier shell correlation.
 *
 * @throws {VitrineError} as `SubtomogramLoader` and the readers of its files; exists: a result is there
 */
export async function runFsc(options: FscProgramOptions): Promise<FscReport> {
  requireKnownOptions("runFsc", options, KEYS);
  const { outPath, picturePath, halfMapsPath, onLog } = options;
  refuseOtherEnding(outPath, /\.csv$/i, "a name that ends with .csv");
  if (halfMapsPath !== undefined) refuseOtherEnding(halfMapsPath, MRC_NAME, "a name that ends with .mrc");
  const halfPaths = halfMapsPath === undefined ? [] : partPaths(halfMapsPath, 2);
  return runOnMolecules(options, [outPath, ...halfPaths], async ({ loader, results, run, files }) => {
    const choices = given(options, "mask", "dfreq", "sets", "seed", "randomizeFrom");
    const found = await loader.fscWithHalfmaps({ dfreq: SHELL_WIDTH, ...run, ...choices });
    tellOfCopies(loader, run.onLog);
    const { halfmaps } = found;
    const [, , ...sides] = halfmaps.shape;
    warnOfEmptyShells(found, sides, onLog);
    for (const [i, path] of halfPaths.entries()) {
      const voxels = sides[0] * sides[1] * sides[2];
      const half = { data: halfmaps.data.subarray(i * voxels, (i + 1) * voxels), shape: sides };
      await results.write(path, (place) =>
        writeMrc(place, { ...half, voxelSizeA: 10 * loader.scale }, { overwrite: true }),
      );
    }
    await results.write(outPath, (path) => writeFileAtomic(path, curvesCsv(found), { overwrite: true }));
    await writePicture(results, picturePath, () =>
      drawShellCurves(`Halves of ${loader.count} molecules`, found, loader.scale),
    );
    const { count: molecules, scale } = loader;
    const shown = firstShell(found, Math.max(...sides));
    const resolutionAt = (threshold: number) => resolutionNm(found, { threshold, scale, from: shown });
    const resolution = { "0.143": resolutionAt(0.143), "0.5": resolutionAt(0.5) };
    return { molecules, scale, resolutionNm: resolution, files };
  });
}

/** Copies of a molecule in both halves agree in their noise too. */
function tellOfCopies({ molecules, scale }: MoleculeLoader, onLog: Log | undefined): void {
  const copies = molecules.count - dropNeighbours(molecules, scale).count;
  if (copies > 0)
    onLog?.(
      `${copies} of ${molecules.count} molecules lie within a voxel of another: halves that share them agree too well (dropNeighbours leaves them out)`,
      "warning",
    );
}

/** Of shells, cycles/voxel. */
const SHELL_WIDTH = 0.05;

function curvesCsv({ frequencies, curves }: FscCurves): Uint8Array {
  const columns = ["freq", ...curves.map((_, i) => `FSC-${i}`)];
  const rows = Array.from(frequencies, (frequency, i) => [frequency, ...curves.map((curve) => curve[i])]);
  return new TextEncoder().encode([columns, ...rows].map((row) => `${row.join(",")}\n`).join(""));
}

/** Shells narrower than a step of the transform have nothing to compare. */
function warnOfEmptyShells(
  { curves: [curve] }: FscCurves,
  sides: readonly number[],
  onLog: Log | undefined,
): void {
  const empty = curve.filter((value) => Number.isNaN(value)).length;
  if (empty === 0) return;
  const wide = (1 / Math.min(...sides)).toPrecision(2);
  onLog?.(
    `${empty} of ${curve.length} shells have no frequency of boxes of ${sides.join(" x ")} voxels, and NaN for an FSC: shells of --dfreq ${wide} (dfreq) have`,
    "warning",
  );
}

/** The first shell that holds more than the mean, in which halves less their common mean are opposite. */
function firstShell({ frequencies }: FscCurves, longestSide: number): number {
  // The middle of the first shell is half of its width.
  return frequencies.findIndex((middle) => middle + frequencies[0] > 1 / longestSide);
}

/** Where the first curve first falls below a threshold, linear between shells that have anything. */
function resolutionNm(
  { frequencies, curves: [curve] }: FscCurves,
  { threshold, scale, from }: { readonly threshold: number; readonly scale: number; readonly from: number },
): number | null {
  const shells = Array.from(curve, (value, i) => [frequencies[i], value] as const).filter(
    ([, value], i) => i >= from && !Number.isNaN(value),
  );
  const below = shells.findIndex(([, value]) => value < threshold);
  if (below < 0) return null;
  const [frequency, value] = shells[below];
  if (below === 0) return scale / frequency;
  const [before, higher] = shells[below - 1];
  const share = (higher - threshold) / (higher - value);
  return scale / (before + share * (frequency - before));
}
