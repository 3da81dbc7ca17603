/** What the entry of a pool's worker calls in a page; Node's is in serve.node.ts. */
import { VitrineError } from "../core/index.ts";
import type { Domains } from "./job.ts";
import type { ToWorker } from "./protocol.ts";
import { createAnswerer } from "./worker.ts";

/** Answers the pool that started this worker with the jobs of `domains`, until it ends the worker. */
export function serveJobs(domains: Domains): void {
  const answer = createAnswerer(domains, compile);
  self.addEventListener("message", async ({ data }: MessageEvent<ToWorker>) => {
    self.postMessage(await answer(data));
  });
}

async function compile(file: URL): Promise<WebAssembly.Module> {
  const response = await fetch(file);
  // Not compileStreaming: it refuses servers that do not know the type of .wasm.
  if (response.ok) return WebAssembly.compile(await response.arrayBuffer());
  throw new VitrineError({
    code: "missing",
    at: file.href,
    expected: "the built package",
    found: `HTTP status ${response.status}`,
    hint: "Run `npm run build` and serve dist",
  });
}
