import fc from "fast-check";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";
import { createPool, type Pool } from "../pool.ts";
import { createGemm, gemm, gemmPlan } from "./gemm.ts";
import type { GemmSize } from "./gemmLayout.ts";
import type { ComplexNumber } from "./gemmPhases.ts";
import { type MatrixLayout, type MatrixShape, spanOf, stridesOf } from "./matrixLayout.ts";

/**
 * Error over |row of A| |column of B|, and over |beta C|. Products and sums are rounded to 6e-8, up to 256 of them
 * in a row; 2.3e-7 at most was seen.
 */
const TOLERANCE = 5e-7;

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

type Complex = [re: number, im: number];

/** A matrix of the test's own: reads values by index, whatever its layout. */
function reader(data: Float32Array, shape: MatrixShape, layout: MatrixLayout & { conjugate?: boolean } = {}) {
  const { batch, row, column } = stridesOf(shape, layout);
  const isComplex = data.length === 2 * spanOf(shape, { batch, row, column });
  return (item: number, i: number, j: number): Complex => {
    const at = item * batch + i * row + j * column;
    if (!isComplex) return [data[at], 0];
    return [data[2 * at], layout.conjugate ? -data[2 * at + 1] : data[2 * at + 1]];
  };
}

interface Case {
  readonly size: GemmSize;
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly c: Float32Array;
  readonly alpha: ComplexNumber;
  readonly beta: ComplexNumber;
}

const shapes = ({ m, n, k, batch = 1 }: GemmSize) => ({
  a: { name: "a", batch, rows: m, columns: k },
  b: { name: "b", batch, rows: k, columns: n },
  c: { name: "c", batch, rows: m, columns: n },
});

/** C in float64, a value at a time: its value, and what its error is measured by. */
function* reference({ size, a, b, c, alpha, beta }: Case): Generator<{ value: Complex; scale: number }> {
  const shape = shapes(size);
  const [left, right] = [reader(a, shape.a, size.a), reader(b, shape.b, size.b)];
  const old = reader(c, shape.c, size.c);
  for (let item = 0; item < shape.c.batch; item++)
    for (let i = 0; i < size.m; i++)
      for (let j = 0; j < size.n; j++) {
        const sum: Complex = [0, 0];
        let [rowNorm, columnNorm] = [0, 0];
        for (let p = 0; p < size.k; p++) {
          const [x, y] = [left(item, i, p), right(item, p, j)];
          sum[0] += x[0] * y[0] - x[1] * y[1];
          sum[1] += x[0] * y[1] + x[1] * y[0];
          rowNorm += x[0] ** 2 + x[1] ** 2;
          columnNorm += y[0] ** 2 + y[1] ** 2;
        }
        const [product, kept] = [times(alpha, sum), times(beta, old(item, i, j))];
        const scale = Math.hypot(...alpha) * Math.sqrt(rowNorm * columnNorm) + Math.hypot(...kept);
        yield { value: [product[0] + kept[0], product[1] + kept[1]], scale };
      }
}

function times([a, b]: ComplexNumber, [c, d]: ComplexNumber): Complex {
  return [a * c - b * d, a * d + b * c];
}

/** Largest error of a result, see TOLERANCE; infinite where something is not a number or should be 0. */
function errorOf(result: Float32Array, job: Case): number {
  const found = reader(result, shapes(job.size).c, job.size.c);
  const expected = reference(job);
  let worst = 0;
  for (let item = 0; item < (job.size.batch ?? 1); item++)
    for (let i = 0; i < job.size.m; i++)
      for (let j = 0; j < job.size.n; j++) {
        const { value, scale } = expected.next().value;
        const [re, im] = found(item, i, j);
        const difference = Math.hypot(re - value[0], im - value[1]);
        const error = difference === 0 ? 0 : difference / scale;
        worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
      }
  return worst;
}

function run(job: Case, on = pool): Promise<Float32Array> {
  const { size, a, b, c } = job;
  const factor = (value: ComplexNumber) => (size.kind === "real" ? value[0] : value);
  return gemm(on, size, { a, b, c, alpha: factor(job.alpha), beta: factor(job.beta) });
}

/** Any layout whose values do not overlap: axes in any order, with gaps. */
const layoutOf = ({ batch, rows, columns }: MatrixShape) =>
  fc
    .record({ order: fc.shuffledSubarray(["row", "column", "batch"], { minLength: 3 }), gap: fc.nat(3) })
    .map(({ order, gap }) => {
      const lengths: Record<string, number> = { row: rows, column: columns, batch };
      const strides: Record<string, number> = {};
      let next = 1;
      for (const axis of order) {
        strides[axis] = next;
        next = next * lengths[axis] + gap;
      }
      return { rowStride: strides.row, columnStride: strides.column, batchStride: strides.batch };
    });

const length = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(31, 47, 48, 49, 61, 64, 67, 101));
const depth = fc.oneof(length, fc.constantFrom(127, 128, 129, 255, 256, 257, 521));
const factor = fc.constantFrom(0, 1, -1, 0.5, 3);

const anyCase = fc
  .record({
    kind: fc.constantFrom("real" as const, "complex" as const),
    m: length,
    n: length,
    k: depth,
    batch: fc.integer({ min: 1, max: 3 }),
    conjugate: fc.tuple(fc.boolean(), fc.boolean()),
    factors: fc.tuple(factor, factor, factor, factor),
    shared: fc.boolean(),
  })
  .chain(({ kind, m, n, k, batch, conjugate, factors, shared }) => {
    const shape = shapes({ kind, m, n, k, batch });
    return fc.tuple(layoutOf(shape.a), layoutOf(shape.b), layoutOf(shape.c)).map(([a, b, c]): Case => {
      const isComplex = kind === "complex";
      const layouts = {
        a: { ...a, conjugate: isComplex && conjugate[0], ...(shared && { batchStride: 0 }) },
        b: { ...b, conjugate: isComplex && conjugate[1] },
        c,
      };
      const data = (name: "a" | "b" | "c", seed: number) =>
        noise((isComplex ? 2 : 1) * spanOf(shape[name], stridesOf(shape[name], layouts[name])), seed);
      return {
        size: { kind, m, n, k, batch, ...layouts },
        a: data("a", 1),
        b: data("b", 2),
        c: data("c", 3),
        alpha: [factors[0], isComplex ? factors[1] : 0],
        beta: [factors[2], isComplex ? factors[3] : 0],
      };
    });
  });

test("products of any size, strides, batch, conjugates and factors are those of float64", async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async (job) => {
      expect(errorOf(await run(job), job)).toBeLessThan(TOLERANCE);
    }),
    { numRuns: 150, seed: 9 },
  );
});

test("values between those of C stay", async () => {
  const size = { kind: "real", m: 3, n: 5, k: 2, c: { rowStride: 8 } } as const;
  const c = noise(21);
  const result = await gemm(pool, size, { a: noise(6), b: noise(10), c });
  for (const at of [5, 6, 7, 13, 14, 15]) expect(result[at]).toBe(c[at]);
});

const plain = { alpha: [1, 0], beta: [0, 0] } as const;
const dense = (size: GemmSize): Case => {
  const { m, n, k, batch = 1, kind } = size;
  const floats = batch * (kind === "complex" ? 2 : 1);
  return {
    size,
    a: noise(floats * m * k, 1),
    b: noise(floats * k * n, 2),
    c: noise(floats * m * n, 3),
    ...plain,
  };
};

test("more rows, columns and depth than a block has", async () => {
  const thin = { m: 7, n: 5, k: 300 };
  for (const size of [
    { ...thin, m: 2100 },
    { ...thin, n: 2100 },
    { ...thin, k: 100_000 },
  ] as const)
    for (const kind of ["real", "complex"] as const) {
      const job = dense({ kind, ...size });
      expect(errorOf(await run(job), job)).toBeLessThan(TOLERANCE);
    }
});

test("many small matrices, each one worker's", async () => {
  const job = dense({ kind: "real", m: 40, n: 40, k: 40, batch: 300 });
  expect(errorOf(await run(job), job)).toBeLessThan(TOLERANCE);
});

test("1, 2 and 3 workers give the same bytes", async () => {
  const sizes = [
    { kind: "real", m: 200, n: 190, k: 600, batch: 2 },
    { kind: "complex", m: 97, n: 130, k: 301 },
    { kind: "complex", m: 33, n: 47, k: 299, batch: 5 },
  ] as const;
  for (const size of sizes) {
    const expected = await run(dense(size));
    for (const workers of [1, 3]) {
      await using other = await createPool({ workers });
      expect(await run(dense(size), other)).toEqual(expected);
    }
  }
});

test("NaN and infinity reach their row and column and nothing else", async () => {
  for (const [kind, floats] of [
    ["real", 1],
    ["complex", 2],
  ] as const)
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const job = dense({ kind, m: 13, n: 11, k: 9 });
      job.a[floats * (4 * 9 + 3)] = bad;
      job.b[floats * (2 * 11 + 10)] = bad;
      const result = await run(job);
      const finite = (i: number, j: number) => Number.isFinite(result[floats * (11 * i + j)]);
      for (let i = 0; i < 13; i++)
        for (let j = 0; j < 11; j++) expect(finite(i, j)).toBe(i !== 4 && j !== 10);
    }
});

test("beta 0 overwrites NaN, alpha 0 does not look at A and B", async () => {
  const job = dense({ kind: "real", m: 9, n: 10, k: 3 });
  job.c.fill(Number.NaN);
  expect((await run(job)).every(Number.isFinite)).toBe(true);
  job.c.fill(2);
  job.a.fill(Number.NaN);
  expect(await run({ ...job, alpha: [0, 0], beta: [3, 0] })).toEqual(new Float32Array(90).fill(6));
  expect(await run({ ...job, alpha: [0, 0], beta: [0, 0] })).toEqual(new Float32Array(90));
});

test("a plan takes what it declares and gives it back; parts are set and read", async () => {
  const size = { kind: "complex", m: 4, n: 3, k: 2 } as const;
  const job = dense(size);
  const plan = createGemm(pool, size);
  onTestFinished(() => plan.dispose());
  expect(plan.bytes).toBe(pool.bytes(gemmPlan, size));
  plan.set("a", job.a.subarray(0, 10));
  plan.set("a", job.a.subarray(10), 10);
  plan.set("b", job.b);
  await plan.run();
  const part = new Float32Array(6);
  plan.read("c", part, 6);
  expect(part).toEqual((await run(job)).subarray(6, 12));
});

test("an abort ends a product early, and its result is gone", async () => {
  const controller = new AbortController();
  const plan = createGemm(pool, { kind: "real", m: 512, n: 512, k: 512, batch: 8 });
  onTestFinished(() => plan.dispose());
  plan.set("a", new Float32Array(1));
  plan.set("b", new Float32Array(1));
  const running = plan.run({}, { signal: controller.signal });
  controller.abort();
  await expect(running).rejects.toMatchObject({ code: "aborted" });
  expect(() => plan.read("c", new Float32Array(1))).toThrowError(/expected values, found none/);
  await plan.run();
});

test("progress ends at the number of passes", async () => {
  const plan = createGemm(pool, { kind: "real", m: 5, n: 5, k: 600 });
  onTestFinished(() => plan.dispose());
  plan.set("a", noise(3000));
  plan.set("b", noise(3000));
  const seen: number[] = [];
  await plan.run({}, { onProgress: (done) => seen.push(done) });
  expect(seen.at(-1)).toBe(2);
});

test("what cannot be meant is refused", async () => {
  const size = { kind: "real", m: 2, n: 3, k: 4 } as const;
  const message = (wrong: GemmSize) => {
    try {
      createGemm(pool, wrong).dispose();
    } catch (error) {
      return error instanceof Error ? error.message : error;
    }
    return "taken";
  };
  expect([
    message({ ...size, k: 0 }),
    message({ ...size, batch: 1.5 }),
    message({ ...size, a: { rowStride: -4 } }),
    message({ ...size, a: { conjugate: true } }),
    message({ ...size, c: { rowStride: 2 } }),
    message({ ...size, batch: 2, c: { batchStride: 0 } }),
  ]).toMatchInlineSnapshot(`
    [
      "real product, m 2, n 3, k 0, batch 1: expected whole numbers from 1, found 0.",
      "real product, m 2, n 3, k 4, batch 1.5: expected whole numbers from 1, found 1.5.",
      "matrix a: expected strides that are whole numbers from 0, found -4.",
      "matrix a: expected a real matrix, found one to conjugate.",
      "matrix c: expected values that do not overlap: each stride beyond the reach of the shorter ones, found strides of 2 (row), 1 (column), 0 (batch).",
      "matrix c: expected values that do not overlap: each stride beyond the reach of the shorter ones, found strides of 3 (row), 1 (column), 0 (batch).",
    ]
  `);
  const plan = createGemm(pool, size);
  onTestFinished(() => plan.dispose());
  expect(() => plan.set("a", new Float32Array(9))).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: matrix a: expected values 0 to 8, found values 0 to 9.]`,
  );
  expect(() => plan.set("a", new Float32Array(8), 0.5)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: matrix a: expected values 0 to 8, found values 0.5 to 8.5.]`,
  );
  await expect(plan.run()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: product plan matrix a: expected values, found none. Set it.]`,
  );
  plan.set("a", noise(8));
  plan.set("b", noise(12));
  await expect(plan.run({ beta: 1 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: product plan matrix c: expected values, found none. Set it, or await the run that makes it.]`,
  );
  await expect(plan.run({ alpha: [1, 2] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: real product alpha: expected a number, found [1, 2].]`,
  );
  const input = { a: noise(8), b: noise(11) };
  await expect(gemm(pool, size, input)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: gemm matrix b: expected 12 floats, found 11.]`,
  );
});
