import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { MatchSettings } from "../config/config.ts";
import { valuesAtPeaks } from "../particles/particles.ts";
import { checkPeakOptions, choosePeaks, DEFAULT_PEAKS, type PeakOptions } from "../peaks/peaksChoice.ts";
import { overBackground } from "./background.ts";
import { correlationCount, type MapName, type MapSource, resultMap } from "./resultMaps.ts";

/** A particle that a search found. */
export interface FoundParticle {
  /** Its centre in the micrograph, pixels. */
  readonly yPx: number;
  readonly xPx: number;
  /** The same in Å from the first pixel. */
  readonly yA: number;
  readonly xA: number;
  /** Its orientation, ZYZ. */
  readonly phiDeg: number;
  readonly thetaDeg: number;
  readonly psiDeg: number;
  /** Its defocus: that of the micrograph plus the offset that was best, Å. */
  readonly defocusUA: number;
  readonly defocusVA: number;
  readonly defocusOffsetA: number;
  /** Pixel size with which the template was best, Å; the micrograph's where none was searched. */
  readonly pixelSizeA: number;
  /** (mip - mean) / standard deviation of the correlations at this position. */
  readonly zScore: number;
  /** The best correlation. */
  readonly mip: number;
}

/** How particles are chosen. */
export interface ParticleOptions extends Partial<PeakOptions> {
  /** z-scores over the background, for templates of high symmetry; see `ResultOptions`. */
  readonly background?: boolean;
}

const KEYS: OptionKeys<ParticleOptions> = {
  background: true,
  peaks: true,
  maskRadiusPx: true,
  falsePositives: true,
  zCutoff: true,
};

/** A search that has run. */
export interface FinishedSearch extends MapSource {
  readonly settings: MatchSettings;
  /** Voxels along an edge of the template. */
  readonly templateSize: number;
}

/**
 * The particles of a search, best first. It must have run over all its blocks: mean and deviation are those of all correlations.
 *
 * @param options  falsePositives: expected in the whole micrograph, default 1, or zCutoff; maskRadiusPx: two particles are at least
 *   so far apart, default 5; peaks: another way to tell particles from noise; background: z-scores over the background
 * @throws {VitrineError} missing: a search that has not run; range: a cutoff or rate that cannot be
 */
export function findParticles(finished: FinishedSearch, options: ParticleOptions = {}): FoundParticle[] {
  requireKnownOptions("particles", options, KEYS);
  const { search, peaks, scaledMip } = chosenParticles(finished, options);
  const { shape } = scaledMip;
  // the peaks are found: the memory of their map serves the others
  const at = (name: MapName) =>
    valuesAtPeaks(peaks, { data: resultMap(search, name, scaledMip.data), shape });
  const [phi, theta, psi] = [at("orientationPhi"), at("orientationTheta"), at("orientationPsi")];
  const [defocus, pixelSize, best] = [at("relativeDefocus"), at("pixelSizeOffset"), at("mip")];
  const { pixelSizeA, defocusUA, defocusVA } = finished.settings.optics;
  const half = Math.floor(finished.templateSize / 2);
  return peaks.map(({ y, x, zScore }, i) => ({
    ...{ yPx: y + half, xPx: x + half, yA: (y + half) * pixelSizeA, xA: (x + half) * pixelSizeA },
    ...{ phiDeg: phi[i], thetaDeg: theta[i], psiDeg: psi[i] },
    ...{ defocusUA: defocusUA + defocus[i], defocusVA: defocusVA + defocus[i], defocusOffsetA: defocus[i] },
    ...{ pixelSizeA: pixelSizeA + pixelSize[i], zScore, mip: best[i] },
  }));
}

/** Where the particles of a search are, and the map that says so. @throws {VitrineError} as {@link findParticles} */
export function chosenParticles(finished: FinishedSearch, options: ParticleOptions) {
  const chosen = { ...DEFAULT_PEAKS, ...options };
  checkPeakOptions(chosen);
  requireRun(finished);
  const { statistics, space, compatBatch } = finished;
  const source: MapSource = { statistics, space, ...(compatBatch !== undefined && { compatBatch }) };
  const search = overBackground(source, options.background);
  const { shape } = search.statistics;
  const correlations = correlationCount(search.space);
  const scaledMip = { data: resultMap(search, "scaledMip"), shape };
  const mip = () => ({ data: resultMap(search, "mip"), shape });
  return { search, scaledMip, ...choosePeaks({ scaledMip, mip, correlations }, chosen) };
}

/** A search that has not run has no best correlation anywhere. */
function requireRun({ statistics }: FinishedSearch): void {
  const [height, width] = statistics.shape;
  const indices = new Int32Array(width);
  for (let row = 0; row < height; row++) {
    statistics.read("index", indices, row);
    if (indices.some((index) => index >= 0)) return;
  }
  const [expected, found] = ["a search that has run", "no correlations"];
  throw new VitrineError({ code: "missing", at: "particles()", expected, found, hint: "Call run() first" });
}
