import { requireKnownOptions } from "../../core/index.ts";
import type { IntegralModel } from "../correlation/comparison.ts";
import type { PolarGrid } from "../grid/polarGrid.ts";
import { type MaskFunction, type PolarMask, polarMask } from "../grid/polarValues.ts";
import { whiten } from "../images/whitening.ts";
import { logGamma, logSumExp } from "./logSum.ts";
import { type NoisePrior, noisePowers } from "./noisePrior.ts";

/** What integrated log-likelihoods depend on besides images and templates. */
export interface IntegralOptions {
  readonly grid: PolarGrid;
  /** Pixels of an image, all of them. */
  readonly pixels: number;
  readonly noisePrior?: NoisePrior;
  /** What an offset looks like; default the whole box. */
  readonly mask?: MaskFunction;
  /** [shells] The noise that images and templates, or CTFs, were whitened with: an offset is whitened alike. */
  readonly noisePower?: Float64Array;
}

/**
 * The integral over scale, offset and noise of the likelihood of a polar image, as numbers for the kernels.
 *
 * With `flat-variance` it has CryoLike's constant: (3 - P)/2 ln 2π - ln 2 - ½ ln Iss + ln Γ(P/2 - 2) + (P/2 - 2) ln(2 Iss).
 *
 * @throws {VitrineError} range: see `noisePowers`
 */
export function integralModel({
  grid,
  pixels,
  noisePrior = "flat-variance",
  mask,
  noisePower,
}: IntegralOptions): IntegralModel {
  const { values, integral: iss } = whitenedMask(polarMask(grid, mask), grid, noisePower);
  const { power, half, rate } = noisePowers(noisePrior, pixels);
  return {
    numbers: { power, half, iss, rate: rate / iss, constant: constantOf(noisePrior, pixels, { power, iss }) },
    mask: values,
  };
}

function whitenedMask(mask: PolarMask, grid: PolarGrid, noisePower: Float64Array | undefined): PolarMask {
  if (noisePower === undefined) return mask;
  const { nShells, nInplanes, integrationWeights } = grid;
  const { data: values } = whiten({ shape: [1, nShells, nInplanes], data: mask.values }, noisePower);
  const integral = values.reduce(
    (sum, value, i) => sum + value * value * integrationWeights[Math.floor(i / nInplanes)],
    0,
  );
  return { values: Float64Array.from(values), integral };
}

function constantOf(
  prior: NoisePrior,
  pixels: number,
  { power, iss }: { readonly power: number; readonly iss: number },
): number {
  if (typeof prior === "object") return 0;
  if (prior === "profile") return power * Math.log(iss);
  const common = ((3 - pixels) / 2) * Math.log(2 * Math.PI) - Math.LN2 - 0.5 * Math.log(iss);
  const scale = logGamma(power) + power * Math.log(2 * iss);
  return common + scale - (prior === "flat-sigma" ? Math.LN2 : 0);
}

/** How likelihoods of templates become that of a structure. */
export interface MarginalOptions {
  /** Of the viewing directions: what part of all they stand for. Default all alike. */
  readonly weights?: ArrayLike<number>;
  readonly displacements: number;
  readonly inplanes: number;
  /** Add weights where their logarithms belong, as CryoLike does. */
  readonly compat?: boolean;
}

/**
 * Log-likelihood of each image given a structure, over all poses alike: ln Σ_s p_s Σ_dw e^ll / (displacements inplanes), with p summing to 1.
 *
 * @param integrals  (images, templates): ln of sums over displacements and rotations
 */
export function marginalLogLikelihood(
  integrals: Float64Array,
  templates: number,
  options: MarginalOptions,
): Float64Array {
  requireKnownOptions("marginalLogLikelihood", options, {
    weights: true,
    displacements: true,
    inplanes: true,
    compat: true,
  });
  const { weights = new Float64Array(templates).fill(1), displacements, inplanes, compat = false } = options;
  const total = Array.from(weights).reduce((sum, weight) => sum + weight, 0);
  const priors = Float64Array.from({ length: templates }, (_, s) =>
    compat ? weights[s] : Math.log(weights[s] / total),
  );
  const poses = Math.log(displacements) + Math.log(inplanes);
  return Float64Array.from({ length: integrals.length / templates }, (_, m) => {
    const row = integrals.subarray(m * templates, (m + 1) * templates);
    return logSumExp(row.map((value, s) => value + priors[s])) - poses;
  });
}

/**
 * Posterior of each image over viewing directions, whatever its displacement and rotation: (images, templates), rows of sum 1.
 *
 * @param integrals  (images, templates): ln of sums over displacements and rotations
 * @param weights    of the viewing directions; default all alike
 */
export function viewPosteriors(
  integrals: Float64Array,
  templates: number,
  weights?: ArrayLike<number>,
): Float64Array {
  const posteriors = new Float64Array(integrals.length);
  for (let first = 0; first < integrals.length; first += templates) {
    const row = integrals
      .subarray(first, first + templates)
      .map((value, s) => value + Math.log(weights?.[s] ?? 1));
    const evidence = logSumExp(row);
    posteriors.set(
      row.map((value) => Math.exp(value - evidence)),
      first,
    );
  }
  return posteriors;
}
