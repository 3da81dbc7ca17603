import { createPool, type Pool } from "../../compute/index.ts";
import { removeFile } from "../../io/index.ts";
import { searchSpace } from "../config/config.ts";
import { coarseInputs, coarseSize } from "./coarseInputs.ts";
import { type CoarsePaths, coarsePaths, prepareCoarseResults, writeCoarseResults } from "./coarseResults.ts";
import { sampleSize } from "./coarseSample.ts";
import { type CandidateOptions, candidateCutoff, findCandidates, rescoreSearch } from "./coarseSearch.ts";
import { type Job, type MatchOptions, withJob } from "./job.ts";
import type { MapSource } from "./resultMaps.ts";
import type { SearchReport } from "./results.ts";
import { type PreparedInputs, TemplateSearch } from "./search.ts";
import { preprocessMicrograph } from "./searchFilters.ts";
import { loadStatistics, refuseCheckpoint, runCheckpointed } from "./searchRun.ts";
import { writeSearchState } from "./searchState.ts";

/** How a search with a coarse pass runs: as `runMatch`, in one piece, with particles chosen by z-score. */
export interface CoarseMatchOptions extends Omit<MatchOptions, "part" | "compatBatch">, CandidateOptions {
  /** Pixels of the micrograph to a coarse one, along either axis. */
  readonly factor: number;
}

/** What a search with a coarse pass found. */
export interface CoarseReport extends SearchReport {
  readonly coarse: {
    readonly factor: number;
    /** Places above the coarse z-score, which were tried again. */
    readonly candidates: number;
    readonly zCutoff: number;
    /** Orientations from which mean and deviation were taken. */
    readonly sampled: number;
  };
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
export async function runCoarseMatch(configPath: string, options: CoarseMatchOptions): Promise<CoarseReport> {
  return withJob(configPath, options, async (job) => {
    requirePossible(job, options);
    const paths = coarsePaths(job.settings, options.factor);
    await prepareCoarseResults(paths, job);
    await refuseCheckpoint(paths.checkpoint, options);
    const pool = await createPool(options.workers === undefined ? {} : { workers: options.workers });
    try {
      return await searchCoarsely(pool, job, { paths, options });
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

type Plan = { readonly paths: CoarsePaths; readonly options: CoarseMatchOptions };

async function searchCoarsely(pool: Pool, job: Job, { paths, options }: Plan): Promise<CoarseReport> {
  const { settings, template, results, micrographShape: shape } = job;
  const { factor } = options;
  const space = searchSpace(settings);
  const prepared = await preprocessMicrograph(pool, await job.readMicrograph(), settings.filters);
  const inputs = { prepared, shape, template, settings, space };
  const coarse = await coarsePass(pool, inputs, { job, paths, options });
  const mapShape = [shape[0] - template.size + 1, shape[1] - template.size + 1] as const;
  const seen = findCandidates(coarse, { ...options, maskRadiusPx: results.maskRadiusPx, mapShape });
  const { candidates, zCutoff } = seen;
  options.onLog?.(`${candidates.length} candidates above a coarse z-score of ${zCutoff.toFixed(2)}`);
  const rescoring = { ...options, ...results, onProgress: withRate(options.onProgress) };
  const found = await rescoreSearch(pool, { inputs, candidates }, rescoring);
  const report = await writeCoarseResults(job, paths, { found, coarse, factor, space });
  await removeFile(paths.checkpoint);
  const { drawn: sampled } = found.statistics;
  return { ...report, coarse: { factor, candidates: candidates.length, zCutoff, sampled } };
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

function withRate(onProgress: MatchOptions["onProgress"]) {
  const began = performance.now();
  return (done: number, total: number) => {
    const seconds = (performance.now() - began) / 1000;
    onProgress?.({ done, total, rate: done / Math.max(1e-3, seconds) });
  };
}
