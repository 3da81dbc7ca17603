import type { Backend } from "../../compute/index.ts";
import { elementCount, type Shape2 } from "../../core/index.ts";
import type { SearchSpace } from "../config/config.ts";
import { distinctPeaks } from "../peaks/distinctPeaks.ts";
import { findPeaks, gaussianCutoff } from "../peaks/peaks.ts";
import { type MapSource, resultMap } from "../search/resultMaps.ts";
import type { PreparedInputs, SearchOptions } from "../search/search.ts";
import { type Candidate, type RescoredPeak, rescoreCandidates, rescoreCount } from "./coarseRescore.ts";
import { type SampledStatistics, sampledCutoff, sampleSize, sampleStatistics } from "./coarseSample.ts";
import { CANDIDATES, NEIGHBOURS } from "./coarseWork.ts";

/** What a coarse search is told beyond its factor. */
export interface CandidateOptions {
  /** Candidates that noise alone is expected to give, more than which are tried where there are particles; default 1000. */
  readonly candidates?: number;
  /** Orientations from which mean and deviation at full resolution are taken; default a 100th, at least 1000. */
  readonly samples?: number;
}

/**
 * Positions of a coarse search that are worth a look at full resolution: peaks of its z-scores above what Gaussian noise exceeds
 * `count` times in all its positions and correlations.
 *
 * @param coarse  its statistics; factor and radius: full pixels
 */
export function findCandidates(
  coarse: MapSource,
  options: {
    readonly factor: number;
    readonly maskRadiusPx: number;
    /** Of the full maps. */
    readonly mapShape: Shape2;
    readonly candidates?: number;
  },
): { candidates: Candidate[]; zCutoff: number } {
  const { factor, maskRadiusPx, mapShape } = options;
  const { shape } = coarse.statistics;
  const zCutoff = candidateCutoff(shape, coarse.space, options.candidates);
  const [, filters] = counts(coarse.space);
  const data = resultMap(coarse, "scaledMip");
  const peaks = findPeaks({ data, shape }, { cutoff: zCutoff, maskRadiusPx: maskRadiusPx / factor });
  const index = new Int32Array(data.length);
  coarse.statistics.read("index", index);
  const candidates = peaks.map(({ y, x }) => ({
    y: Math.min(mapShape[0] - 1, factor * y),
    x: Math.min(mapShape[1] - 1, factor * x),
    orientation: Math.floor(index[y * shape[1] + x] / filters),
  }));
  return { candidates, zCutoff };
}

function counts({ eulerAnglesDeg, defocusOffsetsA, pixelSizeOffsetsA }: SearchSpace): [number, number] {
  return [eulerAnglesDeg.length / 3, defocusOffsetsA.length * pixelSizeOffsetsA.length];
}

/**
 * The coarse z-score that Gaussian noise exceeds so many times in all positions and correlations.
 *
 * @throws {VitrineError} range: more candidates than correlations
 */
export function candidateCutoff(mapShape: Shape2, space: SearchSpace, candidates = CANDIDATES): number {
  const [orientations, filters] = counts(space);
  const [pixels, correlations] = [elementCount(mapShape), orientations * filters];
  return gaussianCutoff({ falsePositives: candidates, pixels, correlations });
}

/** What became of candidates. */
export interface RescoredSearch {
  /** Particles above the cutoff, best first. */
  readonly peaks: readonly RescoredPeak[];
  readonly zCutoff: number;
  /** The largest z-score of all candidates; absent where there is none. */
  readonly bestZScore?: number;
  /** Of the full search, a pixel. */
  readonly correlations: number;
  /** Maps of the full search's size. */
  readonly statistics: SampledStatistics;
}

/** How particles are told from noise. */
export interface RescoreOptions extends SearchOptions, Pick<CandidateOptions, "samples"> {
  readonly factor: number;
  readonly maskRadiusPx: number;
  readonly falsePositives: number;
  readonly zCutoff?: number;
  /** Counts correlations of the sample and of the candidates. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Measures mean and deviation at full resolution, tries the candidates again, and keeps those above the z-score that noise
 * exceeds `falsePositives` times in the full search.
 *
 * Honest for two reasons: what is tried at full resolution is a part of the full search, so noise passes no more often; and the
 * cutoff allows for mean and deviation being estimates (`sampledCutoff`).
 *
 * @throws {VitrineError} as `sampleStatistics` and `rescoreCandidates`
 */
export async function rescoreSearch(
  backend: Backend,
  {
    inputs,
    candidates,
  }: { inputs: PreparedInputs & { space: SearchSpace }; candidates: readonly Candidate[] },
  { factor, maskRadiusPx, falsePositives, onProgress, ...options }: RescoreOptions,
): Promise<RescoredSearch> {
  const [orientations, filters] = counts(inputs.space);
  const count = sampleSize(orientations, options.samples);
  const trials = { inputs, candidates, reachPx: 2 * factor, neighbours: NEIGHBOURS };
  const total = count * filters + rescoreCount(trials);
  const tell = (before: number) => ({ onProgress: (done: number) => onProgress?.(before + done, total) });
  const statistics = await sampleStatistics(backend, inputs, { ...options, ...tell(0), count });
  const task = { ...trials, statistics };
  const found = await rescoreCandidates(backend, task, { ...options, ...tell(count * filters) });
  const correlations = orientations * filters;
  const pixels = statistics.mean.length;
  const zCutoff = options.zCutoff ?? sampledCutoff({ falsePositives, pixels, correlations }, statistics);
  const above = found.filter(({ zScore }) => zScore > zCutoff);
  const peaks = distinctPeaks(above, maskRadiusPx);
  if (found.length === 0) return { peaks, zCutoff, correlations, statistics };
  const bestZScore = found.reduce((best, { zScore }) => Math.max(best, zScore), Number.NEGATIVE_INFINITY);
  return { peaks, zCutoff, bestZScore, correlations, statistics };
}
