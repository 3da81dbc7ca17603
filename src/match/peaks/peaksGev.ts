import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { ScoreMap } from "./peaks.ts";

/**
 * A generalised extreme value distribution, F(x) = exp(-(1 - shape (x - location) / scale)^(1/shape)); with shape > 0 it
 * ends at location + scale / shape. The sign of `shape` is scipy's.
 */
export interface GevDistribution {
  readonly shape: number;
  readonly location: number;
  readonly scale: number;
}

/** z-scores above this are left out of the fit, since they may be particles; Leopard-EM's default. */
const LARGEST_NOISE = 8.5;
const BINS = 8192;

/**
 * Fits a generalised extreme value distribution to the z-scores of all pixels up to 8.5, by maximum likelihood, as Leopard-EM's
 * `fit_gev_to_zscore`. All pixels count, in 8192 bins; Leopard-EM draws a million of them.
 *
 * @throws {VitrineError} undeterminable: fewer than 100 pixels, or all alike
 */
export function fitGev({ data }: ScoreMap): GevDistribution {
  const bins = binValues(data);
  const { count, mean, deviation } = momentsOf(bins);
  if (!(count >= 100 && deviation > 0)) {
    throw new VitrineError({
      code: "undeterminable",
      at: "fitGev()",
      expected: `at least 100 z-scores up to ${LARGEST_NOISE} that differ`,
      found: `${count} with a deviation of ${deviation}`,
      hint: "Choose particles by --peaks z",
    });
  }
  const scale = (deviation * Math.sqrt(6)) / Math.PI; // of a Gumbel distribution with these moments
  const start = [0.05, mean - 0.5772 * scale, Math.log(scale)];
  const [shape, location, logScale] = minimise((p) => negativeLogLikelihood(bins, p), start, [
    0.05,
    0.2 * scale,
    0.1,
  ]);
  return { shape, location, scale: Math.exp(logScale) };
}

/** The value that is exceeded with a chance of `p`. */
export function gevQuantileAbove({ shape, location, scale }: GevDistribution, p: number): number {
  const t = -Math.log(-Math.log1p(-p)); // of a Gumbel distribution
  return location + scale * (Math.abs(shape) < 1e-9 ? t : -Math.expm1(-shape * t) / shape);
}

/**
 * The z-score that the fitted distribution exceeds `falsePositives` times in the map, as Leopard-EM's `gev_zscore_cutoff`.
 *
 * @throws {VitrineError} undeterminable: see {@link fitGev}; range: false positives not above 0 and below the number of pixels
 */
export function gevCutoff(map: ScoreMap, options: { readonly falsePositives: number }): number {
  requireKnownOptions("gevCutoff", options, { falsePositives: true });
  const { falsePositives } = options;
  const pixels = map.data.length;
  if (!(falsePositives > 0 && falsePositives < pixels)) {
    const expected = `a number above 0 and below ${pixels}`;
    const fault = {
      code: "range",
      at: "gevCutoff().falsePositives",
      expected,
      found: String(falsePositives),
    } as const;
    throw new VitrineError(fault);
  }
  return gevQuantileAbove(fitGev(map), falsePositives / pixels);
}

/** Values by their count and mean in each bin. */
interface Bins {
  readonly counts: Float64Array;
  readonly means: Float64Array;
}

function binValues(data: Float32Array): Bins {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (!(value <= LARGEST_NOISE) || value === Number.NEGATIVE_INFINITY) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const bins = { counts: new Float64Array(BINS), means: new Float64Array(BINS) };
  const width = (most - least) / BINS || 1;
  for (const value of data) {
    if (!(value >= least && value <= most)) continue;
    const bin = Math.min(BINS - 1, Math.floor((value - least) / width));
    bins.counts[bin]++;
    bins.means[bin] += value;
  }
  for (let bin = 0; bin < BINS; bin++) bins.means[bin] /= bins.counts[bin] || 1;
  return bins;
}

function momentsOf({ counts, means }: Bins) {
  let [count, sum, squares] = [0, 0, 0];
  for (let bin = 0; bin < BINS; bin++) {
    count += counts[bin];
    sum += counts[bin] * means[bin];
  }
  const mean = sum / count;
  for (let bin = 0; bin < BINS; bin++) squares += counts[bin] * (means[bin] - mean) ** 2;
  return { count, mean, deviation: Math.sqrt(squares / count) };
}

/** Per value; Infinity where the distribution ends below a value. */
function negativeLogLikelihood(
  { counts, means }: Bins,
  [shape, location, logScale]: readonly number[],
): number {
  const scale = Math.exp(logScale);
  let [sum, count] = [0, 0];
  for (let bin = 0; bin < BINS; bin++) {
    if (counts[bin] === 0) continue;
    const t = (means[bin] - location) / scale;
    const gumbel = Math.abs(shape) < 1e-9 ? t : -Math.log1p(-shape * t) / shape;
    if (!Number.isFinite(gumbel)) return Number.POSITIVE_INFINITY;
    sum += counts[bin] * (logScale + (1 - shape) * gumbel + Math.exp(-gumbel));
    count += counts[bin];
  }
  return sum / count;
}

/** Nelder & Mead's simplex: 1965, Computer Journal 7:308. */
function minimise(
  f: (point: readonly number[]) => number,
  start: readonly number[],
  steps: readonly number[],
): readonly number[] {
  const vertex = (at: readonly number[]) => ({ at, value: f(at) });
  const simplex = [
    vertex(start),
    ...steps.map((step, i) => vertex(start.map((x, k) => (k === i ? x + step : x)))),
  ];
  for (let round = 0; round < 600; round++) {
    simplex.sort((a, b) => a.value - b.value);
    const [best, worst] = [simplex[0], simplex[simplex.length - 1]];
    const size = Math.max(...worst.at.map((x, i) => Math.abs(x - best.at[i])));
    if (size < 1e-9) break;
    const others = simplex.slice(0, -1);
    const centre = start.map((_, i) => others.reduce((sum, { at }) => sum + at[i], 0) / others.length);
    const along = (t: number) => vertex(centre.map((x, i) => x + t * (worst.at[i] - x)));
    const reflected = along(-1);
    let next = reflected;
    if (reflected.value < best.value) {
      const expanded = along(-2);
      if (expanded.value < reflected.value) next = expanded;
    } else if (reflected.value >= others[others.length - 1].value) {
      next = along(reflected.value < worst.value ? -0.5 : 0.5);
      if (next.value >= Math.min(worst.value, reflected.value)) {
        for (let i = 1; i < simplex.length; i++)
          simplex[i] = vertex(simplex[i].at.map((x, k) => (x + best.at[k]) / 2));
        continue;
      }
    }
    simplex[simplex.length - 1] = next;
  }
  return simplex[0].at;
}
