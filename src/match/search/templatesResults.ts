import { type ParticleTable, writeParticles } from "../particles/particles.ts";
import { distinctPeaks } from "../peaks/distinctPeaks.ts";
import { checkPeakOptions } from "../peaks/peaksChoice.ts";
import { type Job, type JobSet, type MatchOptions, mapSource } from "./job.ts";
import {
  type PendingFiles,
  prepareFiles,
  resultPaths,
  type SearchReport,
  type WrittenResults,
  writeResults,
  writeTogether,
} from "./results.ts";
import type { SearchStatistics } from "./searchState.ts";

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
 * Refuses to begin searches whose results would replace files or could not be written, and makes the folders that are missing.
 *
 * @throws {VitrineError} exists: names the file and how to allow it, or two files of one name; storage: a folder that
 *   cannot be written to; range: peaks that cannot be chosen so
 */
export async function prepareResults(set: JobSet): Promise<void> {
  checkPeakOptions(set.results);
  await prepareResultFiles(set, filesOf(set));
}

/** As {@link prepareResults} for these files. */
export async function prepareResultFiles({ jobs, results }: JobSet, files: readonly string[]): Promise<void> {
  const [{ settings }] = jobs;
  const mayReplace = results.overwrite || settings.results.allowFileOverwrite;
  const inputs = [settings.micrographPath, ...jobs.map((job) => job.settings.templatePath)];
  const ways = "--overwrite or match_template_result.allow_file_overwrite: true";
  await prepareFiles(files, [...new Set(inputs)], { mayReplace, ways });
}

/** Every file that is written. */
function filesOf({ jobs, results }: JobSet): string[] {
  const paths = jobs.flatMap((job) => resultPaths(job.settings, job.results));
  return jobs.length === 1 ? paths : [...paths, results.particlesPath];
}

/** Writes the results of all searches, and a table of them together where there are several. */
export function finishJobs(
  set: JobSet,
  statisticsOf: (job: Job) => Promise<SearchStatistics>,
  options: MatchOptions,
): Promise<SearchReport | TemplatesReport> {
  return writeTogether(async (pending) => {
    const found: WrittenResults[] = [];
    for (const job of set.jobs) {
      const source = mapSource(await statisticsOf(job), job.settings, options);
      const { settings, readMicrograph, results, template } = job;
      const what = { settings, source, readMicrograph, templateSize: template.size, options: results };
      found.push(await writeResults(pending, what));
    }
    if (found.length === 1) return found[0].report;
    return writeJointTable(pending, { ...set, files: filesOf(set) }, found);
  });
}

/**
 * Gives each place to the template with the best z-score; templates of other sizes are compared by their centres.
 *
 * @param set    with all files of the search, for the report
 * @param found  of each template, in the order of the jobs
 */
export async function writeJointTable(
  pending: PendingFiles,
  { jobs, results, files }: JobSet & { readonly files: readonly string[] },
  found: readonly WrittenResults[],
): Promise<TemplatesReport> {
  const all = found.flatMap(({ report, table }, k) => {
    const half = Math.floor(jobs[k].template.size / 2);
    const { templatePath } = jobs[k].settings;
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
  await pending.write(results.particlesPath, (path) => writeParticles(path, table, { overwrite: true }));
  return {
    particles: best.map(({ particle }) => particle),
    zCutoff: Math.min(...found.map(({ report }) => report.zCutoff)),
    correlations: found.reduce((sum, { report }) => sum + report.correlations, 0),
    files,
    templates: found.map(({ report }, k) => ({
      templatePath: jobs[k].settings.templatePath,
      particles: report.particles.length,
      zCutoff: report.zCutoff,
    })),
  };
}
