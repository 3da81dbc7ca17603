import { requireKnownOptions } from "../../io/index.ts";
import { withPool } from "../../program/index.ts";
import { COARSE_CHOICE_KEYS, type CoarseSizes, coarseShare } from "../coarse/coarseWork.ts";
import { BLOCK_TEMPLATES } from "../kernels/index.ts";
import { MATCH_KEYS } from "../optionKeys.ts";
import { withSearches } from "./configuredSearch.ts";
import type { MatchOptions } from "./matchOptions.ts";
import { openSearch, prepareMicrograph } from "./openSearch.ts";
import type { SearchSize, TemplateSearch } from "./search.ts";

/** A coarse pass and what follows it. */
type CoarsePassChoice = Pick<CoarseSizes, "factor" | "candidates" | "samples">;

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
 * memory of the largest. With `part`: those of one part.
 *
 * @throws as {@link runMatch}
 */
export async function estimateMatch(
  configPath: string,
  options: MatchOptions & { readonly coarse?: CoarsePassChoice } = {},
): Promise<MatchEstimate> {
  requireKnownOptions("estimateMatch", options, { ...MATCH_KEYS, coarse: true });
  requireKnownOptions("estimateMatch coarse", options.coarse, COARSE_CHOICE_KEYS);
  return withSearches(configPath, options, ({ searches }) =>
    withPool(options, async (pool) => {
      const sizes: SearchSize[] = [];
      let seconds = 0;
      const prepared = await prepareMicrograph(pool, searches[0]);
      for (const configured of searches) {
        const search = await openSearch(pool, { ...configured, prepared }, options);
        sizes.push(search.size);
        seconds += search.size.correlations / (await measureRate(search, options.signal));
        search.dispose();
      }
      const correlations = sizes.reduce((sum, size) => sum + size.correlations, 0);
      const bytes = Math.max(...sizes.map((size) => size.bytes));
      const part = (options.part?.count ?? 1) ** -1;
      const [{ micrograph, template, space }] = searches;
      const shapes = { shape: micrograph.shape, template: template.size, space };
      const share = options.coarse === undefined ? part : coarseShare({ ...shapes, ...options.coarse });
      return {
        ...sizes[0],
        correlations: Math.round(correlations * part),
        bytes,
        rate: correlations / seconds,
        hours: (seconds / 3600) * share,
        workers: pool.workers,
        templates: searches.length,
      };
    }),
  );
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
