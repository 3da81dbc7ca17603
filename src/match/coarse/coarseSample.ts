import type { Backend } from "../../compute/index.ts";
import { pickOptions, seededRandom, VitrineError } from "../../core/index.ts";
import type { SearchSpace } from "../config/config.ts";
import { gaussianCutoff } from "../peaks/peaks.ts";
import { resultMap } from "../search/resultMaps.ts";
import { type PreparedInputs, SEARCH_KEYS, type SearchOptions, TemplateSearch } from "../search/search.ts";

/** Mean and standard deviation of correlations at every position, from some of a search's orientations. */
export interface SampledStatistics {
  /** (H', W') */
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  /** Orientations that were drawn, and those there are. */
  readonly drawn: number;
  readonly orientations: number;
}

/** Below this a deviation says little. */
const LEAST = 30;

/**
 * Orientations to draw: at most all of them; where nobody says how many a 100th, which costs little, and enough for a deviation
 * to 2 %.
 *
 * @throws {VitrineError} range: fewer than 30 of more
 */
export function sampleSize(orientations: number, wanted?: number): number {
  const count = Math.min(orientations, wanted ?? Math.max(1000, Math.ceil(orientations / 100)));
  if (count >= Math.min(LEAST, orientations)) return count;
  const expected = `at least ${LEAST} orientations`;
  throw new VitrineError({ code: "range", at: "coarse samples", expected, found: String(count) });
}

/**
 * Correlates a micrograph with some orientations of a search, drawn without repetition, at every defocus and pixel size. With
 * all of them the maps are those of the search.
 *
 * @param options  count: orientations; onProgress: gets the correlations done
 * @throws {VitrineError} as {@link sampleSize} and `TemplateSearch.fromPrepared`; aborted
 */
export async function sampleStatistics(
  backend: Backend,
  inputs: PreparedInputs & { readonly space: SearchSpace },
  { count, onProgress, ...options }: SearchOptions & SampleOptions,
): Promise<SampledStatistics> {
  const orientations = inputs.space.eulerAnglesDeg.length / 3;
  const drawn = sampleSize(orientations, count);
  const space = { ...inputs.space, eulerAnglesDeg: drawOrientations(inputs.space.eulerAnglesDeg, drawn) };
  const search = await TemplateSearch.fromPrepared(
    backend,
    { ...inputs, space },
    pickOptions<SearchOptions>(options, SEARCH_KEYS),
  );
  try {
    const { signal } = options;
    await search.run({}, { ...(signal && { signal }), ...(onProgress && { onProgress }) });
    const source = { statistics: search.statistics, space };
    const mean = resultMap(source, "correlationAverage");
    return { mean, deviation: resultMap(source, "correlationVariance"), drawn, orientations };
  } finally {
    search.dispose();
  }
}

/** How many orientations are drawn, and whom to tell of the progress. */
export interface SampleOptions {
  readonly count: number;
  readonly onProgress?: (done: number) => void;
}

function drawOrientations(eulerAnglesDeg: Float64Array, count: number): Float64Array {
  const total = eulerAnglesDeg.length / 3;
  const order = Uint32Array.from({ length: total }, (_, i) => i);
  const random = seededRandom(1);
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(random.uniform() * (total - i));
    [order[i], order[other]] = [order[other], order[i]];
  }
  const out = new Float64Array(3 * count);
  order
    .subarray(0, count)
    .sort()
    .forEach((from, i) => {
      out.set(eulerAnglesDeg.subarray(3 * from, 3 * from + 3), 3 * i);
    });
  return out;
}

/**
 * The z-score that Gaussian noise exceeds `falsePositives` times in a whole search, where mean and deviation are those of a
 * sample: a value measured by them follows Student's t with one degree of freedom less than orientations (those at other
 * defocus values are not independent and do not count). The finite number of orientations narrows that, so that with all of
 * them this is `gaussianCutoff`.
 *
 * @throws {VitrineError} range: as `gaussianCutoff`
 * Source: Wallace 1959, Ann. Math. Stat. 30:1121, for the quantiles of t: within 0.1 % for 20 degrees of freedom or more.
 */
export function sampledCutoff(
  counts: Parameters<typeof gaussianCutoff>[0],
  { drawn, orientations }: Pick<SampledStatistics, "drawn" | "orientations">,
): number {
  const z = gaussianCutoff(counts);
  if (drawn >= orientations) return z;
  const freedom = (drawn - 1) / (1 - drawn / orientations);
  const scaled = (z * (8 * freedom + 3)) / (8 * freedom + 1);
  return Math.sqrt(freedom * Math.expm1(scaled ** 2 / freedom));
}
