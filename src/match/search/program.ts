import type { BackendSizes, Pool } from "../../compute/index.ts";
import { fileExists, makeFolder, removeFile, requireKnownOptions } from "../../io/index.ts";
import { type ProgramTools, runProgram } from "../../program/index.ts";
import { MATCH_KEYS } from "../optionKeys.ts";
import { resultPlaces, type SearchSet, searchSetBytes, withSearches } from "./configuredSearch.ts";
import { type IdentifiedSearch, identifySearches } from "./fingerprint.ts";
import type { MatchOptions } from "./matchOptions.ts";
import { openSearch, prepareMicrograph } from "./openSearch.ts";
import { checkpointPath, type Part, partPath, partRange, partsFolder } from "./parts.ts";
import type { SearchReport } from "./results.ts";
import type { TemplateSearch } from "./search.ts";
import {
  loadStatistics,
  refuseCheckpoint,
  refuseExisting,
  runCheckpointed,
  tellingOfCheckpoints,
} from "./searchRun.ts";
import { type StateHeader, writeSearchState } from "./searchState.ts";
import { finishSearches, searchPlaces, type TemplatesReport } from "./templatesResults.ts";

/** What a whole search found: of one template a {@link SearchReport}, of several what each gave too. */
export type MatchReport = SearchReport | TemplatesReport;

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
  options?: MatchOptions & { readonly part?: never },
): Promise<MatchReport>;
export async function runMatch(
  configPath: string,
  options: MatchOptions & { readonly part: Part },
): Promise<null>;
export async function runMatch(configPath: string, options: MatchOptions): Promise<MatchReport | null>;
export async function runMatch(configPath: string, options: MatchOptions = {}): Promise<MatchReport | null> {
  requireKnownOptions("runMatch", options, MATCH_KEYS);
  const { part } = options;
  return withSearches(configPath, options, async (set) => {
    const needs = {
      ...(part === undefined ? searchPlaces(set) : resultPlaces(set, [])),
      bytes: (sizes: BackendSizes) => searchSetBytes(set, options, sizes),
      check: () => checkEarlierRuns(set, options),
    };
    const own = set.searches.map(({ settings }) => checkpointPath(settings, part));
    const run = async (tools: ProgramTools) => {
      const identified = await identifySearches(set, options);
      return set.searches.length === 1 && part === undefined
        ? await searchOne(tools, identified, options)
        : await searchAll(tools, identified, options);
    };
    const { report, checkpoints } = await tellingOfCheckpoints(own, () => runProgram(needs, options, run));
    for (const checkpoint of checkpoints) await removeFile(checkpoint);
    return report;
  });
}

/** What is left of earlier runs is neither overwritten nor continued unless that is asked for. */
async function checkEarlierRuns(set: SearchSet, options: MatchOptions): Promise<void> {
  const { part, overwrite = false } = options;
  for (const { settings } of set.searches) {
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
function continues({ searches }: SearchSet, { resume = false }: MatchOptions): boolean {
  return resume && searches.length > 1;
}

/** A report, and the checkpoints that are needless once its files are in their places. */
interface Finished {
  readonly report: MatchReport | null;
  readonly checkpoints: readonly string[];
}

/** Searches for one template; its statistics never leave the pool's memory. */
async function searchOne(
  { pool, results }: ProgramTools,
  set: SearchSet<IdentifiedSearch>,
  options: MatchOptions,
): Promise<Finished> {
  const [identified] = set.searches;
  const search = await openSearch(
    pool,
    { ...identified, prepared: await prepareMicrograph(pool, identified) },
    options,
  );
  const { checkpoint } = await runSearch(search, identified, options);
  const statisticsOf = async () => search.statistics;
  const report = await finishSearches(results, set, { ...options, statisticsOf });
  return { report, checkpoints: [checkpoint] };
}

/** A search that is done, and where its statistics are. */
interface DoneSearch {
  readonly checkpoint: string;
  readonly state: StateHeader;
}

/**
 * Searches for one template after the other. What is found stays in files, parts or finished checkpoints, until all are done: a
 * run that was stopped goes on where it was, and memory is that of one search.
 */
async function searchAll(
  { pool, results }: ProgramTools,
  set: SearchSet<IdentifiedSearch>,
  options: MatchOptions,
): Promise<Finished> {
  const done = await searchEach(pool, set, options);
  if (options.part !== undefined) return { report: null, checkpoints: [] };
  const statisticsOf = (search: IdentifiedSearch) => {
    const { checkpoint, state } = done.get(search)!;
    return loadStatistics(checkpoint, state);
  };
  const report = await finishSearches(results, set, { ...options, statisticsOf });
  return { report, checkpoints: [...done.values()].map(({ checkpoint }) => checkpoint) };
}

async function searchEach(
  pool: Pool,
  set: SearchSet<IdentifiedSearch>,
  options: MatchOptions,
): Promise<Map<IdentifiedSearch, DoneSearch>> {
  const { part } = options;
  const done = new Map<IdentifiedSearch, DoneSearch>();
  const prepared = await prepareMicrograph(pool, set.searches[0]);
  for (const [i, identified] of set.searches.entries()) {
    const result = part && partPath(identified.settings, part);
    if (result !== undefined && continues(set, options) && (await fileExists(result))) continue;
    const search = await openSearch(pool, { ...identified, prepared }, options);
    try {
      const told = { ...options, ...progressOf(i, set, options) };
      const { checkpoint, state } = await runSearch(search, identified, told);
      await writeSearchState(result ?? checkpoint, state, search.statistics);
      if (result !== undefined) await removeFile(checkpoint);
      done.set(identified, { checkpoint, state });
    } finally {
      search.dispose();
    }
  }
  return done;
}

/** The progress of all templates together, each taken to have as much to do, from that of one. */
export function progressOf(
  index: number,
  { searches }: SearchSet,
  { onProgress }: Pick<MatchOptions, "onProgress">,
): Pick<MatchOptions, "onProgress"> {
  if (onProgress === undefined) return {};
  const show: typeof onProgress = ({ done, total, ...progress }) =>
    onProgress({ ...progress, done: index * total + done, total: searches.length * total });
  return { onProgress: show };
}

async function runSearch(
  search: TemplateSearch,
  { settings, fingerprint, choices }: IdentifiedSearch,
  options: MatchOptions,
): Promise<DoneSearch> {
  const range =
    options.part === undefined
      ? { firstBlock: 0, lastBlock: search.blockCount }
      : partRange(options.part, search.blockCount);
  const checkpoint = checkpointPath(settings, options.part);
  const run = { fingerprint: await fingerprint(), choices: await choices(), checkpoint, ...range };
  return { checkpoint, state: await runCheckpointed(search, run, options) };
}
