import type { Shape2 } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import { type ResultFiles, type ResultPlaces, writeMrc } from "../../io/index.ts";
import type { MatchSettings, SearchSpace } from "../config/config.ts";
import { type ParticleValues, valuesAtPeaks } from "../particles/particles.ts";
import type { ScoreMap } from "../peaks/peaks.ts";
import { type ConfiguredSearch, resultPlaces, type SearchSet } from "../search/configuredSearch.ts";
import { writeMapsHdf5 } from "../search/hdf5Maps.ts";
import { type MapSource, resultMap } from "../search/resultMaps.ts";
import { suffixedResults } from "../search/resultNames.ts";
import {
  type ResultOptions,
  resultPaths,
  type WrittenResults,
  writeMaps,
  writeParticleResults,
} from "../search/results.ts";
import type { TemplateSettings } from "../search/templates.ts";
import type { RescoredPeak } from "./coarseRescore.ts";
import type { RescoredSearch } from "./coarseSearch.ts";

/** Where the results of a search with a coarse pass go. */
export interface CoarsePaths {
  readonly checkpoint: string;
  /** Settings whose results are the maps of the coarse pass. */
  readonly coarse: MatchSettings;
  /** Settings that the table names: maps of the coarse pass, but mean and deviation at full size. */
  readonly table: MatchSettings;
}

/** Paths that follow from the configured ones: `mip.mrc` of the coarse pass is `mip_coarse2.mrc`. */
export function coarsePaths(settings: MatchSettings, factor: number): CoarsePaths {
  const coarse = suffixedResults(settings.results, `_coarse${factor}`);
  const { correlationAverage, correlationVariance } = settings.results;
  return {
    checkpoint: `${coarse.mip}.checkpoint`,
    coarse: { ...settings, results: coarse },
    table: { ...settings, results: { ...coarse, correlationAverage, correlationVariance } },
  };
}

/** Every file that is written. */
export function coarseFiles(
  { searches, results }: SearchSet<TemplateSettings>,
  paths: readonly CoarsePaths[],
): string[] {
  const files = searches.flatMap((search, i) => filesOf(paths[i], search.results));
  return searches.length === 1 ? files : [...files, results.particlesPath];
}

function filesOf({ coarse, table }: CoarsePaths, results: ResultOptions): string[] {
  const { correlationAverage, correlationVariance } = table.results;
  return [...new Set([correlationAverage, correlationVariance]), ...resultPaths(coarse, results)];
}

/**
 * The files that a search reads and writes.
 *
 * @throws {VitrineError} unsupported: peaks that are not chosen by z-score
 */
export function coarsePlaces(set: SearchSet<TemplateSettings>, paths: readonly CoarsePaths[]): ResultPlaces {
  const { peaks } = set.results;
  const table = set.searches[0].settings.results.correlationTable;
  if (table !== undefined) {
    throw new VitrineError({
      code: "unsupported",
      at: "coarse search",
      expected: "no correlation table",
      found: table,
      hint: "Leave out correlation_table_path: only a full search sees every correlation",
    });
  }
  if (set.results.background === true) {
    throw new VitrineError({
      code: "unsupported",
      at: "coarse search",
      expected: "z-scores of each pixel",
      found: "z-scores over the background",
      hint: "Leave out --background, or search without --coarse: candidates are chosen by z-scores of each pixel",
    });
  }
  if (peaks === undefined || peaks.kind === "z") return resultPlaces(set, coarseFiles(set, paths));
  throw new VitrineError({
    code: "unsupported",
    at: "coarse search",
    expected: "peaks by z-score",
    found: `peaks by ${peaks.kind}`,
    hint: "The others need z-scores of the whole micrograph at full resolution",
  });
}

/** What is written of a template. */
export interface CoarseResults {
  readonly paths: CoarsePaths;
  readonly found: RescoredSearch;
  /** Statistics of the coarse pass. */
  readonly coarse: MapSource;
  readonly factor: number;
  /** Of the full search. */
  readonly space: SearchSpace;
}

/** Writes maps, table and picture. */
export async function writeCoarseResults(
  pending: ResultFiles,
  search: ConfiguredSearch,
  results: CoarseResults,
): Promise<WrittenResults> {
  const { settings, template, micrograph, planted } = search;
  const { peaks, zCutoff, correlations, statistics } = results.found;
  const { paths } = results;
  const [height, width] = micrograph.shape;
  const shape: Shape2 = [height - template.size + 1, width - template.size + 1];
  const pixelSizeA = results.factor * settings.optics.pixelSizeA;
  const coarse = { ...paths.coarse, optics: { ...settings.optics, pixelSizeA } };
  const buffer = resultMap(results.coarse, "mip");
  await writeMaps({ settings: coarse, source: results.coarse }, { peaks: [], pending, buffer });
  const { correlationAverage, correlationVariance } = paths.table.results;
  const voxelSizeA = settings.optics.pixelSizeA;
  if (paths.table.results.hdf5 === undefined) {
    await writeMap(pending, correlationAverage, { data: statistics.mean, shape, voxelSizeA });
    await writeMap(pending, correlationVariance, { data: statistics.deviation, shape, voxelSizeA });
  } else {
    const maps = { correlationAverage: statistics.mean, correlationVariance: statistics.deviation };
    await pending.write(correlationAverage, (temporary) =>
      writeMapsHdf5(temporary, maps, {
        shape,
        compress: paths.table.results.hdf5?.compress ?? true,
        space: results.space,
      }),
    );
  }
  const { bestZScore } = results.found;
  const written = await writeParticleResults(pending, {
    settings: paths.table,
    templateSize: template.size,
    correlations,
    options: search.results,
    peaks: peaks.map(({ y, x, zScore }) => ({ y, x, zScore })),
    values: particleValues(results, shape),
    zCutoff,
    zScores: () => enlargedMap(coarseScores(results), { factor: results.factor, shape }),
    micrograph,
    planted,
    coarseFactor: results.factor,
    files: filesOf(paths, search.results),
  });
  if (peaks.length > 0 || bestZScore === undefined) return written;
  return { ...written, report: { ...written.report, bestZScore } };
}

async function writeMap(
  pending: ResultFiles,
  path: string,
  map: ScoreMap & { voxelSizeA: number },
): Promise<void> {
  await pending.write(path, (temporary) => writeMrc(temporary, map, { overwrite: true }));
}

/** What a table says of the particles. */
function particleValues({ found, space }: CoarseResults, shape: Shape2): ParticleValues {
  const { peaks, statistics } = found;
  const each = (value: (peak: RescoredPeak) => number) => Float32Array.from(peaks, value);
  const angle = (axis: number) => each(({ orientation }) => space.eulerAnglesDeg[3 * orientation + axis]);
  return {
    mip: each(({ correlation }) => correlation),
    scaledMip: each(({ zScore }) => zScore),
    correlationAverage: valuesAtPeaks(peaks, { data: statistics.mean, shape }),
    correlationVariance: valuesAtPeaks(peaks, { data: statistics.deviation, shape }),
    orientationPhi: angle(0),
    orientationTheta: angle(1),
    orientationPsi: angle(2),
    relativeDefocus: each(({ defocus }) => space.defocusOffsetsA[defocus]),
    pixelSizeOffset: each(({ pixelSize }) => space.pixelSizeOffsetsA[pixelSize]),
  };
}

function coarseScores({ coarse }: CoarseResults): ScoreMap {
  return { data: resultMap(coarse, "scaledMip"), shape: coarse.statistics.shape };
}

/** A coarse map at the size of the full ones, for the picture. */
export function enlargedMap(
  { data: small, shape: [, columns] }: ScoreMap,
  { factor, shape }: { readonly factor: number; readonly shape: Shape2 },
): ScoreMap {
  const data = new Float32Array(shape[0] * shape[1]);
  for (let y = 0, at = 0; y < shape[0]; y++) {
    const row = columns * Math.floor(y / factor);
    for (let x = 0; x < shape[1]; x++, at++) data[at] = small[row + Math.floor(x / factor)];
  }
  return { data, shape };
}
