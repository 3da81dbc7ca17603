import { type Random, VitrineError } from "../../core/index.ts";
import { precisionOf, realArray } from "../precision.ts";
import { type PhysicalStack, requireStack } from "../stacks.ts";
import { imageNorms, type NormOrder, perImage, requireEvery, scaleImages } from "./norms.ts";

/** What images became, and what they were divided by. */
export interface NormalizedImages<Stack> {
  readonly stack: Stack;
  /** One an image. */
  readonly norms: Float64Array;
}

/** Images with mean 0, and what was taken off. */
export interface CenteredImages extends NormalizedImages<PhysicalStack> {
  readonly means: Float64Array;
}

/**
 * Images less their mean, divided by their largest absolute value or their standard deviation (of a sample, as torch has it).
 *
 * @throws {VitrineError} range: an image that is the same everywhere
 */
export function centerPhysicalImages(stack: PhysicalStack, norm: "max" | "std" = "max"): CenteredImages {
  requireStack(stack, { at: "centerPhysicalImages stack", parts: 1 });
  const { shape, data } = stack;
  const pixels = shape[1] * shape[2];
  const means = perImage(shape[0], (m) => sumOf(data, m * pixels, pixels) / pixels);
  const centred = data.map((value, i) => value - means[Math.floor(i / pixels)]);
  const norms = perImage(shape[0], (m) => {
    const own = centred.subarray(m * pixels, (m + 1) * pixels);
    if (norm === "max") return largestOf(own);
    return Math.sqrt(squaresOf(own) / (pixels - 1));
  });
  requireEvery(norms, "centerPhysicalImages");
  return { stack: { ...stack, data: scaleImages(centred, norms) }, means, norms };
}

function sumOf(data: PhysicalStack["data"], from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += data[i];
  return sum;
}

function squaresOf(data: PhysicalStack["data"]): number {
  let sum = 0;
  for (const value of data) sum += value * value;
  return sum;
}

/** NaN where there is one. */
function largestOf(data: PhysicalStack["data"]): number {
  let most = 0;
  for (const value of data) most = Math.max(most, Math.abs(value));
  return most;
}

/** Images divided by their Lp norm (default L1) or their largest absolute value. @throws {VitrineError} range: an image of zeros, an order below 1 */
export function normalizePhysicalImages(
  stack: PhysicalStack,
  order: NormOrder = 1,
): NormalizedImages<PhysicalStack> {
  requireStack(stack, { at: "normalizePhysicalImages stack", parts: 1 });
  const norms = imageNorms(stack, { order, parts: 1, weightOf: () => 1 });
  requireEvery(norms, "normalizePhysicalImages");
  return { stack: { ...stack, data: scaleImages(stack.data, norms) }, norms };
}

/** Signal-to-noise ratios, one for all or one an image: power of the signal over that of the noise. */
export type Snr = number | ArrayLike<number>;

/** Images with noise, and its standard deviations. */
export interface NoisyImages<Stack> {
  readonly stack: Stack;
  readonly sigmas: Float64Array;
}

/**
 * Adds white noise.
 *
 * @param random  which numbers: the same generator gives the same noise
 * @throws {VitrineError} range: a ratio that is not above 0
 */
export function addNoisePhysical(stack: PhysicalStack, snr: Snr, random: Random): NoisyImages<PhysicalStack> {
  const { shape, data } = stack;
  const pixels = shape[1] * shape[2];
  const norms = imageNorms(stack, { order: 2, parts: 1, weightOf: () => 1 / pixels });
  const sigmas = norms.map((norm, m) => norm / Math.sqrt(snrOf(snr, m)));
  return {
    stack: {
      ...stack,
      data: data.map((value, i) => value + sigmas[Math.floor(i / pixels)] * random.normal()),
    },
    sigmas,
  };
}

/** The ratio of an image. @throws {VitrineError} range: not above 0, or none for the image */
export function snrOf(snr: Snr, image: number): number {
  const value = typeof snr === "number" ? snr : snr[image];
  if (value > 0) return value;
  throw new VitrineError({
    code: "range",
    at: `snr of image ${image}`,
    expected: "a number above 0",
    found: `${value}`,
  });
}

/**
 * Makes images smaller by the mean or the largest value of blocks of pixels. What is left over at the ends of axes is cut off.
 *
 * @param factor  pixels of a block along each axis; 1, or even
 * @throws {VitrineError} range: another factor
 */
export function downsamplePhysicalImages(
  stack: PhysicalStack,
  factor: number,
  kind: "mean" | "max" = "mean",
): PhysicalStack {
  requireDownsampleFactor(factor);
  if (factor === 1) return stack;
  const [count, nx, ny] = stack.shape;
  const [x, y] = [Math.floor(nx / factor), Math.floor(ny / factor)];
  const data = stack.data.slice(0, count * x * y);
  for (let i = 0; i < data.length; i++) {
    const [m, a, b] = [Math.floor(i / (x * y)), Math.floor(i / y) % x, i % y];
    data[i] = pooled(stack.data, { at: (m * nx + a * factor) * ny + b * factor, row: ny, factor, kind });
  }
  const [px, py] = stack.pixelSizeA;
  return { shape: [count, x, y], data, pixelSizeA: [px * factor, py * factor] };
}

/** @throws {VitrineError} range: neither 1 nor even */
export function requireDownsampleFactor(factor: number): void {
  if (factor === 1 || (Number.isInteger(factor) && factor >= 2 && factor % 2 === 0)) return;
  throw new VitrineError({
    code: "range",
    at: "downsample factor",
    expected: "1 or an even number",
    found: `${factor}`,
  });
}

interface Block {
  readonly at: number;
  readonly row: number;
  readonly factor: number;
  readonly kind: "mean" | "max";
}

function pooled(data: PhysicalStack["data"], { at, row, factor, kind }: Block): number {
  let [sum, most] = [0, Number.NEGATIVE_INFINITY];
  for (let a = 0; a < factor; a++)
    for (let b = 0; b < factor; b++) {
      const value = data[at + a * row + b];
      sum += value;
      if (value > most) most = value;
    }
  return kind === "mean" ? sum / (factor * factor) : most;
}

/** A new size of images: in pixels, or as Å of their box. */
export type PhysicalSize =
  | { readonly nPixels: readonly [x: number, y: number] }
  | { readonly boxSizeA: readonly [x: number, y: number] };

/** Parts of a pixel that a box may lack: sizes are rounded somewhere on their way. */
const BOX_TOLERANCE = 1e-3;

/** Images with zeros around them, or without their edges; their middle stays. @throws {VitrineError} range: a size below a pixel */
export function changeImagesPhysSize(stack: PhysicalStack, size: PhysicalSize): PhysicalStack {
  const [count, nx, ny] = stack.shape;
  const pixelsOf = (axis: 0 | 1) =>
    "nPixels" in size
      ? size.nPixels[axis]
      : Math.floor(size.boxSizeA[axis] / stack.pixelSizeA[axis] + BOX_TOLERANCE);
  const [x, y] = [pixelsOf(0), pixelsOf(1)];
  if (![x, y].every((n) => Number.isInteger(n) && n > 0))
    throw new VitrineError({
      code: "range",
      at: "changeImagesPhysSize",
      expected: "whole numbers of pixels above 0",
      found: `${x} x ${y}`,
    });
  const [shiftX, shiftY] = [shiftOf(nx, x), shiftOf(ny, y)];
  const data = realArray(precisionOf(stack.data), count * x * y);
  for (let i = 0; i < data.length; i++) {
    const a = (Math.floor(i / y) % x) - shiftX;
    const b = (i % y) - shiftY;
    if (a >= 0 && a < nx && b >= 0 && b < ny)
      data[i] = stack.data[(Math.floor(i / (x * y)) * nx + a) * ny + b];
  }
  return { shape: [count, x, y], data, pixelSizeA: stack.pixelSizeA };
}

/** From an old pixel to its new place. */
function shiftOf(from: number, to: number): number {
  return to >= from ? Math.floor((to - from) / 2) : -Math.floor((from - to) / 2);
}

/**
 * Which images have no edge that repeats itself, as those have that were cut out at the end of a micrograph and filled up.
 *
 * @param tolerance  relative difference up to which the outermost two rows or columns are the same
 */
export function filterPaddedImages({ shape, data }: PhysicalStack, tolerance = 0.1): boolean[] {
  const [count, nx, ny] = shape;
  return Array.from({ length: count }, (_, m) => {
    const value = (a: number, b: number) => data[(m * nx + a) * ny + b];
    const isSame = (length: number, at: (i: number, depth: 0 | 1) => number) =>
      Array.from(
        { length },
        (_, i) => Math.abs(at(i, 0) - at(i, 1)) <= 1e-8 + tolerance * Math.abs(at(i, 1)),
      ).every(Boolean);
    return !(
      isSame(ny, (i, depth) => value(depth, i)) ||
      isSame(nx, (i, depth) => value(i, depth)) ||
      isSame(ny, (i, depth) => value(nx - 1 - depth, i)) ||
      isSame(nx, (i, depth) => value(i, ny - 1 - depth))
    );
  });
}
