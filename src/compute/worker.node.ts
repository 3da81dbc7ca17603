/** Entry of a pool's worker thread in Node. */
import { parentPort } from "node:worker_threads";
import type { ToWorker } from "./protocol.ts";
import { createAnswerer } from "./worker.ts";

const answer = createAnswerer();
parentPort?.on("message", async (message: ToWorker) => {
  parentPort?.postMessage(await answer(message));
});
