import { type Backend, RUN_KEYS, type RunOptions } from "../../compute/index.ts";
import { type OptionKeys, pickOptions, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { integralModel, marginalLogLikelihood } from "../integrated/integralModel.ts";
import type { NoisePrior } from "../integrated/noisePrior.ts";
import type { Kept } from "../kernels/index.ts";
import type { RealArray } from "../precision.ts";
import type { Compared } from "./comparison.ts";
import { type CompareMethod, METHOD_KEYS, type PreparedTemplates, prepareTemplates } from "./prepared.ts";
import type { ImageSide, TemplateSide } from "./sides.ts";

const COMPARATOR_KEYS: OptionKeys<ComparatorOptions> = {
  ...RUN_KEYS,
  ...METHOD_KEYS,
  integrated: true,
};

const AGGREGATION_KEYS = { ...COMPARATOR_KEYS, aggregation: true } as const;

/** What is compared. */
export interface ComparatorRequest extends TemplateSide, ImageSide {}

/** How it is compared. */
export interface ComparatorOptions extends CompareMethod, RunOptions {
  /** Integrates log-likelihoods too. */
  readonly integrated?: IntegratedOptions;
}

/** What integrated log-likelihoods need. */
export interface IntegratedOptions {
  /** Pixels of an image, all of them. */
  readonly pixels: number;
  readonly noisePrior?: NoisePrior;
  /** [shells] The noise that images and templates, or CTFs, were whitened with (`measureNoisePower`, `whiten`). */
  readonly noisePower?: Float64Array;
  /** Of the viewing directions, [templates]; default all alike. */
  readonly weights?: ArrayLike<number>;
  /** Weights are added in place of their logarithms, as CryoLike does. */
  readonly compat?: boolean;
}

/** Keys of {@link IntegratedOptions}. */
export const INTEGRATED_KEYS: OptionKeys<IntegratedOptions> = {
  pixels: true,
  noisePrior: true,
  noisePower: true,
  weights: true,
  compat: true,
};

/** What every comparison says. */
export interface ComparatorResult {
  /** (images): see `marginalLogLikelihood`; with `integrated`. */
  readonly integratedLogLikelihoodM?: Float64Array;
  /** (images, templates): ln of the sum over displacements and rotations; with `integrated`. */
  readonly integratedLogLikelihoodMS?: Float64Array;
  /** No correlation is further from the exact one, rounding apart; 0: they are exact. */
  readonly errorBound: number;
}

/** The best pose of each image, [images]. */
export interface OptimalPose extends ComparatorResult {
  readonly crossCorrelationM: RealArray;
  readonly optimalTemplateM: Int32Array;
  /** Å. */
  readonly optimalDisplacementXM: RealArray;
  readonly optimalDisplacementYM: RealArray;
  /** Radians. */
  readonly optimalInplaneRotationM: RealArray;
}

/** The best displacement and rotation of each image and template, (images, templates). */
export interface OptimalDisplacementAndRotation extends ComparatorResult {
  readonly crossCorrelationMS: RealArray;
  readonly optimalDisplacementXMS: RealArray;
  readonly optimalDisplacementYMS: RealArray;
  readonly optimalInplaneRotationMS: RealArray;
}

/** The best rotation, (images, templates, displacements). */
export interface OptimalRotation extends ComparatorResult {
  readonly crossCorrelationMSd: RealArray;
  readonly optimalInplaneRotationMSd: RealArray;
}

/** The best displacement, (images, templates, inplanes). */
export interface OptimalDisplacement extends ComparatorResult {
  readonly crossCorrelationMSw: RealArray;
  readonly optimalDisplacementXMSw: RealArray;
  readonly optimalDisplacementYMSw: RealArray;
}

/** All correlations, (images, templates, displacements, inplanes). */
export interface CrossCorrelation extends ComparatorResult {
  readonly crossCorrelationMSdw: RealArray;
}

/** What a comparison keeps, and how that becomes its result. */
export interface Aggregation<Result> {
  readonly kept: Kept;
  readonly result: (compared: Compared, poses: PoseNames) => Result;
}

/** Displacements and rotations by their index, in the numbers of the results. */
export interface PoseNames {
  readonly x: (indices: ArrayLike<number>) => RealArray;
  readonly y: (indices: ArrayLike<number>) => RealArray;
  readonly rotation: (indices: ArrayLike<number>) => RealArray;
}

/** Of each image the best pose. */
export const optimalPose: Aggregation<Omit<OptimalPose, keyof ComparatorResult>> = {
  kept: "pose",
  result: ({ best, values }, { x, y, rotation }) => ({
    crossCorrelationM: like(
      values,
      best.map(({ value }) => value),
    ),
    optimalTemplateM: Int32Array.from(best, ({ template }) => template),
    optimalDisplacementXM: x(best.map(({ displacement }) => displacement)),
    optimalDisplacementYM: y(best.map(({ displacement }) => displacement)),
    optimalInplaneRotationM: rotation(best.map((one) => one.rotation)),
  }),
};

/** Of each image and template. */
export const optimalDisplacementAndRotation: Aggregation<
  Omit<OptimalDisplacementAndRotation, keyof ComparatorResult>
> = {
  kept: "template",
  result: ({ values, first, second }, { x, y, rotation }) => ({
    crossCorrelationMS: values,
    optimalDisplacementXMS: x(first),
    optimalDisplacementYMS: y(first),
    optimalInplaneRotationMS: rotation(second),
  }),
};

/** Of each displacement. */
export const optimalRotation: Aggregation<Omit<OptimalRotation, keyof ComparatorResult>> = {
  kept: "displacement",
  result: ({ values, first }, { rotation }) => ({
    crossCorrelationMSd: values,
    optimalInplaneRotationMSd: rotation(first),
  }),
};

/** Of each rotation. */
export const optimalDisplacement: Aggregation<Omit<OptimalDisplacement, keyof ComparatorResult>> = {
  kept: "rotation",
  result: ({ values, first }, { x, y }) => ({
    crossCorrelationMSw: values,
    optimalDisplacementXMSw: x(first),
    optimalDisplacementYMSw: y(first),
  }),
};

/** Everything. */
export const completeCorrelation: Aggregation<Omit<CrossCorrelation, keyof ComparatorResult>> = {
  kept: "everything",
  result: ({ values }) => ({ crossCorrelationMSdw: values }),
};

/**
 * Compares images with displaced templates in all in-plane rotations, templates outermost, and aggregates what an aggregation keeps. Results do not depend
 * on batches or workers; ties go to the first template, displacement and rotation.
 *
 * The image of a pose is CTF x (template displaced in its own frame, then turned): its point (k, θ) is that of the template at θ + rotation.
 *
 * @throws {VitrineError} shape: stacks on another grid; range: images or templates that are nothing or not finite
 */
export async function templateFirstComparator<Result>(
  backend: Backend,
  request: ComparatorRequest,
  given: ComparatorOptions & { readonly aggregation: Aggregation<Result> },
): Promise<Result & ComparatorResult> {
  requireKnownOptions("templateFirstComparator", given, AGGREGATION_KEYS);
  requireKnownOptions("integrated", given.integrated, INTEGRATED_KEYS);
  const { aggregation, ...options } = given;
  const prepared = prepareTemplates(backend, request, pickOptions<CompareMethod>(options, METHOD_KEYS));
  try {
    return await compareWith(prepared, request, { ...options, aggregation });
  } finally {
    prepared.dispose();
  }
}

/** The same with templates that are ready: for many stacks of images. */
export async function compareWith<Result>(
  prepared: PreparedTemplates,
  request: ComparatorRequest,
  options: ComparatorOptions & { readonly aggregation: Aggregation<Result> },
): Promise<Result & ComparatorResult> {
  requireKnownOptions("compareWith", options, AGGREGATION_KEYS);
  requireKnownOptions("integrated", options.integrated, INTEGRATED_KEYS);
  const { aggregation, integrated, signal, onProgress } = options;
  const { grid, displacements, templates } = request;
  const integral = integrated && integralModel({ grid, ...integrated });
  const comparison = { kept: aggregation.kept, ...(integral && { integral }) };
  const run = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const compared = await prepared.compare(request, comparison, run);
  const [count, steps] = [
    templates.shape[0],
    { displacements: displacements.x.length, inplanes: grid.nInplanes },
  ];
  const { weights, compat } = integrated ?? {};
  if (weights !== undefined && weights.length !== count) throw wrongWeights(count, weights.length);
  const marginal = integrated && {
    integratedLogLikelihoodM: requireNumbers(
      marginalLogLikelihood(compared.integrals, count, {
        ...steps,
        ...(weights && { weights }),
        ...(compat !== undefined && { compat }),
      }),
    ),
    integratedLogLikelihoodMS: compared.integrals,
  };
  const result = aggregation.result(compared, poseNames(request, compared.values));
  return { ...result, ...marginal, errorBound: compared.errorBound };
}

/** See {@link templateFirstComparator}. */
export type Comparator<Result> = (
  backend: Backend,
  request: ComparatorRequest,
  options?: ComparatorOptions,
) => Promise<Result>;

/** The best pose of each image. */
export const computeOptimalPose = comparator("computeOptimalPose", optimalPose);

/** The best displacement and rotation of each image and template. */
export const computeOptimalDisplacementAndRotation = comparator(
  "computeOptimalDisplacementAndRotation",
  optimalDisplacementAndRotation,
);

/** The best rotation of each image, template and displacement. */
export const computeOptimalRotation = comparator("computeOptimalRotation", optimalRotation);

/** The best displacement of each image, template and rotation. */
export const computeOptimalDisplacement = comparator("computeOptimalDisplacement", optimalDisplacement);

/** All correlations. */
export const computeCrossCorrelationComplete = comparator(
  "computeCrossCorrelationComplete",
  completeCorrelation,
);

/** All correlations by whole spectra: (images, templates, displacements, inplanes). */
export async function computeCrossCorrelation(
  backend: Backend,
  request: ComparatorRequest,
  options: RunOptions = {},
): Promise<RealArray> {
  requireKnownOptions("computeCrossCorrelation", options, RUN_KEYS);
  const exact = { ...options, method: "exact", aggregation: completeCorrelation } as const;
  return (await templateFirstComparator(backend, request, exact)).crossCorrelationMSdw;
}

/** ∫ |T CTF|² of each image, template and rotation, (images, templates, inplanes): the templates' norms behind the CTFs. */
export async function computeTemplateNorms(
  backend: Backend,
  request: Omit<ComparatorRequest, "displacements" | "boxSizeA">,
  options: RunOptions = {},
): Promise<RealArray> {
  requireKnownOptions("computeTemplateNorms", options, RUN_KEYS);
  const still = { ...request, displacements: { x: [0], y: [0] }, boxSizeA: [1, 1] } as const;
  const aggregation: Aggregation<{ values: RealArray }> = {
    kept: "norms",
    result: ({ values }) => ({ values }),
  };
  return (await templateFirstComparator(backend, still, { ...options, method: "exact", aggregation })).values;
}

function comparator<Result>(
  name: string,
  aggregation: Aggregation<Result>,
): Comparator<Result & ComparatorResult> {
  return async (backend, request, options) => {
    requireKnownOptions(name, options, COMPARATOR_KEYS);
    return templateFirstComparator(backend, request, { ...options, aggregation });
  };
}

function like(values: RealArray, numbers: ArrayLike<number>): RealArray {
  return values instanceof Float64Array ? Float64Array.from(numbers) : Float32Array.from(numbers);
}

function poseNames({ displacements, grid }: ComparatorRequest, values: RealArray): PoseNames {
  const named = (name: (index: number) => number) => (indices: ArrayLike<number>) =>
    like(values, Array.from(indices, name));
  return {
    x: named((d) => displacements.x[d]),
    y: named((d) => displacements.y[d]),
    rotation: named((w) => (2 * Math.PI * w) / grid.nInplanes),
  };
}

function requireNumbers(values: Float64Array): Float64Array {
  const bad = values.findIndex(Number.isNaN);
  if (bad < 0) return values;
  const hint = "Its templates leave nothing of it: is the image one of them, without noise?";
  throw new VitrineError({
    code: "range",
    at: `log-likelihood of image ${bad}`,
    expected: "a number",
    found: "NaN",
    hint,
  });
}

function wrongWeights(count: number, found: number): VitrineError {
  return new VitrineError({
    code: "shape",
    at: "integrated weights",
    expected: `${count}, one a template`,
    found: `${found}`,
  });
}
