// A pool whose threads can time each kernel of a search, or run its fused loop alone. It reaches into the built package
// beneath its public names: figures of this kind are for who works on the kernels.
import { createThreadPool } from "../../dist/compute/pool.js";

/** Kernels of the fused loop: padded row transform, columns, rows with statistics, sums into float64. */
const LOOP = ["templatePad", "correlateColumns", "correlateRows", "flushStatistics"];

/** Kernels whose time is told; a name that does not exist takes none. */
export const KERNELS = ["sliceRows", "templateColumns", "templateRows", ...LOOP];

/** Bytes of the times of one worker. */
const TIMES_BYTES = 8 * KERNELS.length;

/**
 * A pool of `workers` threads and its modes: `full` (a plain search), `loop` (kernels before the padded row transform are
 * left out: the buffers keep the last templates) and `timed`.
 */
export async function createProbe(workers) {
  const pool = await createThreadPool({ workers, entry: new URL("probeThread.js", import.meta.url) });
  const times = pool.allocate(TIMES_BYTES * workers);
  let mode = "full";
  const run = pool.run.bind(pool);
  // what the probe's threads have to know travels with each job
  pool.run = (job, parameters, options) =>
    run(job, { parameters, probe: { mode, kernels: KERNELS, loop: LOOP, times: times.address } }, options);
  return {
    pool,
    setMode(next) {
      mode = next;
    },
    /** Milliseconds of each kernel since the last call, all threads together. */
    takeTimes() {
      const view = pool.f64(times.address, KERNELS.length * workers);
      const sums = KERNELS.map((_, k) => sumOver(workers, (worker) => view[worker * KERNELS.length + k]));
      view.fill(0);
      return Object.fromEntries(KERNELS.map((kernel, k) => [kernel, sums[k]]));
    },
    dispose: () => pool.dispose(),
  };
}

function sumOver(count, value) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += value(i);
  return sum;
}
