/** Threads of the writer of multiscales in Node; a page has none (threads.browser.ts). */
import { availableParallelism } from "node:os";
import { startWorkerThread } from "../../../core/index.node.ts";
import type { BandThread, BandThreadEvents } from "./worker.ts";

/** More would wait for the disk. */
const MOST_THREADS = 4;

/** Threads that are worth while. */
export function usefulThreads(): number {
  return Math.min(MOST_THREADS, availableParallelism());
}

/** Starts dist/io/omezarr/multiscale/worker.node.js. @throws {VitrineError} missing: the package is not built */
export function startBandThread(events: BandThreadEvents): BandThread {
  return startWorkerThread("#band-worker", events);
}
