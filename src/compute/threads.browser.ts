/** Threads of a page; Node's are in threads.node.ts. */

import { connectWorker } from "../core/index.browser.ts";
import { VitrineError } from "../core/index.ts";
import type { Thread, ThreadEvents } from "./threads.ts";

/** Threads share memory only in a page that is isolated from other origins. */
export function checkSupport(): void {
  if (globalThis.crossOriginIsolated && typeof SharedArrayBuffer === "function") return;
  throw new VitrineError({
    code: "unsupported",
    at: "createPool",
    expected: "a page with cross-origin isolation",
    found: "a page without it",
    hint: "Serve the page with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp",
  });
}

export { engineHasRelaxedSimd as hasRelaxedSimd } from "./relaxedSimd.ts";

/** Starts worker.browser.js of the package's worker folder, or `entry`. */
export function startThread(events: ThreadEvents, entry?: URL): Thread {
  // Bundlers want to see the package's own as a whole.
  const worker =
    entry === undefined
      ? new Worker(new URL("../worker/worker.browser.js", import.meta.url), { type: "module" })
      : new Worker(entry, { type: "module" });
  return connectWorker(worker, events);
}

/** A page's own thread may not wait for others. */
export function enlistCaller(): never {
  throw new VitrineError({
    code: "unsupported",
    at: "createPool callingThread",
    expected: "Node",
    found: "a page, whose own thread may not wait for others",
    hint: "Leave it out",
  });
}

/** Workers of a pool that is not told how many: the processors that the browser admits to. */
export function defaultWorkerCount(): number {
  return navigator.hardwareConcurrency;
}
