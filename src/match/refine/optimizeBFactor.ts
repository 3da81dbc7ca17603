import type { BackendSizes, Pool } from "../../compute/index.ts";
import { progressTeller, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import { PROGRAM_KEYS, runProgram } from "../../program/index.ts";
import type { ParticleTable } from "../particles/particles.ts";
import { float64Text } from "../particles/pythonText.ts";
import { writeParticles } from "../particles/writeParticles.ts";
import { findPeaks, gaussianCutoff } from "../peaks/peaks.ts";
import { type ConfiguredSearch, mapSource, searchSetBytes, withSearch } from "../search/configuredSearch.ts";
import type { MatchOptions } from "../search/matchOptions.ts";
import { openSearch, prepareMicrograph } from "../search/openSearch.ts";
import { resultMap } from "../search/resultMaps.ts";
import type { PreparedMicrograph } from "../search/searchFilters.ts";
import { SLICE_KEYS } from "../search/searchInputs.ts";

/** How a B-factor is judged: the mean z-score of all particles, of the `count` best or worst, or their number. */
export const B_FACTOR_METRICS = ["mean", "best", "worst", "count"] as const;

export interface BFactorOptions
  extends Pick<
    MatchOptions,
    | "workers"
    | "signal"
    | "onProgress"
    | "onLog"
    | "onBackend"
    | "overwrite"
    | "maskRadiusPx"
    | "falsePositives"
    | "zCutoff"
    | "exactSlices"
    | "templatePadding"
    | "sincCorrection"
    | "tiffRows"
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

const KEYS: OptionKeys<BFactorOptions> = {
  ...PROGRAM_KEYS,
  ...SLICE_KEYS,
  overwrite: true,
  maskRadiusPx: true,
  falsePositives: true,
  zCutoff: true,
  tiffRows: true,
  bFactorsA2: true,
  metric: true,
  count: true,
  resultsPath: true,
};

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
  requireKnownOptions("runOptimizeBFactor", options, KEYS);
  const { bFactorsA2 = { min: 0, step: 10, max: 200 }, metric = "mean", overwrite = false } = options;
  const { resultsPath = "optimize_B_results.csv" } = options;
  const values = toValues(bFactorsA2);
  return withSearch(configPath, options, async (search) => {
    const needs = {
      inputs: [configPath, search.settings.micrographPath, search.settings.templatePath],
      outputs: [resultsPath],
      overwrite,
      bytes: (sizes: BackendSizes) =>
        searchSetBytes({ searches: [search], results: search.results }, options, sizes),
    };
    return runProgram(needs, options, async ({ pool, results }) => {
      const prepared = await prepareMicrograph(pool, search);
      const trials = await tryAll(pool, { ...search, prepared }, { ...options, values });
      const table = toTable(trials, metric);
      await results.write(resultsPath, (path) => writeParticles(path, table, { overwrite: true }));
      const best = trials.reduce((a, b) => (b.metric > a.metric ? b : a));
      return { trials, bestBFactorA2: best.bFactorA2, files: [resultsPath] };
    });
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
type PreparedSearch = ConfiguredSearch & { readonly prepared: PreparedMicrograph };

async function tryAll(pool: Pool, search: PreparedSearch, options: TrialOptions): Promise<BFactorTrial[]> {
  const { values, onLog, onProgress } = options;
  const trials: BFactorTrial[] = [];
  const tell = progressTeller(onProgress, { unit: "correlations" });
  let stale = 0;
  for (const [i, bFactorA2] of values.entries()) {
    const settings = { ...search.settings, optics: { ...search.settings.optics, bFactorA2 } };
    const tellOne = (done: number, each: number) => tell(i * each + done, values.length * each);
    const trial = await tryOne(pool, { ...search, settings }, { ...options, tell: tellOne });
    onLog?.(`B-factor ${bFactorA2} Å²: ${trial.metric.toFixed(4)}, ${trial.particles} particles`, "note");
    stale = i > 0 && trial.metric <= trials[i - 1].metric ? stale + 1 : 0;
    trials.push({ bFactorA2, ...trial });
    if (stale === PATIENCE) break;
  }
  return trials;
}

async function tryOne(
  pool: Pool,
  configured: PreparedSearch,
  options: TrialOptions & { readonly tell: (done: number, correlations: number) => void },
): Promise<Omit<BFactorTrial, "bFactorA2">> {
  const { signal, tell, metric = "mean", count = 10 } = options;
  const search = await openSearch(pool, configured, options);
  try {
    const { correlations } = search.size;
    const onProgress = (done: number) => tell(done, correlations);
    await search.run({}, { ...(signal && { signal }), onProgress });
    const data = resultMap(mapSource(search.statistics, configured, {}), "scaledMip");
    const { falsePositives, maskRadiusPx } = configured.results;
    const cutoff = options.zCutoff ?? gaussianCutoff({ falsePositives, pixels: data.length, correlations });
    const peaks = findPeaks({ data, shape: search.size.mapShape }, { cutoff, maskRadiusPx });
    const scores = peaks.map(({ zScore }) => zScore);
    return { metric: judge(scores, metric, count), particles: peaks.length };
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
