import { type Random, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { PolarGrid } from "../grid/polarGrid.ts";
import { type Displacements, shellResolutionsA, translationKernel } from "../grid/polarValues.ts";
import { roundHalfEven } from "../grid/round.ts";
import { precisionOf, realArray } from "../precision.ts";
import { type PhysicalStack, type PolarStack, requireStack } from "../stacks.ts";
import { imageNorms, type NormOrder, requireEvery, scaleImages } from "./norms.ts";
import { type NoisyImages, type NormalizedImages, type Snr, snrOf } from "./physical.ts";

/** Transforms divided by their Lp norm over the disc (default L2), or their largest absolute value. @throws {VitrineError} range: transforms of zeros; shape: another grid */
export function normalizePolarImages(
  stack: PolarStack,
  grid: PolarGrid,
  order: NormOrder = 2,
): NormalizedImages<PolarStack> {
  const norms = polarNorms(stack, grid, order);
  requireEvery(norms, "normalizePolarImages");
  return { stack: { ...stack, data: scaleImages(stack.data, norms) }, norms };
}

function polarNorms(stack: PolarStack, grid: PolarGrid, order: NormOrder): Float64Array {
  requireGrid(stack, grid);
  const { integrationWeights, nInplanes } = grid;
  return imageNorms(stack, {
    order,
    parts: 2,
    weightOf: (i) => integrationWeights[Math.floor(i / nInplanes)],
  });
}

/** Refuses transforms that are not on a grid. @throws {VitrineError} shape */
export function requireGrid(stack: PolarStack, { nShells, nInplanes }: PolarGrid): void {
  requireStack(stack, { at: "polar stack", parts: 2 });
  if (stack.shape[1] === nShells && stack.shape[2] === nInplanes) return;
  const found = `${stack.shape[1]} x ${stack.shape[2]}`;
  const expected = `${nShells} shells of ${nInplanes} angles`;
  throw new VitrineError({ code: "shape", at: "polar stack", expected, found });
}

/** Adds complex noise of the same power on every point. @throws {VitrineError} range: a ratio that is not above 0; shape: another grid */
export function addNoisePolar(
  stack: PolarStack,
  grid: PolarGrid,
  options: { readonly snr: Snr; readonly random: Random },
): NoisyImages<PolarStack> {
  requireKnownOptions("addNoisePolar", options, { snr: true, random: true });
  const { snr, random } = options;
  const norms = polarNorms(stack, grid, 2);
  const sigmas = norms.map((norm, m) => norm / Math.sqrt(snrOf(snr, m)));
  const each = stack.data.length / stack.shape[0];
  // half of the power in each part
  const data = stack.data.map(
    (value, i) => value + sigmas[Math.floor(i / each)] * Math.SQRT1_2 * random.normal(),
  );
  return { stack: { ...stack, data }, sigmas };
}

/**
 * Displaces images by what multiplies their transforms.
 *
 * @param options  `displacementsA`: one for all images, or one an image
 * @throws {VitrineError} shape: another number of displacements
 */
export function displacePolarImages(
  stack: PolarStack,
  grid: PolarGrid,
  options: { readonly displacementsA: Displacements; readonly boxSizeA: readonly [number, number] },
): PolarStack {
  requireKnownOptions("displacePolarImages", options, { displacementsA: true, boxSizeA: true });
  const { displacementsA, boxSizeA } = options;
  requireGrid(stack, grid);
  const count = displacementsA.x.length;
  requireCount("displacePolarImages", count, stack.shape[0]);
  if (displacementsA.y.length !== count)
    requireCount("displacePolarImages y", displacementsA.y.length, count);
  const kernel = translationKernel(grid, displacementsA, boxSizeA);
  const data = stack.data.slice();
  for (let i = 0; i < data.length; i += 2) {
    const k = i % kernel.length;
    data[i] = stack.data[i] * kernel[k] - stack.data[i + 1] * kernel[k + 1];
    data[i + 1] = stack.data[i] * kernel[k + 1] + stack.data[i + 1] * kernel[k];
  }
  return { ...stack, data };
}

/**
 * Turns images by the nearest angles of the grid: F(k, θ) becomes F(k, θ + angle).
 *
 * @param anglesRad  one for all images, or one an image
 * @throws {VitrineError} shape: another number of angles
 */
export function rotatePolarImages(stack: PolarStack, anglesRad: ArrayLike<number>): PolarStack {
  const [count, shells, inplanes] = stack.shape;
  requireCount("rotatePolarImages", anglesRad.length, count);
  const data = stack.data.slice();
  for (let row = 0; row < count * shells; row++) {
    const angle = anglesRad[Math.floor(row / shells) % anglesRad.length];
    const turn = roundHalfEven((angle * inplanes) / (2 * Math.PI));
    const from = (((turn % inplanes) + inplanes) % inplanes) * 2;
    const own = stack.data.subarray(row * 2 * inplanes, (row + 1) * 2 * inplanes);
    data.set(own.subarray(from), row * 2 * inplanes);
    data.set(own.subarray(0, from), (row + 1) * 2 * inplanes - from);
  }
  return { ...stack, data };
}

function requireCount(at: string, found: number, images: number): void {
  if (found === 1 || found === images) return;
  throw new VitrineError({ code: "shape", at, expected: `1 or ${images} values`, found: `${found}` });
}

/** Some of the images, in the order of their indices. @throws {VitrineError} range: an index that there is not */
export function selectImages<Stack extends PolarStack | PhysicalStack>(
  stack: Stack,
  indices: ArrayLike<number>,
): Stack {
  const [count, ...sides] = stack.shape;
  const each = stack.data.length / count;
  const data = realArray(precisionOf(stack.data), indices.length * each);
  for (let i = 0; i < indices.length; i++) {
    const m = indices[i];
    if (!(Number.isInteger(m) && m >= 0 && m < count))
      throw new VitrineError({
        code: "range",
        at: `selectImages indices[${i}]`,
        expected: `0 to ${count - 1}`,
        found: `${m}`,
      });
    data.set(stack.data.subarray(m * each, (m + 1) * each), i * each);
  }
  return { ...stack, shape: [indices.length, ...sides], data };
}

/** A power spectrum by shell. */
export interface PowerSpectrum {
  /** Mean of |F|² over images and angles, [shells]. */
  readonly power: Float64Array;
  /** Å, [shells]. */
  readonly resolutionsA: Float64Array;
}

/** The power spectrum of images. @throws {VitrineError} shape: another grid */
export function powerSpectrum(stack: PolarStack, grid: PolarGrid, boxSizeA: number): PowerSpectrum {
  requireGrid(stack, grid);
  const [count, shells, inplanes] = stack.shape;
  const power = new Float64Array(shells);
  for (let row = 0; row < count * shells; row++) {
    let sum = 0;
    for (let i = row * 2 * inplanes; i < (row + 1) * 2 * inplanes; i++) sum += stack.data[i] ** 2;
    power[row % shells] += sum / (count * inplanes);
  }
  return { power, resolutionsA: shellResolutionsA(grid, boxSizeA) };
}
