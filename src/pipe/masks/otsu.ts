import { VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../image.ts";

/**
 * The threshold that parts an image's values into two classes of the greatest variance between them; the centre of a bin of its
 * histogram, in single precision as numpy has it.
 *
 * @throws {VitrineError} range: fewer than one bin; undeterminable: values that are not finite, or all the same
 * Source: Otsu 1979, IEEE Trans. Syst. Man Cybern. 9:62, with acryo's second mean, which begins at the bin itself.
 */
export function otsuThreshold(image: PipeImage, bins: number, at: string): number {
  if (!Number.isInteger(bins) || bins < 1)
    throw new VitrineError({
      code: "range",
      at,
      expected: "a whole number of bins above 0",
      found: `${bins}`,
    });
  const { counts, centers } = histogram(image.data, bins, at);
  const best = bestSplit(counts, centers);
  return centers[best];
}

function histogram(data: Float32Array, bins: number, at: string) {
  const { least, greatest } = valueRange(data, at);
  const edges = Float32Array.from({ length: bins + 1 }, (_, i) => least + ((greatest - least) * i) / bins);
  edges[bins] = greatest;
  const counts = new Float64Array(bins);
  const perBin = bins / (greatest - least);
  for (const value of data) {
    let bin = Math.min(Math.floor((value - least) * perBin), bins - 1);
    // Edges are single precision: what lies on one belongs to the bin above it.
    if (value < edges[bin]) bin--;
    else if (bin < bins - 1 && value >= edges[bin + 1]) bin++;
    counts[bin]++;
  }
  const centers = Float32Array.from({ length: bins }, (_, i) => Math.fround(edges[i] + edges[i + 1]) / 2);
  return { counts, centers };
}

function valueRange(data: Float32Array, at: string): { least: number; greatest: number } {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (!Number.isFinite(value)) throw undeterminable(at, "finite values", `${value}`);
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (least === greatest) throw undeterminable(at, "an image with contrast", `${least} everywhere`);
  return { least, greatest };
}

function bestSplit(counts: Float64Array, centers: Float32Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const products = counts.map((count, i) => count * centers[i]);
  let [best, greatest] = [0, Number.NEGATIVE_INFINITY];
  let [below, sumBelow] = [0, 0];
  const upper = sumsFromAbove(counts, products, total);
  counts.forEach((count, i) => {
    below += count;
    sumBelow += products[i];
    const above = total - below;
    const meanBelow = below === 0 ? 0 : sumBelow / below;
    const meanAbove = above === 0 ? 0 : upper[i] / above;
    const variance = below * above * (meanBelow - meanAbove) ** 2;
    if (variance > greatest) [best, greatest] = [i, variance];
  });
  return best;
}

/** Sums of the bins from each on, of those that have something above them. */
function sumsFromAbove(counts: Float64Array, products: Float64Array, total: number): Float64Array {
  let below = 0;
  const hasAbove = Array.from(counts, (count) => {
    below += count;
    return total - below > 0;
  });
  const sums = new Float64Array(counts.length);
  let sum = 0;
  for (let i = counts.length - 1; i >= 0; i--) {
    if (hasAbove[i]) sum += products[i];
    sums[i] = sum;
  }
  return sums;
}

function undeterminable(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "undeterminable", at, expected, found });
}
