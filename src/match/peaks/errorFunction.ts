const SQRT_PI = Math.sqrt(Math.PI);

/**
 * erf(x) = 2/√π ∫₀ˣ exp(-t²) dt, to about 1e-15.
 *
 * Source: Abramowitz & Stegun 1964, 7.1.5 (series) and 7.1.14 (continued fraction).
 */
export function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x < 1.5) return erfSeries(x);
  return 1 - Math.exp(-x * x) * scaledErfc(x);
}

/** erfc(x) = 1 - erf(x), without cancellation for large x. */
export function erfc(x: number): number {
  return x < 1.5 ? 1 - erf(x) : Math.exp(-x * x) * scaledErfc(x);
}

/** exp(x²) erfc(x) for x >= 0, which stays finite where erfc underflows. */
export function scaledErfc(x: number): number {
  if (x < 1.5) return Math.exp(x * x) * (1 - erfSeries(x));
  let tail = x;
  for (let k = 150; k >= 1; k--) tail = x + k / 2 / tail;
  return 1 / (SQRT_PI * tail);
}

/** 2/sqrt(pi) exp(-x²) sum 2ⁿ x²ⁿ⁺¹ / (1 3 5 ... (2n + 1)): all terms positive, so nothing cancels. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / SQRT_PI) * Math.exp(-x * x) * sum;
}
