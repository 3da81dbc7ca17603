import type { Backend } from "../../compute/index.ts";
import { elementCount } from "../../core/index.ts";
import { createSampler, type SamplePlan } from "../kernels/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { quaternionMatrix, type Zyx } from "../molecules/quaternion.ts";
import { type BoxOptions, type Region, readRegion, regionShape } from "./region.ts";
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
 * @throws {VitrineError} range: a box outside of the tomogram; and what the tomogram's reading throws
 */
export async function* readBoxes(tomogram: Tomogram, request: BoxRequest): AsyncGenerator<Float32Array> {
  const { molecules, order, shape } = request;
  if (molecules.count === 0) return;
  const batch = batchOf(request);
  const plan = createSampler(request.backend, { region: regionShape(request), box: shape, order, batch });
  try {
    let next: Promise<Region[]> = readRegions(tomogram, request, [0, batch]);
    for (let begin = 0; begin < molecules.count; begin += batch) {
      const regions = await next;
      const end = begin + batch;
      next = end < molecules.count ? readRegions(tomogram, request, [end, end + batch]) : Promise.resolve([]);
      // Its failure is met when it is awaited.
      next.catch(() => {});
      yield* sampleBatch(plan, regions, { ...request, begin });
    }
  } finally {
    plan.dispose();
  }
}

async function readRegions(
  tomogram: Tomogram,
  request: BoxRequest,
  [begin, end]: readonly [number, number],
): Promise<Region[]> {
  const { molecules, scale } = request;
  const regions: Region[] = [];
  for (let i = begin; i < Math.min(end, molecules.count); i++)
    regions.push(
      await readRegion(tomogram, centreOf(molecules, i, scale), { ...request, at: `molecule ${i}` }),
    );
  return regions;
}

async function* sampleBatch(
  plan: SamplePlan,
  regions: readonly Region[],
  { molecules, shape, begin, signal }: BoxRequest & { readonly begin: number },
): AsyncGenerator<Float32Array> {
  regions.forEach((region, i) => {
    plan.set("regions", region.data, i);
  });
  const places = regions.map(({ centre, outside }, i) => {
    return { turn: quaternionMatrix(molecules.rotator[begin + i]), centre, outside };
  });
  await plan.run(places, { ...(signal && { signal }) });
  const volumes = new Float32Array(regions.length * elementCount(shape));
  plan.read("volumes", volumes);
  const voxels = elementCount(shape);
  for (let i = 0; i < regions.length; i++) yield volumes.subarray(i * voxels, (i + 1) * voxels);
}

function batchOf(request: BoxRequest): number {
  const bytes = 8 * (elementCount(regionShape(request)) + elementCount(request.shape));
  return Math.max(1, Math.min(request.molecules.count, MOST_AT_A_TIME, Math.floor(BATCH_BYTES / bytes)));
}
