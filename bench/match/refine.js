// `npm run bench -- refine [side…]`: whole refinements, from the configuration file to the table, against Leopard-EM's on the same
// files, all threads, in turns and never both at once.
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runRefine } from "vitrine/match";
import { startChild } from "../child.js";
import { digits, median, printTable, verdict } from "../figures.js";
import { writeRefineCase } from "./refineCase.js";
import { secondsOf } from "./workload.js";

/** Sides of micrograph, template and box, particles, and how far psi, theta and phi go, in steps of 1°. A second of the peer's work or more. */
const CASES = [
  { image: 512, template: 64, box: 70, particles: 48, reachDeg: 4 },
  { image: 1024, template: 128, box: 134, particles: 8, reachDeg: 4 },
  { image: 2048, template: 256, box: 262, particles: 4, reachDeg: 3 },
  { image: 4096, template: 512, box: 518, particles: 8, reachDeg: 3 },
];
/** What the ratio to the peer should be. */
const BAR = 3;
const PAIRS = 5;
/** Orientations that the peer takes at once; the faster of them counts. */
const BATCHES = [4, 32];

/** Measures the cases whose templates `args` name; all where it names none. */
export async function run(args) {
  const unknown = args.filter((arg) => !CASES.some(({ template }) => `${template}` === arg));
  if (unknown.length > 0) {
    const known = CASES.map(({ template }) => template).join(", ");
    process.stderr.write(
      `bench refine: expected sides of templates (${known}), found ${unknown.join(", ")}.\n`,
    );
    process.exitCode = 2;
    return;
  }
  const rows = [];
  for (const size of CASES.filter(({ template }) => args.length === 0 || args.includes(`${template}`))) {
    const row = await measure(size);
    rows.push(row);
    // each as it is done: the largest takes minutes, and may be stopped
    console.log(row.filter((cell) => cell !== "").join("  "));
  }
  console.log("");
  printTable(
    [
      "box / template",
      "correlations",
      "ours s median (best)",
      "peer s median (best)",
      "ratio (pairs)",
      "bar",
      "",
    ],
    rows,
  );
}

async function measure(size) {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-refine-"));
  const peer = await startPeer();
  try {
    const config = await writeRefineCase(folder, size);
    let correlations = 0;
    const own = async () => {
      const particlesPath = join(folder, "ours.csv");
      ({ correlations } = await runRefine(config, { particlesPath, overwrite: true }));
    };
    await own(); // warm-up
    const batch = peer && (await fasterBatch(peer, config));
    const [ours, theirs] = [[], []];
    for (let pair = 0; pair < PAIRS; pair++) {
      if (peer) theirs.push(await peer.seconds(config, batch));
      ours.push(await secondsOf(own));
    }
    return toRow(size, { correlations, ours, theirs });
  } finally {
    await peer?.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Short rounds of each batch before the pairs, by which the faster one is chosen. */
async function fasterBatch(peer, config) {
  const seconds = [];
  for (const batch of BATCHES) seconds.push(await peer.seconds(config, batch));
  return BATCHES[seconds.indexOf(Math.min(...seconds))];
}

/** Leopard-EM; undefined, with a line that says why, where there is none. */
async function startPeer() {
  const python = process.env.VITRINE_PEERS_PYTHON;
  if (!python) {
    console.log("Leopard-EM is left out: VITRINE_PEERS_PYTHON names no Python that has it");
    return undefined;
  }
  const child = startChild(python, [fileURLToPath(new URL("refinePeer.py", import.meta.url))]);
  try {
    const { ready } = await child.ask({ threads: availableParallelism() });
    console.log(`baseline: ${ready}`);
  } catch (error) {
    console.log(`Leopard-EM is left out: ${error.message}`);
    await child.end();
    return undefined;
  }
  return {
    seconds: async (config, batch) => (await child.ask({ config, batch })).seconds,
    end: () => child.end(),
  };
}

function toRow({ box, template }, { correlations, ours, theirs }) {
  const times = (list) => `${digits(median(list))} (${digits(Math.min(...list))})`;
  const head = [`${box}/${template}`, `${correlations}`, times(ours)];
  if (theirs.length === 0) return [...head, "-", "-", `${BAR}`, "no peer"];
  const ratios = theirs.map((seconds, i) => seconds / ours[i]);
  const pairs = `${digits(median(ratios))} (${digits(Math.min(...ratios))}-${digits(Math.max(...ratios))})`;
  return [...head, times(theirs), pairs, `${BAR}`, verdict(median(ratios), BAR)];
}
