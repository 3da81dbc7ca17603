import type { Pool } from "../../compute/index.ts";
import { pickOptions } from "../../core/index.ts";
import type { ConfiguredSearch } from "./configuredSearch.ts";
import { hitOptions } from "./results.ts";
import { SEARCH_KEYS, type SearchOptions, type SliceOptions, TemplateSearch } from "./search.ts";
import { type PreparedMicrograph, preprocessSearched } from "./searchFilters.ts";

/** Filters the micrograph of a search, and releases it. */
export async function prepareMicrograph(
  pool: Pool,
  { settings, micrograph }: ConfiguredSearch,
): Promise<PreparedMicrograph> {
  const prepared = await preprocessSearched(pool, micrograph.image, settings.filters);
  micrograph.release();
  return prepared;
}

/** Sets a search up. Whoever does disposes of it. */
export function openSearch(
  pool: Pool,
  { prepared, ...search }: ConfiguredSearch & { readonly prepared: PreparedMicrograph },
  options: SliceOptions & { readonly signal?: AbortSignal },
): Promise<TemplateSearch> {
  const { settings, space, template, micrograph, results } = search;
  const hits = hitOptions(settings, results);
  return TemplateSearch.fromPrepared(
    pool,
    { prepared, shape: micrograph.shape, template, settings, space },
    { ...pickOptions<SearchOptions>(options, SEARCH_KEYS), ...(hits && { hits }) },
  );
}
