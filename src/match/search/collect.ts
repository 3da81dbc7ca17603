import { VitrineError } from "../../core/index.ts";
import { BLOCK_TEMPLATES } from "../kernels/index.ts";
import { type Job, type MatchOptions, withJobs } from "./job.ts";
import { findParts, type Part, partPath, partRange } from "./parts.ts";
import type { SearchReport } from "./results.ts";
import { searchCounts } from "./search.ts";
import { MergedStatistics, readSearchState, type SearchStatistics, type StateHeader } from "./searchState.ts";
import { finishJobs, prepareResults, type TemplatesReport } from "./templatesResults.ts";

/**
 * Joins the parts of a search and writes its results. No correlations are computed.
 *
 * @throws {VitrineError} missing: parts; exists: parts of several divisions; format: parts of another search
 */
export async function collectMatch(
  configPath: string,
  options: MatchOptions = {},
): Promise<SearchReport | TemplatesReport> {
  return withJobs(configPath, options, async (set) => {
    for (const { settings } of set.jobs) await findParts(settings);
    await prepareResults(set);
    return finishJobs(set, mergeParts, options);
  });
}

async function mergeParts(job: Job): Promise<SearchStatistics> {
  const { settings, template, micrographShape: shape, fingerprint } = job;
  const size = searchCounts({ shape, template: template.size, settings });
  const blockCount = Math.ceil(size.correlations / BLOCK_TEMPLATES);
  const merged = new MergedStatistics(size.mapShape);
  for (const part of await findParts(settings)) {
    await addPart(merged, job, { part, expected: { fingerprint, blockCount } });
  }
  return merged;
}

async function addPart(
  merged: MergedStatistics,
  { settings }: Job,
  { part, expected }: { part: Part; expected: Pick<StateHeader, "fingerprint" | "blockCount"> },
): Promise<void> {
  await readSearchState(partPath(settings, part), expected, async (file) => {
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
  });
}
