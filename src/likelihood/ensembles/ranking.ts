import { seededRandom } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { logSumExp } from "../integrated/logSum.ts";
import { type LikelihoodMatrix, quantile, requireMatrix } from "./weights.ts";

/** How structures are ranked. */
export interface RankingOptions {
  /** What is believed of each structure beforehand, (structures); default all alike. */
  readonly prior?: ArrayLike<number>;
  /** Default 1000, 0 for none. */
  readonly bootstrap?: number;
  readonly confidence?: number;
  readonly seed?: number;
}

/** A structure among others that one set of images may be of. */
export interface RankedStructure {
  readonly structure: number;
  /** Sum over images of ln p(image | structure). */
  readonly logLikelihood: number;
  /** Of this structure given all images, if all are of one structure. */
  readonly posterior: number;
  /** ln of how much likelier the images are given the best structure than given this one; 0 for the best. */
  readonly logBayesFactor: number;
  /** Where the middle `confidence` of it lies, over draws of the images with replacement. */
  readonly lower: number;
  readonly upper: number;
  /** Share of the draws in which this structure is the best. */
  readonly support: number;
  /** Images that are likeliest given this structure. */
  readonly images: number;
}

/**
 * Structures by how likely all images are given each: posteriors and Bayes factors, with intervals that say what other images of the same kind might
 * have told.
 *
 * @returns  best first; equal ones in the order of the matrix
 * @throws {VitrineError} shape, range: see `ensembleWeights`
 */
export function rankStructures(matrix: LikelihoodMatrix, options: RankingOptions = {}): RankedStructure[] {
  requireKnownOptions("rankStructures", options, {
    prior: true,
    bootstrap: true,
    confidence: true,
    seed: true,
  });
  requireMatrix(matrix);
  const [structures, images] = matrix.shape;
  const { prior, bootstrap = 1000, confidence = 0.95, seed = 1 } = options;
  const beliefs = Float64Array.from({ length: structures }, (_, k) => Math.log(prior?.[k] ?? 1));
  const totals = totalsOf(matrix, new Float64Array(images).fill(1));
  const whole = totals.map((total, k) => total + beliefs[k]);
  const evidence = logSumExp(whole);
  const order = Array.from(totals.keys()).sort((a, b) => whole[b] - whole[a] || a - b);
  const best = order[0];
  const random = seededRandom(seed);
  const factors: number[][] = Array.from({ length: structures }, () => []);
  const wins = new Int32Array(structures);
  for (let draw = 0; draw < bootstrap; draw++) {
    const counts = new Float64Array(images);
    for (let i = 0; i < images; i++) counts[Math.floor(images * random.uniform())]++;
    const drawn = totalsOf(matrix, counts);
    let first = 0;
    drawn.forEach((total, k) => {
      if (total > drawn[first]) first = k;
      factors[k].push(drawn[best] - total);
    });
    wins[first]++;
  }
  const winners = imagesOf(matrix);
  return order.map((structure) => ({
    structure,
    logLikelihood: totals[structure],
    posterior: Math.exp(whole[structure] - evidence),
    logBayesFactor: totals[best] - totals[structure],
    lower: quantile(factors[structure], (1 - confidence) / 2, totals[best] - totals[structure]),
    upper: quantile(factors[structure], (1 + confidence) / 2, totals[best] - totals[structure]),
    support: bootstrap > 0 ? wins[structure] / bootstrap : structure === best ? 1 : 0,
    images: winners[structure],
  }));
}

function totalsOf(
  { shape: [structures, images], data }: LikelihoodMatrix,
  counts: Float64Array,
): Float64Array {
  const totals = new Float64Array(structures);
  for (let k = 0; k < structures; k++)
    for (let i = 0; i < images; i++) totals[k] += counts[i] * data[k * images + i];
  return totals;
}

function imagesOf({ shape: [structures, images], data }: LikelihoodMatrix): Int32Array {
  const winners = new Int32Array(structures);
  for (let i = 0; i < images; i++) {
    let best = 0;
    for (let k = 1; k < structures; k++) if (data[k * images + i] > data[best * images + i]) best = k;
    winners[best]++;
  }
  return winners;
}

/**
 * Posterior of each image over structures, given the weights of the ensemble: (images, structures), rows of sum 1.
 *
 * @throws {VitrineError} shape, range: see `ensembleWeights`
 */
export function imagePosteriors(matrix: LikelihoodMatrix, weights: ArrayLike<number>): Float64Array {
  requireMatrix(matrix);
  const [structures, images] = matrix.shape;
  const posteriors = new Float64Array(images * structures);
  for (let i = 0; i < images; i++) {
    const row = Float64Array.from(
      { length: structures },
      (_, k) => matrix.data[k * images + i] + Math.log(weights[k]),
    );
    const evidence = logSumExp(row);
    posteriors.set(
      row.map((value) => Math.exp(value - evidence)),
      i * structures,
    );
  }
  return posteriors;
}
