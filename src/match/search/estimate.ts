import { elementCount } from "../../core/index.ts";
import { withPool } from "../../program/index.ts";
import { BLOCK_TEMPLATES } from "../kernels/index.ts";
import { type ConfiguredSearch, withSearches } from "./configuredSearch.ts";
import type { MatchOptions } from "./matchOptions.ts";
import { openSearch, prepareMicrograph } from "./openSearch.ts";
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
 * memory of the largest. With `part`: those of one part.
 *
 * @throws as {@link runMatch}
 */
export async function estimateMatch(
  configPath: string,
  options: MatchOptions & { readonly coarse?: CoarseWork } = {},
): Promise<MatchEstimate> {
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
      const rates = { rate: correlations / seconds, hours: seconds / 3600 };
      const part = (options.part?.count ?? 1) ** -1;
      const share = part * coarseShare(searches[0], options.coarse);
      return {
        ...sizes[0],
        correlations: Math.round(correlations * part),
        bytes,
        rate: rates.rate,
        hours: rates.hours * share,
        workers: pool.workers,
        templates: searches.length,
      };
    }),
  );
}

/** A coarse pass and what follows it. */
export interface CoarseWork {
  readonly factor: number;
  readonly candidates?: number | undefined;
  readonly samples?: number | undefined;
}

/**
 * The share of a search's time that one with a coarse pass takes, by the pixels that each of its phases correlates: all orientations on the
 * coarse micrograph, a sample of them on the full one, the neighbours of candidates in boxes.
 */
function coarseShare(
  { space, micrograph, template }: ConfiguredSearch,
  coarse: CoarseWork | undefined,
): number {
  if (coarse === undefined) return 1;
  const { factor, candidates = 1000, samples } = coarse;
  const orientations = space.eulerAnglesDeg.length / 3;
  const sampled = Math.min(orientations, samples ?? Math.max(1000, orientations / 100));
  const neighbours = Math.min(64, orientations);
  const box = (template.size + 4 * factor + 1) ** 2 / elementCount(micrograph.shape);
  return factor ** -2 + (sampled + candidates * neighbours * box) / orientations;
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
