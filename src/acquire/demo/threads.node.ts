/** The demo camera's thread in Node; the page's is in threads.browser.ts. */
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { VitrineError } from "../../core/index.ts";
import type { FromCamera } from "./cameraProtocol.ts";
import type { CameraEvents, CameraThread } from "./threads.ts";

const require = createRequire(import.meta.url);

/** Node always has threads that share memory. */
export function hasThreads(): boolean {
  return true;
}

/**
 * Starts dist/acquire/demo/cameraThread.node.js.
 *
 * @throws {VitrineError} missing: the package is not built
 */
export function startCameraThread(events: CameraEvents): CameraThread {
  // No execArgv: the caller's flags (loaders, --input-type) are not for a built file.
  const worker = new Worker(entryPath(), { execArgv: [] });
  worker.on("message", (message: FromCamera) => events.onMessage(message));
  worker.on("messageerror", (error) => events.onFailure("a message that cannot be read", error));
  worker.on("error", (error) => events.onFailure(String(error), error));
  worker.on("exit", (code) => events.onFailure(`the end of its thread with exit code ${code}`, undefined));
  return {
    post: (message) => worker.postMessage(message),
    hold: (held) => (held ? worker.ref() : worker.unref()),
    terminate: async () => {
      await worker.terminate();
    },
  };
}

function entryPath(): string {
  try {
    return require.resolve("#demo-camera");
  } catch (cause) {
    const fault = {
      code: "missing",
      at: "vitrine #demo-camera",
      expected: "the built package",
      found: "no such file in dist",
      hint: "Run `npm run build`",
    } as const;
    throw new VitrineError(fault, { cause });
  }
}
