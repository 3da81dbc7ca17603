// A whole search against Leopard-EM's faster backend: slices, CTF, inverse transform, normalisation, correlation and
// statistics, all threads, in turns and never both at once.
import { fileURLToPath } from "node:url";
import { createPool } from "vitrine/compute";
import { startChild } from "../child.js";
import { digits, median, printTable, verdict } from "../figures.js";
import { correlationsOf, createWorkload, DEFOCUS_VALUES, secondsOf, sizeName } from "./workload.js";

/** Orientations that the peer takes at once, by the side of the micrograph. */
const BATCHES = { 512: 8, 1024: 8, 2048: 4, 4096: 2 };
const BACKENDS = ["streamed", "batched"];
/** Short rounds of each backend before the pairs, by which the faster one is chosen. */
const TRIALS = 3;

/** Prints correlations per second and ratios. Without the peer it says so and prints our side alone. */
export async function run({ sizes }) {
  const results = [];
  for (const size of sizes) {
    const result = await measure(size);
    results.push(result);
    const { ours, theirs, ratio } = result;
    const peer = theirs.length === 0 ? "" : `, peer ${digits(median(theirs))}, ratio ${digits(ratio)}`;
    console.log(`search ${sizeName(size)}: ${digits(median(ours))} correlations/s${peer}`);
  }
  const head = [
    "search",
    "ours CC/s median (best)",
    "peer CC/s median (best)",
    "backend",
    "ratio (pairs)",
    "bar / goal",
    "",
  ];
  console.log("");
  printTable(head, results.map(toRow));
  return results.flatMap(toVerdict);
}

async function measure(size) {
  const pool = await createPool();
  const peer = await startPeer(size, pool.workers);
  try {
    const workload = await createWorkload(pool, size, size.blocks);
    const templates = correlationsOf(size.blocks);
    const own = async () => templates / (await secondsOf(() => workload.run()));
    await own(); // warm-up
    if (peer === undefined) return { size, ours: await repeat(size.pairs, own), theirs: [] };
    const backend = await fasterBackend(peer, templates);
    const [ours, theirs] = [[], []];
    for (let pair = 0; pair < size.pairs; pair++) {
      theirs.push(await peer.rate(backend, templates));
      ours.push(await own());
    }
    const ratios = ours.map((rate, i) => rate / theirs[i]);
    return { size, ours, theirs, ratios, ratio: median(ratios), backend, peakBytes: peer.peakBytes() };
  } finally {
    await peer?.end();
    await pool.dispose();
  }
}

async function repeat(count, work) {
  const list = [];
  for (let i = 0; i < count; i++) list.push(await work());
  return list;
}

/** Warms both backends up (the first call compiles), then lets them take turns. */
async function fasterBackend(peer, templates) {
  for (const backend of BACKENDS) await peer.rate(backend, 1);
  const rates = { streamed: [], batched: [] };
  for (let trial = 0; trial < TRIALS; trial++) {
    for (const backend of BACKENDS) rates[backend].push(await peer.rate(backend, templates / 4));
  }
  return median(rates.streamed) >= median(rates.batched) ? "streamed" : "batched";
}

/** Leopard-EM with data of this size; undefined, with a line that says why, where there is none. */
async function startPeer({ image, template }, threads) {
  const python = process.env.VITRINE_PEERS_PYTHON;
  if (!python) {
    console.log("Leopard-EM is left out: VITRINE_PEERS_PYTHON names no Python that has it");
    return undefined;
  }
  const child = startChild(python, [fileURLToPath(new URL("peer.py", import.meta.url))]);
  try {
    const { ready } = await child.ask({
      image,
      template,
      batch: BATCHES[image],
      filters: DEFOCUS_VALUES,
      threads,
    });
    const allocator = process.env.MALLOC_TRIM_THRESHOLD_ ? "allocator tuned" : "allocator as it comes";
    console.log(`search ${image}/${template}: ${threads} threads; baseline: ${ready}, ${allocator}`);
  } catch (error) {
    console.log(`Leopard-EM is left out: ${error.message}`);
    await child.end();
    return undefined;
  }
  let peak = 0;
  return {
    async rate(backend, correlations) {
      const answer = await child.ask({ backend, correlations: Math.ceil(correlations) });
      peak = answer.peakBytes;
      return answer.correlations / answer.seconds;
    },
    peakBytes: () => peak,
    end: () => child.end(),
  };
}

function toRow({ size, ours, theirs, ratios, ratio, backend, peakBytes }) {
  const rates = (list) => `${digits(median(list))} (${digits(Math.max(...list))})`;
  const head = [sizeName(size), rates(ours)];
  const bars = `${size.bar} / ${size.goal}`;
  if (theirs.length === 0) return [...head, "-", "-", "-", bars, "no peer"];
  const pairs = `${digits(ratio)} (${digits(Math.min(...ratios))}-${digits(Math.max(...ratios))})`;
  const peer = `${backend}, ${(peakBytes / 2 ** 30).toFixed(2)} GiB`;
  return [...head, rates(theirs), peer, pairs, bars, verdict(ratio, size.bar)];
}

function toVerdict({ size, ratio }) {
  if (ratio === undefined) return [];
  const goal = ratio >= size.goal ? ", goal reached" : "";
  return [
    {
      what: `search ${sizeName(size)} against the peer`,
      figure: `${digits(ratio)}x`,
      bar: `>= ${size.bar}x (goal ${size.goal}x)`,
      verdict: verdict(ratio, size.bar) + goal,
    },
  ];
}
