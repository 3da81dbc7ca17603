import type { WindowMatch } from "../kernels/index.ts";

/** Part of chance's correlations that would be taken for signal. */
const ALPHA = 0.01;
/** By so much correlations must be above that: one pair's boxes of chance are few. */
const MARGIN = 1.25;
/** Part of the correlation that two windows of the same would have with their noise. */
const LEAST_LIKENESS = 0.5;

/** Minus the logarithm of a correlation coefficient. */
export function errorOf(correlation: number): number {
  return correlation > 0 ? -Math.log(correlation) : Number.POSITIVE_INFINITY;
}

/**
 * The correlation above which a match is no chance: its own mean of what it has at other shifts, times what all of them have above
 * their means.
 *
 * @param matches  all that were measured in the same way; nothing where something was missing
 */
export function chanceThreshold(
  matches: readonly (WindowMatch | undefined)[],
): (match: WindowMatch) => number {
  const ratios = matches.flatMap((match) => {
    const mean = meanOf(match?.chance ?? []);
    return match !== undefined && mean > 0 ? match.chance.map((value) => value / mean) : [];
  });
  ratios.sort((a, b) => a - b);
  const quantile = ratios[Math.min(ratios.length - 1, Math.floor((1 - ALPHA) * ratios.length))] ?? 1;
  return ({ chance }) => (chance.length === 0 ? 1 : MARGIN * quantile * meanOf(chance));
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Whether two windows differ by not much more than their noise: another cell in the place of one fits well, but not as well. */
export function showsTheSame({ shared, noiseless }: WindowMatch): boolean {
  return shared > LEAST_LIKENESS * noiseless;
}
