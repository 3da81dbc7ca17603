import { VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import { enlarge, gaussianFilter, type Plane, polynomialTrend, shrink } from "./smooth.ts";
import { type IlluminationStatistics, medianOf, oddImages } from "./statistics.ts";

/** TissueMAPS' correction: every pixel gets the mean and spread, in decades, that the whole image has. Not linear in the intensity. */
export interface ZscoreModel {
  readonly kind: "zscore";
  /** (height, width): mean of log10 of the intensity, smoothed. */
  readonly mean: Float64Array;
  /** (height, width): standard deviation of the same, smoothed. */
  readonly deviation: Float64Array;
}

/** What light does: image = true image x flat + dark. */
export interface FlatFieldModel {
  readonly kind: "flatfield";
  /** (height, width), mean 1, all above 0. */
  readonly flat: Float32Array;
  /** What a camera shows without light. */
  readonly dark: number | Float32Array;
}

/** How the light of a channel is corrected. */
export type IlluminationModel = ZscoreModel | FlatFieldModel;

/** As TissueMAPS smooths its maps, pixels. */
const ZSCORE_SIGMA = 5;

/**
 * TissueMAPS' model from the statistics of at least two images; it needs hundreds to be good where cells are rare.
 *
 * @throws {VitrineError} undeterminable: fewer than two images
 */
export function zscoreModel({ count, mean, squares, ...size }: IlluminationStatistics): ZscoreModel {
  if (count < 2) {
    throw new VitrineError({
      code: "undeterminable",
      at: "zscoreModel",
      expected: "two images or more",
      found: `${count}`,
    });
  }
  const deviation = squares.map((sum) => Math.sqrt(sum / (count - 1)));
  const smooth = (data: Float64Array) => gaussianFilter({ ...size, data }, ZSCORE_SIGMA).data;
  return { kind: "zscore", mean: smooth(mean), deviation: smooth(deviation) };
}

/** What a flat field is made with. */
export interface FlatFieldOptions {
  /** What the camera shows without light, one number or (height, width): subtracted before anything else. It matters most of all. Default 0. */
  readonly dark?: number | Float32Array;
  /** Side of the small images that the field is found on. Default 128. */
  readonly side?: number;
  /** Gets the numbers of the images that were left out, since they show no light or far more or less than the others. */
  readonly onLeftOut?: (images: readonly number[]) => void;
}

/** Of the small images, pixels. */
const MEDIAN_SIGMA = 8;
/** Of y and of x. */
const TREND_DEGREE = 3;

/**
 * The flat field as the smoothed median over sites, each scaled to its own median: right where every pixel shows background in more than half
 * of the sites (confluent wells need another model), and not disturbed by a few sites that are wrong.
 *
 * @param images  of one channel, (height, width) each
 * @throws {VitrineError} undeterminable: no image
 */
export function medianModel(
  size: PixelSize,
  images: readonly ArrayLike<number>[],
  options: FlatFieldOptions = {},
): FlatFieldModel {
  requireKnownOptions("medianModel", options, { dark: true, side: true, onLeftOut: true });
  if (images.length === 0) {
    throw new VitrineError({ code: "undeterminable", at: "medianModel", expected: "images", found: "none" });
  }
  return medianModelOf(shrinkAll(size, images, options.side), { ...options, size });
}

/** {@link medianModel} of images that are small already; at least one. */
export function medianModelOf(small: readonly Plane[], options: SmallImages): FlatFieldModel {
  const { size, dark = 0 } = options;
  const lit = litImages(small, options);
  // A channel without light has no field.
  if (lit.length === 0)
    return { kind: "flatfield", flat: new Float32Array(size.height * size.width).fill(1), dark };
  const data = lit[0].plane.data.map((_, i) =>
    medianOf(lit.map(({ plane, level }) => plane.data[i] / level)),
  );
  return flatFieldOf(smoothField({ ...lit[0].plane, data }), size, dark);
}

/** A small image of the light alone, and its median. */
export interface LitImage {
  readonly plane: Plane;
  readonly level: number;
}

/** What models are made of besides small images: the size of the large ones. */
export interface SmallImages extends Omit<FlatFieldOptions, "side"> {
  readonly size: PixelSize;
}

/** Small images without the dark; those without light, and those far from the others, are left out. */
export function litImages(small: readonly Plane[], { size, dark = 0, onLeftOut }: SmallImages): LitImage[] {
  const all = small.map((image): LitImage => {
    const data = withoutDark(image, size, dark);
    return { plane: { ...image, data }, level: medianOf(data) };
  });
  const lit = all.flatMap(({ level }, i) => (level > 0 ? [i] : []));
  const odd = new Set(oddImages(lit.map((i) => all[i].level)).map((k) => lit[k]));
  const kept = new Set(lit.filter((i) => !odd.has(i)));
  const leftOut = all.flatMap((_, i) => (kept.has(i) ? [] : [i]));
  if (leftOut.length > 0) onLeftOut?.(leftOut);
  return all.filter((_, i) => kept.has(i));
}

function withoutDark(image: Plane, size: PixelSize, dark: number | Float32Array): Float64Array {
  if (typeof dark === "number") return image.data.map((value) => value - dark);
  const [without] = shrinkAll(size, [dark], Math.max(image.height, image.width));
  return image.data.map((value, i) => value - without.data[i]);
}

/** All images at most `side` pixels a side. @throws {VitrineError} shape: one of another size */
export function shrinkAll(size: PixelSize, images: readonly ArrayLike<number>[], side = 128): Plane[] {
  return images.map((image) => {
    if (image.length === size.height * size.width) return shrink(size, image, side);
    const [expected, found] = [`${size.height} x ${size.width} pixels`, `${image.length}`];
    throw new VitrineError({ code: "shape", at: "illumination image", expected, found });
  });
}

/**
 * Smooths what a polynomial leaves of a field: mirrored edges would flatten the slope that light has there. A small image that is narrower
 * than usual is smoothed by as much of its side.
 */
function smoothField(field: Plane): Plane {
  const trend = polynomialTrend(field, TREND_DEGREE);
  const rest = { ...field, data: field.data.map((value, i) => value - trend.data[i]) };
  const { data } = gaussianFilter(rest, (MEDIAN_SIGMA * Math.min(field.height, field.width)) / 128);
  return { ...field, data: data.map((value, i) => value + trend.data[i]) };
}

/** A model of a small field: at full size, mean 1, nowhere below a hundredth, so that what is divided by it stays finite. */
export function flatFieldOf(field: Plane, size: PixelSize, dark: number | Float32Array): FlatFieldModel {
  const flat = enlarge(field, size);
  const mean = flat.reduce((sum, value) => sum + value, 0) / flat.length;
  return { kind: "flatfield", flat: flat.map((value) => Math.max(0.01, value / mean)), dark };
}

/** What TissueMAPS takes for a pixel of 0, of which there is no logarithm. */
export const LITTLE = 1e-10;

/**
 * Corrects an image before it is rounded; values may be below 0 (flat field) and above what the type holds.
 *
 * @throws {VitrineError} shape: another number of pixels than the model has
 *
 * Source: TissueMAPS, tmlib.image (z-score); Peng et al. 2017, Nat. Commun. 8:14836, equation 1 (flat field).
 */
export function correctedValues(image: ArrayLike<number>, model: IlluminationModel): Float64Array {
  const pixels = model.kind === "zscore" ? model.mean.length : model.flat.length;
  if (image.length !== pixels) throw otherSize(pixels, image.length);
  return model.kind === "zscore" ? byZscore(image, model) : byFlatField(image, model);
}

/** The error of an image that has another number of pixels than its model. */
export function otherSize(pixels: number, found: number): VitrineError {
  const at = "illumination correction";
  return new VitrineError({ code: "shape", at, expected: `${pixels} pixels`, found: `${found}` });
}

/** Mean of all pixels of a map. */
export function averageOf(data: Float64Array): number {
  let sum = 0;
  for (const value of data) sum += value;
  return sum / data.length;
}

function byZscore(image: ArrayLike<number>, { mean, deviation }: ZscoreModel): Float64Array {
  const [allMean, allDeviation] = [averageOf(mean), averageOf(deviation)];
  return Float64Array.from(image, (value, i) => {
    const level = Math.log10(value === 0 ? LITTLE : value);
    return 10 ** (((level - mean[i]) / deviation[i]) * allDeviation + allMean);
  });
}

function byFlatField(image: ArrayLike<number>, { flat, dark }: FlatFieldModel): Float64Array {
  return Float64Array.from(
    image,
    (value, i) => (value - (typeof dark === "number" ? dark : dark[i])) / flat[i],
  );
}

/**
 * Corrects an image. Values are cut to whole numbers, as TissueMAPS does, and held at the type's ends, where TissueMAPS wraps them round.
 *
 * @throws {VitrineError} shape: as {@link correctedValues}
 */
export function correctIllumination<Pixels extends Uint8Array | Uint16Array>(
  image: Pixels,
  model: IlluminationModel,
): Pixels {
  const corrected = image.slice() as Pixels;
  const most = image.BYTES_PER_ELEMENT === 1 ? 255 : 65_535;
  correctedValues(image, model).forEach((value, i) => {
    // A pixel of 0 where the deviation is 0 has no value: it stays 0.
    corrected[i] = Number.isNaN(value) ? 0 : Math.min(most, Math.max(0, value));
  });
  return corrected;
}
