import type { Backend } from "../../compute/index.ts";
import { type OptionKeys, pickOptions, requireKnownOptions } from "../../core/index.ts";
import {
  type ComparatorOptions,
  type ComparatorRequest,
  compareWith,
  type IntegratedOptions,
  optimalPose,
} from "../correlation/comparators.ts";
import {
  type CompareMethod,
  METHOD_KEYS,
  type PreparedTemplates,
  prepareTemplates,
} from "../correlation/prepared.ts";
import { integralModel, viewPosteriors } from "./integralModel.ts";
import { type PosePosterior, PoseSums } from "./poseSums.ts";

const POSE_POSTERIOR_KEYS: OptionKeys<PosePosteriorOptions> = {
  ...METHOD_KEYS,
  integrated: true,
  signal: true,
  onProgress: true,
};

/** How posteriors over poses are found. */
export interface PosePosteriorOptions extends Omit<ComparatorOptions, "integrated"> {
  readonly integrated: IntegratedOptions;
}

/**
 * Posterior of every image over the poses of the grid, over scale, offset and noise as integrated log-likelihoods have them.
 *
 * @throws {VitrineError} as `templateFirstComparator`
 */
export async function computePosePosterior(
  backend: Backend,
  request: ComparatorRequest,
  options: PosePosteriorOptions,
): Promise<PosePosterior> {
  requireKnownOptions("computePosePosterior", options, POSE_POSTERIOR_KEYS);
  const prepared = prepareTemplates(backend, request, pickOptions<CompareMethod>(options, METHOD_KEYS));
  try {
    const found = await compareWith(prepared, request, { ...options, aggregation: optimalPose });
    const integrals = found.integratedLogLikelihoodMS ?? new Float64Array();
    return await posePosteriorWith(prepared, request, { ...options, integrals });
  } finally {
    prepared.dispose();
  }
}

/** The same of templates that are ready. @param options  `integrals`: (images, templates), ln of sums over displacements and rotations */
export async function posePosteriorWith(
  prepared: PreparedTemplates,
  request: ComparatorRequest,
  options: PosePosteriorOptions & { readonly integrals: Float64Array },
): Promise<PosePosterior> {
  const { integrated, integrals, signal, onProgress } = options;
  const { grid, displacements, images } = request;
  const [templates] = request.templates.shape;
  const viewsMS = viewPosteriors(integrals, templates, integrated.weights);
  const sums = new PoseSums(viewsMS, {
    ...{ images: images.shape[0], templates },
    ...{ displacements: displacements.x.length, inplanes: grid.nInplanes },
  });
  const run = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const integral = integralModel({ grid, ...integrated });
  await prepared.compare(request, { kept: "likelihoods", integral, visitor: sums }, run);
  return { viewsMS, ...sums.result() };
}
