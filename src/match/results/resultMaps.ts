/** Maps of a search as a viewer asks for them: values at peaks, counts, tiles in the micrograph's pixels. */
import type { Shape2 } from "../../core/index.ts";
import { requireKnownOptions } from "../../core/index.ts";
import type { MapPaths } from "../config/resultPaths.ts";
import { valuesAtPeaks } from "../particles/particles.ts";
import { findPeaks, gaussianCutoff, type Peak, type ScoreMap } from "../peaks/peaks.ts";
import { DEFAULT_PEAKS } from "../peaks/peaksChoice.ts";
import { countsAbove, noiseAbove } from "../peaks/survival.ts";
import type { ResultParticle } from "./resultTable.ts";
import type { SearchResult } from "./searchResults.ts";

/** Steps of the curves of {@link scoreCurves}. */
const STEPS = 240;

/** Pixels above a z-score, and as many as noise alone would have. */
export interface ScoreCurves {
  /** z-scores of the first and last step. */
  readonly low: number;
  readonly high: number;
  /** Pixels above each step. */
  readonly above: readonly number[];
  /** As many as are expected of Gaussian noise. */
  readonly noise: readonly number[];
  /** z-score that noise exceeds as often as is allowed in the whole map. */
  readonly cutoff: number;
}

/** Counts pixels above z-scores, as the picture of a search draws them. */
export function scoreCurves(
  { data }: ScoreMap,
  { correlations, falsePositives }: Pick<SearchResult, "correlations" | "falsePositives">,
): ScoreCurves {
  const [least, most] = endsOf(data);
  const cutoff = gaussianCutoff({ falsePositives, pixels: data.length, correlations });
  const [low, high] = [Math.floor(least), Math.ceil(Math.max(most, cutoff + 1))];
  const { above, total } = countsAbove(data, { low, high, steps: STEPS });
  const zOf = (i: number) => low + ((high - low) * i) / STEPS;
  const noise = Array.from(above, (_, i) => total * noiseAbove(zOf(i), correlations));
  return { low, high, above: [...above], noise, cutoff };
}

/** Least and largest number. */
function endsOf(data: Float32Array): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? [least, most] : [0, 0];
}

/** Best peaks of a map. */
export interface ResultPeaks {
  /** Best first. */
  readonly peaks: readonly Peak[];
  /** All peaks above this z-score are among them. */
  readonly floor: number;
}

/**
 * The best peaks, far more than are particles, so that a cutoff can be moved by hand: those above any higher cutoff come first, and are the
 * same that `findPeaks` gives for it.
 *
 * @param most  of them
 */
export function bestPeaks(map: ScoreMap, curves: ScoreCurves, most: number): ResultPeaks {
  const { low, high, above, cutoff } = curves;
  const { maskRadiusPx } = DEFAULT_PEAKS;
  // a peak takes a disc about itself, so a few times as many pixels are enough, and sorting stays short
  const step = above.findIndex((count) => count <= 40 * most);
  const floor = Math.min(cutoff, low + ((high - low) * Math.max(0, step)) / (above.length - 1));
  const peaks = findPeaks(map, { cutoff: floor, maskRadiusPx });
  if (peaks.length <= most) return { peaks, floor };
  return { peaks: peaks.slice(0, most), floor: peaks[most].zScore };
}

/** Reads one of a search's maps; undefined: it is not there. */
export type MapReader = (map: keyof MapPaths) => Promise<ScoreMap | undefined>;

/** What the maps say of peaks; NaN where one is not there. @param half  of the template's side, rounded down */
export async function particlesAt(
  peaks: readonly Peak[],
  read: MapReader,
  half: number,
): Promise<ResultParticle[]> {
  const values = async (map: keyof MapPaths) => {
    const found = await read(map);
    return found && valuesAtPeaks(peaks, found);
  };
  const phi = await values("orientationPhi");
  const theta = await values("orientationTheta");
  const psi = await values("orientationPsi");
  const defocus = await values("relativeDefocus");
  const mip = await values("mip");
  return peaks.map(({ y, x, zScore }, i) => ({
    ...{ y: y + half, x: x + half, zScore },
    phiDeg: phi?.[i] ?? Number.NaN,
    thetaDeg: theta?.[i] ?? Number.NaN,
    psiDeg: psi?.[i] ?? Number.NaN,
    relativeDefocusA: defocus?.[i] ?? Number.NaN,
    mip: mip?.[i] ?? Number.NaN,
  }));
}

/** A part of a map in pixels of the micrograph, `factor` of them one. */
export interface MapTile {
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
  readonly factor: number;
}

/** How {@link mapTile} makes pixels. */
export interface MapTileOptions {
  /** By so many pixels the map's first pixel lies right of and below the micrograph's: a score then stands where the particle's centre is. */
  readonly half: number;
  /** Where there is no map. */
  readonly outside: number;
  /** What several pixels become: the largest, so that a peak is seen from afar, or their mean. */
  readonly of: "largest" | "mean";
}

/** A tile of a map in the micrograph's pixels. @returns  (height, width) */
export function mapTile(
  { data, shape: [height, width] }: { readonly data: Float32Array; readonly shape: Shape2 },
  tile: MapTile,
  options: MapTileOptions,
): Float32Array {
  requireKnownOptions("mapTile", options, { half: true, outside: true, of: true });
  const { half, outside, of } = options;
  const { factor } = tile;
  const out = new Float32Array(tile.height * tile.width);
  for (let r = 0; r < tile.height; r++) {
    const top = Math.max(0, (tile.y + r) * factor - half);
    const bottom = Math.min(height, (tile.y + r + 1) * factor - half);
    for (let c = 0; c < tile.width; c++) {
      const left = Math.max(0, (tile.x + c) * factor - half);
      const right = Math.min(width, (tile.x + c + 1) * factor - half);
      if (bottom <= top || right <= left) {
        out[r * tile.width + c] = outside;
        continue;
      }
      let [best, sum] = [Number.NEGATIVE_INFINITY, 0];
      for (let y = top; y < bottom; y++)
        for (let i = y * width + left; i < y * width + right; i++) {
          sum += data[i];
          if (data[i] > best) best = data[i];
        }
      out[r * tile.width + c] = of === "largest" ? best : sum / ((bottom - top) * (right - left));
    }
  }
  return out;
}
