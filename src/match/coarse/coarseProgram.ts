import type { BackendSizes, Pool } from "../../compute/index.ts";
import { pickOptions } from "../../core/index.ts";
import { type OptionKeys, removeFile, requireKnownOptions } from "../../io/index.ts";
import { type ProgramTools, runProgram } from "../../program/index.ts";
import { MATCH_KEYS } from "../optionKeys.ts";
import {
  type ConfiguredSearch,
  type SearchSet,
  searchSetBytes,
  withSearches,
} from "../search/configuredSearch.ts";
import { type IdentifiedSearch, identifySearches } from "../search/fingerprint.ts";
import type { MatchOptions } from "../search/matchOptions.ts";
import { prepareMicrograph } from "../search/openSearch.ts";
import { progressOf } from "../search/program.ts";
import type { MapSource } from "../search/resultMaps.ts";
import type { SearchReport, WrittenResults } from "../search/results.ts";
import { type PreparedInputs, SEARCH_KEYS, type SearchOptions, TemplateSearch } from "../search/search.ts";
import type { PreparedMicrograph } from "../search/searchFilters.ts";
import {
  loadStatistics,
  refuseCheckpoint,
  runCheckpointed,
  tellingOfCheckpoints,
} from "../search/searchRun.ts";
import { writeSearchState } from "../search/searchState.ts";
import { type TemplatesReport, writeJointTable } from "../search/templatesResults.ts";
import { coarseInputs, coarseSize } from "./coarseInputs.ts";
import {
  type CoarsePaths,
  type CoarseResults,
  coarseFiles,
  coarsePaths,
  coarsePlaces,
  writeCoarseResults,
} from "./coarseResults.ts";
import { sampleSize } from "./coarseSample.ts";
import { type CandidateOptions, candidateCutoff, findCandidates, rescoreSearch } from "./coarseSearch.ts";
import { COARSE_CHOICE_KEYS, coarseProgress, coarseWork } from "./coarseWork.ts";

/** How a search with a coarse pass runs: as `runMatch`, in one piece, with particles chosen by z-score. */
export interface CoarseMatchOptions extends Omit<MatchOptions, "part" | "compatBatch">, CandidateOptions {
  /** Pixels of the micrograph to a coarse one, along either axis. */
  readonly factor: number;
}

const { part: _, compatBatch: __, ...SHARED_KEYS } = MATCH_KEYS;
const COARSE_KEYS: OptionKeys<CoarseMatchOptions> = {
  ...SHARED_KEYS,
  ...COARSE_CHOICE_KEYS,
};

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
  requireKnownOptions("runCoarseMatch", options, COARSE_KEYS);
  return withSearches(configPath, options, async (set) => {
    const paths = set.searches.map((search) => coarsePaths(search.settings, options.factor));
    for (const search of set.searches) requirePossible(search, options);
    const needs = {
      ...coarsePlaces(set, paths),
      bytes: (sizes: BackendSizes) => searchSetBytes(set, options, sizes),
      check: async () => {
        for (const { checkpoint } of paths) await refuseCheckpoint(checkpoint, options);
      },
    };
    const own = paths.map(({ checkpoint }) => checkpoint);
    const run = async (tools: ProgramTools) =>
      searchCoarsely(tools, await identifySearches(set, options), { paths, options });
    const report = await tellingOfCheckpoints(own, () => runProgram(needs, options, run));
    for (const { checkpoint } of paths) await removeFile(checkpoint);
    return report;
  });
}

/** Refuses what would fail after the coarse pass. */
function requirePossible(
  { space, micrograph, template }: ConfiguredSearch,
  options: CoarseMatchOptions,
): void {
  const size = coarseSize(micrograph.shape, template.size, options.factor);
  const places = [size.shape[0] - size.template + 1, size.shape[1] - size.template + 1] as const;
  candidateCutoff(places, space, options.candidates);
  sampleSize(space.eulerAnglesDeg.length / 3, options.samples);
}

/** One template after the other; what each found is written before the next is searched for, and published with the last. */
async function searchCoarsely(
  { pool, results: pending }: ProgramTools,
  set: SearchSet<IdentifiedSearch>,
  { paths, options }: { paths: readonly CoarsePaths[]; options: CoarseMatchOptions },
): Promise<CoarseReport> {
  const prepared = await prepareMicrograph(pool, set.searches[0]);
  const [found, coarse]: [WrittenResults[], CoarsePass[]] = [[], []];
  for (const [i, search] of set.searches.entries()) {
    const where = { paths: paths[i], options: { ...options, ...progressOf(i, set, options) } };
    const { pass, results } = await searchTemplate(pool, { ...search, prepared }, where);
    found.push(await writeCoarseResults(pending, search, { paths: paths[i], ...results }));
    coarse.push(pass);
  }
  if (found.length === 1) return { ...found[0].report, coarse };
  return { ...(await writeJointTable(pending, { ...set, files: coarseFiles(set, paths) }, found)), coarse };
}

/** How the search of one template runs, and where its results go. */
interface TemplatePass {
  readonly paths: CoarsePaths;
  readonly options: CoarseMatchOptions;
}

async function searchTemplate(
  pool: Pool,
  search: IdentifiedSearch & { readonly prepared: PreparedMicrograph },
  { paths, options }: TemplatePass,
): Promise<{ pass: CoarsePass; results: Omit<CoarseResults, "paths"> }> {
  const { settings, space, template, prepared, micrograph } = search;
  const { maskRadiusPx } = search.results;
  const { factor } = options;
  const { shape } = micrograph;
  const inputs = { prepared, shape, template, settings, space };
  const work = coarseWork({ ...options, shape, template: template.size, space });
  const progress = coarseProgress(options.onProgress, work);
  const passOptions = { ...options, onProgress: progress.ofPass };
  const coarse = await coarsePass(pool, inputs, { search, paths, options: passOptions });
  const mapShape = [shape[0] - template.size + 1, shape[1] - template.size + 1] as const;
  const { candidates, zCutoff } = findCandidates(coarse, { ...options, maskRadiusPx, mapShape });
  options.onLog?.(`${candidates.length} candidates above a coarse z-score of ${zCutoff.toFixed(2)}`, "note");
  const found = await rescoreSearch(
    pool,
    { inputs, candidates },
    { ...options, ...search.results, onProgress: progress.ofRest },
  );
  const { drawn: sampled } = found.statistics;
  const pass = { factor, candidates: candidates.length, zCutoff, sampled };
  return { pass, results: { found, coarse, factor, space } };
}

/** Searches at the coarse pixel, with checkpoints; the last one stays until the results are written. */
async function coarsePass(
  pool: Pool,
  inputs: PreparedInputs,
  { search: { space, fingerprint, choices }, paths, options }: TemplatePass & { search: IdentifiedSearch },
): Promise<MapSource> {
  const coarse = await coarseInputs(pool, inputs, options.factor);
  const search = await TemplateSearch.fromPrepared(
    pool,
    coarse,
    pickOptions<SearchOptions>(options, SEARCH_KEYS),
  );
  try {
    const range = {
      fingerprint: `coarse ${options.factor} ${await fingerprint()}`,
      choices: { ...(await choices()), "coarse factor": String(options.factor) },
      checkpoint: paths.checkpoint,
      firstBlock: 0,
      lastBlock: search.blockCount,
    };
    const done = await runCheckpointed(search, range, options);
    await writeSearchState(paths.checkpoint, done, search.statistics);
    return { statistics: await loadStatistics(paths.checkpoint, done), space };
  } finally {
    search.dispose();
  }
}
