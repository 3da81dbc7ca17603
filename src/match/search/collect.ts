import { requireNotAborted, VitrineError } from "../../core/index.ts";
import { prepareResultFiles, requireKnownOptions, writeTogether } from "../../io/index.ts";
import { BLOCK_TEMPLATES } from "../kernels/index.ts";
import { MATCH_KEYS } from "../optionKeys.ts";
import { type ConfiguredSearch, withSearches } from "./configuredSearch.ts";
import { type IdentifiedSearch, identifySearches } from "./fingerprint.ts";
import type { MatchOptions } from "./matchOptions.ts";
import { findParts, type Part, partPath, partRange } from "./parts.ts";
import type { MatchReport } from "./program.ts";
import { searchCounts } from "./search.ts";
import {
  type ExpectedState,
  MergedStatistics,
  readSearchState,
  type SearchStatistics,
  type StateHeader,
} from "./searchState.ts";
import { finishSearches, searchPlaces } from "./templatesResults.ts";

/**
 * Joins the parts of a search and writes its results. No correlations are computed.
 *
 * @throws {VitrineError} missing: parts; exists: parts of several divisions; format: parts of another search; aborted
 */
export async function collectMatch(configPath: string, options: MatchOptions = {}): Promise<MatchReport> {
  requireKnownOptions("collectMatch", options, MATCH_KEYS);
  return withSearches(configPath, options, async (set) => {
    for (const { settings } of set.searches) await findParts(settings);
    await prepareResultFiles(searchPlaces(set));
    const identified = await identifySearches(set, options);
    set.searches[0].micrograph.release();
    return writeTogether((results) =>
      finishSearches(results, identified, {
        ...options,
        statisticsOf: (search) => mergeParts(search, options.signal),
      }),
    );
  });
}

async function mergeParts(
  search: IdentifiedSearch,
  signal: AbortSignal | undefined,
): Promise<SearchStatistics> {
  const { settings, space, template, micrograph } = search;
  const size = searchCounts({ shape: micrograph.shape, template: template.size, settings, space });
  const blockCount = Math.ceil(size.correlations / BLOCK_TEMPLATES);
  const fingerprint = await search.fingerprint();
  const merged = new MergedStatistics(size.mapShape);
  let expected: ExpectedState = { fingerprint, choices: await search.choices(), blockCount };
  for (const part of await findParts(settings)) {
    requireNotAborted(signal, "match-collect");
    const { kernels } = await addPart(merged, search, { part, expected });
    expected = { ...expected, kernels };
  }
  return merged;
}

async function addPart(
  merged: MergedStatistics,
  { settings }: ConfiguredSearch,
  { part, expected }: { part: Part; expected: ExpectedState },
): Promise<StateHeader> {
  return readSearchState(partPath(settings, part), expected, async (file) => {
    const range = partRange(part, expected.blockCount);
    const { firstBlock, nextBlock, lastBlock } = file.header;
    if (firstBlock !== range.firstBlock || lastBlock !== range.lastBlock || nextBlock !== lastBlock) {
      const wanted = `blocks ${range.firstBlock} to ${range.lastBlock}, done`;
      const found = `blocks ${firstBlock} to ${lastBlock}, done to ${nextBlock}`;
      throw new VitrineError({
        code: "format",
        at: file.name,
        expected: wanted,
        found,
        hint: "Run this part again",
      });
    }
    await merged.add(file);
    return file.header;
  });
}
