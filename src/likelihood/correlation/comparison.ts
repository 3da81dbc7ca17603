import type { BestOfImage, Kept, ModelNumbers } from "../kernels/index.ts";
import type { RealArray } from "../precision.ts";

/** What is asked of a comparison. */
export interface Comparison {
  readonly kept: Kept;
  /** Integrates log-likelihoods too. */
  readonly integral?: IntegralModel;
}

/** What an integrated log-likelihood is made of. */
export interface IntegralModel {
  readonly numbers: ModelNumbers;
  /** What an offset of the image looks like: (shells, inplanes). */
  readonly mask: Float64Array;
}

/** What was found of all images and templates; arrays are (images, templates, …) as `kept` says, empty where it has none. */
export interface Compared {
  readonly values: RealArray;
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** (images, templates) */
  readonly integrals: Float64Array;
  readonly best: readonly BestOfImage[];
  /** No correlation is further from the exact one, rounding apart; 0: exact. */
  readonly errorBound: number;
  /** Complex products of a pair of image and displaced template. */
  readonly depth: number;
}
