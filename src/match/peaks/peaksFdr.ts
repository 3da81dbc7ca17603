import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import { findPeaks, type Peak, type ScoreMap } from "./peaks.ts";

/** How high noise peaks rise, by the micrograph's own peaks. */
export interface NoiseTail {
  /** Peaks that the tail was fitted to lie above this z-score. */
  readonly threshold: number;
  /** Number of all peaks. */
  readonly peaks: number;
  /** Number of those above the threshold, k. */
  readonly above: number;
  /** Mean height above the threshold, β. */
  readonly scale: number;
  /** Number of heights that β was found from, d. */
  readonly degrees: number;
}

/** The least number of peaks that the tail begins with, and the least share of all. */
const FEWEST = 100;
const SHARE = 0.05;

/**
 * The tail of the heights of noise peaks, fitted so that particles among them do little harm.
 *
 * Of n peaks the k = max(0.05 n, min(n / 2, 100)) highest make the tail, which is taken as exponential above the next one, u. Maxima of Gaussian noise fall
 * off faster, so that this errs on the side of caution; maxima of correlations whose deviations are uneven fall off about so. The higher half of
 * the tail may hold particles and enters by its number alone (censoring): β = (Σ of the lower d excesses + (k - d) times the largest of them) / d,
 * d = ⌈k / 2⌉.
 *
 * @param heights  of the local maxima, descending
 * Source: Epstein & Sobel 1953, J. Am. Stat. Assoc. 48:486 (censored exponential).
 */
export function fitNoiseTail(heights: ArrayLike<number>): NoiseTail {
  const peaks = heights.length;
  const wanted = Math.max(Math.ceil(SHARE * peaks), Math.min(Math.ceil(peaks / 2), FEWEST));
  const above = Math.max(0, Math.min(peaks - 1, wanted));
  const threshold = peaks > 0 ? heights[above] : 0;
  const degrees = Math.ceil(above / 2);
  const censored = above - degrees;
  let sum = degrees > 0 ? censored * (heights[censored] - threshold) : 0;
  for (let i = censored; i < above; i++) sum += heights[i] - threshold;
  return { threshold, peaks, above, scale: degrees > 0 ? sum / degrees : 0, degrees };
}

/**
 * The chance that a noise peak is at least this high: k/n (1 + (z - u) / (d β))^-d, and 1 at u and below. The power in place of an
 * exponential accounts for β being an estimate from d values: (z - u) / β follows F(2, 2d).
 */
export function noisePeakChance(
  { threshold, peaks, above, scale, degrees }: NoiseTail,
  zScore: number,
): number {
  if (!(zScore > threshold && scale > 0)) return 1;
  return (above / peaks) * (1 + (zScore - threshold) / (degrees * scale)) ** -degrees;
}

/**
 * Peaks of which at most a share of `rate` are expected to be noise, by Benjamini & Hochberg's procedure on the local maxima of the
 * z-score map. In a micrograph of pure noise the chance of any peak is `rate`.
 *
 * Candidates are local maxima, higher than all within the mask radius: about one a template's correlation length, so that they are nearly
 * independent however pixels and orientations depend on each other. How high noise makes them is read off the micrograph itself
 * (`fitNoiseTail`), not off a Gaussian of pixels x correlations independent trials, so that neither the effective number of trials nor the
 * tail needs to be known. What it cannot tell from particles: ice, edges and other molecules that correlate with the template.
 *
 * @param options  rate: between 0 and 1; maskRadiusPx: as in `findPeaks`
 * @returns        peaks, best first; cutoff: the z-score above which they lie, or, where there are none, that one would have to reach
 * @throws {VitrineError} range: a rate outside its limits, or a bad radius
 * Source: Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289; for local maxima: Schwartzman, Gavrilov & Adler 2011, Ann. Stat. 39:3290.
 */
export function findPeaksByFdr(
  scaledMip: ScoreMap,
  options: { readonly rate: number; readonly maskRadiusPx: number },
): { peaks: Peak[]; cutoff: number; tail: NoiseTail } {
  requireKnownOptions("findPeaksByFdr", options, { rate: true, maskRadiusPx: true });
  const { rate, maskRadiusPx } = options;
  if (!(rate > 0 && rate < 1)) {
    const found = String(rate);
    throw new VitrineError({
      code: "range",
      at: "findPeaksByFdr().rate",
      expected: "a rate between 0 and 1",
      found,
    });
  }
  const maxima = localMaxima(scaledMip, maskRadiusPx);
  const tail = fitNoiseTail(maxima.map(({ zScore }) => zScore));
  let count = maxima.length;
  while (count > 0 && noisePeakChance(tail, maxima[count - 1].zScore) > (rate * count) / maxima.length)
    count--;
  return { peaks: maxima.slice(0, count), cutoff: cutoffOf(tail, rate * Math.max(1, count)), tail };
}

/** The z-score whose chance is `number` of all peaks. */
function cutoffOf({ threshold, above, scale, degrees }: NoiseTail, number: number): number {
  if (degrees === 0) return threshold; // of a map with hardly a peak: its highest
  return threshold + degrees * scale * Math.max(0, (above / number) ** (1 / degrees) - 1);
}

/** Pixels higher than all nearer than the radius, of equal ones the first in C order; descending. */
function localMaxima(map: ScoreMap, radius: number): Peak[] {
  const picked = findPeaks(map, { cutoff: Number.NEGATIVE_INFINITY, maskRadiusPx: radius });
  return picked.filter((peak) => isHighest(map, peak, radius));
}

function isHighest(
  { data, shape: [height, width] }: ScoreMap,
  { y, x, zScore }: Peak,
  radius: number,
): boolean {
  const reach = Math.ceil(radius);
  for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); row++) {
    for (let column = Math.max(0, x - reach); column <= Math.min(width - 1, x + reach); column++) {
      if ((row - y) ** 2 + (column - x) ** 2 >= radius * radius) continue;
      if (data[row * width + column] > zScore) return false;
    }
  }
  return true;
}
