/** The demo camera's thread in a page; Node's is in threads.node.ts. */
import { connectWorker } from "../../core/index.browser.ts";
import type { CameraEvents, CameraThread } from "./threads.ts";

/** Threads share memory only in a page that is isolated from other origins. */
export function hasThreads(): boolean {
  return globalThis.crossOriginIsolated === true && typeof SharedArrayBuffer === "function";
}

/** Starts cameraThread.browser.js, which lies beside this file. */
export function startCameraThread(events: CameraEvents): CameraThread {
  const worker = new Worker(new URL("./cameraThread.browser.js", import.meta.url), { type: "module" });
  return connectWorker(worker, events);
}
