/** Poses that are less likely than the best one by so much do not count. */
export const LEAST_LIKELIHOOD = 1e-6;

/**
 * Likelihood of a coefficient beside that of the best one: in white noise a coefficient r of n independent values has (1 - r²)^(-n/2). What is below 0
 * counts as 0.
 */
export function relativeLikelihood(score: number, best: number, n: number): number {
  return Math.exp((n / 2) * (Math.log1p(-squareOf(best)) - Math.log1p(-squareOf(score))));
}

/** The coefficient whose likelihood is {@link LEAST_LIKELIHOOD} of the best one's; -Infinity where there is none. */
export function leastScore(best: number, n: number): number {
  const square = 1 - (1 - squareOf(best)) * LEAST_LIKELIHOOD ** (-2 / n);
  return square > 0 ? Math.sqrt(square) : Number.NEGATIVE_INFINITY;
}

function squareOf(score: number): number {
  return Math.min(Math.max(score, 0), 1 - 1e-9) ** 2;
}
