import type { Shape3 } from "../../core/index.ts";
import {
  MRC_NAME,
  type OptionKeys,
  refuseOtherEnding,
  requireKnownOptions,
  writeMrc,
} from "../../io/index.ts";
import { PROGRAM_KEYS, type ProgramOptions } from "../../program/index.ts";
import type { AverageParts } from "../loaders/averages.ts";
import { drawSlices, type NamedVolume } from "../pictures/pictures.ts";
import { given, partPaths, runOnMolecules, writePicture } from "./frame.ts";
import { INPUT_KEYS, type TomogramInputs } from "./inputs.ts";

/** What is averaged, how, and where it goes. */
export interface AverageProgramOptions extends TomogramInputs, ProgramOptions {
  /** The average, MRC; of parts one file each, numbered before the ending. */
  readonly outPath: string;
  /** Divide each frequency by how often it was seen; default false. */
  readonly wedgeWeighting?: boolean;
  readonly wienerConstant?: number;
  /** Parts that are averaged apart; default 1: all together. */
  readonly parts?: number;
  readonly seed?: number;
  /** PNG with slices through the centre. */
  readonly picturePath?: string;
  readonly overwrite?: boolean;
}

const KEYS: OptionKeys<AverageProgramOptions> = {
  ...PROGRAM_KEYS,
  ...INPUT_KEYS,
  outPath: true,
  wedgeWeighting: true,
  wienerConstant: true,
  parts: true,
  seed: true,
  picturePath: true,
  overwrite: true,
};

/** What was averaged. */
export interface AverageReport {
  readonly molecules: number;
  readonly shape: Shape3;
  /** nm/voxel. */
  readonly scale: number;
  readonly files: readonly string[];
}

/**
 * Averages the boxes of molecules of a tomogram and writes the result.
 *
 * @throws {VitrineError} as `SubtomogramLoader` and the readers of its files; exists: a result is there
 */
export async function runAverage(options: AverageProgramOptions): Promise<AverageReport> {
  requireKnownOptions("runAverage", options, KEYS);
  const { outPath, parts = 1, picturePath } = options;
  refuseOtherEnding(outPath, MRC_NAME, "a name that ends with .mrc");
  const paths = partPaths(outPath, parts);
  return runOnMolecules(options, paths, async ({ loader, results, run, files }) => {
    const choices = given(options, "wedgeWeighting", "wienerConstant", "seed");
    if (
      options.wedgeWeighting === true &&
      loader.molecules.rotator.every((_, i) => loader.tiltOf(i).kind === "none")
    )
      run.onLog?.(
        "no missing wedge is known: weighting changes the height of the average alone; tell it (--tilt, tiltModel)",
        "warning",
      );
    const made = namedVolumes(await loader.averageSplit({ ...run, ...choices, parts }), paths);
    for (const { name, volume } of made)
      await results.write(name, (path) =>
        writeMrc(path, { ...volume, voxelSizeA: 10 * loader.scale }, { overwrite: true }),
      );
    await writePicture(results, picturePath, () =>
      drawSlices(`Average of ${loader.count} molecules`, made, loader.scale),
    );
    return { molecules: loader.count, shape: made[0].volume.shape, scale: loader.scale, files };
  });
}

function namedVolumes({ data, shape }: AverageParts, names: readonly string[]): readonly NamedVolume[] {
  const sides: Shape3 = [shape[2], shape[3], shape[4]];
  const voxels = sides[0] * sides[1] * sides[2];
  return names.map((name, part) => {
    return { name, volume: { data: data.subarray(part * voxels, (part + 1) * voxels), shape: sides } };
  });
}
