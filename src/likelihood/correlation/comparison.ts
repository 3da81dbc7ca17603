import type { BestOfImage, CorrelatorPlan, Kept, ModelNumbers } from "../kernels/index.ts";
import type { RealArray } from "../precision.ts";

/** What is asked of a comparison. */
export interface Comparison {
  readonly kept: Kept;
  /** Integrates log-likelihoods too. */
  readonly integral?: IntegralModel;
  /** Gets what is too large to be kept: log-likelihoods of all poses, with `likelihoods`. */
  readonly visitor?: ComparisonVisitor;
}

/** Images and templates of one run of a plan. */
export interface ComparedPart {
  readonly image: number;
  readonly images: number;
  /** First template that the plan holds, and of this run. */
  readonly held: number;
  readonly first: number;
  readonly templates: number;
}

/** Looks at the results of every run while they are in the plan's memory; templates of an image come in their order. */
export interface ComparisonVisitor {
  /** Forgets what it has seen: all runs come, again perhaps. */
  begin(): void;
  wants(part: ComparedPart): boolean;
  take(plan: CorrelatorPlan, part: ComparedPart): void;
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
