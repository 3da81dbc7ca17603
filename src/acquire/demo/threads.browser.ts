/** The demo camera's thread in a page; Node's is in threads.node.ts. */
import type { FromCamera } from "./cameraProtocol.ts";
import type { CameraEvents, CameraThread } from "./threads.ts";

/** Threads share memory only in a page that is isolated from other origins. */
export function hasThreads(): boolean {
  return globalThis.crossOriginIsolated === true && typeof SharedArrayBuffer === "function";
}

/** Starts cameraThread.browser.js, which lies beside this file. */
export function startCameraThread(events: CameraEvents): CameraThread {
  const worker = new Worker(new URL("./cameraThread.browser.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<FromCamera>) => events.onMessage(data));
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
