import { createPool, type Pool } from "../../compute/index.ts";
import { removeFile } from "../../io/index.ts";
import { searchSpace } from "../config/config.ts";
import { type Job, type JobSet, type MatchOptions, withJobs, withRate } from "../search/job.ts";
import type { MapSource } from "../search/resultMaps.ts";
import { type SearchReport, type WrittenResults, writeTogether } from "../search/results.ts";
import { type PreparedInputs, TemplateSearch } from "../search/search.ts";
import { type PreparedMicrograph, preprocessMicrograph } from "../search/searchFilters.ts";
import { loadStatistics, refuseCheckpoint, runCheckpointed } from "../search/searchRun.ts";
import { writeSearchState } from "../search/searchState.ts";
import { type TemplatesReport, writeJointTable } from "../search/templatesResults.ts";
import { coarseInputs, coarseSize } from "./coarseInputs.ts";
import {
  type CoarsePaths,
  type CoarseResults,
  coarseFiles,
  coarsePaths,
  prepareCoarseResults,
  writeCoarseResults,
} from "./coarseResults.ts";
import { sampleSize } from "./coarseSample.ts";
import { type CandidateOptions, candidateCutoff, findCandidates, rescoreSearch } from "./coarseSearch.ts";

/** How a search with a coarse pass runs: as `runMatch`, in one piece, with particles chosen by z-score. */
export interface CoarseMatchOptions extends Omit<MatchOptions, "part" | "compatBatch">, CandidateOptions {
  /** Pixels of the micrograph to a coarse one, along either axis. */
  readonly factor: number;
}

/** What a coarse pass saw. */
export interface CoarsePass {
  readonly factor: number;
  /** Places above the coarse z-score, which were tried again. */
  readonly candidates: number;
  readonly zCutoff: number;
  /** Orientations from which mean and deviation were taken. */
  readonly sampled: number;
}

/** What a search with a coarse pass found. */
export interface CoarseReport extends SearchReport {
  /** One for each template. */
  readonly coarse: readonly CoarsePass[];
}

/**
 * A search of all orientations at a coarser pixel, then of the neighbourhood of what it saw at full resolution: `factor`
 * squared times less work, for the loss of some particles near the threshold (the README says how many).
 *
 * Writes the particle table of `runMatch`; the maps of mean and deviation to their paths, at full size and from a sample of the
 * orientations, so that a refinement can go on from the table; and the eight maps of the coarse pass, at the coarse pixel, with
 * the factor in their names (`mip_coarse2.mrc`), which the table names for the other six.
 *
 * @throws {VitrineError} as `runMatch`; range: a factor that cannot be; unsupported: peaks other than by z-score
 */
export async function runCoarseMatch(
  configPath: string,
  options: CoarseMatchOptions,
): Promise<CoarseReport | (CoarseReport & TemplatesReport)> {
  return withJobs(configPath, options, async (set) => {
    const places = new Map(set.jobs.map((job) => [job, coarsePaths(job.settings, options.factor)]));
    for (const job of set.jobs) requirePossible(job, options);
    await prepareCoarseResults(set, [...places.values()]);
    for (const { checkpoint } of places.values()) await refuseCheckpoint(checkpoint, options);
    const pool = await createPool({ workers: options.workers });
    try {
      return await searchCoarsely(pool, set, { places, options });
    } finally {
      await pool.dispose();
    }
  });
}

/** Refuses what would fail after the coarse pass. */
function requirePossible({ settings, micrographShape, template }: Job, options: CoarseMatchOptions): void {
  const size = coarseSize(micrographShape, template.size, options.factor);
  const space = searchSpace(settings);
  const places = [size.shape[0] - size.template + 1, size.shape[1] - size.template + 1] as const;
  candidateCutoff(places, space, options.candidates);
  sampleSize(space.eulerAnglesDeg.length / 3, options.samples);
}

/** One template after the other; what each found is written before the next is searched for, and published with the last. */
async function searchCoarsely(
  pool: Pool,
  set: JobSet,
  { places, options }: { places: ReadonlyMap<Job, CoarsePaths>; options: CoarseMatchOptions },
): Promise<CoarseReport> {
  const [first] = set.jobs;
  const micrograph = await first.readMicrograph();
  const prepared = await preprocessMicrograph(pool, micrograph, first.settings.filters);
  const report = await writeTogether(async (pending) => {
    const [found, coarse]: [WrittenResults[], CoarsePass[]] = [[], []];
    for (const [job, paths] of places) {
      const { pass, results } = await searchTemplate(pool, { ...job, prepared }, { paths, options });
      found.push(await writeCoarseResults(pending, job, { paths, ...results }));
      coarse.push(pass);
    }
    if (found.length === 1) return { ...found[0].report, coarse };
    const files = coarseFiles(set, [...places.values()]);
    return { ...(await writeJointTable(pending, { ...set, files }, found)), coarse };
  });
  for (const { checkpoint } of places.values()) await removeFile(checkpoint);
  return report;
}

type Plan = { readonly paths: CoarsePaths; readonly options: CoarseMatchOptions };

async function searchTemplate(
  pool: Pool,
  job: Job & { readonly prepared: PreparedMicrograph },
  { paths, options }: Plan,
): Promise<{ pass: CoarsePass; results: Omit<CoarseResults, "paths"> }> {
  const { settings, template, prepared, micrographShape: shape } = job;
  const { maskRadiusPx } = job.results;
  const { factor } = options;
  const space = searchSpace(settings);
  const inputs = { prepared, shape, template, settings, space };
  const coarse = await coarsePass(pool, inputs, { job, paths, options });
  const mapShape = [shape[0] - template.size + 1, shape[1] - template.size + 1] as const;
  const { candidates, zCutoff } = findCandidates(coarse, { ...options, maskRadiusPx, mapShape });
  options.onLog?.(`${candidates.length} candidates above a coarse z-score of ${zCutoff.toFixed(2)}`);
  const rescoring = { ...options, ...job.results, onProgress: withRate(options.onProgress) };
  const found = await rescoreSearch(pool, { inputs, candidates }, rescoring);
  const { drawn: sampled } = found.statistics;
  const pass = { factor, candidates: candidates.length, zCutoff, sampled };
  return { pass, results: { found, coarse, factor, space } };
}

/** Searches at the coarse pixel, with checkpoints; the last one stays until the results are written. */
async function coarsePass(
  pool: Pool,
  inputs: PreparedInputs,
  { job, paths, options }: Plan & { job: Job },
): Promise<MapSource> {
  const coarse = await coarseInputs(pool, inputs, options.factor);
  const search = await TemplateSearch.fromPrepared(pool, coarse, options);
  try {
    const range = {
      fingerprint: `coarse ${options.factor} ${job.fingerprint}`,
      checkpoint: paths.checkpoint,
      firstBlock: 0,
      lastBlock: search.blockCount,
    };
    const done = await runCheckpointed(search, range, options);
    await writeSearchState(paths.checkpoint, done, search.statistics);
    return { statistics: await loadStatistics(paths.checkpoint, done), space: searchSpace(job.settings) };
  } finally {
    search.dispose();
  }
}
