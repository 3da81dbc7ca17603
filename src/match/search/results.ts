import { type ResultFiles, writeFileAtomic, writeMrc } from "../../io/index.ts";
import type { MatchSettings } from "../config/config.ts";
import { mapPaths } from "../config/resultPaths.ts";
import { checkHits, type HitOptions } from "../kernels/index.ts";
import {
  type ParticleTable,
  type ParticleValues,
  particleTable,
  valuesAtPeaks,
} from "../particles/particles.ts";
import { writeParticles } from "../particles/writeParticles.ts";
import type { Peak } from "../peaks/peaks.ts";
import { choosePeaks, type PeakOptions } from "../peaks/peaksChoice.ts";
import type { PlantedParticles } from "../picture/searchPicture.ts";
import { correlationTable, DEFAULT_HITS, writeCorrelationTable } from "./correlationTable.ts";
import { writeMapsHdf5 } from "./hdf5Maps.ts";
import { correlationCount, type MapName, type MapSource, resultMap } from "./resultMaps.ts";
import type { SearchedMicrograph } from "./searchedMicrograph.ts";
import { encodeSearchPicture, type PicturedResults } from "./searchPicture.ts";

/** Where results go and how particles are chosen. */
export interface ResultOptions extends PeakOptions {
  /** Table of the particles; default `particles.csv`. */
  readonly particlesPath: string;
  /** PNG of micrograph, z-scores and particles; none if absent. */
  readonly picturePath?: string;
  /** Table of particles that are known to be there; the picture marks them. */
  readonly plantedPath?: string;
  /**
   * Mean and deviation of the background in the place of each pixel's own, for templates of high symmetry: their correlations with a
   * particle are high in every pose, so that each pixel's own z-score vanishes. Default false.
   */
  readonly background?: boolean;
  /** HDF5 file of all correlations above a threshold, in the place of the configuration's. */
  readonly correlationTablePath?: string;
  /** Of those in the correlation table; default 5.5. */
  readonly correlationThreshold?: number;
  /** Correlations in the table at most, the highest; default 1 000 000. */
  readonly correlationLimit?: number;
  /** Replace files that are there. */
  readonly overwrite: boolean;
  /** Two particles are at least this far apart; default 5 pixels. */
  readonly maskRadiusPx: number;
  /** Expected number of false particles in the micrograph; default 1. */
  readonly falsePositives: number;
}

/** What a search found. */
export interface SearchReport {
  readonly particles: readonly (Peak & {
    phiDeg: number;
    thetaDeg: number;
    psiDeg: number;
    relativeDefocusA: number;
  })[];
  /** z-score above which the particles lie; with peaks by `p` that of the lowest of them. */
  readonly zCutoff: number;
  readonly correlations: number;
  readonly files: readonly string[];
  /** The largest z-score of the micrograph, of a coarse search that of its candidates; only where no particle was found. */
  readonly bestZScore?: number;
}

/** Every file that a search with these settings writes. */
export function resultPaths({ results }: MatchSettings, options: ResultOptions): string[] {
  const maps = new Set(mapPaths(results).map(([, path]) => path));
  const picture = options.picturePath === undefined ? [] : [options.picturePath];
  const { correlationTable: table } = results;
  return [...maps, ...(table === undefined ? [] : [table]), options.particlesPath, ...picture];
}

/** Which correlations a search keeps; nothing where no table is asked for. @throws {VitrineError} range: no threshold or limit */
export function hitOptions(
  { results }: Pick<MatchSettings, "results">,
  {
    correlationThreshold,
    correlationLimit,
  }: Pick<ResultOptions, "correlationThreshold" | "correlationLimit">,
): HitOptions | undefined {
  if (results.correlationTable === undefined) return undefined;
  const { threshold, limit } = DEFAULT_HITS;
  const hits = { threshold: correlationThreshold ?? threshold, limit: correlationLimit ?? limit };
  checkHits(hits);
  return hits;
}

/** What a search wrote of its particles. */
export interface WrittenResults {
  readonly report: SearchReport;
  readonly table: ParticleTable;
}

/** Finds the particles and writes maps, table and picture. */
export async function writeResults(
  pending: ResultFiles,
  what: {
    readonly settings: MatchSettings;
    readonly source: MapSource;
    /** Only for the picture. */
    readonly micrograph: SearchedMicrograph;
    readonly planted?: PlantedParticles | undefined;
    readonly templateSize: number;
    readonly options: ResultOptions;
  },
): Promise<WrittenResults> {
  const { settings, source, options } = what;
  const { shape } = source.statistics;
  const correlations = correlationCount(source.space);
  const scaled = resultMap(source, "scaledMip");
  const bestZScore = largest(scaled); // its memory may serve other maps
  const mip = () => ({ data: resultMap(source, "mip"), shape });
  const { peaks, zCutoff } = choosePeaks({ scaledMip: { data: scaled, shape }, mip, correlations }, options);
  // with a picture the z-scores are needed to the end, else their memory serves the other maps
  const buffer = options.picturePath === undefined ? scaled : new Float32Array(scaled.length);
  const values = await writeMaps(what, { peaks, pending, buffer });
  const { correlationTable: tablePath } = settings.results;
  if (tablePath !== undefined)
    await pending.write(tablePath, (path) => writeCorrelationTable(path, correlationTable(source)));
  const zScores = () => ({ data: scaled, shape });
  const files = resultPaths(settings, options);
  const found = { ...what, correlations, peaks, values, zCutoff, zScores, files };
  if (peaks.length > 0) return writeParticleResults(pending, found);
  const { report, table } = await writeParticleResults(pending, found);
  return { report: { ...report, bestZScore }, table };
}

function largest(values: Float32Array): number {
  return values.reduce((best, value) => (value > best ? value : best), Number.NEGATIVE_INFINITY);
}

/** Particles that were chosen, and what is written of them. */
export interface ParticleResults extends PicturedResults {
  readonly correlations: number;
  readonly options: ResultOptions;
  readonly peaks: readonly Peak[];
  readonly values: ParticleValues;
  readonly zCutoff: number;
  /** All files of the search, for the report. */
  readonly files: readonly string[];
}

/** Writes table and picture. */
export async function writeParticleResults(
  pending: ResultFiles,
  what: ParticleResults,
): Promise<WrittenResults> {
  const { settings, templateSize, correlations, options, peaks, values, zCutoff, files } = what;
  const facts = { totalCorrelations: correlations, templateSize };
  const table = particleTable(peaks, values, { settings, facts });
  await pending.write(options.particlesPath, (path) =>
    writeParticles(path, table, { name: options.particlesPath, overwrite: true }),
  );
  const particles = foundParticles(peaks, values);
  const report = { particles, zCutoff, correlations, files };
  if (options.picturePath !== undefined) {
    const png = encodeSearchPicture(what, report);
    await pending.write(options.picturePath, (path) => writeFileAtomic(path, png, { overwrite: true }));
  }
  return { report, table };
}

/** Particles with what the maps say of them. */
export function foundParticles(
  peaks: readonly Peak[],
  values: Pick<ParticleValues, "orientationPhi" | "orientationTheta" | "orientationPsi" | "relativeDefocus">,
): SearchReport["particles"] {
  return peaks.map(({ y, x, zScore }, i) => ({
    ...{ y, x, zScore },
    phiDeg: values.orientationPhi[i],
    thetaDeg: values.orientationTheta[i],
    psiDeg: values.orientationPsi[i],
    relativeDefocusA: values.relativeDefocus[i],
  }));
}

type Sampled = Partial<Record<MapName, Float32Array>>;

/** Writes the maps one after the other and keeps their values at the peaks. */
export async function writeMaps(
  { settings, source }: { settings: MatchSettings; source: MapSource },
  { peaks, pending, buffer }: { peaks: readonly Peak[]; pending: ResultFiles; buffer: Float32Array },
): Promise<ParticleValues> {
  const { results } = settings;
  const { shape } = source.statistics;
  const { make, sampled } = mapSampler(source, peaks, buffer);
  if (results.hdf5 !== undefined) {
    const { hdf5, mip: path } = results;
    const maps = Object.fromEntries(mapPaths(results).map(([name]) => [name, () => make(name)]));
    const { space } = source;
    await pending.write(path, (temporary) => writeMapsHdf5(temporary, maps, { ...hdf5, shape, space }));
  } else {
    const voxelSizeA = settings.optics.pixelSizeA;
    for (const [name, path] of mapPaths(results)) {
      const data = make(name);
      await pending.write(path, (temporary) =>
        writeMrc(temporary, { data, shape, voxelSizeA }, { overwrite: true }),
      );
    }
  }
  if (settings.pixelSizes !== null) make("pixelSizeOffset");
  return sampled();
}

/** Makes maps one after the other in the same memory, and keeps their values at the peaks. */
export function mapSampler(source: MapSource, peaks: readonly Peak[], buffer: Float32Array) {
  const { shape } = source.statistics;
  const values: Sampled = {};
  return {
    make(name: MapName): Float32Array {
      const data = resultMap(source, name, buffer);
      values[name] = valuesAtPeaks(peaks, { data, shape });
      return data;
    },
    /** Of the maps that were made: once all eight are. */
    sampled: () => values as ParticleValues,
  };
}
