import { BLOCK_TEMPLATES, createPool } from "../../compute/index.ts";
import { type MatchOptions, withJob } from "./job.ts";
import { createSearch } from "./program.ts";
import type { SearchSize, TemplateSearch } from "./search.ts";

/** What a search would take. */
export interface MatchEstimate extends SearchSize {
  /** Correlations per second, measured. */
  readonly rate: number;
  readonly hours: number;
  readonly workers: number;
}

/** Sets a search up, runs a little of it for its rate, and writes nothing. @throws as {@link runMatch} */
export async function estimateMatch(configPath: string, options: MatchOptions = {}): Promise<MatchEstimate> {
  return withJob(configPath, options, async (job) => {
    const pool = await createPool(options.workers === undefined ? {} : { workers: options.workers });
    try {
      const search = await createSearch(pool, job, options);
      const rate = await measureRate(search, options.signal);
      const hours = search.size.correlations / rate / 3600;
      return { ...search.size, rate, hours, workers: pool.workers };
    } finally {
      await pool.dispose();
    }
  });
}

/** Doubles the number of blocks until they take a second. */
async function measureRate(search: TemplateSearch, signal?: AbortSignal): Promise<number> {
  for (let blocks = 1; ; blocks *= 2) {
    const lastBlock = Math.min(blocks, search.blockCount);
    const begin = performance.now();
    await search.run({ firstBlock: 0, lastBlock }, signal === undefined ? {} : { signal });
    const seconds = (performance.now() - begin) / 1000;
    const correlations = Math.min(lastBlock * BLOCK_TEMPLATES, search.size.correlations);
    if (seconds >= 1 || lastBlock === search.blockCount) return correlations / seconds;
  }
}
