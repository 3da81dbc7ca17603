import { BLOCK_TEMPLATES } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { finishJob, type Job, type MatchOptions, mapSource, withJob } from "./job.ts";
import { findParts, type Part, partPath, partRange } from "./parts.ts";
import { prepareResults, type SearchReport } from "./results.ts";
import { searchSize } from "./search.ts";
import { MergedStatistics, openSearchState, requireSameSearch, type StateHeader } from "./searchState.ts";

/**
 * Joins the parts of a search and writes its results. No correlations are computed.
 *
 * @throws {VitrineError} missing: parts; exists: parts of several divisions; format: parts of another search
 */
export async function collectMatch(configPath: string, options: MatchOptions = {}): Promise<SearchReport> {
  return withJob(configPath, options, async (job) => {
    const { settings, template, micrographShape: shape, fingerprint } = job;
    const size = searchSize({ shape, template: template.size, settings }, 1);
    const blockCount = Math.ceil(size.correlations / BLOCK_TEMPLATES);
    const parts = await findParts(settings);
    await prepareResults(settings, job.results);
    const merged = new MergedStatistics(size.mapShape);
    for (const part of parts) await addPart(merged, job, { part, expected: { fingerprint, blockCount } });
    return finishJob(job, mapSource(merged, settings, options), size.correlations);
  });
}

async function addPart(
  merged: MergedStatistics,
  { settings }: Job,
  { part, expected }: { part: Part; expected: Pick<StateHeader, "fingerprint" | "blockCount"> },
): Promise<void> {
  const file = await openSearchState(partPath(settings, part));
  try {
    requireSameSearch(file, expected);
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
  } finally {
    await file.close();
  }
}
