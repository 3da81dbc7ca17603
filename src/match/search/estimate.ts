import { createPool } from "../../compute/index.ts";
import { BLOCK_TEMPLATES } from "../kernels/index.ts";
import { type MatchOptions, withJobs } from "./job.ts";
import { createSearch } from "./program.ts";
import type { SearchSize, TemplateSearch } from "./search.ts";

/** What a search would take. */
export interface MatchEstimate extends SearchSize {
  /** Correlations per second, measured. */
  readonly rate: number;
  readonly hours: number;
  readonly workers: number;
  /** Templates that are searched for, each at all orientations. */
  readonly templates: number;
}

/**
 * Sets a search up, runs a little of it for its rate, and writes nothing. Several templates: all correlations and hours, the
 * memory of the largest.
 *
 * @throws as {@link runMatch}
 */
export async function estimateMatch(configPath: string, options: MatchOptions = {}): Promise<MatchEstimate> {
  return withJobs(configPath, options, async ({ jobs }) => {
    const pool = await createPool({ workers: options.workers });
    try {
      const sizes: SearchSize[] = [];
      let seconds = 0;
      for (const job of jobs) {
        const search = await createSearch(pool, job, options);
        sizes.push(search.size);
        seconds += search.size.correlations / (await measureRate(search, options.signal));
        search.dispose();
      }
      const correlations = sizes.reduce((sum, size) => sum + size.correlations, 0);
      const bytes = Math.max(...sizes.map((size) => size.bytes));
      const rates = { rate: correlations / seconds, hours: seconds / 3600 };
      return { ...sizes[0], correlations, bytes, ...rates, workers: pool.workers, templates: jobs.length };
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
    await search.run({ lastBlock }, signal === undefined ? {} : { signal });
    const seconds = (performance.now() - begin) / 1000;
    const correlations = Math.min(lastBlock * BLOCK_TEMPLATES, search.size.correlations);
    if (seconds >= 1 || lastBlock === search.blockCount) return correlations / seconds;
  }
}
