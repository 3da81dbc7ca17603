import { VitrineError } from "../../core/index.ts";
import type { PixelSize } from "../geometry/levels.ts";

/** Percentiles that are kept, from 0 to 100. */
const PERCENTILES = 100_000;

/**
 * Statistics of many images of one channel, image by image: plain numbers and arrays, so that batches can write them and others
 * {@link mergeStatistics merge} them.
 */
export interface IlluminationStatistics extends PixelSize {
  count: number;
  /** (height, width): mean of log10 of the intensity; a pixel of 0 counts as 1. */
  readonly mean: Float64Array;
  /** (height, width): sum of squared deviations from it. */
  readonly squares: Float64Array;
  /** (100,000): sums over the images of their percentiles, 0 to 100 in equal steps. */
  readonly percentileSums: Float64Array;
}

/** No image yet. */
export function emptyStatistics({ height, width }: PixelSize): IlluminationStatistics {
  const area = height * width;
  return {
    height,
    width,
    count: 0,
    mean: new Float64Array(area),
    squares: new Float64Array(area),
    percentileSums: new Float64Array(PERCENTILES),
  };
}

/** log10 of every 16-bit value, 0 for 0; made when it is first used, since every job loads this file. */
let logarithms: Float64Array | undefined;

/**
 * Adds one image.
 *
 * @param image  (height, width)
 * @throws {VitrineError} shape: another number of pixels
 *
 * Source: Welford 1962, Technometrics 4:419; TissueMAPS, tmlib.workflow.corilla.
 */
export function addImage(statistics: IlluminationStatistics, image: Uint8Array | Uint16Array): void {
  const { mean, squares } = statistics;
  if (image.length !== mean.length) {
    const expected = `${statistics.height} x ${statistics.width} pixels`;
    throw new VitrineError({
      code: "shape",
      at: "illumination statistics",
      expected,
      found: `${image.length} pixels`,
    });
  }
  statistics.count++;
  logarithms ??= Float64Array.from({ length: 65_536 }, (_, value) => (value === 0 ? 0 : Math.log10(value)));
  for (let i = 0; i < image.length; i++) {
    const value = logarithms[image[i]];
    const delta = value - mean[i];
    mean[i] += delta / statistics.count;
    squares[i] += delta * (value - mean[i]);
  }
  addPercentiles(statistics.percentileSums, histogramOf(image), image.length);
}

/** How often each value occurs, (65,536). */
export function histogramOf(image: Uint8Array | Uint16Array): Uint32Array {
  const counts = new Uint32Array(65_536);
  for (const value of image) counts[value]++;
  return counts;
}

/** Percentiles between two sorted values lie on the line through them, as numpy's do. */
function addPercentiles(sums: Float64Array, counts: Uint32Array, total: number): void {
  let [value, upTo] = [0, counts[0]];
  for (let i = 0; i < PERCENTILES; i++) {
    const position = (i / (PERCENTILES - 1)) * (total - 1);
    const rank = Math.floor(position);
    while (upTo <= rank) upTo += counts[++value];
    let next = value;
    // The next value in order: another one if this rank is the last of its value.
    if (rank + 1 >= upTo && rank + 1 < total) for (next++; counts[next] === 0; next++);
    sums[i] += value + (next - value) * (position - rank);
  }
}

/** Adds what others have counted, as if their images had been added here. @throws {VitrineError} shape: images of another size */
export function mergeStatistics(into: IlluminationStatistics, other: IlluminationStatistics): void {
  if (into.mean.length !== other.mean.length) {
    const expected = `${into.height} x ${into.width} pixels`;
    const found = `${other.height} x ${other.width}`;
    throw new VitrineError({ code: "shape", at: "illumination statistics", expected, found });
  }
  const count = into.count + other.count;
  if (count === 0) return;
  for (let i = 0; i < into.mean.length; i++) {
    const delta = other.mean[i] - into.mean[i];
    into.mean[i] += (delta * other.count) / count;
    into.squares[i] += other.squares[i] + (delta * delta * into.count * other.count) / count;
  }
  for (let i = 0; i < PERCENTILES; i++) into.percentileSums[i] += other.percentileSums[i];
  into.count = count;
}

/**
 * The mean over all images of their percentile, a whole number: the one kept that is nearest to `percent` when rounded to three decimals, as
 * TissueMAPS looks it up.
 *
 * @throws {VitrineError} undeterminable: no image; range: not from 0 to 100
 */
export function percentileOf({ count, percentileSums }: IlluminationStatistics, percent: number): number {
  const at = "illumination percentile";
  if (count === 0) throw new VitrineError({ code: "undeterminable", at, expected: "images", found: "none" });
  if (!(percent >= 0 && percent <= 100))
    throw new VitrineError({ code: "range", at, expected: "0 to 100", found: `${percent}` });
  const key = (i: number) => Math.round((i / (PERCENTILES - 1)) * 1e5) / 1e3;
  const nearest = Math.round((percent / 100) * (PERCENTILES - 1));
  let best = Math.max(0, nearest - 3);
  for (let i = best; i <= Math.min(PERCENTILES - 1, nearest + 3); i++) {
    if (Math.abs(key(i) - percent) < Math.abs(key(best) - percent)) best = i;
  }
  return Math.floor(percentileSums[best] / count);
}

/** How far an image's level may be from the others', in median absolute deviations. */
const LIMIT_DEVIATIONS = 8;
/** A hundredth of a decade: what always passes, where nearly all images are alike. */
const LEAST_DEVIATION = 0.01;

/**
 * Which images do not belong: their median intensity is far from the others' (lamp off, debris over the whole field, saturation), in
 * decades and by median absolute deviations. Leave them out before statistics are made.
 *
 * @param medians  of each image
 * @returns        their indices, ascending
 */
export function oddImages(medians: readonly number[]): number[] {
  const levels = medians.map((value) => Math.log10(Math.max(value, 0.5)));
  const middle = medianOf(levels);
  const deviation = Math.max(LEAST_DEVIATION, medianOf(levels.map((level) => Math.abs(level - middle))));
  return levels.flatMap((level, i) => (Math.abs(level - middle) > LIMIT_DEVIATIONS * deviation ? [i] : []));
}

/** Middle of a list, the mean of the middle two where their number is even; NaN of none. */
export function medianOf(values: Iterable<number>): number {
  const sorted = Float64Array.from(values).sort();
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
