/** Threads of Node from built files; a page's are connected by workerThread.browser.ts. */
import { createRequire } from "node:module";
import { type ResourceLimits, Worker } from "node:worker_threads";
import { VitrineError } from "../error.ts";
import type { WorkerThread, WorkerThreadEvents } from "./workerThread.ts";

const require = createRequire(import.meta.url);

/**
 * Starts a built file in a thread; the thread keeps the process alive until it is told not to.
 *
 * @param file    its name in package.json's `imports`, or where it lies
 * @param limits  of its heap, for threads that make little of it
 * @throws {VitrineError} missing: the package is not built
 */
export function startWorkerThread<To, From>(
  file: string | URL,
  events: WorkerThreadEvents<From>,
  limits: ResourceLimits = {},
): WorkerThread<To> {
  // No execArgv: the caller's flags (loaders, --input-type) are not for a built file.
  const options = { execArgv: [], resourceLimits: limits };
  const worker = new Worker(typeof file === "string" ? builtFile(file) : file, options);
  worker.on("message", (message: From) => events.onMessage(message));
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

/** The path of a built file by its name in package.json's `imports`: the same from src and from dist. @throws missing */
export function builtFile(name: string): string {
  try {
    return require.resolve(name);
  } catch (cause) {
    const fault = {
      code: "missing",
      at: `vitrine ${name}`,
      expected: "the built package",
      found: "no such file in dist",
      hint: "Run `npm run build`",
    } as const;
    throw new VitrineError(fault, { cause });
  }
}
