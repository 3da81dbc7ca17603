// Products of square matrices beside a loop of multiply-adds in registers and OpenBLAS, taking turns in the same run.
import { fileURLToPath } from "node:url";
import { createGemm } from "vitrine/compute";
import { seededRandom } from "vitrine/core";
import { phasesJob } from "../../dist/compute/phases.js";
import { createThreadPool } from "../../dist/compute/pool.js";
import { startChild } from "../child.js";
import { digits, median, printTable, verdict } from "../figures.js";

const SIDES = [128, 256, 512, 1024, 2048];
/** Products of one batch are at least this much work, so that the pool's messages do not count. */
const BATCH_FLOPS = 32 * 2 * 128 ** 3;
/** Share of the loop's rate that is wanted. */
const BAR = 0.8;
const BUDGET_MS = 3000;
const MIN_ROUNDS = 12;
/** Floating-point operations of one round of the loop: 13 x 4 multiply-adds. */
const ROUND_FLOPS = 104;

/** Prints a table for every side (or those named) and kind. Without a Python that has numpy (VITRINE_PEERS_PYTHON) it says so. */
export async function run(names = []) {
  const sides = names.length > 0 ? names.map(Number) : SIDES;
  const pool = await createThreadPool();
  const peer = await startPeer(pool.workers);
  console.log(
    `float32 products, ${pool.workers} threads, GFLOP/s (best, median) of a batch; beside: ${peer.name}`,
  );
  const ceiling = openCeiling(pool);
  try {
    const rows = [];
    for (const kind of ["real", "complex"])
      for (const side of sides) rows.push(await compare({ pool, peer, ceiling }, kind, side));
    const shares = ["share of loop", "in processor time", `>= ${BAR}`];
    printTable(["kind", "side", "batch", "ours", "loop", ...shares, peer.name, "one call, ms"], rows);
  } finally {
    ceiling.dispose();
    await peer.end();
    await pool.dispose();
  }
}

async function compare({ pool, peer, ceiling }, kind, side) {
  const flops = (kind === "complex" ? 8 : 2) * side ** 3;
  const batch = Math.max(1, Math.round(BATCH_FLOPS / flops));
  const plan = openPlan(pool, { kind, m: side, n: side, k: side, batch });
  const single = openPlan(pool, { kind, m: side, n: side, k: side });
  const times = { ours: [], loop: [], peer: [], single: [] };
  const begun = performance.now();
  for (let round = -3; round < MIN_ROUNDS || performance.now() - begun < BUDGET_MS; round++) {
    const answers = {
      ours: await timed(() => plan.run()),
      loop: await timed(() => ceiling.run(batch * flops)),
      peer: { ms: await peer.time(kind, side, batch) },
      single: await timed(() => single.run()),
    };
    if (round >= 0) for (const name of Object.keys(times)) times[name].push(answers[name]);
  }
  plan.dispose();
  single.dispose();
  return row({ kind, side, batch, gflop: (batch * flops) / 1e9 }, times);
}

function row({ kind, side, batch, gflop }, times) {
  const ms = (name) => times[name].map((time) => time.ms);
  const rates = (list) => {
    if (list.includes(undefined)) return "-";
    return `${digits((1000 * gflop) / Math.min(...list))} ${digits((1000 * gflop) / median(list))}`;
  };
  const shares = (measure) => median(times.loop.map((time, i) => time[measure] / times.ours[i][measure]));
  const processor = shares("processorMs");
  const alone = `${digits(Math.min(...ms("single")))} ${digits(median(ms("single")))}`;
  const figures = [rates(ms("ours")), rates(ms("loop")), shares("ms"), processor, verdict(processor, BAR)];
  return [kind, `${side}`, `${batch}`, ...figures, rates(ms("peer")), alone];
}

/** Wall-clock time and, for our side, the processor time of all threads, which a busy machine does not change. */
async function timed(work) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - start, processorMs: (user + system) / 1000 };
}

function openPlan(pool, size) {
  const plan = createGemm(pool, size);
  const random = seededRandom(1);
  const length = (size.batch ?? 1) * (size.kind === "complex" ? 2 : 1) * size.m * size.k;
  const data = Float32Array.from({ length }, random.normal);
  plan.set("a", data);
  plan.set("b", data);
  return plan;
}

/** The loop on all workers: no memory is touched, so no product can be faster. */
function openCeiling(pool) {
  const bytes = 256;
  const region = pool.allocate(bytes * pool.workers);
  pool.f32(region.address, region.bytes / 4).fill(0.5);
  return {
    async run(flops) {
      const rounds = Math.round(flops / ROUND_FLOPS / pool.workers);
      const phase = {
        kernel: "maddRounds",
        args: [],
        scratch: { address: region.address, bytes },
        count: rounds * pool.workers,
        step: Math.min(rounds, 1 << 17),
      };
      await pool.run(phasesJob, [phase]);
    },
    dispose: () => pool.free(region),
  };
}

/**
 * A Python process with numpy, told to use as many threads and not to let them spin for work while others are measured; one
 * that answers nothing where there is none.
 */
async function startPeer(threads) {
  const python = process.env.VITRINE_PEERS_PYTHON;
  const script = fileURLToPath(new URL("gemmNumpy.py", import.meta.url));
  const env = {
    ...process.env,
    OMP_NUM_THREADS: `${threads}`,
    OPENBLAS_NUM_THREADS: `${threads}`,
    OPENBLAS_THREAD_TIMEOUT: "4",
  };
  try {
    if (!python) throw new Error("it is not set");
    const child = startChild(python, [script], { env });
    const { name } = await child.ask({});
    const time = async (kind, side, batch) => (await child.ask({ kind, side, batch })).ms;
    return { name, time, end: child.end };
  } catch (error) {
    console.log(`numpy is left out: VITRINE_PEERS_PYTHON names no Python that has it (${error.message})`);
    return { name: "no peer", time: async () => undefined, end: async () => {} };
  }
}
