import type { FromWorker, ToWorker } from "./protocol.ts";

/** A worker thread, the same in Node and in a page. */
export interface Thread {
  post(message: ToWorker): void;
  /** Whether the thread keeps the process alive. Always so, and without meaning, in a page. */
  hold(held: boolean): void;
  /** Ends the thread wherever it is, asleep or in a kernel. */
  terminate(): Promise<void>;
}

/** What a thread tells its owner. */
export interface ThreadEvents {
  onMessage(message: FromWorker): void;
  /** The thread is dead or unusable: its error, its end, or a message that cannot be read. May come more than once. */
  onFailure(found: string, cause: unknown): void;
}

/** What a platform gives to pools: threads.node.ts and threads.browser.ts, chosen by `#threads` in package.json. */
export interface Threads {
  /** @throws {VitrineError} unsupported: the page may not share memory between threads */
  checkSupport(): void;
  /** @throws {VitrineError} missing: the package is not built */
  loadKernels(): Promise<WebAssembly.Module>;
  /** @throws {VitrineError} missing: the package is not built */
  startThread(events: ThreadEvents): Thread;
  defaultWorkerCount(): number;
}
