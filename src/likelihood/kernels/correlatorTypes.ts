import type { Plan, PlanTypes } from "../../compute/index.ts";
import type { Basis } from "./basis.ts";
import type { Kept } from "./blocks.ts";
import type { KernelPrecision } from "./precision.ts";

/** What a {@link CorrelatorPlan} is made for. */
export interface CorrelatorSize {
  readonly precision: KernelPrecision;
  readonly shells: number;
  /** In-plane angles; even. */
  readonly inplanes: number;
  readonly displacements: number;
  /** Templates and images that lie in memory together. */
  readonly templates: number;
  readonly images: number;
  /** Even angular frequencies of squared CTFs that norms are made of, at most inplanes/4 + 1. */
  readonly normFrequencies: number;
  /** Compressed templates (single precision only): the basis. Absent: whole spectra. */
  readonly basis?: Basis;
  /** Whether log-likelihoods are integrated. */
  readonly integrates: boolean;
  /** Largest result of a run. */
  readonly results: ResultSize;
}

/** What a run keeps of how many templates. */
export interface ResultSize {
  readonly kept: Kept;
  readonly templates: number;
}

/** Numbers of the model that log-likelihoods are of: see assembly/marginal.ts. */
export interface ModelNumbers {
  readonly power: number;
  readonly half: number;
  readonly iss: number;
  readonly rate: number;
  readonly constant: number;
}

/** The words of a {@link CorrelatorPlan}. */
export interface CorrelatorTypes extends PlanTypes {
  /**
   * - `weights` (shells): integration weight of a point of each shell.
   * - `displacements` (displacements, shells, inplanes) complex: what templates are multiplied with.
   * - `items` (images, shells, inplanes) complex: templates or images of the next run, in the numbers of the precision.
   * - `ctfs` (images, shells, inplanes).
   * - `imageFactors` (images): 1/sqrt(Iyy).
   * - `offset` (shells, inplanes): what an offset of the image looks like, times the weights; where log-likelihoods are integrated.
   * - `imageNumbers` (images, 2) float64: Isy and Iyy; likewise.
   */
  readonly input: "weights" | "displacements" | "items" | "ctfs" | "imageFactors" | "offset" | "imageNumbers";
  /**
   * Results of the last correlation, each (images, templates of the run, …) as what is kept says: `values`, `first` and `second` indices, `integrals` float64.
   */
  readonly output: "values" | "first" | "second" | "integrals";
  readonly work:
    | { readonly kind: "templates"; readonly first: number; readonly count: number }
    | { readonly kind: "images"; readonly count: number; readonly tolerance: number }
    | {
        readonly kind: "correlate";
        readonly first: number;
        readonly count: number;
        readonly kept: Kept;
        readonly model?: ModelNumbers;
      };
  readonly outcome: CorrelatorOutcome;
}

/** What runs find out besides their results. */
export interface CorrelatorOutcome {
  /** Of templates: largest norm of what compression left out of a displaced template. */
  readonly residual: number;
  /** Of images: largest sum of what was left out of a squared CTF. */
  readonly ctfResidual: number;
  /** Of images: no |CTF| is above it. */
  readonly largestCtf: number;
  /** Of correlations: least Ixx. */
  readonly leastNorm: number;
  /** Of correlations that keep a pose: best of each image. */
  readonly best: readonly BestOfImage[];
}

/** Where an image correlates best. Ties go to the first template, displacement, rotation. */
export interface BestOfImage {
  readonly value: number;
  readonly template: number;
  readonly displacement: number;
  readonly rotation: number;
}

/**
 * Correlates images with displaced templates in all in-plane rotations, by products per angular frequency.
 *
 * Templates come first, in batches of at most `images`; then images with their CTFs; then correlations, as often as wanted.
 */
export interface CorrelatorPlan extends Plan<CorrelatorTypes> {
  readonly size: CorrelatorSize;
}
