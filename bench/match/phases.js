// Where a search's time goes: milliseconds of each kernel per template, with one thread and with two.
import { printTable } from "../figures.js";
import { createProbe, KERNELS } from "./probe.js";
import { correlationsOf, createWorkload, secondsOf, sizeName } from "./workload.js";

/** Timed rounds; the least time of each kernel counts, so that other programs disturb little. */
const ROUNDS = 5;

/** Prints the table and returns nothing to judge: there is no bar. */
export async function run({ sizes }) {
  const rows = [];
  for (const size of sizes) {
    for (const threads of [1, 2]) rows.push(await measure(size, threads));
  }
  console.log("\nms per template, the threads' times added up; wall: of the whole, waiting included");
  printTable(["search", "threads", ...KERNELS, "wall"], rows);
  return [];
}

async function measure(size, threads) {
  const blocks = threads * Math.ceil(size.blocks / 4);
  const probe = await createProbe(threads);
  const workload = await createWorkload(probe.pool, size, blocks);
  probe.setMode("timed");
  await workload.run();
  probe.takeTimes();
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const wall = 1000 * (await secondsOf(() => workload.run()));
    rounds.push({ wall, ...probe.takeTimes() });
  }
  workload.dispose();
  await probe.dispose();
  const templates = correlationsOf(blocks);
  const least = (name) => Math.min(...rounds.map((round) => round[name])) / templates;
  const cells = [...KERNELS.map(least), least("wall")].map((ms) => ms.toFixed(3));
  return [sizeName(size), `${threads}`, ...cells];
}
