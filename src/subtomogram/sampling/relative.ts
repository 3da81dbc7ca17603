import type { Backend } from "../../compute/index.ts";
import { elementCount, type Shape3 } from "../../core/index.ts";
import { type BoxPlace, createSampler } from "../kernels/index.ts";

/** A volume and where a box lies in it. */
export interface PlacedVolume extends BoxPlace {
  readonly data: Float32Array;
}

/** Volumes at a time. */
const AT_A_TIME = 32;

/** Boxes out of volumes that are at hand, one of each, in their order: arrays of their own. */
export async function* sampleVolumes(
  volumes: AsyncIterable<PlacedVolume>,
  {
    region,
    box,
    order,
    backend,
    signal,
  }: {
    readonly region: Shape3;
    readonly box: Shape3;
    readonly order: 0 | 1 | 3;
    readonly backend: Backend;
    readonly signal?: AbortSignal | undefined;
  },
): AsyncGenerator<Float32Array> {
  const plan = createSampler(backend, { region, box, order, batch: AT_A_TIME });
  const voxels = elementCount(box);
  const sample = async (places: readonly BoxPlace[]) => {
    await plan.run(places, { ...(signal && { signal }) });
    const found = new Float32Array(places.length * voxels);
    plan.read("volumes", found);
    return places.map((_, i) => found.subarray(i * voxels, (i + 1) * voxels));
  };
  try {
    let places: BoxPlace[] = [];
    for await (const { data, ...place } of volumes) {
      plan.set("regions", data, places.length);
      places.push(place);
      if (places.length < AT_A_TIME) continue;
      yield* await sample(places);
      places = [];
    }
    if (places.length > 0) yield* await sample(places);
  } finally {
    plan.dispose();
  }
}
