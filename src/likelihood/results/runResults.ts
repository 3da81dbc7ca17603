/** What a run of likelihoods found of each image, and what structures are worth. */
import { VitrineError } from "../../core/index.ts";
import { type CsvTable, fileExists, parseCsv, readText, readTorchTensor } from "../../io/index.ts";
import { imagePosteriors } from "../ensembles/ranking.ts";
import { type LikelihoodPaths, likelihoodPaths, templateListPath } from "../files.ts";
import { readTemplateList } from "../runs/templateList.ts";

/** The best pose of every image with one structure, [images]. */
export interface StructurePoses {
  readonly crossCorrelation: Float64Array;
  /** Number of the view among the structure's templates. */
  readonly template: Float64Array;
  /** Å. */
  readonly displacementXA: Float64Array;
  readonly displacementYA: Float64Array;
  /** Radians. */
  readonly inplaneRotation: Float64Array;
  /** Integrated over poses; absent: the run has none. */
  readonly logLikelihood?: Float64Array;
}

/** A run of likelihoods. */
export interface RunResults {
  /** Images of each stack of particles. */
  readonly stacks: readonly number[];
  readonly images: number;
  /** One a structure, in the order of the run. */
  readonly structures: readonly StructurePoses[];
}

/**
 * Reads a run's best poses.
 *
 * @throws {VitrineError} missing: none; shape: structures of other images; and as `readTorchTensor`
 */
export async function readRunResults(folder: string): Promise<RunResults> {
  const count = await countUntil((k) => likelihoodPaths(folder, k, 0).optimalTemplate);
  const stacks = await countUntil((stack) => likelihoodPaths(folder, 0, stack).optimalTemplate);
  if (count === 0)
    throw new VitrineError({
      code: "missing",
      at: folder,
      expected: "best poses of a run of likelihoods",
      found: `no ${likelihoodPaths(folder, 0, 0).optimalTemplate}`,
      hint: "Run `vitrine likelihood`; a run with --full alone keeps no best poses",
    });
  const structures: StructurePoses[] = [];
  for (let k = 0; k < count; k++) structures.push(await posesOf(folder, k, stacks));
  const lengths: number[] = [];
  for (let stack = 0; stack < stacks; stack++)
    lengths.push((await readTorchTensor(likelihoodPaths(folder, 0, stack).optimalTemplate)).shape[0]);
  const images = lengths.reduce((sum, length) => sum + length, 0);
  const other = structures.findIndex(({ template }) => template.length !== images);
  if (other < 0) return { stacks: lengths, images, structures };
  throw new VitrineError({
    code: "shape",
    at: `${folder}/template${other}`,
    expected: `${images} images, as template0 has`,
    found: `${structures[other].template.length}`,
  });
}

async function countUntil(path: (i: number) => string): Promise<number> {
  let count = 0;
  while (await fileExists(path(count))) count++;
  return count;
}

async function posesOf(folder: string, structure: number, stacks: number): Promise<StructurePoses> {
  const all = async (of: (paths: LikelihoodPaths) => string) => {
    const parts: number[] = [];
    for (let stack = 0; stack < stacks; stack++) {
      const { data } = await readTorchTensor(of(likelihoodPaths(folder, structure, stack)));
      for (const value of data as Iterable<number | bigint>) parts.push(Number(value));
    }
    return Float64Array.from(parts);
  };
  const isIntegrated = await fileExists(likelihoodPaths(folder, structure, 0).logLikelihoodIntegrated);
  return {
    crossCorrelation: await all((paths) => paths.crossCorrelation),
    template: await all((paths) => paths.optimalTemplate),
    displacementXA: await all((paths) => paths.optimalDisplacementX),
    displacementYA: await all((paths) => paths.optimalDisplacementY),
    inplaneRotation: await all((paths) => paths.optimalInplaneRotation),
    ...(isIntegrated && { logLikelihood: await all((paths) => paths.logLikelihoodIntegrated) }),
  };
}

/** What structures are worth together. */
export interface StructureWeights {
  readonly names: readonly string[];
  readonly weights: readonly number[];
  /** Ends of the intervals, where an ensemble was judged. */
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

/** Weights of an ensemble with their intervals. @throws {VitrineError} missing, format: as `parseCsv` */
export async function readEnsembleWeights(folder: string): Promise<StructureWeights> {
  const path = `${folder}/weights.csv`;
  const { rows } = parseCsv(await readText(path), path);
  const numbers = (column: string) => rows.map((row) => Number(row[column]));
  return {
    names: rows.map(({ structure }) => structure),
    weights: numbers("weight"),
    lower: numbers("lower"),
    upper: numbers("upper"),
  };
}

/** How structures rank, if all images are of one, as its table says. @throws {VitrineError} missing, format: as `parseCsv` */
export async function readRanking(folder: string): Promise<CsvTable> {
  const path = `${folder}/ranking.csv`;
  return parseCsv(await readText(path), path);
}

/** Names of structures by the files of their templates; their numbers where these are not there. */
export async function structureNames(
  templates: string | undefined,
  count: number,
): Promise<readonly string[]> {
  const paths =
    templates === undefined ? [] : await readTemplateList(templateListPath(templates)).catch(() => []);
  return Array.from({ length: count }, (_, k) => {
    const name = /templates_fourier_([^/\\]+)\.pt$/.exec(paths[k] ?? "")?.[1];
    return name ?? `template${k}`;
  });
}

/**
 * Posteriors of images over structures, (images, structures).
 *
 * @param weights  of the structures; default all alike
 * @returns undefined where the run has no integrated log-likelihoods
 */
export function structurePosteriors(
  { structures, images }: RunResults,
  weights?: readonly number[],
): Float64Array | undefined {
  const data = new Float64Array(structures.length * images);
  for (const [k, { logLikelihood }] of structures.entries()) {
    if (logLikelihood === undefined) return undefined;
    data.set(logLikelihood, k * images);
  }
  const shares = weights ?? structures.map(() => 1 / structures.length);
  return imagePosteriors({ shape: [structures.length, images], data }, shares);
}
