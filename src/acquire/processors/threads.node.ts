/** Processor threads of Node; the page's are in threads.browser.ts. */
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { VitrineError } from "../../core/index.ts";
import type { FromProcessor } from "./protocol.ts";
import type { Thread, ThreadEvents } from "./threads.ts";

const require = createRequire(import.meta.url);

/** Starts dist/acquire/processors/worker.node.js. */
export function startThread(events: ThreadEvents): Thread {
  // No execArgv: the caller's flags (loaders, --input-type) are not for a built file.
  const worker = new Worker(builtWorker(), { execArgv: [] });
  worker.on("message", (message: FromProcessor) => events.onMessage(message));
  worker.on("messageerror", (error) => events.onFailure("a message that cannot be read", error));
  worker.on("error", (error) => events.onFailure(String(error), error));
  worker.on("exit", (code) => events.onFailure(`the end of its thread with exit code ${code}`, undefined));
  return {
    post: (message) => worker.postMessage(message),
    terminate: async () => void (await worker.terminate()),
  };
}

/** A module's address; a path is relative to the working directory. */
export function moduleAddress(module: string | URL): string {
  if (module instanceof URL) return module.href;
  if (module.startsWith("file:")) return module;
  return pathToFileURL(resolve(module)).href;
}

function builtWorker(): string {
  try {
    return require.resolve("#processor-worker");
  } catch (cause) {
    throw new VitrineError(
      {
        code: "missing",
        at: "vitrine #processor-worker",
        expected: "the built package",
        found: "no such file in dist",
        hint: "Run `npm run build`",
      },
      { cause },
    );
  }
}
