// One worker against many: how much of a larger machine a search uses.
import { availableParallelism } from "node:os";
import { createPool } from "vitrine/compute";
import { digits, median, printTable, verdict } from "../figures.js";
import { correlationsOf, createWorkload, secondsOf, sizeName } from "./workload.js";

/** Processors from which the comparison says something, and the most workers that are compared. */
const LEAST = 8;
const MOST = 16;
const PAIRS = 3;
/** Times one worker's rate, with 16 workers. */
const BARS = { 512: 8, 4096: 10 };

/** Prints rates of one worker and of many, in turns; says so where the machine is too small. */
export async function run({ sizes }) {
  const workers = Math.min(MOST, availableParallelism());
  if (workers < LEAST) {
    console.log(`scaling is left out: it needs ${LEAST} processors, this machine gives ${workers}`);
    return [];
  }
  const results = [];
  for (const size of sizes.filter(({ image }) => image in BARS)) results.push(await measure(size, workers));
  console.log("");
  printTable(
    ["scaling", "1 worker CC/s", `${workers} workers CC/s`, "ratio", "bar (16)", ""],
    results.map(({ size, one, many, ratio }) => {
      const bar = BARS[size.image];
      return [sizeName(size), median(one), median(many), ratio, `${bar}`, verdict(ratio, bar)];
    }),
  );
  return results.map(({ size, ratio }) => ({
    what: `scaling ${sizeName(size)}, ${workers} workers against 1`,
    figure: `${digits(ratio)}x`,
    bar: `>= ${BARS[size.image]}x with 16`,
    verdict: verdict(ratio, BARS[size.image]),
  }));
}

async function measure(size, workers) {
  const single = await prepare(size, 1, size.blocks);
  const team = await prepare(size, workers, workers * size.blocks);
  const [one, many] = [[], []];
  for (let pair = 0; pair < PAIRS; pair++) {
    one.push(await single.rate());
    many.push(await team.rate());
  }
  await single.end();
  await team.end();
  return { size, one, many, ratio: median(many.map((rate, i) => rate / one[i])) };
}

/** A search of its own pool, warmed up. */
async function prepare(size, workers, blocks) {
  const pool = await createPool({ workers });
  const workload = await createWorkload(pool, size, blocks);
  await workload.run();
  return {
    rate: async () => correlationsOf(blocks) / (await secondsOf(() => workload.run())),
    end: () => pool.dispose(),
  };
}
