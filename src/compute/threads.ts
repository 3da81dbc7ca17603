import type { WorkerThread, WorkerThreadEvents } from "../core/index.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** A thread of a pool. */
export type Thread = WorkerThread<ToWorker>;

/** What a thread of a pool tells. */
export type ThreadEvents = WorkerThreadEvents<FromWorker>;

/** What a platform gives to pools: threads.node.ts and threads.browser.ts, chosen by `#threads` in package.json. */
export interface Threads {
  /** @throws {VitrineError} unsupported: the page may not share memory between threads */
  checkSupport(): void;
  /** Whether the threads that it starts multiply and add in one instruction. */
  hasRelaxedSimd(): boolean;
  /**
   * Starts a thread on a built entry, by default the package's.
   *
   * @throws {VitrineError} missing: the package is not built
   */
  startThread(events: ThreadEvents, entry?: URL): Thread;
  /**
   * Makes the calling thread a worker of the package's own domains: it answers what is posted once it has nothing else to do.
   *
   * @throws {VitrineError} unsupported: in a page; missing: the package is not built
   */
  enlistCaller(events: ThreadEvents): Thread;
  defaultWorkerCount(): number;
}
