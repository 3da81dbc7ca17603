import { elementCount, requireKnownOptions, type Shape2, VitrineError } from "../../core/index.ts";
import { inverseErfc } from "./inverseErfc.ts";

/** A map of z-scores (the scaled MIP), C order. */
export interface ScoreMap {
  readonly data: Float32Array;
  readonly shape: Shape2;
}

/** A local best of a score map: pixel indices, not shifted by half a template. */
export interface Peak {
  readonly y: number;
  readonly x: number;
  readonly zScore: number;
}

/**
 * The z-score that Gaussian noise exceeds `falsePositives` times in a whole search:
 * sqrt(2) erfc⁻¹(2 FP / (pixels x correlations)).
 *
 * @param options  falsePositives: accepted in the whole map; pixels: of the map searched for peaks; correlations: per
 *   pixel (orientations x defocus values x pixel sizes)
 * @throws {VitrineError} range: counts below 1, or false positives not above 0 and below the number of correlations
 * Source: Rickgauer, Grigorieff & Denk 2017, eLife 6:e25648.
 */
export function gaussianCutoff(options: {
  readonly falsePositives: number;
  readonly pixels: number;
  readonly correlations: number;
}): number {
  requireKnownOptions("gaussianCutoff", options, { falsePositives: true, pixels: true, correlations: true });
  const at = "gaussianCutoff()";
  const { falsePositives, pixels, correlations } = options;
  for (const [name, count] of Object.entries({ pixels, correlations })) {
    if (!(count >= 1)) throw rangeError(`${at}.${name}`, "a count of at least 1", count);
  }
  const trials = pixels * correlations;
  if (!(falsePositives > 0 && falsePositives < trials)) {
    throw rangeError(`${at}.falsePositives`, `a number above 0 and below ${trials}`, falsePositives);
  }
  return Math.SQRT2 * inverseErfc((2 * falsePositives) / trials);
}

/**
 * Peaks of a z-score map, best first: pixels above `cutoff` in descending order, each unless a better peak lies
 * nearer than `maskRadiusPx`. Of equal scores the first in C order is the better. NaN pixels are ignored.
 *
 * @param options  cutoff: exclusive; maskRadiusPx: Euclidean, exclusive, so that two peaks may lie exactly this far
 *   apart
 * @throws {VitrineError} shape: data that do not fill the shape; range: a cutoff or radius that is not a number
 */
export function findPeaks(
  scaledMip: ScoreMap,
  options: { readonly cutoff: number; readonly maskRadiusPx: number },
): Peak[] {
  requireKnownOptions("findPeaks", options, { cutoff: true, maskRadiusPx: true });
  const { cutoff, maskRadiusPx } = options;
  const { data, shape } = scaledMip;
  if (data.length !== elementCount(shape)) {
    const found = `${data.length} values for (${shape.join(", ")})`;
    throw new VitrineError({
      code: "shape",
      at: "findPeaks().scaledMip",
      expected: "data that fill the shape",
      found,
    });
  }
  if (Number.isNaN(cutoff)) throw rangeError("findPeaks().cutoff", "a number", cutoff);
  if (!(maskRadiusPx >= 0))
    throw rangeError("findPeaks().maskRadiusPx", "a radius of at least 0", maskRadiusPx);
  const isTaken = new Uint8Array(data.length);
  const peaks: Peak[] = [];
  for (const index of bestFirst(data, cutoff)) {
    if (isTaken[index] === 1) continue;
    const peak = { y: Math.floor(index / shape[1]), x: index % shape[1], zScore: data[index] };
    peaks.push(peak);
    takeDisc(isTaken, shape, { ...peak, radius: maskRadiusPx });
  }
  return peaks;
}

/** Indices of all values, ascending: NaN and -Infinity first; of equal values the highest index first. */
export function ascendingOrder(data: Float32Array): Uint32Array {
  const ranked = bestFirst(data, Number.NEGATIVE_INFINITY).reverse();
  const order = new Uint32Array(data.length);
  let at = 0;
  for (let i = 0; i < data.length; i++) if (!(data[i] > Number.NEGATIVE_INFINITY)) order[at++] = i;
  order.set(ranked, at);
  return order;
}

/** Indices of the values above the cutoff, descending; of equal values the lowest index first. */
function bestFirst(data: Float32Array, cutoff: number): Uint32Array {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (data[i] > cutoff) count++;
  const indices = new Uint32Array(count);
  const values = new Float32Array(count);
  for (let i = 0, k = 0; i < data.length; i++) {
    if (!(data[i] > cutoff)) continue;
    indices[k] = i;
    values[k++] = data[i] + 0; // + 0: -0 becomes 0, so that their bits order as equals
  }
  return sortedByValue(indices, values);
}

/**
 * One native sort of 64-bit keys: value (as bits that order descending) above, index below. A comparison function
 * would take 20 times as long on a map where every pixel is a candidate.
 */
function sortedByValue(indices: Uint32Array, values: Float32Array): Uint32Array {
  const bits = new Uint32Array(values.buffer);
  const keys = new BigUint64Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const isNegative = bits[i] >>> 31 === 1;
    const descending = isNegative ? bits[i] : ~bits[i] & 0x7fffffff;
    keys[i] = (BigInt(descending >>> 0) << 32n) | BigInt(indices[i]);
  }
  keys.sort();
  for (let i = 0; i < keys.length; i++) indices[i] = Number(keys[i] & 0xffffffffn);
  return indices;
}

/** Marks every pixel nearer than the radius. */
function takeDisc(
  isTaken: Uint8Array,
  [height, width]: Shape2,
  { y, x, radius }: { readonly y: number; readonly x: number; readonly radius: number },
): void {
  const reach = Math.ceil(radius);
  for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); row++) {
    const left = radius * radius - (row - y) ** 2;
    if (left <= 0) continue;
    const half = Math.ceil(Math.sqrt(left)) - 1; // largest whole number below the root
    isTaken.fill(1, row * width + Math.max(0, x - half), row * width + Math.min(width - 1, x + half) + 1);
  }
}

function rangeError(at: string, expected: string, found: number): VitrineError {
  return new VitrineError({ code: "range", at, expected, found: String(found) });
}
