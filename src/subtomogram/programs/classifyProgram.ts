import { encodePng, type OptionKeys, requireKnownOptions, writeFileAtomic } from "../../io/index.ts";
import { PROGRAM_KEYS, type ProgramOptions, runProgram } from "../../program/index.ts";
import type { Mask } from "../loaders/templates.ts";
import { drawSlices, type NamedVolume } from "../pictures/pictures.ts";
import { INPUT_KEYS, type MoleculeLoader, type TomogramInputs, withLoader } from "./inputs.ts";
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
  const { outPath, picturePath, overwrite = false, tomogramPath, moleculesPath, clusters = 2 } = options;
  requireTablePath(outPath);
  const outputs = picturePath === undefined ? [outPath] : [outPath, picturePath];
  return withLoader(options, options.onLog, (loader) =>
    runProgram(
      { inputs: [tomogramPath, moleculesPath], outputs, overwrite },
      options,
      async ({ pool, results }) => {
        const { mask, cutoff, components, seed, signal, onProgress } = options;
        const { loader: classified, classes } = await loader.classify({
          backend: pool,
          clusters,
          ...(mask !== undefined && { mask }),
          ...(cutoff !== undefined && { cutoff }),
          ...(components !== undefined && { components }),
          ...(seed !== undefined && { seed }),
          ...(signal && { signal }),
          ...(onProgress && { onProgress }),
        });
        await writeTable(results, outPath, classified.molecules);
        if (picturePath !== undefined) {
          const picture = drawSlices(
            `Classes of ${loader.count} molecules`,
            await averagesOf(classified, pool),
          );
          await results.write(picturePath, (path) =>
            writeFileAtomic(path, encodePng(picture), { overwrite: true }),
          );
        }
        const sizes = Array.from(
          { length: clusters },
          (_, k) => classes.labels.filter((label) => label === k).length,
        );
        return { molecules: loader.count, sizes, explained: Array.from(classes.explained), files: outputs };
      },
    ),
  );
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
