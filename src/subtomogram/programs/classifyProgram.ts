import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import { PROGRAM_KEYS, type ProgramOptions } from "../../program/index.ts";
import type { Mask } from "../loaders/templates.ts";
import { drawSlices, type NamedVolume } from "../pictures/pictures.ts";
import { given, runOnMolecules, writePicture } from "./frame.ts";
import { INPUT_KEYS, type MoleculeLoader, type TomogramInputs } from "./inputs.ts";
import { requireTablePath, writeTable } from "./moleculeTable.ts";

/** What is classified, how, and where it goes. */
export interface ClassifyProgramOptions extends TomogramInputs, ProgramOptions {
  /** The molecules with the feature `cluster`: .csv or .parquet. */
  readonly outPath: string;
  readonly mask?: Mask;
  /** Low pass, cycles/voxel; default none. */
  readonly cutoff?: number;
  /** Principal components; default 2. */
  readonly components?: number;
  /** Classes; default 2. */
  readonly clusters?: number;
  readonly seed?: number;
  /** PNG with slices of the classes' averages. */
  readonly picturePath?: string;
  readonly overwrite?: boolean;
}

const KEYS: OptionKeys<ClassifyProgramOptions> = {
  ...PROGRAM_KEYS,
  ...INPUT_KEYS,
  outPath: true,
  mask: true,
  cutoff: true,
  components: true,
  clusters: true,
  seed: true,
  picturePath: true,
  overwrite: true,
};

/** How molecules were classified. */
export interface ClassifyReport {
  readonly molecules: number;
  /** Molecules of each class. */
  readonly sizes: readonly number[];
  /** Share of the variance that each component has. */
  readonly explained: readonly number[];
  readonly files: readonly string[];
}

/** Classifies the boxes of molecules of a tomogram and writes the molecules with their class. @throws {VitrineError} as `runAverage` */
export async function runClassify(options: ClassifyProgramOptions): Promise<ClassifyReport> {
  requireKnownOptions("runClassify", options, KEYS);
  const { outPath, picturePath, clusters = 2 } = options;
  requireTablePath(outPath);
  return runOnMolecules(options, [outPath], async ({ loader, results, run, files }) => {
    const choices = given(options, "mask", "cutoff", "components", "seed");
    const { loader: classified, classes } = await loader.classify({ ...run, ...choices, clusters });
    await writeTable(results, outPath, classified.molecules);
    await writePicture(results, picturePath, async () =>
      drawSlices(
        `Classes of ${loader.count} molecules`,
        await averagesOf(classified, run.backend),
        loader.scale,
      ),
    );
    const sizes = Array.from(
      { length: clusters },
      (_, k) => classes.labels.filter((label) => label === k).length,
    );
    return { molecules: loader.count, sizes, explained: Array.from(classes.explained), files };
  });
}

async function averagesOf(
  loader: MoleculeLoader,
  backend: NonNullable<MoleculeLoader["backend"]>,
): Promise<readonly NamedVolume[]> {
  const groups = [...loader.groupby("cluster")].sort(([a], [b]) => Number(a) - Number(b));
  const volumes: NamedVolume[] = [];
  for (const [key, group] of groups)
    volumes.push({
      name: `class ${key}: ${group.count} molecules`,
      volume: await group.average({ backend }),
    });
  return volumes;
}
