/** The thread of Node that finds rows of tables beside the one that reads them; a page has none (threads.browser.ts). */
import { availableParallelism } from "node:os";
import { startWorkerThread } from "../../core/index.node.ts";
import type { WorkerThread } from "../../core/index.ts";
import type { CompiledKernels } from "./block.ts";
import type { CellAnswer, CellQuestion, CellThread } from "./thread.ts";

export type { CellThread } from "./thread.ts";

/** It starts in the time in which some 10 MB are scanned, and so waits a while for the next table. */
const IDLE_MS = 2000;

interface Shared {
  readonly thread: WorkerThread<CellQuestion>;
  readonly waiting: Map<number, (rows: number) => void>;
  isReady: boolean;
  end: NodeJS.Timeout | undefined;
}

let shared: Shared | undefined;
let [lastId, lastTable] = [0, 0];

/** From here on a second thread is worth its start. */
const SMALLEST_OF_TEAM = 2 ** 23;

/** Bytes of a file from which on its table is worth a thread: never with two processors, of which one reads the file meanwhile. */
export function smallestOfTeam(): number {
  return availableParallelism() > 2 ? SMALLEST_OF_TEAM : Infinity;
}

/** A thread for a table in a memory; it starts with the first one. Undefined where it would only take turns with this one. */
export function borrowCellThread(
  module: CompiledKernels,
  memory: WebAssembly.Memory,
): CellThread | undefined {
  if (availableParallelism() < 2) return undefined;
  shared ??= startShared();
  const [own, table] = [shared, ++lastTable];
  rest(own);
  return {
    isReady: () => own.isReady,
    scan: (range) =>
      new Promise((resolve) => {
        const id = ++lastId;
        own.waiting.set(id, resolve);
        // it keeps the process alive only while somebody waits
        own.thread.hold(true);
        own.thread.post({ id, table, module, memory, range });
      }),
    forget() {
      if (own.isReady) own.thread.post({ forgotten: table });
      rest(own);
    },
  };
}

function startShared(): Shared {
  const waiting: Shared["waiting"] = new Map();
  const thread = startWorkerThread<CellQuestion, CellAnswer>("#cell-thread", {
    onMessage(answer) {
      if ("ready" in answer) started.isReady = true;
      else settle(started, answer);
    },
    // whoever waits reads again without it
    onFailure: () => leave(started),
  });
  thread.hold(false);
  const started: Shared = { thread, waiting, isReady: false, end: undefined };
  return started;
}

function settle(
  { waiting, thread }: Shared,
  { id, rows }: { readonly id: number; readonly rows: number },
): void {
  waiting.get(id)?.(rows);
  waiting.delete(id);
  if (waiting.size === 0) thread.hold(false);
}

function leave(own: Shared): void {
  own.isReady = false;
  clearTimeout(own.end);
  if (shared === own) shared = undefined;
  for (const resolve of own.waiting.values()) resolve(-1);
  own.waiting.clear();
}

/** Ends the thread once nobody asked for a while. */
function rest(own: Shared): void {
  clearTimeout(own.end);
  own.end = setTimeout(() => {
    if (own.waiting.size > 0) return rest(own);
    leave(own);
    void own.thread.terminate();
  }, IDLE_MS).unref();
}
