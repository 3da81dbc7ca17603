import type { Random } from "../../core/index.ts";

/** Below this mean, products of uniform numbers are counted; above it Hörmann's rejection takes over. */
const SMALL_MEAN = 10;

/**
 * A random count of the Poisson distribution.
 *
 * @param mean  0 or more
 * Source: Knuth, The Art of Computer Programming 2, 3.4.1 (small means); Hörmann 1993, Insurance: Mathematics and Economics
 * 12:39, algorithm PTRS.
 */
export function poisson(random: Random, mean: number): number {
  return mean < SMALL_MEAN ? countProducts(random, mean) : rejectTransformed(random, mean);
}

function countProducts(random: Random, mean: number): number {
  const limit = Math.exp(-mean);
  let product = random.uniform();
  let count = 0;
  while (product > limit) {
    product *= random.uniform();
    count++;
  }
  return count;
}

function rejectTransformed(random: Random, mean: number): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const accepted = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = random.uniform() - 0.5;
    const v = random.uniform();
    const distance = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / distance + b) * u + mean + 0.43);
    if (distance >= 0.07 && v <= accepted) return count;
    if (count < 0 || (distance < 0.013 && v > distance)) continue;
    const density = Math.log((v * inverseAlpha) / (a / (distance * distance) + b));
    if (density <= count * Math.log(mean) - mean - logFactorial(count)) return count;
  }
}

const TABLE = Float64Array.from({ length: 16 }, (_, n) => {
  let sum = 0;
  for (let k = 2; k <= n; k++) sum += Math.log(k);
  return sum;
});

/** log n!, by Stirling's series beyond a table: the next term is below 1e-9. */
function logFactorial(n: number): number {
  if (n < TABLE.length) return TABLE[n];
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + (1 - 1 / (30 * n * n)) / (12 * n);
}
