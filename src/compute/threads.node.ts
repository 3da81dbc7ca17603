/** Threads of Node; the page's are in threads.browser.ts. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { builtFile, startWorkerThread } from "../core/index.node.ts";
import { countCpus } from "./cpuCount.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import { engineHasRelaxedSimd } from "./relaxedSimd.ts";
import type { Thread, ThreadEvents } from "./threads.ts";

/** Node always has shared memory. */
export function checkSupport(): void {}

/** Whether the engine has relaxed SIMD, with which its threads start too. */
export function hasRelaxedSimd(): boolean {
  // Node 20 has it behind this flag; later versions ignore it
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  return engineHasRelaxedSimd();
}

/**
 * What a thread has made since its heap was last cleared, at most: kernels work in the pool's memory, and what they are told is little. V8 would let it
 * grow to 48 MB; two workers that align hold 5 MB less, at the same speed.
 */
const YOUNG_MB = 2;

/** Starts dist/worker/worker.node.js, or `entry`; the thread keeps the process alive until it is told not to. */
export function startThread(events: ThreadEvents, entry?: URL): Thread {
  return startWorkerThread(entry ?? "#worker-entry", events, { maxYoungGenerationSizeMb: YOUNG_MB });
}

/** The calling thread, as a worker that loads dist/worker/caller.node.js. */
export function enlistCaller(events: ThreadEvents): Thread {
  const { href } = pathToFileURL(builtFile("#calling-worker"));
  const loading: Promise<Answering> = import(/* @vite-ignore */ href);
  const answer = loading.then(({ createAnswer }) => createAnswer());
  return {
    post: (message) => {
      answer
        .then((answered) => answered(message))
        .then(events.onMessage, (error) => events.onFailure(String(error), error));
    },
    // it lives as long as whoever waits for it
    hold: () => {},
    terminate: async () => {},
  };
}

/** What dist/worker/caller.node.js exports. */
interface Answering {
  createAnswer(): (message: ToWorker) => Promise<FromWorker>;
}

/** Workers of a pool that is not told how many: `SLURM_CPUS_PER_TASK`, else the cgroup's quota, else the processors. */
export function defaultWorkerCount(): number {
  return countCpus({ env: process.env, available: availableParallelism(), readFile: readIfThere });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
