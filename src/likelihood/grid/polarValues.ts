import { VitrineError } from "../../core/index.ts";
import type { RealArray } from "../precision.ts";
import type { NonUniformPolarGrid, PolarGrid } from "./polarGrid.ts";
import { sinc } from "./round.ts";

/** Cartesian places of the points of a grid, in cycles per half box, [points]. */
export interface PolarPoints {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** x = k cos θ along axis 0 and y = k sin θ along axis 1 of every point, shells outermost. */
export function polarPoints(grid: PolarGrid | NonUniformPolarGrid): PolarPoints {
  if ("pointRadii" in grid) {
    const { pointRadii, pointThetas } = grid;
    return {
      x: pointRadii.map((k, i) => k * Math.cos(pointThetas[i])),
      y: pointRadii.map((k, i) => k * Math.sin(pointThetas[i])),
    };
  }
  const { nShells, nInplanes, radii, thetas } = grid;
  const at = { length: nShells * nInplanes };
  const radius = (i: number) => radii[Math.floor(i / nInplanes)];
  return {
    x: Float64Array.from(at, (_, i) => radius(i) * Math.cos(thetas[i % nInplanes])),
    y: Float64Array.from(at, (_, i) => radius(i) * Math.sin(thetas[i % nInplanes])),
  };
}

/** Of every point, what integrals multiply it by: they add up to π · radiusMax². */
export function pointWeights(grid: PolarGrid | NonUniformPolarGrid): Float64Array {
  if ("pointWeights" in grid) return grid.pointWeights.map((weight) => weight * (2 * Math.PI) ** 2);
  const { nShells, nInplanes, integrationWeights } = grid;
  return Float64Array.from(
    { length: nShells * nInplanes },
    (_, i) => integrationWeights[Math.floor(i / nInplanes)],
  );
}

/**
 * The integrals of real functions over the disc of Fourier space.
 *
 * @param values  (functions, points) in C order
 * @returns       one a function
 * @throws {VitrineError} shape: not a multiple of the points
 */
export function integratePolar(grid: PolarGrid | NonUniformPolarGrid, values: RealArray): Float64Array {
  const weights = pointWeights(grid);
  const points = weights.length;
  if (values.length % points !== 0) {
    const expected = `a multiple of ${points} values, the points of the grid`;
    throw new VitrineError({
      code: "shape",
      at: "integratePolar values",
      expected,
      found: `${values.length}`,
    });
  }
  return Float64Array.from({ length: values.length / points }, (_, f) => {
    let sum = 0;
    for (let i = 0; i < points; i++) sum += values[f * points + i] * weights[i];
    return sum;
  });
}

/** A mask of real space, as its transform on the points of a grid. */
export interface PolarMask {
  /** [points] */
  readonly values: Float64Array;
  /** ∫ |mask|². */
  readonly integral: number;
}

/** Of a mask at x and y, cycles per half box. */
export type MaskFunction = (x: number, y: number) => number;

/** The transform of the whole box. */
const boxMask: MaskFunction = (x, y) => 4 * sinc(2 * x) * sinc(2 * y);

/** What of the images is compared, for integrated likelihoods: by default the whole box, 4 sinc(2x) sinc(2y). */
export function polarMask(grid: PolarGrid | NonUniformPolarGrid, mask: MaskFunction = boxMask): PolarMask {
  const { x, y } = polarPoints(grid);
  const weights = pointWeights(grid);
  const values = x.map((value, i) => mask(value, y[i]));
  const integral = values.reduce((sum, value, i) => sum + value * value * weights[i], 0);
  return { values, integral };
}

/** Å of every shell: box / 2k. */
export function shellResolutionsA(grid: Pick<PolarGrid, "radii">, boxSizeA: number): Float64Array {
  return grid.radii.map((radius) => boxSizeA / (2 * radius));
}

/** Displacements in Å, [displacements] each. */
export interface Displacements {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/**
 * What multiplies a transform where its image is displaced: exp(-2πi (2 / box) (kx dx + ky dy)).
 *
 * @param boxSizeA  along x and y
 * @returns         (displacements, points), complex
 */
export function translationKernel(
  grid: PolarGrid | NonUniformPolarGrid,
  displacementsA: Displacements,
  boxSizeA: readonly [number, number],
): Float64Array {
  const { x, y } = polarPoints(grid);
  const count = displacementsA.x.length;
  const kernel = new Float64Array(2 * count * x.length);
  for (let d = 0, to = 0; d < count; d++) {
    const dx = (-4 * Math.PI * displacementsA.x[d]) / boxSizeA[0];
    const dy = (-4 * Math.PI * displacementsA.y[d]) / boxSizeA[1];
    for (let i = 0; i < x.length; i++) {
      const angle = x[i] * dx + y[i] * dy;
      kernel[to++] = Math.cos(angle);
      kernel[to++] = Math.sin(angle);
    }
  }
  return kernel;
}
