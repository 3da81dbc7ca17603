/** Threads of a page; Node's are in threads.node.ts. */
import { VitrineError } from "../core/index.ts";
import { hasRelaxedSimd } from "./relaxedSimd.ts";
import type { Thread, ThreadEvents } from "./threads.ts";
import { connectWorker } from "./workerThread.browser.ts";

/** Threads share memory only in a page that is isolated from other origins. */
export function checkSupport(): void {
  if (globalThis.crossOriginIsolated && typeof SharedArrayBuffer === "function") return;
  throw new VitrineError({
    code: "unsupported",
    at: "createPool",
    expected: "a page with cross-origin isolation",
    found: "a page without it",
    hint: "Serve the page with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp",
  });
}

/** Fetches and compiles the kernels, which lie beside this file: those with fused multiply-add where the page has it. */
export async function loadKernels(): Promise<WebAssembly.Module> {
  const url = hasRelaxedSimd()
    ? new URL("./kernels.relaxed.wasm", import.meta.url)
    : new URL("./kernels.wasm", import.meta.url);
  const response = await fetch(url);
  // Not compileStreaming: it refuses servers that do not know the type of .wasm.
  if (response.ok) return WebAssembly.compile(await response.arrayBuffer());
  throw new VitrineError({
    code: "missing",
    at: url.href,
    expected: "the built package",
    found: `HTTP status ${response.status}`,
    hint: "Run `npm run build` and serve dist",
  });
}

/** Starts worker.browser.js, which lies beside this file. */
export function startThread(events: ThreadEvents): Thread {
  return connectWorker(
    new Worker(new URL("./worker.browser.js", import.meta.url), { type: "module" }),
    events,
  );
}

/** Workers of a pool that is not told how many: the processors that the browser admits to. */
export function defaultWorkerCount(): number {
  return navigator.hardwareConcurrency;
}
