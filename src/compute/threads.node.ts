/** Threads of Node; the page's are in threads.browser.ts. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { VitrineError } from "../core/index.ts";
import { countCpus } from "./cpuCount.ts";
import type { FromWorker } from "./protocol.ts";
import { hasRelaxedSimd } from "./relaxedSimd.ts";
import type { Thread, ThreadEvents } from "./threads.ts";

const require = createRequire(import.meta.url);

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
  // No execArgv: the caller's flags (loaders, --input-type) are not for a built file.
  const worker = new Worker(builtFile("#compute-worker"), { execArgv: [] });
  worker.on("message", (message: FromWorker) => events.onMessage(message));
  worker.on("messageerror", (error) => events.onFailure("a message that cannot be read", error));
  worker.on("error", (error) => events.onFailure(String(error), error));
  worker.on("exit", (code) => events.onFailure(`the end of its thread with exit code ${code}`, undefined));
  return {
    post: (message) => worker.postMessage(message),
    hold: (held) => (held ? worker.ref() : worker.unref()),
    terminate: async () => {
      await worker.terminate();
    },
  };
}

/** Workers of a pool that is not told how many: `SLURM_CPUS_PER_TASK`, else the cgroup's quota, else the processors. */
export function defaultWorkerCount(): number {
  return countCpus({ env: process.env, available: availableParallelism(), readFile: readIfThere });
}

/** The path of a built file by its name in package.json's `imports`: the same from src and from dist. */
function builtFile(name: string): string {
  try {
    return require.resolve(name);
  } catch (cause) {
    throw new VitrineError(
      {
        code: "missing",
        at: `vitrine ${name}`,
        expected: "the built package",
        found: "no such file in dist",
        hint: "Run `npm run build`",
      },
      { cause },
    );
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
