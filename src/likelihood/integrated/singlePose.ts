import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import {
  type ComparatorRequest,
  INTEGRATED_KEYS,
  type IntegratedOptions,
  type OptimalPose,
} from "../correlation/comparators.ts";
import { inPrecision, requireOnGrid, wholeCtf } from "../correlation/sides.ts";
import { translationKernel } from "../grid/polarValues.ts";
import { integralModel } from "./integralModel.ts";

/** Pose of each image: Å and radians. */
export type ImagePoses = Pick<
  OptimalPose,
  "optimalTemplateM" | "optimalDisplacementXM" | "optimalDisplacementYM" | "optimalInplaneRotationM"
>;

/** What images are worth in one pose each, [images]. */
export interface SinglePoseLikelihood {
  /** Over scale, offset and noise, as an integrated one, but for one pose. */
  readonly logLikelihoodM: Float64Array;
  readonly crossCorrelationM: Float64Array;
}

/**
 * Log-likelihood of each image in one pose, in float64.
 *
 * @throws {VitrineError} shape: stacks on another grid, poses of other images; range: a template that is not there
 */
export function computeLikelihoodOptimalPose(
  request: Omit<ComparatorRequest, "displacements">,
  poses: ImagePoses,
  options: IntegratedOptions,
): SinglePoseLikelihood {
  requireKnownOptions("computeLikelihoodOptimalPose", options, INTEGRATED_KEYS);
  const { images, templates, grid } = request;
  requireOnGrid(images, grid, "images");
  requireOnGrid(templates, grid, "templates");
  const count = images.shape[0];
  if (poses.optimalTemplateM.length !== count) {
    const found = `${poses.optimalTemplateM.length}`;
    throw new VitrineError({ code: "shape", at: "poses", expected: `${count}, one an image`, found });
  }
  const { numbers, mask } = integralModel({ grid, ...options });
  const ctf = inPrecision("double", wholeCtf(request, "double"));
  const logLikelihoodM = new Float64Array(count);
  const crossCorrelationM = new Float64Array(count);
  for (let m = 0; m < count; m++) {
    const sums = sumsOf(request, { image: m, model: modelOf(request, poses, m), mask, ctf });
    const a = sums.xx * numbers.iss - sums.sx ** 2;
    const b = sums.xy * numbers.iss - sums.sx * sums.sy;
    const left = sums.yy * numbers.iss - sums.sy ** 2 - (b * b) / a;
    const likelihood =
      numbers.rate > 0 ? -numbers.rate * left : -numbers.power * Math.log(left) - numbers.half * Math.log(a);
    logLikelihoodM[m] = likelihood + numbers.constant;
    crossCorrelationM[m] = sums.xy / Math.sqrt(sums.xx * sums.yy);
  }
  return { logLikelihoodM, crossCorrelationM };
}

/** What an image would be without noise in its pose, (shells, inplanes) complex: its template displaced, turned, behind its CTF. */
export function seenTemplate(
  request: Omit<ComparatorRequest, "displacements">,
  poses: ImagePoses,
  m: number,
): Float64Array {
  const ctf = wholeCtf(request, "double");
  const model = modelOf(request, poses, m);
  const first = (m * model.length) / 2;
  return model.map((value, i) => value * ctf[first + Math.floor(i / 2)]);
}

/** The template of an image, displaced and turned: (shells, inplanes) complex. */
function modelOf(
  { templates, grid, boxSizeA }: Omit<ComparatorRequest, "displacements">,
  poses: ImagePoses,
  m: number,
): Float64Array {
  const template = poses.optimalTemplateM[m];
  if (!Number.isInteger(template) || template < 0 || template >= templates.shape[0]) {
    const expected = `a template from 0 to ${templates.shape[0] - 1}`;
    throw new VitrineError({ code: "range", at: `pose of image ${m}`, expected, found: `${template}` });
  }
  const { nShells, nInplanes } = grid;
  const plane = nShells * nInplanes;
  const shift = { x: [poses.optimalDisplacementXM[m]], y: [poses.optimalDisplacementYM[m]] };
  const kernel = translationKernel(grid, shift, boxSizeA);
  const steps = Math.round((poses.optimalInplaneRotationM[m] / (2 * Math.PI)) * nInplanes);
  const turn = ((steps % nInplanes) + nInplanes) % nInplanes;
  const model = new Float64Array(2 * plane);
  for (let i = 0; i < plane; i++) {
    const row = i - (i % nInplanes);
    const from = 2 * (row + ((i + turn) % nInplanes));
    const [re, im] = [
      templates.data[2 * plane * template + from],
      templates.data[2 * plane * template + from + 1],
    ];
    model[2 * i] = re * kernel[from] - im * kernel[from + 1];
    model[2 * i + 1] = re * kernel[from + 1] + im * kernel[from];
  }
  return model;
}

function sumsOf(
  { images, grid }: Pick<ComparatorRequest, "images" | "grid">,
  {
    image,
    model,
    mask,
    ctf,
  }: {
    readonly image: number;
    readonly model: Float64Array;
    readonly mask: Float64Array;
    readonly ctf: ArrayLike<number>;
  },
) {
  const { nShells, nInplanes, integrationWeights } = grid;
  const plane = nShells * nInplanes;
  const sums = { xx: 0, xy: 0, yy: 0, sx: 0, sy: 0 };
  for (let i = 0; i < plane; i++) {
    const weight = integrationWeights[Math.floor(i / nInplanes)];
    const c = ctf[image * plane + i];
    const [xr, xi] = [c * model[2 * i], c * model[2 * i + 1]];
    const at = 2 * (image * plane + i);
    const [yr, yi] = [images.data[at], images.data[at + 1]];
    sums.xx += weight * (xr * xr + xi * xi);
    sums.xy += weight * (xr * yr + xi * yi);
    sums.yy += weight * (yr * yr + yi * yi);
    sums.sx += weight * mask[i] * xr;
    sums.sy += weight * mask[i] * yr;
  }
  return sums;
}
