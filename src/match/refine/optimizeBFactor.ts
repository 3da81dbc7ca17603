import { createPool, type Pool } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { type ParticleTable, writeParticles } from "../particles/particles.ts";
import { float64Text } from "../particles/pythonText.ts";
import { findPeaks, gaussianCutoff } from "../peaks/peaks.ts";
import { type Job, type MatchOptions, mapSource, withJob } from "../search/job.ts";
import { createSearch } from "../search/program.ts";
import { resultMap } from "../search/resultMaps.ts";
import { prepareFiles } from "../search/results.ts";

/** How a B-factor is judged: the mean z-score of all particles, of the `count` best or worst, or their number. */
export const B_FACTOR_METRICS = ["mean", "best", "worst", "count"] as const;

export interface BFactorOptions
  extends Pick<
    MatchOptions,
    | "workers"
    | "signal"
    | "onProgress"
    | "onLog"
    | "overwrite"
    | "maskRadiusPx"
    | "falsePositives"
    | "zCutoff"
    | "exactSlices"
    | "templatePadding"
    | "sincCorrection"
  > {
  /** B-factors to try, Å²: from `min` by `step` up to less than `max + step`. Default 0, 10, 200. */
  readonly bFactorsA2?: { readonly min: number; readonly step: number; readonly max: number };
  readonly metric?: (typeof B_FACTOR_METRICS)[number];
  /** Particles that "best" and "worst" look at; default 10. */
  readonly count?: number;
  /** Table of B-factors and metric; default `optimize_B_results.csv`. */
  readonly resultsPath?: string;
}

/** One B-factor and how well particles were found with it. */
export interface BFactorTrial {
  readonly bFactorA2: number;
  readonly metric: number;
  readonly particles: number;
}

export interface BFactorReport {
  /** In the order in which they were tried. */
  readonly trials: readonly BFactorTrial[];
  /** That of the largest metric, the first of equal ones. */
  readonly bestBFactorA2: number;
  readonly files: readonly string[];
}

/** Leopard-EM ends when the metric has not grown this many times in a row. */
const PATIENCE = 2;

/**
 * Leopard-EM's `optimize_b_factor`: runs the search of a configuration with one B-factor after the other in the place of
 * `optics_group.ctf_B_factor` and ends when the metric has not grown twice in a row. No maps are written, only a table of
 * B-factors. Without particles a metric is 0.
 *
 * @throws {VitrineError} as `runMatch`; range: B-factors that are none
 */
export async function runOptimizeBFactor(
  configPath: string,
  options: BFactorOptions = {},
): Promise<BFactorReport> {
  const { bFactorsA2 = { min: 0, step: 10, max: 200 }, metric = "mean", overwrite = false } = options;
  const { resultsPath = "optimize_B_results.csv", workers } = options;
  const values = toValues(bFactorsA2);
  return withJob(configPath, options, async (job) => {
    const inputs = [configPath, job.settings.micrographPath, job.settings.templatePath];
    await prepareFiles([resultsPath], inputs, { mayReplace: overwrite, ways: "--overwrite" });
    const pool = await createPool({ workers });
    try {
      const trials = await tryAll(pool, job, { ...options, values });
      await writeParticles(resultsPath, toTable(trials, metric), { overwrite });
      const best = trials.reduce((a, b) => (b.metric > a.metric ? b : a));
      return { trials, bestBFactorA2: best.bFactorA2, files: [resultsPath] };
    } finally {
      await pool.dispose();
    }
  });
}

function toValues({ min, step, max }: NonNullable<BFactorOptions["bFactorsA2"]>): number[] {
  if (!(min >= 0 && step > 0 && max >= min && (max - min) / step < 1e4)) {
    throw new VitrineError({
      code: "range",
      at: "B-factors",
      expected: "a start of at least 0, a step above 0 and an end not below the start, in Å²",
      found: `${min} by ${step} to ${max}`,
    });
  }
  // as Python's range(min, max + step, step), but for rounding
  return Array.from({ length: Math.ceil((max + step - min) / step - 1e-9) }, (_, i) => min + i * step);
}

type TrialOptions = BFactorOptions & { readonly values: readonly number[] };

async function tryAll(pool: Pool, job: Job, options: TrialOptions): Promise<BFactorTrial[]> {
  const trials: BFactorTrial[] = [];
  let stale = 0;
  for (const [i, bFactorA2] of options.values.entries()) {
    const settings = { ...job.settings, optics: { ...job.settings.optics, bFactorA2 } };
    const trial = await tryOne(pool, { ...job, settings }, { ...options, index: i, bFactorA2 });
    options.onLog?.(`B-factor ${bFactorA2} Å²: ${trial.metric.toFixed(4)}, ${trial.particles} particles`);
    stale = i > 0 && trial.metric <= trials[i - 1].metric ? stale + 1 : 0;
    trials.push(trial);
    if (stale === PATIENCE) break;
  }
  return trials;
}

async function tryOne(
  pool: Pool,
  job: Job,
  options: TrialOptions & { index: number; bFactorA2: number },
): Promise<BFactorTrial> {
  const { signal, onProgress, values, index, bFactorA2, metric = "mean", count = 10 } = options;
  const search = await createSearch(pool, job, options);
  try {
    const { correlations } = search.size;
    const began = performance.now();
    const tell = (done: number) => {
      const rate = done / Math.max(1e-3, (performance.now() - began) / 1000);
      onProgress?.({ done: index * correlations + done, total: values.length * correlations, rate });
    };
    await search.run({}, { ...(signal && { signal }), onProgress: tell });
    const data = resultMap(mapSource(search.statistics, job.settings, options), "scaledMip");
    const { falsePositives, maskRadiusPx } = job.results;
    const cutoff = options.zCutoff ?? gaussianCutoff({ falsePositives, pixels: data.length, correlations });
    const peaks = findPeaks({ data, shape: search.size.mapShape }, { cutoff, maskRadiusPx });
    const scores = peaks.map(({ zScore }) => zScore);
    return { bFactorA2, metric: judge(scores, metric, count), particles: peaks.length };
  } finally {
    search.dispose();
  }
}

/** @param scores  best first */
function judge(scores: readonly number[], metric: BFactorOptions["metric"], count: number): number {
  if (metric === "count") return scores.length;
  const some =
    metric === "best" ? scores.slice(0, count) : metric === "worst" ? scores.slice(-count) : scores;
  return some.length === 0 ? 0 : some.reduce((sum, score) => sum + score, 0) / some.length;
}

function toTable(trials: readonly BFactorTrial[], metric: string): ParticleTable {
  const rows = trials.map((trial) => ({
    b_factor: String(trial.bFactorA2),
    [metric]: float64Text(trial.metric),
    particles: trial.particles,
  }));
  return { columns: ["b_factor", metric, "particles"], rows };
}
