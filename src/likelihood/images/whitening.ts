import { VitrineError } from "../../core/index.ts";
import type { PolarGrid } from "../grid/polarGrid.ts";
import type { RealArray } from "../precision.ts";
import type { PolarStack } from "../stacks.ts";

/** Cycles per half box: centring takes power from shells below, which have that of the next one. */
const LEAST_RADIUS = 0.75;
/** Of the mean power: shells without noise would count without end. */
const LEAST = 1e-6;

/**
 * The noise of images as measured: their mean power on every shell, [shells], of which signal is a small part in single particles. Its geometric mean over
 * the disc is 1, so that log-likelihoods of whitened images have the constants of others.
 *
 * @throws {VitrineError} range: images that are nothing
 */
export function measureNoisePower({ shape, data }: PolarStack, grid: PolarGrid): Float64Array {
  const [count, shells, inplanes] = shape;
  const power = new Float64Array(shells);
  for (let row = 0, at = 0; row < count * shells; row++) {
    let sum = 0;
    for (const end = at + 2 * inplanes; at < end; at++) sum += data[at] ** 2;
    power[row % shells] += sum / (count * inplanes);
  }
  const first = grid.radii.findIndex((radius) => radius >= LEAST_RADIUS);
  if (first > 0) power.fill(power[first], 0, first);
  const mean = power.reduce((sum, value) => sum + value, 0) / shells;
  if (!(mean > 0))
    throw new VitrineError({
      code: "range",
      at: "whitening",
      expected: "images with power",
      found: `${mean}`,
    });
  const floored = power.map((value) => Math.max(value, LEAST * mean));
  const area = grid.integrationWeights.reduce((sum, weight) => sum + weight, 0);
  const logMean =
    floored.reduce((sum, value, k) => sum + Math.log(value) * grid.integrationWeights[k], 0) / area;
  return floored.map((value) => value / Math.exp(logMean));
}

/** Divides transforms, complex or real (CTFs), by the root of the noise's power: noise is white afterwards. */
export function whiten<
  Stack extends { readonly shape: readonly [number, number, number]; readonly data: RealArray },
>(stack: Stack, noisePower: Float64Array): Stack {
  const shells = stack.shape[1];
  const row = stack.data.length / (stack.shape[0] * shells);
  const factors = noisePower.map((power) => power ** -0.5);
  return { ...stack, data: stack.data.map((value, i) => value * factors[Math.floor(i / row) % shells]) };
}
