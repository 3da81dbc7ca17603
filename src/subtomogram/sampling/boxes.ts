import type { Backend } from "../../compute/index.ts";
import { elementCount } from "../../core/index.ts";
import { type BoxPlace, createSampler, type SamplePlan } from "../kernels/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { quaternionMatrix, type Zyx } from "../molecules/quaternion.ts";
import { type BoxOptions, readRegion, regionShape, requireFiniteMean } from "./region.ts";
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

/** Place of a molecule in voxels, in single precision as places are. */
export function centreOf(molecules: Molecules, index: number, scale: number): Zyx {
  const [z, y, x] = molecules.place(index);
  return [Math.fround(z / scale), Math.fround(y / scale), Math.fround(x / scale)];
}

/**
 * The boxes of molecules, in their order, turned into the molecules' own axes. While some are sampled, the regions of the next are
 * read.
 *
 * @returns  (z, y, x) values of each, an array of its own
 * @throws {VitrineError} range: a box outside of the tomogram, or a value in one that is no number; and what the tomogram's reading throws
 */
export async function* readBoxes(tomogram: Tomogram, request: BoxRequest): AsyncGenerator<Float32Array> {
  const { molecules, order, shape } = request;
  if (molecules.count === 0) return;
  const batch = batchOf(request);
  const size = { region: regionShape(request), box: shape, order, batch, regions: 2 * batch };
  const plan = createSampler(request.backend, size);
  let next = readRegions(tomogram, plan, { ...request, batch, begin: 0 });
  try {
    for (let begin = 0; begin < molecules.count; begin += batch) {
      const places = await next;
      next = readRegions(tomogram, plan, { ...request, batch, begin: begin + batch });
      // Its failure is met when it is awaited.
      next.catch(() => {});
      yield* sampleBatch(plan, places, { ...request, begin, name: tomogram.name });
    }
  } finally {
    // Nothing may be written to memory that others have by then.
    await next.catch(() => {});
    plan.dispose();
  }
}

/** Reads a batch's regions: even batches to the first half of the plan's, odd ones to the second, so that one half is filled while the other is sampled. */
async function readRegions(
  tomogram: Tomogram,
  plan: SamplePlan,
  { begin, batch, ...request }: BoxRequest & { readonly begin: number; readonly batch: number },
): Promise<BoxPlace[]> {
  const { molecules, scale } = request;
  const first = begin % (2 * batch);
  const places: BoxPlace[] = [];
  for (let i = begin; i < Math.min(begin + batch, molecules.count); i++) {
    const region = first + i - begin;
    const into = {
      set: (values: Float32Array) => plan.set("regions", values, region),
      view: () => plan.regionView(region),
    };
    const options = { ...request, into, at: `molecule ${i}` };
    const centre = await readRegion(tomogram, centreOf(molecules, i, scale), options);
    places.push({ turn: quaternionMatrix(molecules.rotator[i]), centre, outside: "mean", region });
  }
  return places;
}

async function* sampleBatch(
  plan: SamplePlan,
  places: readonly BoxPlace[],
  { shape, begin, signal, name }: BoxRequest & { readonly begin: number; readonly name: string },
): AsyncGenerator<Float32Array> {
  const means = await plan.run(places, { ...(signal && { signal }) });
  means.forEach((mean, i) => {
    requireFiniteMean(mean, `${name}, molecule ${begin + i}`);
  });
  const voxels = elementCount(shape);
  const volumes = new Float32Array(places.length * voxels);
  plan.read("volumes", volumes);
  for (let i = 0; i < places.length; i++) yield volumes.subarray(i * voxels, (i + 1) * voxels);
}

function batchOf(request: BoxRequest): number {
  const bytes = 8 * (elementCount(regionShape(request)) + elementCount(request.shape));
  return Math.max(1, Math.min(request.molecules.count, MOST_AT_A_TIME, Math.floor(BATCH_BYTES / bytes)));
}
