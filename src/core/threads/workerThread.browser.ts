/** Threads of a page; Node's are started by workerThread.node.ts. */
import type { WorkerThread, WorkerThreadEvents } from "./workerThread.ts";

/** Connects a worker to its owner. The owner makes it, since bundlers want to see `new Worker(new URL(...))` as a whole. */
export function connectWorker<To, From>(worker: Worker, events: WorkerThreadEvents<From>): WorkerThread<To> {
  worker.addEventListener("message", ({ data }: MessageEvent<From>) => events.onMessage(data));
  worker.addEventListener("messageerror", () => events.onFailure("a message that cannot be read", undefined));
  worker.addEventListener("error", (event) => {
    events.onFailure(event.message || "a script that cannot be loaded", event.error);
  });
  return {
    post: (message) => worker.postMessage(message),
    hold: () => {},
    terminate: async () => worker.terminate(),
  };
}
