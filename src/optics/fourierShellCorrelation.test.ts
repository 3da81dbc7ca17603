import { afterAll, beforeAll, expect, test } from "vitest";
import { noise } from "../../test/support/noise.ts";

import { createPool, type Pool } from "../compute/index.ts";
import { fourierShellCorrelation } from "./index.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const cube = (n: number, data: Float32Array) => ({ data, shape: [n, n, n], voxelSizeA: 1 }) as const;

test.each([12, 13])("a map agrees with itself and with its multiples in %i voxels", async (n) => {
  const map = cube(n, noise(n ** 3, 1));
  const { correlations, frequencies, counts } = await fourierShellCorrelation(
    pool,
    map,
    cube(
      n,
      map.data.map((v) => -3 * v),
    ),
  );
  for (const value of correlations) expect(value).toBeCloseTo(-1, 6);
  expect(frequencies[frequencies.length - 1]).toBeCloseTo(Math.floor(n / 2) / n, 12);
  expect(counts[0]).toBe(1);
  expect(counts[1]).toBe(18); // a cube of 27 without its centre and its 8 corners, which lie nearer to 2
});

test("noise of one size added to a map lowers every shell alike", async () => {
  const n = 48;
  const [a, b] = [noise(n ** 3, 2), noise(n ** 3, 3)];
  const sum = cube(
    n,
    a.map((value, i) => value + b[i]),
  );
  const { correlations, counts } = await fourierShellCorrelation(pool, cube(n, a), sum);
  for (let shell = 8; shell <= 24; shell++) {
    // 1/√2, five standard errors
    expect(Math.abs(correlations[shell] - Math.SQRT1_2)).toBeLessThan(5 / Math.sqrt(counts[shell]));
  }
});

test("other shapes are refused", async () => {
  const [a, b] = [cube(4, new Float32Array(64)), cube(5, new Float32Array(125))];
  await expect(fourierShellCorrelation(pool, a, b)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: fourierShellCorrelation(): expected two cubes of one size, found 4 x 4 x 4 and 5 x 5 x 5.]`,
  );
});
