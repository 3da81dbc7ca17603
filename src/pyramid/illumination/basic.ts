import { VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import {
  type FlatFieldModel,
  type FlatFieldOptions,
  flatFieldOf,
  litImages,
  type SmallImages,
  shrinkAll,
} from "./models.ts";
import type { Plane } from "./smooth.ts";

/** Most steps of one fit, and of new weights. */
const MOST_STEPS = 500;
const MOST_REWEIGHTINGS = 10;
/** A fit ends where what it does not explain is so small a part of the images. */
const TOLERANCE = 1e-3;
/** Weights end to change where the field moves by less. */
const FIELD_TOLERANCE = 1e-2;
const FIRST_PENALTY = 12.5;
const PENALTY_GROWTH = 1.5;
/** What a residual of 0 counts, so that no weight is infinite. */
const LEAST_RESIDUAL = 0.1;

/**
 * The flat field after BaSiC: every image is a brightness of its own times one field that is smooth (few cosines), and few pixels that are
 * otherwise (cells). It needs no background in most sites, as {@link medianModel} does; 30 sites or more are wanted.
 *
 * @param images  of one channel, (height, width) each
 * @throws {VitrineError} undeterminable: no image
 *
 * Source: Peng et al. 2017, Nat. Commun. 8:14836, without its dark field, which is given.
 */
export function basicModel(
  size: PixelSize,
  images: readonly ArrayLike<number>[],
  options: FlatFieldOptions = {},
): FlatFieldModel {
  requireKnownOptions("basicModel", options, { dark: true, side: true, onLeftOut: true });
  if (images.length === 0) {
    throw new VitrineError({ code: "undeterminable", at: "basicModel", expected: "images", found: "none" });
  }
  return basicModelOf(shrinkAll(size, images, options.side), { ...options, size });
}

/** {@link basicModel} of images that are small already; at least one. */
export function basicModelOf(small: readonly Plane[], options: SmallImages): FlatFieldModel {
  const { size, dark = 0 } = options;
  const lit = litImages(small, options).map(({ plane }) => plane);
  // A channel without light has no field.
  if (lit.length === 0)
    return { kind: "flatfield", flat: new Float32Array(size.height * size.width).fill(1), dark };
  const mean = meanOf(lit.map(({ data }) => meanOf(data)));
  const { height, width } = lit[0];
  const data = reweighted(
    lit.map((image) => image.data.map((value) => value / mean)),
    { height, width },
  );
  return flatFieldOf({ height, width, data }, size, dark);
}

const meanOf = (values: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
};

/** Fits again with less weight where the last fit left much, until the field stays as it is. */
function reweighted(images: readonly Float64Array[], size: PixelSize): Float64Array {
  const cosines = cosineTransforms(size);
  const average = images[0].map((_, i) => meanOf(images.map((image) => image[i])));
  const level = meanOf(average);
  const spectrum = cosines.forward(average.map((value) => value / level));
  const smoothness = (0.5 * spectrum.reduce((sum, value) => sum + Math.abs(value), 0)) / 400;
  let weights = images.map((image) => new Float64Array(image.length).fill(1));
  let field = new Float64Array(average.length).fill(1);
  for (let round = 0; round < MOST_REWEIGHTINGS; round++) {
    const fit = fitField(images, { weights, smoothness, cosines });
    const before = field;
    const mean = meanOf(fit.field);
    field = fit.field.map((value) => value / mean);
    const moved = meanOf(field.map((value, i) => Math.abs(value - before[i])));
    if (moved <= FIELD_TOLERANCE) break;
    const scale = mean * meanOf(fit.brightness);
    weights = fit.residuals.map((residual) =>
      residual.map((value) => 1 / (Math.abs(value) / scale + LEAST_RESIDUAL)),
    );
    const all = meanOf(weights.map(meanOf));
    weights = weights.map((image) => image.map((value) => value / all));
  }
  return field;
}

interface FieldFit {
  readonly field: Float64Array;
  readonly brightness: Float64Array;
  readonly residuals: readonly Float64Array[];
}

interface FitOptions {
  readonly weights: readonly Float64Array[];
  readonly smoothness: number;
  readonly cosines: CosineTransforms;
}

/** Minimises mean |W R| + smoothness |DCT F| with I = b F + R by the augmented Lagrangian, one variable after the other. */
function fitField(images: readonly Float64Array[], { weights, smoothness, cosines }: FitOptions): FieldFit {
  // The largest singular value of images that are nearly one pattern is nearly the norm of all.
  const norm = Math.sqrt(images.reduce((sum, image) => sum + dot(image, image), 0));
  const sites = images.map((image, k) => ({
    image,
    weights: weights[k],
    residual: new Float64Array(image.length),
    multiplier: new Float64Array(image.length),
    brightness: 1,
  }));
  let field: Float64Array = new Float64Array(images[0].length);
  let penalty = FIRST_PENALTY / norm;
  for (let step = 0; step < MOST_STEPS; step++) {
    const curvature = 1.02 * sites.reduce((sum, { brightness }) => sum + brightness ** 2, 0);
    // smoothness is weighed against the mean over images, not their sum: else many images make a rough field, with cells in it
    const limit = (sites.length * smoothness) / (curvature * penalty);
    const next = cosines.forward(descended(field, sites, { curvature, penalty }));
    field = cosines.inverse(next.map((value) => towardsZero(value, limit)));
    const missed = sites.reduce((sum, site) => sum + explain(site, field, penalty), 0);
    if (Math.sqrt(missed) < TOLERANCE * norm) break;
    penalty *= PENALTY_GROWTH;
  }
  const brightness = Float64Array.from(sites, (site) => site.brightness);
  return { field, brightness, residuals: sites.map(({ residual }) => residual) };
}

/** One image of a fit: I = brightness x field + residual, and how much that has been missed so far. */
interface FitSite {
  readonly image: Float64Array;
  readonly weights: Float64Array;
  readonly residual: Float64Array;
  readonly multiplier: Float64Array;
  brightness: number;
}

/** The field one step down the slope of what it misses. */
function descended(
  field: Float64Array,
  sites: readonly FitSite[],
  { curvature, penalty }: { readonly curvature: number; readonly penalty: number },
): Float64Array {
  const next = field.slice();
  for (const { image, residual, multiplier, brightness } of sites) {
    const part = brightness / curvature;
    for (let i = 0; i < next.length; i++) {
      next[i] += part * (image[i] - brightness * field[i] - residual[i] + multiplier[i] / penalty);
    }
  }
  return next;
}

/** Finds residual, brightness and multiplier of a site under a field; gives the sum of squares that is missed. */
function explain(site: FitSite, field: Float64Array, penalty: number): number {
  const { image, weights, residual, multiplier } = site;
  let shared = 0;
  for (let i = 0; i < image.length; i++) {
    const rest = image[i] - site.brightness * field[i] + multiplier[i] / penalty;
    residual[i] = towardsZero(rest, weights[i] / penalty);
    shared += (image[i] - residual[i]) * field[i];
  }
  site.brightness = Math.max(0, shared / dot(field, field));
  let missed = 0;
  for (let i = 0; i < image.length; i++) {
    const difference = image[i] - residual[i] - site.brightness * field[i];
    multiplier[i] += penalty * difference;
    missed += difference * difference;
  }
  return missed;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function towardsZero(value: number, amount: number): number {
  return Math.sign(value) * Math.max(0, Math.abs(value) - amount);
}

/** Orthonormal cosine transforms of a plane. */
interface CosineTransforms {
  forward(plane: Float64Array): Float64Array;
  inverse(spectrum: Float64Array): Float64Array;
}

function cosineTransforms({ height, width }: PixelSize): CosineTransforms {
  const [rows, columns] = [cosineMatrix(height), cosineMatrix(width)];
  return {
    forward: (plane) => product(product(rows.along, plane, height), columns.across, width),
    inverse: (spectrum) => product(product(rows.across, spectrum, height), columns.along, width),
  };
}

/** The cosines of `length` samples, a frequency a row, and the same turned over. */
function cosineMatrix(length: number): { readonly along: Float64Array; readonly across: Float64Array } {
  const cosine = (k: number, i: number) =>
    Math.sqrt((k === 0 ? 1 : 2) / length) * Math.cos(((2 * i + 1) * k * Math.PI) / (2 * length));
  const along = Float64Array.from({ length: length ** 2 }, (_, at) =>
    cosine(Math.floor(at / length), at % length),
  );
  const across = Float64Array.from({ length: length ** 2 }, (_, at) =>
    cosine(at % length, Math.floor(at / length)),
  );
  return { along, across };
}

/** (m, n) = (m, inner) x (inner, n). */
function product(a: Float64Array, b: Float64Array, inner: number): Float64Array {
  const [m, n] = [a.length / inner, b.length / inner];
  const result = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k];
      for (let j = 0; j < n; j++) result[i * n + j] += factor * b[k * n + j];
    }
  }
  return result;
}
