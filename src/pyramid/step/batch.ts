/** What the engine's processes load: the jobs of a pyramid, by name. They never open the experiment's database. */
import { createPool, poolKernels } from "../../compute/index.ts";
import type { BatchContext, BatchResult, Json } from "../../jobs/index.ts";
import type { TilesResult } from "./tilesOfBatch.ts";

/**
 * Makes the tiles of one batch. Threads, which all batches of a process use since to start them takes longer than a small batch, start before anything
 * else is loaded. A later phase, of fewer and smaller batches, may have more cores for each, and does with those that there are.
 *
 * @throws {VitrineError} what is wrong with an image, with its site and file; storage; aborted; unsupported: other kernels than the others'
 */
export async function makeTiles(value: Json, context: BatchContext): Promise<BatchResult<TilesResult>> {
  const pool = context.keep("pool", () => createPool({ workers: context.cores, domains: ["pyramid"] }));
  pool.catch(() => undefined); // what goes wrong is told where it is waited for
  const { tilesOfBatch } = await import("./tilesOfBatch.ts");
  await context.requireSame("kernels", poolKernels());
  return tilesOfBatch(value, { ...context, pool });
}
