import { elementCount, type Shape3 } from "../../core/index.ts";
import type { SamplePlan } from "../kernels/index.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import { type BoxOptions, regionShape, wholeRegionStart } from "./region.ts";
import type { Tomogram } from "./tomogram.ts";

/** What workers are given of a tomogram at most. */
const KEPT_BYTES = 512 * 2 ** 20;
/** Read at a time from what is not in memory. */
const READ_BYTES = 32 * 2 ** 20;

/** Planes of a tomogram that workers cut regions out of, where they are no more than the regions together. */
export interface KeptPlanes {
  /** First plane of the tomogram. */
  readonly begin: number;
  readonly shape: Shape3;
}

/** The planes that the boxes about `centres` need; undefined where reading each region by itself is less. */
export function planesToKeep(
  tomogram: Tomogram,
  centres: readonly Zyx[],
  options: BoxOptions,
): KeptPlanes | undefined {
  const region = regionShape(options);
  const starts = centres.flatMap((centre) => wholeRegionStart(tomogram.shape, centre, options) ?? []);
  if (starts.length === 0) return undefined;
  const firstPlanes = starts.filter((_, i) => i % 3 === 0);
  const begin = firstPlanes.reduce((low, z) => Math.min(low, z));
  const end = firstPlanes.reduce((high, z) => Math.max(high, z)) + region[0];
  const shape: Shape3 = [end - begin, tomogram.shape[1], tomogram.shape[2]];
  const bytes = 4 * elementCount(shape);
  const regionsBytes = 4 * elementCount(region) * firstPlanes.length;
  return bytes <= Math.min(KEPT_BYTES, regionsBytes) ? { begin, shape } : undefined;
}

/** Copies the planes into the plan that was made for them. */
export async function keepPlanes(
  tomogram: Tomogram,
  plan: SamplePlan,
  { planes: { begin, shape }, signal }: { readonly planes: KeptPlanes; readonly signal?: AbortSignal },
): Promise<void> {
  const [depth, height, width] = shape;
  const area = height * width;
  if (tomogram.values !== undefined) {
    plan.set("volume", tomogram.values.subarray(begin * area, (begin + depth) * area));
    return;
  }
  const step = Math.max(1, Math.floor(READ_BYTES / (4 * area)));
  for (let z = 0; z < depth; z += step) {
    const end: Zyx = [begin + Math.min(depth, z + step), height, width];
    plan.set("volume", await tomogram.read([begin + z, 0, 0], end, signal), z);
  }
}
