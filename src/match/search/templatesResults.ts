import type { ResultFiles, ResultPlaces } from "../../io/index.ts";
import type { ParticleTable } from "../particles/particles.ts";
import { writeParticles } from "../particles/writeParticles.ts";
import { distinctPeaks } from "../peaks/distinctPeaks.ts";
import { checkPeakOptions } from "../peaks/peaksChoice.ts";
import { type ConfiguredSearch, mapSource, resultPlaces, type SearchSet } from "./configuredSearch.ts";
import type { MatchOptions } from "./matchOptions.ts";
import { resultPaths, type SearchReport, type WrittenResults, writeResults } from "./results.ts";
import type { SearchStatistics } from "./searchState.ts";
import type { TemplateSettings } from "./templates.ts";

/** What a search for several templates found; each place belongs to the template with the best z-score there. */
export interface TemplatesReport extends SearchReport {
  readonly particles: readonly (SearchReport["particles"][number] & { readonly templatePath: string })[];
  /** Of the template by itself, in the order of the configuration. */
  readonly templates: readonly {
    readonly templatePath: string;
    readonly particles: number;
    readonly zCutoff: number;
  }[];
}

/**
 * The files that searches read and write.
 *
 * @throws {VitrineError} range: peaks that cannot be chosen so
 */
export function searchPlaces(set: SearchSet<TemplateSettings>): ResultPlaces {
  checkPeakOptions(set.results);
  return resultPlaces(set, filesOf(set));
}

/** Every file that is written. */
function filesOf({ searches, results }: SearchSet<TemplateSettings>): string[] {
  const paths = searches.flatMap((search) => resultPaths(search.settings, search.results));
  return searches.length === 1 ? paths : [...paths, results.particlesPath];
}

/** Writes the results of all searches, and a table of them together where there are several. */
export async function finishSearches<Search extends ConfiguredSearch>(
  pending: ResultFiles,
  set: SearchSet<Search>,
  {
    statisticsOf,
    ...options
  }: Pick<MatchOptions, "compatBatch" | "onLog"> & {
    readonly statisticsOf: (search: Search) => Promise<SearchStatistics>;
  },
): Promise<SearchReport | TemplatesReport> {
  const found: WrittenResults[] = [];
  for (const search of set.searches) {
    const source = mapSource(await statisticsOf(search), search, options);
    warnOfRaised(source.statistics, search, options.onLog);
    const { settings, micrograph, planted, results, template } = search;
    const what = { settings, source, micrograph, planted, templateSize: template.size, options: results };
    found.push(await writeResults(pending, what));
  }
  if (found.length === 1) return found[0].report;
  return writeJointTable(pending, { ...set, files: filesOf(set) }, found);
}

/** A table that is not all that was asked for is worth a word. */
function warnOfRaised(
  { hits }: SearchStatistics,
  { settings }: ConfiguredSearch,
  onLog: MatchOptions["onLog"],
): void {
  if (hits === undefined || hits.threshold === hits.askedThreshold) return;
  const { count, limit, threshold, askedThreshold } = hits;
  const text = `${settings.results.correlationTable}: more than ${limit} correlations above ${askedThreshold}; it holds the ${count} above ${threshold.toFixed(3)}. Keep more with --correlation-limit`;
  onLog?.(text, "warning");
}

/**
 * Gives each place to the template with the best z-score; templates of other sizes are compared by their centres.
 *
 * @param set    with all files of the search, for the report
 * @param found  of each template, in the order of the searches
 */
export async function writeJointTable(
  pending: ResultFiles,
  { searches, results, files }: SearchSet & { readonly files: readonly string[] },
  found: readonly WrittenResults[],
): Promise<TemplatesReport> {
  const all = found.flatMap(({ report, table }, k) => {
    const half = Math.floor(searches[k].template.size / 2);
    const { templatePath } = searches[k].settings;
    return report.particles.map((particle, i) => ({
      y: particle.y + half,
      x: particle.x + half,
      zScore: particle.zScore,
      particle: { ...particle, templatePath },
      row: table.rows[i],
    }));
  });
  const best = distinctPeaks(all, results.maskRadiusPx);
  const table: ParticleTable = {
    columns: found[0].table.columns,
    rows: best.map(({ row }, i) => ({ ...row, particle_index: i })),
  };
  await pending.write(results.particlesPath, (path) =>
    writeParticles(path, table, { name: results.particlesPath, overwrite: true }),
  );
  const heights = found.flatMap(({ report: { bestZScore } }) =>
    bestZScore === undefined ? [] : [bestZScore],
  );
  return {
    ...(best.length === 0 && heights.length > 0 && { bestZScore: Math.max(...heights) }),
    particles: best.map(({ particle }) => particle),
    zCutoff: Math.min(...found.map(({ report }) => report.zCutoff)),
    correlations: found.reduce((sum, { report }) => sum + report.correlations, 0),
    files,
    templates: found.map(({ report }, k) => ({
      templatePath: searches[k].settings.templatePath,
      particles: report.particles.length,
      zCutoff: report.zCutoff,
    })),
  };
}
