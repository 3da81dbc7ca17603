import { type OptionKeys, requireKnownOptions, writeFileAtomic } from "../../io/index.ts";
import { PROGRAM_KEYS, type ProgramOptions } from "../../program/index.ts";
import type { FscCurves } from "../loaders/fsc.ts";
import type { Mask } from "../loaders/templates.ts";
import { drawShellCurves } from "../pictures/pictures.ts";
import { given, runOnMolecules, writePicture } from "./frame.ts";
import { INPUT_KEYS, type TomogramInputs } from "./inputs.ts";

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
  const { outPath, picturePath } = options;
  return runOnMolecules(options, [outPath], async ({ loader, results, run, files }) => {
    const found = await loader.fsc({ ...run, ...given(options, "mask", "dfreq", "sets", "seed") });
    await results.write(outPath, (path) => writeFileAtomic(path, curvesCsv(found), { overwrite: true }));
    await writePicture(results, picturePath, () =>
      drawShellCurves(`Halves of ${loader.count} molecules`, found),
    );
    const { count: molecules, scale } = loader;
    const resolutionAt = (threshold: number) => resolutionNm(found, { threshold, scale });
    const resolution = { "0.143": resolutionAt(0.143), "0.5": resolutionAt(0.5) };
    return { molecules, scale, resolutionNm: resolution, files };
  });
}

function curvesCsv({ frequencies, curves }: FscCurves): Uint8Array {
  const columns = ["freq", ...curves.map((_, i) => `FSC-${i}`)];
  const rows = Array.from(frequencies, (frequency, i) => [frequency, ...curves.map((curve) => curve[i])]);
  return new TextEncoder().encode([columns, ...rows].map((row) => `${row.join(",")}\n`).join(""));
}

/** Where the first curve first falls below a threshold, linear between shells. */
function resolutionNm(
  { frequencies, curves: [curve] }: FscCurves,
  { threshold, scale }: { readonly threshold: number; readonly scale: number },
): number | null {
  const below = curve.findIndex((value) => value < threshold);
  if (below < 0) return null;
  if (below === 0) return scale / frequencies[0];
  const share = (curve[below - 1] - threshold) / (curve[below - 1] - curve[below]);
  return scale / (frequencies[below - 1] + share * (frequencies[below] - frequencies[below - 1]));
}
