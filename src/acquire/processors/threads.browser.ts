/** Processor threads of a page; Node's are in threads.node.ts. */
import { connectWorker } from "../../core/index.browser.ts";
import type { Thread, ThreadEvents } from "./threads.ts";

/** Starts worker.browser.js, which lies beside this file. */
export function startThread(events: ThreadEvents): Thread {
  return connectWorker(
    new Worker(new URL("./worker.browser.js", import.meta.url), { type: "module" }),
    events,
  );
}

/** Where a module's text is wrong: a page's console says it, and nobody else is told. */
export async function syntaxPlace(_address: string): Promise<string | undefined> {
  return undefined;
}

/** A module's address; relative ones start at the page. */
export function moduleAddress(module: string | URL): string {
  return new URL(module, document.baseURI).href;
}
