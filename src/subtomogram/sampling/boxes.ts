import type { Backend } from "../../compute/index.ts";
import { elementCount } from "../../core/index.ts";
import { type BoxPlace, createSampler, type SamplePlan } from "../kernels/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { quaternionMatrix, type Zyx } from "../molecules/quaternion.ts";
import { type KeptPlanes, keepPlanes, planesToKeep } from "./keptPlanes.ts";
import { type BoxOptions, readRegion, regionShape, requireFiniteMean, wholeRegionStart } from "./region.ts";
import type { Tomogram } from "./tomogram.ts";

/** Memory of the boxes that are read at a time. */
const BATCH_BYTES = 48 * 2 ** 20;
/** More at a time keep no worker busier. */
const MOST_AT_A_TIME = 64;

/** A box of each of these molecules out of one tomogram. */
export interface BoxRequest extends BoxOptions {
  readonly molecules: Molecules;
  /** nm/voxel of the tomogram and of the boxes. */
  readonly scale: number;
  readonly backend: Backend;
  readonly signal?: AbortSignal;
}

/** Place of a molecule in voxels, in single precision as places are; the scale too, as acryo's: a place between two voxels falls to the same one. */
export function centreOf(molecules: Molecules, index: number, scale: number): Zyx {
  const [z, y, x] = molecules.place(index);
  const single = Math.fround(scale);
  return [Math.fround(z / single), Math.fround(y / single), Math.fround(x / single)];
}

/**
 * The boxes of molecules, in their order, turned into the molecules' own axes. While some are used, the next are sampled, and the regions of those
 * after them are read.
 *
 * @returns  (z, y, x) values of each, an array of its own
 * @throws {VitrineError} range: a box outside of the tomogram, or a value in one that is no number; and what the tomogram's reading throws
 */
export async function* readBoxes(tomogram: Tomogram, request: BoxRequest): AsyncGenerator<Float32Array> {
  const { molecules, order, shape, scale, signal } = request;
  if (molecules.count === 0) return;
  const batch = batchOf(request);
  const centres = Array.from({ length: molecules.count }, (_, i) => centreOf(molecules, i, scale));
  const planes = planesToKeep(tomogram, centres, request);
  const size = { region: regionShape(request), box: shape, order, batch, regions: 2 * batch };
  const plan = createSampler(request.backend, { ...size, ...(planes && { volume: planes.shape }) });
  const isLast = (begin: number) => begin >= molecules.count;
  const read = (begin: number) =>
    noticedLater(readRegions(tomogram, plan, { ...request, batch, begin, centres, planes }));
  const sample = async (places: Promise<BoxPlace[]>, begin: number) =>
    checkedMeans(await plan.run(await places, { ...(signal && { signal }) }), begin, tomogram.name);
  let regions: Promise<BoxPlace[]> = Promise.resolve([]);
  let sampled: Promise<void> = Promise.resolve();
  try {
    if (planes) await keepPlanes(tomogram, plan, { planes, ...(signal && { signal }) });
    regions = read(0);
    sampled = noticedLater(sample(regions, 0));
    for (let begin = 0; !isLast(begin); begin += batch) {
      const next = begin + batch;
      if (!isLast(next)) regions = read(next);
      await sampled;
      const volumes = new Float32Array(Math.min(batch, molecules.count - begin) * elementCount(shape));
      plan.read("volumes", volumes);
      if (!isLast(next)) sampled = noticedLater(sample(regions, next));
      for (let at = 0; at < volumes.length; at += elementCount(shape))
        yield volumes.subarray(at, at + elementCount(shape));
    }
  } finally {
    // Nothing may be written to memory that others have by then.
    await Promise.allSettled([regions, sampled]);
    plan.dispose();
  }
}

/** A promise whose failure is met when it is awaited. */
function noticedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Reads a batch's regions: even batches to the first half of the plan's, odd ones to the second, so that one half is filled while the other is sampled. */
async function readRegions(
  tomogram: Tomogram,
  plan: SamplePlan,
  {
    begin,
    batch,
    centres,
    planes,
    ...request
  }: BoxRequest & {
    readonly begin: number;
    readonly batch: number;
    readonly centres: readonly Zyx[];
    readonly planes: KeptPlanes | undefined;
  },
): Promise<BoxPlace[]> {
  const first = begin % (2 * batch);
  const places: BoxPlace[] = [];
  for (let i = begin; i < Math.min(begin + batch, centres.length); i++) {
    const region = first + i - begin;
    const place = { turn: quaternionMatrix(request.molecules.rotator[i]), outside: "mean", region } as const;
    const start = planes && wholeRegionStart(tomogram.shape, centres[i], request);
    if (planes && start) {
      const [z, y, x] = start;
      const [cz, cy, cx] = centres[i];
      places.push({ ...place, centre: [cz - z, cy - y, cx - x], from: [z - planes.begin, y, x] });
      continue;
    }
    const into = {
      set: (values: Float32Array) => plan.set("regions", values, region),
      view: () => plan.regionView(region),
    };
    const centre = await readRegion(tomogram, centres[i], { ...request, into, at: `molecule ${i}` });
    places.push({ ...place, centre });
  }
  return places;
}

function checkedMeans(means: readonly number[], begin: number, name: string): void {
  means.forEach((mean, i) => {
    requireFiniteMean(mean, `${name}, molecule ${begin + i}`);
  });
}

function batchOf(request: BoxRequest): number {
  const bytes = 8 * (elementCount(regionShape(request)) + elementCount(request.shape));
  return Math.max(1, Math.min(request.molecules.count, MOST_AT_A_TIME, Math.floor(BATCH_BYTES / bytes)));
}
