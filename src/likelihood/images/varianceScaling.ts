import type { Random } from "../../core/index.ts";
import { requireKnownOptions } from "../../core/index.ts";
import { createPolarTransform } from "../fourier/polarTransform.ts";
import type { PolarGrid } from "../grid/polarGrid.ts";

/** Of what images the variance is taken. */
export interface VarianceScalingOptions {
  readonly nPixels: readonly [x: number, y: number];
  readonly grid: PolarGrid;
  readonly random: Random;
  /** Images of noise; default as many as shells. */
  readonly nSamples?: number;
}

/** The variance, on every shell of a polar grid, of white noise of variance 1 in the pixels, [shells]; measured. */
export function varianceScaling(options: VarianceScalingOptions): Float64Array {
  requireKnownOptions("varianceScaling", options, {
    nPixels: true,
    grid: true,
    random: true,
    nSamples: true,
  });
  const { nPixels, grid, random, nSamples = grid.nShells } = options;
  const transform = createPolarTransform({ nPixels, grid, precision: "double" });
  const { nShells, nInplanes } = grid;
  const [sums, squares] = [new Float64Array(2 * nShells), new Float64Array(nShells)];
  for (let sample = 0; sample < nSamples; sample++) {
    const data = Float64Array.from({ length: nPixels[0] * nPixels[1] }, () => random.normal());
    const { data: values } = transform.toPolar({ shape: [1, ...nPixels], data, pixelSizeA: [1, 1] });
    for (let i = 0; i < values.length; i++) {
      const shell = Math.floor(i / (2 * nInplanes));
      sums[2 * shell + (i % 2)] += values[i];
      squares[shell] += values[i] ** 2;
    }
  }
  const count = nSamples * nInplanes;
  return squares.map((square, n) => square / count - (sums[2 * n] ** 2 + sums[2 * n + 1] ** 2) / count ** 2);
}
