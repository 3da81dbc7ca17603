import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Kernel, linePlanBytes, writeLinePlan } from "../../compute/kernels/index.ts";
import { seededRandom } from "../../core/index.ts";
import { BLOCK_TEMPLATES } from "./correlationJob.ts";
import { mergeStatistics, readStatistic, restoreStatistic } from "./statistics.ts";

/** Pixels of a row of the correlation, the shortest line that a search pads to. */
const WIDTH = 16;
const ROW_BYTES = 32 * WIDTH;
/** Pairs of templates that one call may correlate. */
const PAIRS = 3;
/** Pixels of a block of 4 rows. */
const PIXELS = 4 * WIDTH;

/** The kernels over a memory of their own, without threads, and one block of 4 rows to work on. */
async function openRow() {
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 65_536, shared: true });
  const worker = createRequire(import.meta.url).resolve("#worker-entry");
  const file = join(dirname(worker), "../match/kernels/kernels.wasm");
  const module = await WebAssembly.compile(new Uint8Array(readFileSync(file)));
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const plan = 65_536;
  const row = plan + linePlanBytes(WIDTH) + 64;
  const buffer = row + PAIRS * ROW_BYTES;
  const statistics = buffer + ROW_BYTES;
  const totals = statistics + 64 * WIDTH;
  writeLinePlan(memory.buffer, plan, WIDTH);
  const [clear, rows, flush] = ["clearStatistics", "correlateRows", "flushStatistics"].map(
    (name) => exports[name] as Kernel,
  );
  clear(statistics, totals, 0, WIDTH);
  return {
    /** The rows' spectra, a pair after the other: what `correlateColumns` would leave. */
    input: new Float32Array(memory.buffer, row, 8 * WIDTH),
    pairs: new Float32Array(memory.buffer, row, 8 * WIDTH * PAIRS),
    /** The correlations of the last two templates after a call: 4 rows of the first, 4 of the second, pixel by pixel. */
    output: new Float32Array(memory.buffer, buffer, 8 * WIDTH),
    values: new Float32Array(memory.buffer, statistics, 16 * WIDTH),
    indices: new Int32Array(memory.buffer, statistics, 16 * WIDTH),
    totals: new Float64Array(memory.buffer, totals, 8 * WIDTH),
    correlate: (index: number, count = 2) =>
      rows(row, ROW_BYTES, ROW_BYTES, count, plan, WIDTH, statistics, index, buffer, 0, 1),
    flush: () => flush(statistics, totals, 0, WIDTH),
  };
}

test("a million correlations: mean within 1e-7 of the std, std within 1e-7 of itself, of the same values in float64", async () => {
  const row = await openRow();
  const random = seededRandom(21);
  // Standard deviation 1 after the transform; mean 1.5 of the correlations, as around particles.
  const bank = Float32Array.from({ length: (1 << 16) + row.input.length }, () => random.normal() / 4);
  const [sum, squares] = [new Float64Array(PIXELS), new Float64Array(PIXELS)];
  const naive = new Float32Array(PIXELS);
  const total = 1_000_000;
  for (let template = 0; template < total; template += 2) {
    const at = Math.floor(random.uniform() * (1 << 16));
    row.input.set(bank.subarray(at, at + row.input.length));
    for (let i = 0; i < 8; i++) row.input[i] += 1.5; // frequency 0, real and imaginary parts of 4 rows
    row.correlate(template);
    for (let x = 0; x < WIDTH; x++) {
      for (let y = 0; y < 4; y++) {
        const [a, b] = [row.output[8 * x + y], row.output[8 * x + 4 + y]];
        sum[4 * x + y] += a + b;
        squares[4 * x + y] += a * a + b * b;
        naive[4 * x + y] += a + b;
      }
    }
    if ((template + 2) % BLOCK_TEMPLATES === 0) row.flush();
  }
  row.flush();
  const worst = { mean: 0, std: 0, naive: 0 };
  for (let i = 0; i < PIXELS; i++) {
    const at = 8 * Math.floor(i / 4) + (i % 4);
    const deviation = (s: number, q: number) => Math.sqrt(q / total - (s / total) ** 2);
    const expected = deviation(sum[i], squares[i]);
    const found = deviation(row.totals[at], row.totals[at + 4]);
    worst.mean = Math.max(worst.mean, Math.abs(row.totals[at] - sum[i]) / total / expected);
    worst.std = Math.max(worst.std, Math.abs(found - expected) / expected);
    worst.naive = Math.max(worst.naive, Math.abs(naive[i] - sum[i]) / total / expected);
    expect(Math.abs(expected - 1)).toBeLessThan(0.05);
  }
  expect(worst.mean).toBeLessThan(1e-7);
  expect(worst.std).toBeLessThan(1e-7);
  // Sums kept in float32 throughout would fail this test.
  expect(worst.naive).toBeGreaterThan(1e-6);
});

describe("one block of rows", () => {
  test("keeps the first maximum, and a NaN neither wins nor erases", async () => {
    const row = await openRow();
    const put = (a: number, b: number) => {
      row.input.fill(0);
      row.input.fill(a, 0, 4);
      row.input.fill(b, 4, 8);
    };
    const state = () => [row.values[0], row.indices[4]];
    expect(state()).toEqual([Number.NEGATIVE_INFINITY, -1]);
    put(Number.NaN, Number.NaN);
    row.correlate(0);
    expect(state()).toEqual([Number.NEGATIVE_INFINITY, -1]);
    put(-3, -3);
    row.correlate(2);
    expect(state()).toEqual([-3, 2]);
    put(5, 5);
    row.correlate(4);
    expect(state()).toEqual([5, 4]);
    put(5, 5.5);
    row.correlate(6);
    expect(state()).toEqual([5.5, 7]);
    put(6, 9);
    row.correlate(8, 1);
    expect(state()).toEqual([6, 8]);
    put(Number.NaN, 7);
    row.correlate(10);
    expect(state()).toEqual([7, 11]);
  });

  test("several pairs in one call leave what one after the other leave", async () => {
    const [together, apart] = [await openRow(), await openRow()];
    const random = seededRandom(8);
    for (let i = 0; i < together.pairs.length; i++) together.pairs[i] = random.normal();
    together.correlate(10, 5);
    for (let pair = 0; pair < PAIRS; pair++) {
      apart.input.set(together.pairs.subarray(8 * WIDTH * pair, 8 * WIDTH * (pair + 1)));
      apart.correlate(10 + 2 * pair, pair === 2 ? 1 : 2);
    }
    expect(together.values).toEqual(apart.values);
    expect(together.indices).toEqual(apart.indices);
    expect(new Set(together.indices.filter((_, i) => i % 16 >= 4 && i % 16 < 8)).size).toBe(5);
  });

  test("a single last template is counted once", async () => {
    const row = await openRow();
    row.input.fill(0);
    row.input.fill(2, 0, 4);
    row.input.fill(100, 4, 8);
    row.correlate(0, 1);
    row.flush();
    row.flush();
    expect([...row.totals.subarray(0, 8)]).toEqual([2, 2, 2, 2, 4, 4, 4, 4]);
    expect([...row.values.subarray(8, 16)]).toEqual(Array(8).fill(0));
  });
});

/** Statistics of `rows` x `columns` places, rows rounded up to blocks of 4. */
function emptyTeam(rows: number, columns: number) {
  const elements = Math.ceil(rows / 4) * columns;
  const values = new Float32Array(16 * elements);
  return { values, indices: new Int32Array(values.buffer), totals: new Float64Array(8 * elements) };
}

test("rows come out as they went in, whole or in pieces", () => {
  const [rows, columns] = [7, 5];
  const team = emptyTeam(rows, columns);
  const random = seededRandom(2);
  const float = Float32Array.from({ length: rows * columns }, () => random.normal());
  const whole = Int32Array.from({ length: rows * columns }, (_, i) => i - 1);
  const double = Float64Array.from({ length: rows * columns }, () => random.normal());
  const at = (name: "maximum" | "index" | "sum" | "squaredSum", firstRow = 0) => ({
    name,
    columns,
    firstRow,
  });
  restoreStatistic(team.values, float, at("maximum"));
  restoreStatistic(team.indices, whole.subarray(0, 3 * columns), at("index"));
  restoreStatistic(team.indices, whole.subarray(3 * columns), at("index", 3));
  restoreStatistic(team.totals, double, at("sum"));
  restoreStatistic(
    team.totals,
    double.map((value) => value * value),
    at("squaredSum"),
  );
  const found = {
    float: new Float32Array(float.length),
    whole: new Int32Array(float.length),
    double: new Float64Array(float.length),
  };
  readStatistic(team.values, found.float, at("maximum"));
  readStatistic(team.indices, found.whole, at("index"));
  readStatistic(team.totals, found.double, at("sum"));
  expect(found).toEqual({ float, whole, double });
  const piece = new Float64Array(2 * columns);
  readStatistic(team.totals, piece, at("squaredSum", 4));
  expect(piece).toEqual(double.subarray(4 * columns, 6 * columns).map((value) => value * value));
});

test("teams merge to the larger maximum, of equal ones to the lower index; sums move", () => {
  const [first, second] = [emptyTeam(4, 1), emptyTeam(4, 1)];
  first.values.set([1, 5, 3, Number.NEGATIVE_INFINITY]);
  first.indices.set([10, 4, 9, -1], 4);
  second.values.set([2, 5, 3, Number.NEGATIVE_INFINITY]);
  second.indices.set([3, 7, 2, -1], 4);
  first.totals.fill(1);
  second.totals.fill(2.5);
  mergeStatistics(first, second);
  expect([...first.values.subarray(0, 4)]).toEqual([2, 5, 3, Number.NEGATIVE_INFINITY]);
  expect([...first.indices.subarray(4, 8)]).toEqual([3, 4, 2, -1]);
  expect([...first.totals]).toEqual(Array(8).fill(3.5));
  expect([...second.totals]).toEqual(Array(8).fill(0));
});
