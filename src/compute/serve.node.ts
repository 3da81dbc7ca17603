/** What the entry of a pool's worker thread calls in Node; a page's is in serve.browser.ts. */
import { readFile } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { VitrineError } from "../core/index.ts";
import type { Domains } from "./job.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import { createAnswerer } from "./worker.ts";

/** Makes what answers a pool's messages with the jobs of `domains`, in whichever thread. */
export function answerJobs(domains: Domains): (message: ToWorker) => Promise<FromWorker> {
  return createAnswerer(domains, compile);
}

/** Answers the pool that started this thread with the jobs of `domains`, until it ends the thread. */
export function serveJobs(domains: Domains): void {
  const answer = answerJobs(domains);
  parentPort?.on("message", async (message: ToWorker) => {
    parentPort?.postMessage(await answer(message));
  });
}

async function compile(file: URL): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(file).catch(notBuilt(file)));
}

function notBuilt(file: URL) {
  return (cause: unknown): never => {
    const fault = {
      code: "missing",
      at: file.href,
      expected: "the built package",
      found: "no such file",
      hint: "Run `npm run build`",
    } as const;
    throw new VitrineError(fault, { cause });
  };
}
