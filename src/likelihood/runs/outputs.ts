import { NumpyInTorch, type TorchContent, TupleInTorch } from "../../io/index.ts";
import type { CrossCorrelation, OptimalPose } from "../correlation/comparators.ts";
import type { LikelihoodPaths } from "../files.ts";
import type { Displacements } from "../grid/polarValues.ts";
import type { RealArray } from "../precision.ts";

/** A file of results: where, and what. */
export type Output = readonly [path: string, content: TorchContent];

/** The displacements of a run, (2, displacements) float32 in Å: a tensor, or an array of numpy as CryoLike pickles it. */
export function displacementsContent({ x, y }: Displacements, compat: boolean): TorchContent {
  const all = { shape: [2, x.length], data: Float32Array.from([...Array.from(x), ...Array.from(y)]) };
  return compat ? new NumpyInTorch(all) : all;
}

/** Files of the best poses. */
export function poseOutputs(paths: LikelihoodPaths, pose: OptimalPose): Output[] {
  const list = (data: RealArray): TorchContent => ({ shape: [data.length], data });
  const templates = BigInt64Array.from(pose.optimalTemplateM, BigInt);
  return [
    [paths.crossCorrelation, list(pose.crossCorrelationM)],
    [paths.optimalTemplate, { shape: [templates.length], data: templates }],
    [paths.optimalDisplacementX, list(pose.optimalDisplacementXM)],
    [paths.optimalDisplacementY, list(pose.optimalDisplacementYM)],
    [paths.optimalInplaneRotation, list(pose.optimalInplaneRotationM)],
  ];
}

/** CryoLike's own type of the complete correlation, of which its file is one. */
const FULL_RETURN = {
  module: "cryolike.likelihoods.interface.cross_correlation_full_return",
  name: "CrossCorrelationReturn",
};

/** The file of all correlations, (images, templates, displacements, inplanes). */
export function fullOutput(
  paths: LikelihoodPaths,
  { crossCorrelationMSdw: data }: CrossCorrelation,
  { shape, compat }: { readonly shape: readonly number[]; readonly compat: boolean },
): Output {
  const tensor = { shape, data };
  return [paths.crossCorrelationFull, compat ? new TupleInTorch(FULL_RETURN, [tensor]) : tensor];
}

/** A file of log-likelihoods in the precision of the run. */
export function logLikelihoodOutput(path: string, values: Float64Array, isDouble: boolean): Output {
  return [path, { shape: [values.length], data: isDouble ? values : Float32Array.from(values) }];
}
