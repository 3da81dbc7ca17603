/** Processor threads of a page; Node's are in threads.node.ts. */
import type { FromProcessor } from "./protocol.ts";
import type { Thread, ThreadEvents } from "./threads.ts";

/** Starts worker.browser.js, which lies beside this file. */
export function startThread(events: ThreadEvents): Thread {
  const worker = new Worker(new URL("./worker.browser.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<FromProcessor>) => events.onMessage(data));
  worker.addEventListener("messageerror", () => events.onFailure("a message that cannot be read", undefined));
  worker.addEventListener("error", (event) => {
    events.onFailure(event.message || "a script that cannot be loaded", event.error);
  });
  return { post: (message) => worker.postMessage(message), terminate: async () => worker.terminate() };
}

/** A module's address; relative ones start at the page. */
export function moduleAddress(module: string | URL): string {
  return new URL(module, document.baseURI).href;
}
