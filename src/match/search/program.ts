import { createPool, type Pool } from "../../compute/index.ts";
import { makeFolder, removeFile } from "../../io/index.ts";
import { finishJob, type Job, type MatchOptions, mapSource, withJob } from "./job.ts";
import { checkpointPath, partPath, partRange, partsFolder } from "./parts.ts";
import { prepareResults, type SearchReport } from "./results.ts";
import { TemplateSearch } from "./search.ts";
import { refuseCheckpoint, refuseExisting, runCheckpointed } from "./searchRun.ts";
import { writeSearchState } from "./searchState.ts";

/**
 * Leopard-EM's `match_template` on its own configuration file: searches a micrograph for a template and writes the eight
 * maps and the particle table, or, with `part`, the statistics of a part.
 *
 * @returns what was found; null for a part
 * @throws {VitrineError} whatever is wrong with configuration, inputs or outputs, named by file and field; aborted
 */
export async function runMatch(configPath: string, options: MatchOptions = {}): Promise<SearchReport | null> {
  return withJob(configPath, options, async (job) => {
    await checkOutputs(job, options);
    const pool = await createPool(options.workers === undefined ? {} : { workers: options.workers });
    try {
      return await searchAndWrite(pool, job, options);
    } finally {
      await pool.dispose();
    }
  });
}

async function checkOutputs(
  { settings, results }: Job,
  { part, resume = false, overwrite = false }: MatchOptions,
): Promise<void> {
  if (part === undefined) await prepareResults(settings, results);
  else await makeFolder(partsFolder(settings));
  if (part !== undefined && !overwrite) {
    const hint = "Collect it with vitrine match-collect, or search it again with --overwrite";
    const done = { expected: "a part that is to be done", found: "its result", hint };
    await refuseExisting(partPath(settings, part), done);
  }
  await refuseCheckpoint(checkpointPath(settings, part), { resume, overwrite });
}

async function searchAndWrite(pool: Pool, job: Job, options: MatchOptions): Promise<SearchReport | null> {
  const { settings, fingerprint } = job;
  const search = await createSearch(pool, job, options);
  const range =
    options.part === undefined
      ? { firstBlock: 0, lastBlock: search.blockCount }
      : partRange(options.part, search.blockCount);
  const checkpoint = checkpointPath(settings, options.part);
  const done = await runCheckpointed(search, { fingerprint, checkpoint, ...range }, options);
  if (options.part !== undefined) {
    await writeSearchState(partPath(settings, options.part), done, search.statistics);
    await removeFile(checkpoint);
    return null;
  }
  const source = mapSource(search.statistics, settings, options);
  const report = await finishJob(job, source, search.size.correlations);
  await removeFile(checkpoint);
  return report;
}

/** Sets the search of a job up. The micrograph lives no longer than that. */
export async function createSearch(pool: Pool, job: Job, options: MatchOptions): Promise<TemplateSearch> {
  const { settings, template } = job;
  const micrograph = await job.readMicrograph();
  return TemplateSearch.create(pool, { settings, template, micrograph }, options);
}
