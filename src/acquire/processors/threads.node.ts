/** Processor threads of Node; the page's are in threads.browser.ts. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startWorkerThread } from "../../core/index.node.ts";
import type { Thread, ThreadEvents } from "./threads.ts";

/** Starts dist/acquire/processors/worker.node.js. @throws {VitrineError} missing: the package is not built */
export function startThread(events: ThreadEvents): Thread {
  return startWorkerThread("#processor-worker", events);
}

/** Longest look for a fault in a module's text. */
const LOOK_MS = 10_000;

/**
 * File and line where the text of a module, or of one that it imports, is wrong. An error of `import` does not say it; Node prints it when
 * a program cannot be read, before any of it runs.
 */
export async function syntaxPlace(address: string): Promise<string | undefined> {
  const program = `import(${JSON.stringify(address)})`;
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, ["-e", program], { timeout: LOOK_MS }, (_error, _stdout, stderr) =>
      resolve(stderr),
    );
  });
  const [, file, line] = /^(file:\/\/.*|\/.*|[A-Za-z]:\\.*):(\d+)$/m.exec(said) ?? [];
  if (file === undefined || line === undefined) return undefined;
  return `${file.startsWith("file:") ? fileURLToPath(file) : file}, line ${line}`;
}

/** A module's address; a path is relative to the working directory. */
export function moduleAddress(module: string | URL): string {
  if (module instanceof URL) return module.href;
  return module.startsWith("file:") ? module : pathToFileURL(resolve(module)).href;
}
