import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import { callName, converterFunction } from "../curry.ts";
import { type PipeImage, requireBinary, requireFinite, requireNotNegative, sameShape } from "../image.ts";
import { compose, type ImageConverter } from "../pipeline.ts";
import { squaredDistances } from "./distance.ts";
import { ballRadiusPx, dilate, erode } from "./morphology.ts";
import { otsuThreshold } from "./otsu.ts";

/** Bins of a histogram, as acryo and scikit-image take. */
const BINS = 256;

/** A mask: 1 above the threshold of Otsu's method, taken from a histogram of `bins` (default 256) bins. */
export const thresholdOtsu: (bins?: number) => ImageConverter = converterFunction(function thresholdOtsu(
  image: PipeImage,
  _scale: number,
  bins: number = BINS,
) {
  const threshold = otsuThreshold(image, bins, "thresholdOtsu");
  return sameShape(
    image,
    image.data.map((value) => (value > threshold ? 1 : 0)),
  );
});

/**
 * Grows a mask by a ball, or shrinks it where the radius is below 0.
 *
 * @param radius  nm; rounded up to whole voxels, below one voxel the mask stays as it is. Outside the image is no mask
 */
export const dilation: (radius: number) => ImageConverter = converterFunction(function dilation(
  mask: PipeImage,
  scale: number,
  radius: number,
) {
  requireFinite(radius, "dilation radius");
  requireBinary(mask, "dilation image");
  const ball = ballRadiusPx(radius, scale);
  if (ball === 0) return mask;
  return radius < 0 ? erode(mask, ball) : dilate(mask, ball);
});

/** Closes gaps of a mask narrower than a ball of this radius (nm, as {@link dilation}); below 0 removes what is narrower. */
export const closing: (radius: number) => ImageConverter = converterFunction(function closing(
  mask: PipeImage,
  scale: number,
  radius: number,
) {
  requireFinite(radius, "closing radius");
  requireBinary(mask, "closing image");
  const ball = ballRadiusPx(radius, scale);
  if (ball === 0) return mask;
  return radius < 0 ? dilate(erode(mask, ball), ball) : erode(dilate(mask, ball), ball);
});

/**
 * A soft mask: 1 in the mask, falling off outside as exp(-d² / 2σ²) with the distance d to it. A mask that is empty or full stays.
 *
 * @param sigma  nm, not below 0; 0 leaves the mask as it is
 */
export const gaussianSmooth: (sigma: number) => ImageConverter = converterFunction(function gaussianSmooth(
  mask: PipeImage,
  scale: number,
  sigma: number,
) {
  requireNotNegative(sigma, "gaussianSmooth sigma");
  requireBinary(mask, "gaussianSmooth image");
  const isEven = mask.data.every((value) => value === mask.data[0]);
  if (sigma === 0 || isEven) return mask;
  const variance = (sigma / scale) ** 2;
  return sameShape(
    mask,
    Float32Array.from(squaredDistances(mask, 1), (d) => Math.exp(-d / 2 / variance)),
  );
});

/** Options of {@link softOtsu}. */
export interface SoftOtsuOptions {
  /** Fall-off outside the mask, nm; default 1. */
  readonly sigma?: number;
  /** By how much the mask is grown before, nm; below 0 it shrinks; default 1. */
  readonly radius?: number;
  /** Default 256. */
  readonly bins?: number;
}

const SOFT_OTSU_KEYS: OptionKeys<SoftOtsuOptions> = { sigma: true, radius: true, bins: true };

/** A soft mask of a density: {@link gaussianSmooth} after {@link dilation} after {@link thresholdOtsu}. */
export function softOtsu(options: SoftOtsuOptions = {}): ImageConverter {
  requireKnownOptions("softOtsu", options, SOFT_OTSU_KEYS);
  const { sigma = 1, radius = 1, bins = BINS } = options;
  const made = compose(gaussianSmooth(sigma), compose(dilation(radius), thresholdOtsu(bins)));
  return made.withName(callName("softOtsu", [{ sigma, radius, bins }]));
}
