import { VitrineError } from "../../core/index.ts";

/** The final statistics of every pixel, in the order of the sums that they come from. */
export interface StatisticsMaps {
  /** Mean of the correlations. */
  readonly mean: Float32Array;
  /** Their standard deviation (the file that Leopard-EM calls variance). */
  readonly std: Float32Array;
  /** (mip - mean) / std: the z-score; 0 where std is 0. */
  readonly scaled: Float32Array;
}

/**
 * Mean, standard deviation and z-score of accumulated correlations, in float64 and rounded once:
 * mean = sum / T, std = sqrt(max(squaredSum / T - mean², 0)), scaled = (mip - mean) / std.
 *
 * Pixels are independent: a caller short of memory passes `subarray`s piece by piece.
 *
 * @param sums  sum, squaredSum, mip: one value per pixel; total: correlations per pixel, T
 * @param into  arrays to write to; new ones where absent. `scaled` may be `mip` itself.
 * @throws {VitrineError} shape: arrays of unlike lengths; range: a total below 1
 */
export function finishStatistics(
  sums: {
    readonly sum: Float64Array | Float32Array;
    readonly squaredSum: Float64Array | Float32Array;
    readonly mip: Float32Array;
    readonly total: number;
  },
  into?: StatisticsMaps,
): StatisticsMaps {
  const { sum, squaredSum, mip, total } = sums;
  const { length } = mip;
  const { mean, std, scaled } = into ?? {
    mean: new Float32Array(length),
    std: new Float32Array(length),
    scaled: new Float32Array(length),
  };
  for (const [name, array] of Object.entries({ sum, squaredSum, mean, std, scaled })) {
    if (array.length === length) continue;
    const expected = `as many values as mip (${length})`;
    throw new VitrineError({
      code: "shape",
      at: `finishStatistics().${name}`,
      expected,
      found: `${array.length}`,
    });
  }
  if (!(total >= 1)) {
    const expected = "a count of at least 1";
    throw new VitrineError({ code: "range", at: "finishStatistics().total", expected, found: String(total) });
  }
  for (let i = 0; i < length; i++) {
    const average = sum[i] / total;
    const deviation = Math.sqrt(Math.max(squaredSum[i] / total - average * average, 0));
    const best = mip[i];
    mean[i] = average;
    std[i] = deviation;
    scaled[i] = deviation === 0 ? 0 : (best - average) / deviation;
  }
  return { mean, std, scaled };
}
