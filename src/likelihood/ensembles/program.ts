import { VitrineError } from "../../core/index.ts";
import {
  type CsvValue,
  fileExists,
  formatCsv,
  prepareResultFiles,
  readTorchTensor,
  requireKnownOptions,
  writeFileAtomic,
  writeTogether,
} from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { type Bar, drawBars } from "../picture/barPicture.ts";
import { ensembleNoise } from "./ensembleNoise.ts";
import { ensemblePoses, hasPosteriors } from "./ensemblePoses.ts";
import { imagePosteriors, type RankedStructure, rankStructures } from "./ranking.ts";
import {
  type EnsembleOptions,
  type EnsembleWeights,
  ensembleWeights,
  type LikelihoodMatrix,
} from "./weights.ts";

/** How an ensemble is judged. */
export interface RunEnsembleOptions extends EnsembleOptions {
  /** Where results go. */
  readonly folderOutput: string;
  /** Of the structures, in the order of the matrix; default their numbers. */
  readonly names?: readonly string[];
  /** What is believed of each structure beforehand; default all alike. */
  readonly prior?: readonly number[];
  /** Of a folder, the log-likelihoods in the best pose instead of the integrated ones. */
  readonly optimal?: boolean;
  /** Results of a likelihood run with `posePosterior` of all structures: poses of the images are told, too, and the noise where it was whitened. */
  readonly folderLikelihood?: string;
  readonly overwrite?: boolean;
  readonly onLog?: Log;
}

/** What was found. */
export interface EnsembleReport {
  readonly structures: number;
  readonly images: number;
  readonly ranking: readonly (RankedStructure & { readonly name: string })[];
  readonly weights: readonly {
    readonly name: string;
    readonly weight: number;
    readonly lower: number;
    readonly upper: number;
  }[];
  readonly effectiveNumber: number;
  readonly files: readonly string[];
}

/** Options by name. */
export const ENSEMBLE_KEYS = {
  folderOutput: true,
  names: true,
  prior: true,
  optimal: true,
  folderLikelihood: true,
  overwrite: true,
  onLog: true,
  tolerance: true,
  maxIterations: true,
  dirichlet: true,
  bootstrap: true,
  confidence: true,
  seed: true,
} as const;

const FILES = [
  "ranking.csv",
  "weights.csv",
  "posteriors.csv",
  "ranking.png",
  "weights.png",
  "posteriors.png",
] as const;

const POSES = ["poses.csv", "poses.png"] as const;
const NOISE = ["noise_power.csv", "noise_power.png"] as const;

/**
 * Ranks structures by the log-likelihoods of one set of images, and weighs them as an ensemble: tables and pictures of both, and of the images'
 * posteriors; with `folderLikelihood` of those over structures and poses together, and of the noise that images were whitened with.
 *
 * @param source  a matrix (structures, images) of `vitrine stitch`, or its folder
 * @throws {VitrineError} missing, type, range: no matrix, or numbers that are not finite; shape: other names or priors than structures; exists
 */
export async function runEnsemble(source: string, options: RunEnsembleOptions): Promise<EnsembleReport> {
  requireKnownOptions("runEnsemble", options, ENSEMBLE_KEYS);
  const { folderOutput, overwrite = false, confidence = 0.95, onLog } = options;
  const path = await matrixPath(source, options.optimal ?? false);
  const matrix = await readMatrix(path);
  const [structures, images] = matrix.shape;
  requireStructures(options, structures);
  const { names = Array.from({ length: structures }, (_, k) => `template${k}`), prior } = options;
  const folder = options.folderLikelihood;
  const noise = folder === undefined ? undefined : await ensembleNoise(folder);
  const hasPoses = folder !== undefined && (await hasPosteriors(folder, noise !== undefined));
  const files = ensembleFiles(folderOutput, { poses: hasPoses, noise: noise !== undefined });
  await prepareResultFiles({ inputs: [path], outputs: files, overwrite });
  const bootstrap = options.bootstrap === undefined ? {} : { bootstrap: options.bootstrap };
  const seed = options.seed === undefined ? {} : { seed: options.seed };
  const ranking = rankStructures(matrix, { confidence, ...bootstrap, ...seed, ...(prior && { prior }) });
  const found = ensembleWeights(matrix, weightOptions(options));
  if (!found.isConverged)
    onLog?.(`weights are not settled after ${found.iterations} iterations: raise the tolerance`, "warning");
  const posteriors = imagePosteriors(matrix, found.weights);
  const texts = [
    rankingTable(ranking, names),
    weightsTable(found, names),
    posteriorsTable(posteriors, names),
  ];
  const pictures = [
    rankingPicture(ranking, names),
    weightsPicture(found, names, images),
    sharesPicture(posteriors, names),
  ];
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  const contents = [...texts.map(bytesOf), ...pictures];
  const poses = hasPoses ? await ensemblePoses(folder, { posteriors, names }) : undefined;
  for (const table of [poses, noise]) if (table !== undefined) contents.push(bytesOf(table.csv), table.png);
  await writeTogether(async (results) => {
    for (const [i, file] of files.entries())
      await results.write(file, (temporary) => writeFileAtomic(temporary, contents[i]));
  });
  return {
    ...{ structures, images, files, effectiveNumber: found.effectiveNumber },
    ranking: ranking.map((one) => ({ name: names[one.structure], ...one })),
    weights: names.map((name, k) => ({
      name,
      weight: found.weights[k],
      lower: found.lower[k],
      upper: found.upper[k],
    })),
  };
}

/** CryoLike's wrapper writes one constant a structure in place of integrated log-likelihoods. @throws {VitrineError} range: such ones */
function requireDifferent({ shape: [structures, images], data }: LikelihoodMatrix, at: string): void {
  const isConstant = (k: number) =>
    Array.from({ length: images }, (_, m) => data[k * images + m]).every((value, _, all) => value === all[0]);
  if (images < 2 || !Array.from({ length: structures }, (_, k) => k).every(isConstant)) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: "log-likelihoods that differ between images",
    found: `one number for all ${images} images of each structure`,
    hint: "CryoLike's wrapper and --compat write that: run `vitrine likelihood --integrated` without --compat",
  });
}

/** Paths of all tables and pictures. */
export function ensembleFiles(
  folder: string,
  more: { readonly poses: boolean; readonly noise: boolean },
): string[] {
  const names = [...FILES, ...(more.poses ? POSES : []), ...(more.noise ? NOISE : [])];
  return names.map((name) => `${folder}/${name}`);
}

/** @throws {VitrineError} shape: other names or priors than structures */
export function requireStructures(
  { names, prior }: Pick<RunEnsembleOptions, "names" | "prior">,
  structures: number,
): void {
  for (const [name, values] of Object.entries({ names, prior })) {
    if (values === undefined || values.length === structures) continue;
    throw new VitrineError({
      code: "shape",
      at: `runEnsemble ${name}`,
      expected: `${structures}, one a structure`,
      found: `${values.length}`,
    });
  }
}

function weightOptions({
  tolerance,
  maxIterations,
  dirichlet,
  bootstrap,
  confidence,
  seed,
}: RunEnsembleOptions): EnsembleOptions {
  const all = { tolerance, maxIterations, dirichlet, bootstrap, confidence, seed };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function matrixPath(source: string, optimal: boolean): Promise<string> {
  if (source.endsWith(".pt")) return source;
  // only of a folder is there itself below it
  if ((await fileExists(source)) && !(await fileExists(`${source}/.`)))
    throw new VitrineError({
      code: "format",
      at: source,
      expected: "a .pt of `vitrine stitch`, or its folder",
      found: "another file",
    });
  const path = `${source}/${optimal ? "optimal" : "integrated"}_fourier_log_likelihood_matrix.pt`;
  if (await fileExists(path)) return path;
  const hint = `Run \`vitrine likelihood --${optimal ? "pose-likelihood" : "integrated"}\`, then \`vitrine stitch\``;
  throw new VitrineError({
    code: "missing",
    at: path,
    expected: "a matrix of log-likelihoods",
    found: "none",
    hint,
  });
}

async function readMatrix(path: string): Promise<LikelihoodMatrix> {
  const { shape, data } = await readTorchTensor(path);
  const isReal = data instanceof Float32Array || data instanceof Float64Array;
  if (isReal && shape.length === 2) {
    const matrix: LikelihoodMatrix = { shape: [shape[0], shape[1]], data };
    requireDifferent(matrix, path);
    return matrix;
  }
  throw new VitrineError({
    code: "type",
    at: path,
    expected: "numbers (structures, images)",
    found: `(${shape.join(", ")})`,
  });
}

function rankingTable(ranking: readonly RankedStructure[], names: readonly string[]): string {
  const columns = "structure logLikelihood posterior logBayesFactor lower upper support images".split(" ");
  return formatCsv(
    columns,
    ranking.map((one) => ({ ...one, structure: names[one.structure] })),
  );
}

function weightsTable(
  { weights, lower, upper, gradient }: EnsembleWeights,
  names: readonly string[],
): string {
  const rows = names.map((structure, k) => ({
    structure,
    weight: weights[k],
    lower: lower[k],
    upper: upper[k],
    gradient: gradient[k],
  }));
  return formatCsv(["structure", "weight", "lower", "upper", "gradient"], rows);
}

function posteriorsTable(posteriors: Float64Array, names: readonly string[]): string {
  const rows: Record<string, CsvValue>[] = [];
  for (let image = 0; image * names.length < posteriors.length; image++) {
    const row: Record<string, CsvValue> = { image };
    names.forEach((name, k) => {
      row[`p_${name}`] = posteriors[image * names.length + k];
    });
    rows.push(row);
  }
  return formatCsv(["image", ...names.map((name) => `p_${name}`)], rows);
}

const short = (value: number) => Number(value.toPrecision(3)).toString();

function rankingPicture(ranking: readonly RankedStructure[], names: readonly string[]): Uint8Array {
  const bars = ranking.map(
    ({ structure, logBayesFactor: value, lower, upper, posterior }): Bar => ({
      ...{ name: names[structure], value, lower, upper },
      text: `${short(value)}, p ${short(posterior)}`,
    }),
  );
  return drawBars(bars, "ln Bayes factor of the best structure over each");
}

function weightsPicture(
  { weights, lower, upper }: EnsembleWeights,
  names: readonly string[],
  images: number,
): Uint8Array {
  const bars = names.map(
    (name, k): Bar => ({
      ...{ name, value: weights[k], lower: lower[k], upper: upper[k] },
      text: `${short(weights[k])} (${short(lower[k])} to ${short(upper[k])})`,
    }),
  );
  return drawBars(bars, `weights of the ensemble, ${images} images`);
}

/** Images whose posterior is largest for each structure. */
function sharesPicture(posteriors: Float64Array, names: readonly string[]): Uint8Array {
  const counts = new Int32Array(names.length);
  for (let at = 0; at < posteriors.length; at += names.length) {
    const row = posteriors.subarray(at, at + names.length);
    counts[row.indexOf(Math.max(...row))]++;
  }
  const bars = names.map(
    (name, k): Bar => ({
      name,
      value: counts[k],
      lower: counts[k],
      upper: counts[k],
      text: `${counts[k]} images`,
    }),
  );
  return drawBars(bars, "images by the structure that they are likeliest of");
}
