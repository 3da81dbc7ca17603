import { type Random, seededRandom, VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { logSumExp } from "../integrated/logSum.ts";

/** ln p(image | structure), (structures, images) as `vitrine stitch` has it. */
export interface LikelihoodMatrix {
  readonly shape: readonly [structures: number, images: number];
  readonly data: ArrayLike<number>;
}

/** How the weights of an ensemble are found. */
export interface EnsembleOptions {
  /** Ends where no image would gain more than that; default 1e-8. */
  readonly tolerance?: number;
  /** Default 100,000. */
  readonly maxIterations?: number;
  /** Of a Dirichlet prior of the weights: 1 (default) is flat, more draws them together. */
  readonly dirichlet?: number;
  /** Draws of the images with replacement, for intervals; default 200, 0 for none. */
  readonly bootstrap?: number;
  /** Share of the draws that intervals hold; default 0.95. */
  readonly confidence?: number;
  readonly seed?: number;
}

/** Weights of an ensemble. */
export interface EnsembleWeights {
  /** (structures), of sum 1. */
  readonly weights: Float64Array;
  /** (structures): where the middle `confidence` of the bootstrap's weights lie; the weights themselves without it. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Sum over images of ln Σ_k w_k p(image | k). */
  readonly logLikelihood: number;
  /** (structures): mean over images of p(image | k) / Σ_j w_j p(image | j): 1 where a structure has weight, below 1 where it has none. */
  readonly gradient: Float64Array;
  /** exp of the entropy of the weights: how many structures it takes. */
  readonly effectiveNumber: number;
  readonly iterations: number;
  readonly isConverged: boolean;
}

/**
 * Population weights by maximum likelihood: expectation-maximisation of mean ln Σ_k w_k p(image | k), which is concave.
 *
 * @throws {VitrineError} shape, range: a matrix that is none, numbers that are not finite, options that cannot be
 *
 * Source: Tang et al. 2023, J. Phys. Chem. B 127:5410 (ensemble reweighting with cryo-EM particles).
 */
export function ensembleWeights(matrix: LikelihoodMatrix, options: EnsembleOptions = {}): EnsembleWeights {
  requireKnownOptions("ensembleWeights", options, {
    tolerance: true,
    maxIterations: true,
    dirichlet: true,
    bootstrap: true,
    confidence: true,
    seed: true,
  });
  const { bootstrap = 200, confidence = 0.95, seed = 1 } = options;
  requireMatrix(matrix);
  requireOptions(options);
  const [structures, images] = matrix.shape;
  const ratios = likelihoodRatios(matrix);
  const all = new Float64Array(images).fill(1);
  const found = maximise(ratios, all, options);
  const draws: Float64Array[] = [];
  const random = seededRandom(seed);
  for (let i = 0; i < bootstrap; i++)
    draws.push(maximise(ratios, drawn(images, random), { ...options, tolerance: 1e-5 }).weights);
  const bound = (share: number) =>
    Float64Array.from({ length: structures }, (_, k) =>
      quantile(
        draws.map((weights) => weights[k]),
        share,
        found.weights[k],
      ),
    );
  const { weights, gradient } = found;
  return {
    ...found,
    logLikelihood: totalLogLikelihood(matrix, weights),
    // Draws are settled less finely: what has no weight has a little more in all of them, what has all of it a little less.
    lower: bound((1 - confidence) / 2).map((value, k) => Math.min(value, weights[k])),
    upper: bound((1 + confidence) / 2).map((value, k) => Math.max(value, weights[k])),
    gradient,
    effectiveNumber: Math.exp(
      -weights.reduce((sum, weight) => sum + (weight > 0 ? weight * Math.log(weight) : 0), 0),
    ),
  };
}

/** Likelihoods of each image over its largest: (images, structures). */
interface Ratios {
  readonly structures: number;
  readonly images: number;
  readonly data: Float64Array;
}

function likelihoodRatios({ shape: [structures, images], data }: LikelihoodMatrix): Ratios {
  const ratios = new Float64Array(structures * images);
  for (let i = 0; i < images; i++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < structures; k++) largest = Math.max(largest, data[k * images + i]);
    for (let k = 0; k < structures; k++)
      ratios[i * structures + k] = Math.exp(data[k * images + i] - largest);
  }
  return { structures, images, data: ratios };
}

/** @param counts  how often each image counts */
function maximise({ structures, images, data }: Ratios, counts: Float64Array, options: EnsembleOptions) {
  const { tolerance = 1e-8, maxIterations = 100_000, dirichlet = 1 } = options;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const prior = (dirichlet - 1) / total;
  let weights = new Float64Array(structures).fill(1 / structures);
  let gradient = gradientOf({ structures, images, data }, counts, weights);
  let iterations = 0;
  for (; iterations < maxIterations; iterations++) {
    // Its largest excess over the mean bounds what any other weights would gain an image.
    const mean = weights.reduce((sum, weight, k) => sum + weight * gradient[k], 0) + structures * prior;
    const excess = gradient.reduce(
      (most, value, k) => Math.max(most, value + (weights[k] > 0 ? prior / weights[k] : 0) - mean),
      0,
    );
    if (excess <= tolerance) break;
    const next = weights.map((weight, k) => weight * gradient[k] + prior);
    const sum = next.reduce((all, value) => all + value, 0);
    weights = next.map((value) => value / sum);
    gradient = gradientOf({ structures, images, data }, counts, weights);
  }
  return { weights, gradient, iterations, isConverged: iterations < maxIterations };
}

function gradientOf(
  { structures, images, data }: Ratios,
  counts: Float64Array,
  weights: Float64Array,
): Float64Array {
  const gradient = new Float64Array(structures);
  let total = 0;
  for (let i = 0; i < images; i++) {
    if (counts[i] === 0) continue;
    let mixture = 0;
    for (let k = 0; k < structures; k++) mixture += weights[k] * data[i * structures + k];
    total += counts[i];
    for (let k = 0; k < structures; k++) gradient[k] += (counts[i] * data[i * structures + k]) / mixture;
  }
  return gradient.map((value) => value / total);
}

function totalLogLikelihood(
  { shape: [structures, images], data }: LikelihoodMatrix,
  weights: Float64Array,
): number {
  let sum = 0;
  for (let i = 0; i < images; i++) {
    sum += logSumExp(
      Float64Array.from({ length: structures }, (_, k) => data[k * images + i] + Math.log(weights[k])),
    );
  }
  return sum;
}

function drawn(images: number, random: Random): Float64Array {
  const counts = new Float64Array(images);
  for (let i = 0; i < images; i++) counts[Math.floor(images * random.uniform())]++;
  return counts;
}

/** Linear between the sorted values. */
export function quantile(values: readonly number[], share: number, none: number): number {
  if (values.length === 0) return none;
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)];
  return below + (at - Math.floor(at)) * (sorted[Math.ceil(at)] - below);
}

/** @throws {VitrineError} shape, range: a matrix that is none */
export function requireMatrix({ shape: [structures, images], data }: LikelihoodMatrix): void {
  const at = "likelihood matrix";
  if (structures < 1 || images < 1 || data.length !== structures * images) {
    const expected = "structures x images values, at least one of each";
    throw new VitrineError({
      code: "shape",
      at,
      expected,
      found: `${data.length} for ${structures} x ${images}`,
    });
  }
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    const place = `${at} structure ${Math.floor(i / images)}, image ${i % images}`;
    throw new VitrineError({
      code: "range",
      at: place,
      expected: "a finite log-likelihood",
      found: `${data[i]}`,
    });
  }
}

function requireOptions({ dirichlet = 1, confidence = 0.95, bootstrap = 200 }: EnsembleOptions): void {
  const wrong = (name: string, expected: string, found: number) =>
    new VitrineError({ code: "range", at: `ensembleWeights ${name}`, expected, found: `${found}` });
  if (!(dirichlet >= 1)) throw wrong("dirichlet", "a number from 1", dirichlet);
  if (!(confidence > 0 && confidence < 1)) throw wrong("confidence", "a number between 0 and 1", confidence);
  if (!Number.isInteger(bootstrap) || bootstrap < 0)
    throw wrong("bootstrap", "a whole number from 0", bootstrap);
}
