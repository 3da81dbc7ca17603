// How long a search takes to stop: from abort to the rejection, when every worker has stopped, at random moments.
import { createPool } from "vitrine/compute";
import { seededRandom } from "vitrine/core";
import { digits, median, percentile, printTable, verdict } from "../figures.js";
import { createWorkload, sizeName } from "./workload.js";

const ABORTS = 100;
/** Aborts come up to this long after the start. */
const WITHIN_MS = 250;
/** What the 99th percentile should stay below, at every size. */
const GOAL_MS = 100;
/** More work than can be done before the abort. */
const BLOCKS = { 512: 2000, 1024: 400, 2048: 100, 4096: 30 };

/** Prints median, 99th percentile and the longest delay. */
export async function run({ sizes }) {
  const results = [];
  for (const size of sizes) results.push({ size, delays: await measure(size) });
  console.log(`\nms from abort to stop, ${ABORTS} aborts at random moments`);
  printTable(
    ["abort", "median", "99th percentile", "longest", "goal", ""],
    results.map(({ size, delays }) => [
      sizeName(size),
      median(delays),
      percentile(delays, 0.99),
      Math.max(...delays),
      `< ${GOAL_MS}`,
      verdict(percentile(delays, 0.99), GOAL_MS, { atMost: true }),
    ]),
  );
  return results.map(({ size, delays }) => ({
    what: `abort ${sizeName(size)}, 99th percentile`,
    figure: `${digits(percentile(delays, 0.99))} ms`,
    bar: `< ${GOAL_MS} ms (goal)`,
    verdict: verdict(percentile(delays, 0.99), GOAL_MS, { atMost: true }),
  }));
}

async function measure(size) {
  const random = seededRandom(7);
  const pool = await createPool();
  try {
    const workload = await createWorkload(pool, size, BLOCKS[size.image]);
    await abortOnce(workload, WITHIN_MS); // warm-up
    const delays = [];
    while (delays.length < ABORTS) delays.push(await abortOnce(workload, WITHIN_MS * random.uniform()));
    return delays;
  } finally {
    await pool.dispose();
  }
}

async function abortOnce(workload, afterMs) {
  const controller = new AbortController();
  let begun;
  const timer = setTimeout(() => {
    begun = performance.now();
    controller.abort();
  }, afterMs);
  try {
    await workload.run({ signal: controller.signal });
  } catch (error) {
    if (error.code !== "aborted") throw error;
    return performance.now() - begun;
  } finally {
    clearTimeout(timer);
  }
  throw new Error("abort: expected a search that is stopped, found one that ended. Raise its blocks.");
}
