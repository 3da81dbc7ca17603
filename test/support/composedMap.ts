/** The map that all jobs of a plan make together. */
import type { Pool } from "../../src/compute/index.ts";
import type { Experiment } from "../../src/experiment/index.ts";
import { IlluminatiBatchArguments } from "../../src/pyramid/step/arguments.ts";
import { planBatches } from "../../src/pyramid/step/planBatches.ts";
import type { BatchImage, SitesBatch } from "../../src/pyramid/tiles/batch.ts";
import { placeSites } from "../../src/pyramid/tiles/compose.ts";
import { SiteReader } from "../../src/pyramid/tiles/siteReader.ts";
import { shownBlocks } from "./shownBlocks.ts";

/** What {@link composedMap} gives. */
export interface ComposedMap {
  readonly height: number;
  readonly width: number;
  /** (height, width) of the map's only layer, which has 8 bits. */
  readonly pixels: Uint8Array;
  /** How many jobs made each pixel. */
  readonly owners: Uint8Array;
}

/** Puts the blocks of all jobs of the first phase together. */
export async function composedMap(
  experiment: Experiment,
  { pool, batchSize }: { readonly pool: Pool; readonly batchSize: number },
): Promise<ComposedMap> {
  const options = IlluminatiBatchArguments.parse({ batchSize });
  const plan = await planBatches(experiment, { options, onLog: () => {} });
  const { height, width } = plan.map.map;
  const pixels = new Uint8Array(height * width);
  const owners = new Uint8Array(height * width);
  for await (const { batch } of plan.phaseBatches(0)) {
    await using reader = new SiteReader({ type: "uint8" });
    const read = (image: BatchImage) => reader.readWhole(image);
    const parts = placeSites(batch as SitesBatch, { read, release: (image) => reader.release(image) });
    for await (const { box, pixels: shown } of shownBlocks(pool, parts)) {
      for (let y = 0; y < box.height; y++) {
        const at = (box.y + y) * width + box.x;
        pixels.set(shown.subarray(y * box.width, (y + 1) * box.width), at);
        for (let x = 0; x < box.width; x++) owners[at + x]++;
      }
    }
  }
  return { height, width, pixels, owners };
}
