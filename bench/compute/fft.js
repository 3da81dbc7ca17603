// Real 2D transforms beside torch's, in the same run and taking turns: GFLOP/s, counted as 2.5 N log2 N.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createFft, createPool } from "vitrine/compute";
import { seededRandom } from "vitrine/core";

const SHAPES = [
  [512, 512],
  [1024, 1024],
  [2048, 2048],
  [4096, 4096],
  [4092, 5760],
];
/** Time for each shape and direction, both sides together; at least MIN_ROUNDS. */
const BUDGET_MS = 4000;
const MIN_ROUNDS = 7;

/**
 * Prints a table of both directions at every size. Without a Python that has torch (VITRINE_PEERS_PYTHON) it says so and
 * prints our side alone.
 */
export async function run() {
  const pool = await createPool();
  const peer = await startPeer();
  console.log(`real 2D Fourier transforms, ${pool.workers} threads; baseline: ${peer?.name ?? "none"}`);
  if (peer === undefined) console.log("torch is left out: VITRINE_PEERS_PYTHON names no Python that has it");
  console.log(
    "size         direction  MB      ours ms min/median  GFLOP/s   torch ms min/median  GFLOP/s   ratio of medians",
  );
  try {
    for (const shape of SHAPES) await compare(pool, peer, shape);
  } finally {
    peer?.end();
    await pool.dispose();
  }
}

async function compare(pool, peer, shape) {
  const plan = createFft(pool, { kind: "real2d", shape });
  const random = seededRandom(1);
  plan.set("real", Float32Array.from({ length: shape[0] * shape[1] }, random.normal));
  const ours = { forward: [], inverse: [] };
  const theirs = { forward: [], inverse: [] };
  const begun = performance.now();
  for (let round = -1; round < MIN_ROUNDS || performance.now() - begun < 2 * BUDGET_MS; round++) {
    for (const direction of ["forward", "inverse"]) {
      const start = performance.now();
      await plan.run(direction);
      const own = performance.now() - start;
      const other = await peer?.time(shape, direction, pool.workers);
      if (round < 0) continue; // warm-up
      ours[direction].push(own);
      if (other !== undefined) theirs[direction].push(other);
    }
  }
  plan.dispose();
  for (const direction of ["forward", "inverse"])
    printRow(shape, direction, ours[direction], theirs[direction]);
}

function printRow(shape, direction, ours, theirs) {
  const values = shape[0] * shape[1];
  const flops = 2.5 * values * Math.log2(values);
  const rate = (ms) => (flops / ms / 1e6).toFixed(1).padStart(8);
  const times = (list) => `${Math.min(...list).toFixed(2)} / ${median(list).toFixed(2)}`.padStart(18);
  const bytes = ((4 * values + 8 * shape[0] * (Math.floor(shape[1] / 2) + 1)) / 1e6).toFixed(0);
  const peer = theirs.length > 0;
  const right = peer
    ? `${times(theirs)} ${rate(Math.min(...theirs))}   ${(median(theirs) / median(ours)).toFixed(2)}`
    : "-".padStart(18);
  const head = `${shape.join(" x ").padEnd(13)}${direction.padEnd(10)} ${bytes.padEnd(5)}`;
  console.log(`${head} ${times(ours)} ${rate(Math.min(...ours))}   ${right}`);
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** A Python process with torch that answers one question at a time, its allocator told to keep memory; undefined where there is none. */
async function startPeer() {
  const python = process.env.VITRINE_PEERS_PYTHON;
  if (!python) return undefined;
  const script = fileURLToPath(new URL("fftTorch.py", import.meta.url));
  const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: "4000000000", MALLOC_TRIM_THRESHOLD_: "8000000000" };
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "ignore"], env });
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hello = await lines.next();
  if (hello.done) return undefined;
  return {
    name: hello.value,
    async time([height, width], direction, threads) {
      child.stdin.write(`${height} ${width} ${direction} ${threads}\n`);
      const answer = await lines.next();
      if (answer.done) throw new Error("torch ended early");
      return 1000 * Number(answer.value);
    },
    end: () => child.stdin.end(),
  };
}
