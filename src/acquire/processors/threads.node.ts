/** Processor threads of Node; the page's are in threads.browser.ts. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { startWorkerThread } from "../../core/index.node.ts";
import type { Thread, ThreadEvents } from "./threads.ts";

/** Starts dist/acquire/processors/worker.node.js. @throws {VitrineError} missing: the package is not built */
export function startThread(events: ThreadEvents): Thread {
  return startWorkerThread("#processor-worker", events);
}

/** A module's address; a path is relative to the working directory. */
export function moduleAddress(module: string | URL): string {
  if (module instanceof URL) return module.href;
  return module.startsWith("file:") ? module : pathToFileURL(resolve(module)).href;
}
