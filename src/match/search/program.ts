import { createPool, type Pool } from "../../compute/index.ts";
import { fileExists, makeFolder, removeFile } from "../../io/index.ts";
import { type Job, type JobSet, type MatchOptions, withJobs } from "./job.ts";
import { checkpointPath, partPath, partRange, partsFolder } from "./parts.ts";
import type { SearchReport } from "./results.ts";
import { TemplateSearch } from "./search.ts";
import { type PreparedMicrograph, preprocessMicrograph } from "./searchFilters.ts";
import { loadStatistics, refuseCheckpoint, refuseExisting, runCheckpointed } from "./searchRun.ts";
import { type StateHeader, writeSearchState } from "./searchState.ts";
import { finishJobs, prepareResults, type TemplatesReport } from "./templatesResults.ts";

/**
 * Leopard-EM's `match_template` on its own configuration file: searches a micrograph for a template and writes the eight
 * maps and the particle table, or, with `part`, the statistics of a part. With several templates each has maps and a table of its
 * own, and a joint table gives each place to the best of them.
 *
 * @returns what was found; null for a part
 * @throws {VitrineError} whatever is wrong with configuration, inputs or outputs, named by file and field; aborted
 */
export async function runMatch(
  configPath: string,
  options: MatchOptions = {},
): Promise<SearchReport | TemplatesReport | null> {
  return withJobs(configPath, options, async (set) => {
    await checkOutputs(set, options);
    const pool = await createPool({ workers: options.workers });
    try {
      return set.jobs.length === 1 && options.part === undefined
        ? await searchOne(pool, set, options)
        : await searchAll(pool, set, options);
    } finally {
      await pool.dispose();
    }
  });
}

async function checkOutputs(set: JobSet, options: MatchOptions): Promise<void> {
  const { part, overwrite = false } = options;
  if (part === undefined) await prepareResults(set);
  for (const { settings } of set.jobs) {
    if (part !== undefined) {
      await makeFolder(partsFolder(settings));
      const hint = "Collect it with vitrine match-collect, or search it again with --overwrite";
      const done = { expected: "a part that is to be done", found: "its result", hint };
      if (!overwrite && !continues(set, options)) await refuseExisting(partPath(settings, part), done);
    }
    await refuseCheckpoint(checkpointPath(settings, part), options);
  }
}

/** Whether parts of some templates may be done already. */
function continues({ jobs }: JobSet, { resume = false }: MatchOptions): boolean {
  return resume && jobs.length > 1;
}

/** Searches for one template; its statistics never leave the pool's memory. */
async function searchOne(pool: Pool, set: JobSet, options: MatchOptions) {
  const [job] = set.jobs;
  const search = await createSearch(pool, job, options);
  const { checkpoint } = await runJob(search, job, options);
  const report = await finishJobs(set, async () => search.statistics, options);
  await removeFile(checkpoint);
  return report;
}

/**
 * Searches for one template after the other. What is found stays in files, parts or finished checkpoints, until all are done: a
 * run that was stopped goes on where it was, and memory is that of one search.
 */
async function searchAll(pool: Pool, set: JobSet, options: MatchOptions) {
  const { jobs } = set;
  const { part } = options;
  const done: { readonly checkpoint: string; readonly state: StateHeader }[] = [];
  const prepared = jobs.length > 1 ? await prepareJob(pool, jobs[0]) : undefined;
  for (const [i, job] of jobs.entries()) {
    const result = part && partPath(job.settings, part);
    if (result !== undefined && continues(set, options) && (await fileExists(result))) continue;
    const search = await createSearch(pool, { ...job, ...(prepared && { prepared }) }, options);
    try {
      const { checkpoint, state } = await runJob(search, job, { ...options, ...progressOf(i, set, options) });
      await writeSearchState(result ?? checkpoint, state, search.statistics);
      if (result !== undefined) await removeFile(checkpoint);
      done.push({ checkpoint, state });
    } finally {
      search.dispose();
    }
  }
  if (part !== undefined) return null;
  const load = (job: Job) => {
    const { checkpoint, state } = done[jobs.indexOf(job)];
    return loadStatistics(checkpoint, state);
  };
  const report = await finishJobs(set, load, options);
  for (const { checkpoint } of done) await removeFile(checkpoint);
  return report;
}

/** Correlations of all templates together. */
function progressOf(index: number, { jobs }: JobSet, { onProgress }: MatchOptions) {
  if (onProgress === undefined) return {};
  const show: typeof onProgress = ({ done, total, rate }) =>
    onProgress({ done: index * total + done, total: jobs.length * total, rate });
  return { onProgress: show };
}

async function runJob(search: TemplateSearch, { settings, fingerprint }: Job, options: MatchOptions) {
  const range =
    options.part === undefined
      ? { firstBlock: 0, lastBlock: search.blockCount }
      : partRange(options.part, search.blockCount);
  const checkpoint = checkpointPath(settings, options.part);
  return { checkpoint, state: await runCheckpointed(search, { fingerprint, checkpoint, ...range }, options) };
}

async function prepareJob(pool: Pool, { settings, readMicrograph }: Job): Promise<PreparedMicrograph> {
  return preprocessMicrograph(pool, await readMicrograph(), settings.filters);
}

/** Sets the search of a job up. The micrograph lives no longer than that, unless it is prepared already. */
export async function createSearch(
  pool: Pool,
  { settings, template, prepared, ...job }: Job & { readonly prepared?: PreparedMicrograph },
  options: MatchOptions,
): Promise<TemplateSearch> {
  if (prepared !== undefined) {
    const inputs = { prepared, shape: job.micrographShape, template, settings };
    return TemplateSearch.fromPrepared(pool, inputs, options);
  }
  const micrograph = await job.readMicrograph();
  return TemplateSearch.create(pool, { settings, template, micrograph }, options);
}
