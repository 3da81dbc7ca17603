import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { PolarGrid } from "../grid/polarGrid.ts";
import { polarPoints } from "../grid/polarValues.ts";
import { isDouble, type Precision, precisionOf, realArray } from "../precision.ts";
import { type PhysicalStack, type PolarStack, requireFinite, requireStack } from "../stacks.ts";
import { createFineGrid, emptyGrid, type FineGrid, gridToModes, modesToGrid } from "./fineGrid.ts";
import { interpolate, type PlannedPoints, planPoints, roomForPoints, spread } from "./points.ts";

/** What images and their transforms have in common. */
export interface PolarTransformOptions {
  readonly nPixels: readonly [x: number, y: number];
  readonly grid: PolarGrid;
  /** Of the transforms, and of images that come back; default that of what is transformed. */
  readonly precision?: Precision;
  /** Accuracy; default 1e-7 in single precision, 1e-12 in double. */
  readonly eps?: number;
}

/** Transforms of many images of one size: places of points are planned once. Whoever has it may use it as long as it likes. */
export interface PolarTransform {
  /**
   * Transforms of real images on the points of the grid:
   * F(k, θ) = 4π / √(Nx Ny) · Σ I[a, b] exp(-2πi (kx xa + ky yb)), pixels at x = 2 (a - floor(N / 2)) / N.
   *
   * @throws {VitrineError} shape: images of another size; range: values that are no numbers
   */
  toPolar(images: PhysicalStack): PolarStack;
  /**
   * Images of transforms: I[a, b] = Re 4π / √(Nx Ny) · Σ w F exp(+2πi (kx xa + ky yb)), w the shell's weight over its angles.
   *
   * @throws {VitrineError} shape: transforms on another grid
   */
  toPhysical(transforms: PolarStack, pixelSizeA: readonly [x: number, y: number]): PhysicalStack;
}

/**
 * Plans transforms between pixels and a polar grid.
 *
 * @throws {VitrineError} range: an accuracy that there is not
 *
 * Accuracy: 4e-13 of CryoLike's with eps 1e-12, 1e-7 with 1e-7 (images.test.ts).
 * Source: CryoLike 0.0.1 (scaling).
 */
export function createPolarTransform(options: PolarTransformOptions): PolarTransform {
  requireKnownOptions("createPolarTransform", options, {
    nPixels: true,
    grid: true,
    precision: true,
    eps: true,
  });
  const plans = new Map<number, Plan>();
  const planOf = (data: PhysicalStack["data"]) => {
    const eps = options.eps ?? (isDouble(options.precision ?? precisionOf(data)) ? 1e-12 : 1e-7);
    const plan = plans.get(eps) ?? createPlan(options, eps);
    plans.set(eps, plan);
    return plan;
  };
  return {
    toPolar(images) {
      requireStack(images, { at: "toPolar images", parts: 1 });
      requireSides("toPolar images", images.shape.slice(1), options.nPixels);
      requireFinite(images, "toPolar images");
      return toPolar(images, planOf(images.data), options);
    },
    toPhysical(transforms, pixelSizeA) {
      requireStack(transforms, { at: "toPhysical transforms", parts: 2 });
      const { nShells, nInplanes } = options.grid;
      requireSides("toPhysical transforms", transforms.shape.slice(1), [nShells, nInplanes]);
      const { shape, data } = toPhysical(transforms, planOf(transforms.data), options);
      return { shape, data, pixelSizeA };
    },
  };
}

interface Plan {
  readonly forward: FineGrid;
  readonly backward: FineGrid;
  readonly points: PlannedPoints;
  /** Points on half of each circle, where those on the other half are conjugate. */
  readonly half: PlannedPoints | undefined;
}

function createPlan({ nPixels, grid }: PolarTransformOptions, eps: number): Plan {
  const { x, y } = polarPoints(grid);
  const forward = createFineGrid(nPixels, { eps, sign: -1 });
  const { width } = forward.spreading;
  const axes = [
    x.map((kx) => (4 * Math.PI * kx) / nPixels[0]),
    y.map((ky) => (4 * Math.PI * ky) / nPixels[1]),
  ];
  const { nInplanes, halfSpace } = grid;
  const isHalved = nInplanes % 2 === 0 && !halfSpace;
  const firstHalf = axes.map((places) => places.filter((_, i) => i % nInplanes < nInplanes / 2));
  const plan = (places: readonly Float64Array[]) => {
    const points = roomForPoints(places[0].length, { axes: 2, width });
    planPoints(forward, places, points);
    return points;
  };
  return {
    forward,
    backward: createFineGrid(nPixels, { eps, sign: 1 }),
    points: plan(axes),
    half: isHalved ? plan(firstHalf) : undefined,
  };
}

function toPolar(
  { shape, data }: PhysicalStack,
  { forward, points, half }: Plan,
  { nPixels, grid, precision = precisionOf(data) }: PolarTransformOptions,
): PolarStack {
  const { nShells, nInplanes } = grid;
  const each = 2 * nShells * nInplanes;
  const result = realArray(precision, shape[0] * each);
  const cells = emptyGrid(forward);
  const used = half ?? points;
  const values = new Float64Array(2 * used.count);
  const scale = (4 * Math.PI) / Math.sqrt(nPixels[0] * nPixels[1]);
  const pixels = nPixels[0] * nPixels[1];
  for (let image = 0; image < shape[0]; image++) {
    const own = data.subarray(image * pixels, (image + 1) * pixels);
    modesToGrid(forward, { data: own, isReal: true }, cells);
    interpolate(forward, cells, used, values);
    const into = result.subarray(image * each, (image + 1) * each);
    for (let i = 0; i < values.length; i++) values[i] *= scale;
    if (half === undefined) into.set(values);
    else placeHalves(values, into, nInplanes);
  }
  return { shape: [shape[0], nShells, nInplanes], data: result };
}

/** Values on the first half of every circle, and their conjugates on the second. */
function placeHalves(values: Float64Array, into: Float32Array | Float64Array, nInplanes: number): void {
  for (let from = 0, to = 0; from < values.length; from += nInplanes, to += 2 * nInplanes)
    for (let i = 0; i < nInplanes; i += 2) {
      into[to + i] = values[from + i];
      into[to + i + 1] = values[from + i + 1];
      into[to + nInplanes + i] = values[from + i];
      into[to + nInplanes + i + 1] = -values[from + i + 1];
    }
}

function toPhysical(
  { shape, data }: PolarStack,
  { backward, points }: Plan,
  { nPixels, grid, precision = precisionOf(data) }: PolarTransformOptions,
): Pick<PhysicalStack, "shape" | "data"> {
  const { nShells, nInplanes, shellWeights } = grid;
  const each = 2 * nShells * nInplanes;
  const pixels = nPixels[0] * nPixels[1];
  const result = realArray(precision, shape[0] * pixels);
  const cells = emptyGrid(backward);
  const scale = (4 * Math.PI) / Math.sqrt(pixels) / nInplanes;
  const values = new Float64Array(each);
  for (let image = 0; image < shape[0]; image++) {
    for (let i = 0; i < each; i++)
      values[i] = scale * shellWeights[Math.floor(i / (2 * nInplanes))] * data[image * each + i];
    cells.fill(0);
    spread(backward, values, points, cells);
    const modes = gridToModes(backward, cells);
    for (let i = 0; i < pixels; i++) result[image * pixels + i] = modes[2 * i];
  }
  return { shape: [shape[0], nPixels[0], nPixels[1]], data: result };
}

function requireSides(at: string, found: readonly number[], expected: readonly number[]): void {
  if (found[0] === expected[0] && found[1] === expected[1]) return;
  throw new VitrineError({ code: "shape", at, expected: expected.join(" x "), found: found.join(" x ") });
}
