import { MEMORY_LIMIT } from "../../compute/index.ts";
import { progressTeller, requireNotAborted } from "../../core/index.ts";
import { emptyGrid, type FineGrid, modesToGrid } from "../fourier/fineGrid.ts";
import { interpolate, planPoints, roomForPoints } from "../fourier/points.ts";
import { createSlices, type SlicesPlan, type SlicesSize, slicesPlan } from "../kernels/index.ts";
import { realArray } from "../precision.ts";
import type { PolarStack } from "../stacks.ts";
import {
  makeStack,
  placeSlice,
  requireNumbers,
  type SliceOf,
  type TemplateDescriptor,
  type TemplateOptions,
} from "./makeStack.ts";
import { isHalved, rayPoints, raysToShells, sliceDirections } from "./slices.ts";

/** What slices are of: the transform of a real array, which a grid of three axes has modes for. */
export interface GridSlices {
  readonly grid: FineGrid;
  readonly data: ArrayLike<number>;
  /** Radians per mode of a cycle per half box. */
  readonly scale: number;
  /** [shells] What values are multiplied with; default 1. */
  readonly gains?: Float64Array;
  /** (shells, angles of a slice) What is taken off real parts then; default nothing. */
  readonly offsets?: Float64Array;
}

/** Slices of a run: enough for many threads, few enough to stop soon. */
const BATCH = 16;
/** Of the workers' memory, for whatever else is in it. */
const SPARE_BYTES = 2 ** 28;

/** Angles of a slice: half of a circle where the other half is conjugate. */
export function sliceAngles({ polarGrid }: Pick<TemplateDescriptor, "polarGrid">): number {
  return isHalved(polarGrid) ? polarGrid.nInplanes / 2 : polarGrid.nInplanes;
}

/**
 * Makes a stack of slices of a grid: in a backend's workers where one is given and its memory has room for the grid, else in the calling thread. Results do not
 * depend on the number of workers; the calling thread's differ in the last digit of float64.
 *
 * @throws {VitrineError} aborted; range: values that are no numbers
 */
export async function makeGridStack(
  descriptor: TemplateDescriptor,
  options: TemplateOptions,
  slices: GridSlices,
): Promise<PolarStack> {
  const { backend } = options;
  const size = sizeOf(descriptor, slices);
  if (backend === undefined || backend.bytes(slicesPlan, size) > MEMORY_LIMIT - SPARE_BYTES)
    return makeStack(descriptor, options, { isReal: true, sliceOf: sliceMaker(descriptor, slices) });
  const plan = createSlices(backend, size);
  try {
    setSlices(plan, descriptor, slices);
    return await runSlices(plan, descriptor, options);
  } finally {
    plan.dispose();
  }
}

function sizeOf(descriptor: TemplateDescriptor, { grid }: GridSlices): SlicesSize {
  const { cells, padded, spreading } = grid;
  const { width, degree } = spreading;
  const angles = sliceAngles(descriptor);
  const batch = Math.min(BATCH, descriptor.viewingAngles.count);
  return { cells, padded, width, degree, shells: descriptor.polarGrid.nShells, angles, batch };
}

function setSlices(
  plan: SlicesPlan,
  { polarGrid }: TemplateDescriptor,
  { grid, data, scale, gains, offsets }: GridSlices,
): void {
  const { width, degree, shells, angles } = plan.size;
  const cells = emptyGrid(grid);
  modesToGrid(grid, { data, isReal: true }, cells);
  plan.set("grid", cells);
  const { coefficients } = grid.spreading;
  const byPower = new Float64Array(coefficients.length);
  for (let piece = 0; piece < width; piece++)
    for (let d = 0; d <= degree; d++) byPower[d * width + piece] = coefficients[piece * (degree + 1) + d];
  plan.set("coefficients", byPower);
  plan.set(
    "radii",
    polarGrid.radii.map((radius) => (radius * scale) / (2 * Math.PI)),
  );
  plan.set("gains", gains ?? new Float64Array(shells).fill(1));
  plan.set("offsets", offsets ?? new Float64Array(shells * angles));
}

async function runSlices(
  plan: SlicesPlan,
  { viewingAngles, polarGrid, precision }: TemplateDescriptor,
  { signal, onProgress }: TemplateOptions,
): Promise<PolarStack> {
  const { nShells, nInplanes, thetas } = polarGrid;
  const { batch, angles } = plan.size;
  const each = 2 * nShells * nInplanes;
  const stack = realArray(precision, viewingAngles.count * each);
  const values = new Float64Array(2 * nShells * angles);
  const place = { nInplanes, half: angles < nInplanes };
  const tell = progressTeller(onProgress, { unit: "templates" });
  for (let first = 0; first < viewingAngles.count; first += batch) {
    requireNotAborted(signal, "templates");
    const count = Math.min(batch, viewingAngles.count - first);
    for (let i = 0; i < count; i++) {
      const { x, y, z } = sliceDirections(viewingAngles, first + i, { thetas, count: angles });
      plan.set("directions", Float64Array.from([...x, ...y, ...z]), i);
    }
    await plan.run({ count }, signal === undefined ? {} : { signal });
    for (let i = 0; i < count; i++) {
      plan.read("values", values, i);
      requireNumbers(values, first + i);
      placeSlice(values, stack.subarray((first + i) * each, (first + i + 1) * each), place);
    }
    tell(first + count, viewingAngles.count);
  }
  return { shape: [viewingAngles.count, nShells, nInplanes], data: stack };
}

/** Slices in the calling thread. */
function sliceMaker(
  descriptor: TemplateDescriptor,
  { grid, data, scale, gains, offsets }: GridSlices,
): SliceOf {
  const { radii } = descriptor.polarGrid;
  const angles = sliceAngles(descriptor);
  const cells = emptyGrid(grid);
  modesToGrid(grid, { data, isReal: true }, cells);
  const count = radii.length * angles;
  const planned = roomForPoints(count, { axes: 3, width: grid.spreading.width });
  const points = [0, 1, 2].map(() => new Float64Array(count));
  const rays = new Float64Array(2 * count);
  return (directions, values) => {
    rayPoints(directions, { radii, scale }, points);
    planPoints(grid, points, planned);
    interpolate(grid, cells, planned, rays);
    raysToShells(rays, radii.length, values);
    for (let i = 0; i < count; i++) {
      const gain = gains?.[Math.floor(i / angles)] ?? 1;
      values[2 * i] = values[2 * i] * gain - (offsets?.[i] ?? 0);
      values[2 * i + 1] *= gain;
    }
  };
}
