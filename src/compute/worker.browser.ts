/** Entry of a pool's worker in a page. */
import type { ToWorker } from "./protocol.ts";
import { createAnswerer } from "./worker.ts";

const answer = createAnswerer();
self.addEventListener("message", async ({ data }: MessageEvent<ToWorker>) => {
  self.postMessage(await answer(data));
});
