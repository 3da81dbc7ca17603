import { scaledErfc } from "./errorFunction.ts";

const SQRT_PI = Math.sqrt(Math.PI);

/**
 * The x with erfc(x) = y, for y in (0, 2), to about 1e-15 of x down to y = 1e-300.
 *
 * Newton's method on ln erfc, which is smooth and nearly quadratic where erfc itself underflows.
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
