const SQRT_PI = Math.sqrt(Math.PI);

/**
 * The x with erfc(x) = y, for y in (0, 2), to about 1e-15 of x down to y = 1e-300.
 *
 * Newton's method on ln erfc, which is smooth and nearly quadratic where erfc itself underflows.
 * Source: Abramowitz & Stegun 1964, 7.1.5 (series) and 7.1.14 (continued fraction).
 *
 * @returns NaN outside [0, 2], Infinity at 0, -Infinity at 2
 */
export function inverseErfc(y: number): number {
  if (y > 1) return -inverseErfc(2 - y);
  if (!(y > 0)) return y === 0 ? Infinity : NaN;
  const target = Math.log(y);
  let x = Math.sqrt(-target); // above the root of -x² = ln y - ln erfcx(x), near enough to converge
  for (let step = 0; step < 50; step++) {
    const scaled = scaledErfc(x);
    const change = ((Math.log(scaled) - x * x - target) * SQRT_PI * scaled) / 2;
    x = Math.max(0, x + change);
    if (Math.abs(change) <= 1e-16 * x) break;
  }
  return x;
}

/** exp(x²) erfc(x) for x >= 0. */
function scaledErfc(x: number): number {
  if (x < 1.5) return Math.exp(x * x) * (1 - errorFunction(x));
  let tail = x;
  for (let k = 150; k >= 1; k--) tail = x + k / 2 / tail;
  return 1 / (SQRT_PI * tail);
}

/** 2/sqrt(pi) exp(-x²) sum 2ⁿ x²ⁿ⁺¹ / (1 3 5 ... (2n + 1)): all terms positive, so nothing cancels. */
function errorFunction(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / SQRT_PI) * Math.exp(-x * x) * sum;
}
