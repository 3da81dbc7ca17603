/** The demo camera's thread in Node; the page's is in threads.browser.ts. */
import { startWorkerThread } from "../../core/index.node.ts";
import type { CameraEvents, CameraThread } from "./threads.ts";

/** Node always has threads that share memory. */
export function hasThreads(): boolean {
  return true;
}

/** Starts dist/acquire/demo/cameraThread.node.js. @throws {VitrineError} missing: the package is not built */
export function startCameraThread(events: CameraEvents): CameraThread {
  return startWorkerThread("#demo-camera", events);
}
