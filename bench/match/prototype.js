// Drives the prototype kernel as its own run.mjs does: the main thread and one more, three steps a pair of templates.
// A line of JSON in ({ image, template } once, then { pairs }), a line of JSON out ({ seconds }).
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { seededRandom } from "vitrine/core";

const THREADS = 2;
/** Words of the shared control block: generation, threads that are done, step; then the kernel's arguments. */
const [GENERATION, DONE, STEP, ARGS] = [0, 1, 2, 16];
const STEPS = ["tmRows", "tmCols", "tmStats"];

const shared = isMainThread ? create(process.argv[2]) : workerData;
const { memory, file } = shared;
const control = new Int32Array(shared.control);
const module = new WebAssembly.Module(readFileSync(file));
const kernels = new WebAssembly.Instance(module, { env: { memory, abort } }).exports;

if (isMainThread) await serve();
else help();

function create(file) {
  const memory = new WebAssembly.Memory({ initial: 16_384, maximum: 65_536, shared: true });
  return { file, memory, control: new SharedArrayBuffer(256) };
}

function abort() {
  throw new Error("the prototype aborted");
}

/** This thread's share of a step. */
function step(name, thread) {
  const [n, m, tw, a, aBytes, b, bBytes, image, statistics, t1, t2, ...buffers] = control.subarray(ARGS);
  const buffer = buffers[thread];
  const share = (count) => [
    Math.floor((count * thread) / THREADS),
    Math.floor((count * (thread + 1)) / THREADS),
  ];
  const [rowsBegin, rowsEnd] = share(m >> 2);
  const [begin, end] = share(n >> 2);
  if (name === "tmRows") kernels.tmRows(t1, t2, m, n, 4 * rowsBegin, 4 * rowsEnd, a, buffer, tw, aBytes);
  if (name === "tmCols") kernels.tmCols(a, aBytes, image, m, n, begin, end, b, bBytes, buffer, tw);
  if (name === "tmStats") kernels.tmStats(b, bBytes, n, begin, end, statistics, buffer, tw, 7, 1 / (n * n));
}

/** The second thread: sleeps until the generation grows. */
function help() {
  for (let seen = 0; ; ) {
    Atomics.wait(control, GENERATION, seen);
    seen = Atomics.load(control, GENERATION);
    step(STEPS[control[STEP]], 1);
    Atomics.add(control, DONE, 1);
    Atomics.notify(control, DONE);
  }
}

function runPair() {
  STEPS.forEach((name, i) => {
    control[STEP] = i;
    Atomics.store(control, DONE, 0);
    Atomics.add(control, GENERATION, 1);
    Atomics.notify(control, GENERATION);
    step(name, 0);
    while (Atomics.load(control, DONE) < 1) Atomics.wait(control, DONE, 0, 1);
  });
}

async function serve() {
  const worker = new Worker(new URL(import.meta.url), { workerData: shared });
  await new Promise((resolve) => {
    worker.once("online", resolve);
  });
  for await (const line of createInterface({ input: process.stdin })) {
    const { image, template, pairs } = JSON.parse(line);
    if (image !== undefined) prepare(image, template);
    const start = performance.now();
    for (let pair = 0; pair < (pairs ?? 0); pair++) runPair();
    process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - start) / 1000 })}\n`);
  }
  process.exit(0); // the second thread never returns
}

/** Places as in the prototype's own driver: cache lines staggered by 128 bytes. */
function prepare(n, m) {
  let end = 1 << 20;
  const take = (bytes) => {
    const address = end;
    end += ((bytes + 4095) & ~4095) + 256;
    return address;
  };
  const [aBytes, bBytes, imageBytes] = [32 * m + 128, 32 * n + 128, 32 * n];
  const [tw, buffer0, buffer1] = [take(16 * n), take(32 * n), take(32 * n)];
  const [a, b, image] = [aBytes, bBytes, imageBytes].map((bytes) => take((bytes * n) / 4));
  const statistics = take(16 * n * n);
  const [t1, t2, pixels] = [take(4 * m * m), take(4 * m * m), take(4 * n * n)];
  const random = seededRandom(n);
  for (const [address, count] of [
    [t1, m * m],
    [t2, m * m],
    [pixels, n * n],
  ]) {
    const view = new Float32Array(memory.buffer, address, count);
    for (let i = 0; i < count; i++) view[i] = random.uniform() - 0.5;
  }
  const cells = new Float32Array(memory.buffer, statistics, 4 * n * n).fill(0);
  for (let i = 0; i < cells.length; i += 16) cells.fill(-1e30, i, i + 4);
  kernels.initTw(tw, n);
  kernels.imgRows(pixels, n, image, buffer0, tw, imageBytes);
  control.set([n, m, tw, a, aBytes, b, bBytes, image, statistics, t1, t2, buffer0, buffer1], ARGS);
}
