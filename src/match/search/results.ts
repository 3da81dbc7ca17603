import { type Image, VitrineError } from "../../core/index.ts";
import {
  canonicalPath,
  encodePng,
  fileExists,
  makeFolder,
  removeFile,
  renameFile,
  writeFileAtomic,
  writeMrc,
} from "../../io/index.ts";
import type { MatchSettings } from "../config/config.ts";
import {
  type ParticleTable,
  type ParticleValues,
  particleTable,
  valuesAtPeaks,
  writeParticles,
} from "../particles/particles.ts";
import type { Peak, ScoreMap } from "../peaks/peaks.ts";
import { choosePeaks, type PeakOptions } from "../peaks/peaksChoice.ts";
import { drawSearchPicture } from "../picture/picture.ts";
import { correlationCount, type MapName, type MapSource, resultMap } from "./resultMaps.ts";

/** Where results go and how particles are chosen. */
export interface ResultOptions extends PeakOptions {
  /** Table of the particles; default `particles.csv`. */
  readonly particlesPath: string;
  /** PNG of micrograph, z-scores and particles; none if absent. */
  readonly picturePath?: string;
  /** Map of the best pixel-size offset in Å; only where pixel sizes are searched. */
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
}

/** Every file that a search with these settings writes. */
export function resultPaths({ results }: MatchSettings, options: ResultOptions): string[] {
  const { allowFileOverwrite: _, ...maps } = results;
  const picture = options.picturePath === undefined ? [] : [options.picturePath];
  return [...Object.values(maps), options.particlesPath, ...picture];
}

/**
 * Refuses results that would replace files, fall on an input or on each other, or that could not be written; makes missing
 * folders. @throws {VitrineError} exists, storage
 */
export async function prepareFiles(
  paths: readonly string[],
  inputs: readonly string[],
  { mayReplace, ways }: { mayReplace: boolean; ways: string },
): Promise<void> {
  await requireDistinct(paths, inputs);
  const probed = new Set<string>();
  for (const path of paths) {
    if (!mayReplace && (await fileExists(path))) throw alreadyThere(path, ways);
    const folder = /^(.*)[/\\][^/\\]*$/.exec(path)?.[1] ?? "";
    if (folder !== "") await makeFolder(folder);
    if (!probed.has(folder)) await probe(path);
    probed.add(folder);
  }
}

/** The error of a result that is there already. */
function alreadyThere(path: string, ways: string): VitrineError {
  return new VitrineError({
    code: "exists",
    at: path,
    expected: "no file of this name",
    found: "one",
    hint: `Allow it with ${ways}, or choose another path`,
  });
}

/** A result must not fall on an input or on another result, whatever their paths say. */
async function requireDistinct(results: readonly string[], inputs: readonly string[]): Promise<void> {
  const paths = await Promise.all([...inputs, ...results].map(canonicalPath));
  const twin = paths.findIndex((path, i) => i >= inputs.length && paths.indexOf(path) < i);
  if (twin < 0) return;
  const found = paths.indexOf(paths[twin]) < inputs.length ? "an input" : "two results";
  const at = results[twin - inputs.length];
  throw new VitrineError({ code: "exists", at, expected: "one result of this name", found });
}

/** Writes and removes an empty file, so that a folder without permission is known before the search and not after it. */
async function probe(path: string): Promise<void> {
  const temporary = temporaryName(path);
  await writeFileAtomic(temporary, new Uint8Array(0), { overwrite: true });
  await removeFile(temporary);
}

function temporaryName(path: string): string {
  return `${path}.unfinished`;
}

/** What a search wrote of its particles. */
export interface WrittenResults {
  readonly report: SearchReport;
  readonly table: ParticleTable;
}

/** Finds the particles and writes maps, table and picture. */
export async function writeResults(
  pending: PendingFiles,
  what: {
    readonly settings: MatchSettings;
    readonly source: MapSource;
    /** Only for the picture. */
    readonly readMicrograph: () => Promise<Image>;
    readonly templateSize: number;
    readonly options: ResultOptions;
  },
): Promise<WrittenResults> {
  const { settings, source, options } = what;
  const { shape } = source.statistics;
  const correlations = correlationCount(source.space);
  const scaled = resultMap(source, "scaledMip");
  const mip = () => ({ data: resultMap(source, "mip"), shape });
  const { peaks, zCutoff } = choosePeaks({ scaledMip: { data: scaled, shape }, mip, correlations }, options);
  // with a picture the z-scores are needed to the end, else their memory serves the other maps
  const buffer = options.picturePath === undefined ? scaled : new Float32Array(scaled.length);
  const values = await writeMaps(what, { peaks, pending, buffer });
  const zScores = () => ({ data: scaled, shape });
  const files = resultPaths(settings, options);
  return writeParticleResults(pending, { ...what, correlations, peaks, values, zCutoff, zScores, files });
}

/**
 * Runs `write`, whose files have temporary names first, so that a full disk leaves nothing half-written; then puts all of them in
 * their places, or removes them where something failed.
 */
export async function writeTogether<T>(write: (pending: PendingFiles) => Promise<T>): Promise<T> {
  const pending = new PendingFiles();
  try {
    const result = await write(pending);
    await pending.publish();
    return result;
  } catch (error) {
    await pending.discard();
    throw error;
  }
}

/** Particles that were chosen, and what is written of them. */
export interface ParticleResults {
  readonly settings: MatchSettings;
  readonly templateSize: number;
  readonly correlations: number;
  readonly options: ResultOptions;
  readonly peaks: readonly Peak[];
  readonly values: ParticleValues;
  readonly zCutoff: number;
  /** Both only for the picture. */
  readonly zScores: () => ScoreMap;
  readonly readMicrograph: () => Promise<Image>;
  /** All files of the search, for the report. */
  readonly files: readonly string[];
}

/** Writes table and picture. */
export async function writeParticleResults(
  pending: PendingFiles,
  what: ParticleResults,
): Promise<WrittenResults> {
  const { settings, templateSize, correlations, options, peaks, values, zCutoff, files } = what;
  const facts = { totalCorrelations: correlations, templateSize };
  const table = particleTable(peaks, values, { settings, facts });
  await pending.write(options.particlesPath, (path) => writeParticles(path, table, { overwrite: true }));
  const particles = peaks.map(({ y, x, zScore }, i) => ({
    ...{ y, x, zScore },
    phiDeg: values.orientationPhi[i],
    thetaDeg: values.orientationTheta[i],
    psiDeg: values.orientationPsi[i],
    relativeDefocusA: values.relativeDefocus[i],
  }));
  const report = { particles, zCutoff, correlations, files };
  if (options.picturePath !== undefined) {
    const png = drawPicture(what, report, await what.readMicrograph());
    await pending.write(options.picturePath, (path) => writeFileAtomic(path, png, { overwrite: true }));
  }
  return { report, table };
}

/** Files that are written next to their places and put there together. */
class PendingFiles {
  readonly #places = new Map<string, string>();

  async write(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = temporaryName(path);
    this.#places.set(temporary, path);
    await write(temporary);
  }

  async publish(): Promise<void> {
    for (const [temporary, path] of this.#places) await renameFile(temporary, path);
  }

  async discard(): Promise<void> {
    for (const temporary of this.#places.keys()) await removeFile(temporary);
  }
}

export type { PendingFiles };

type Sampled = Partial<Record<MapName, Float32Array>>;

/** Writes the maps one after the other and keeps their values at the peaks. */
export async function writeMaps(
  { settings, source }: { settings: MatchSettings; source: MapSource },
  { peaks, pending, buffer }: { peaks: readonly Peak[]; pending: PendingFiles; buffer: Float32Array },
): Promise<ParticleValues> {
  const { allowFileOverwrite: _, ...paths } = settings.results;
  const { shape } = source.statistics;
  const voxelSizeA = settings.optics.pixelSizeA;
  const sampled: Sampled = {};
  for (const [name, path] of Object.entries(paths) as [MapName, string][]) {
    const data = resultMap(source, name, buffer);
    await pending.write(path, (temporary) =>
      writeMrc(temporary, { data, shape, voxelSizeA }, { overwrite: true }),
    );
    sampled[name] = valuesAtPeaks(peaks, { data, shape });
  }
  if (settings.pixelSizes !== null) {
    const data = resultMap(source, "pixelSizeOffset", buffer);
    sampled.pixelSizeOffset = valuesAtPeaks(peaks, { data, shape });
  }
  return sampled as ParticleValues;
}

function drawPicture(
  { settings, templateSize, zScores }: ParticleResults,
  { particles, zCutoff, correlations }: SearchReport,
  micrograph: Image,
): Uint8Array {
  const canvas = drawSearchPicture({
    title: settings.micrographPath,
    micrograph: { ...micrograph, pixelSizeA: settings.optics.pixelSizeA },
    scaledMip: zScores(),
    templateSize,
    particles,
    cutoff: zCutoff,
    notes: [`Template ${settings.templatePath}, ${correlations} correlations per pixel`],
  });
  return encodePng({ ...canvas, channels: 3 });
}
