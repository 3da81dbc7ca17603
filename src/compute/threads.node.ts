/** Threads of Node; the page's are in threads.browser.ts. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { countCpus } from "./cpuCount.ts";
import { hasRelaxedSimd } from "./relaxedSimd.ts";
import type { Thread, ThreadEvents } from "./threads.ts";
import { builtFile, startWorkerThread } from "./workerThread.node.ts";

/** Node always has shared memory. */
export function checkSupport(): void {}

/** Compiles the kernels of dist/compute: those with fused multiply-add where the engine has it. */
export async function loadKernels(): Promise<WebAssembly.Module> {
  // Node 20 has relaxed SIMD behind this flag; later versions ignore it
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  const name = hasRelaxedSimd() ? "#compute-kernels-relaxed" : "#compute-kernels";
  return WebAssembly.compile(await readFile(builtFile(name)));
}

/** Starts dist/compute/worker.node.js; the thread keeps the process alive until it is told not to. */
export function startThread(events: ThreadEvents): Thread {
  return startWorkerThread("#compute-worker", events);
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
