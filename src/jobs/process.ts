/** The program that a job's process runs: it waits for `start`, calls the target, and reports its end or failure. */
import { letHeapGrow } from "../core/index.node.ts";
import { packError, VitrineError } from "../core/index.ts";
import type { FromJob, ToJob } from "./protocol.ts";
import { type SharedResults, sharedResults } from "./sharedResults.ts";

type Start = Extract<ToJob, { kind: "start" }>;
type Target = (...args: unknown[]) => unknown;

letHeapGrow();

let results: SharedResults | undefined;

process.on("message", (message: ToJob) => {
  if (message.kind === "start") run(message).then(() => finish({ kind: "end" }), fail);
  else if (message.kind === "receipt") results?.receive(message.key);
  else results?.apply(message);
});
process.on("uncaughtException", fail);
process.on("disconnect", () => process.exit(1)); // the parent is gone: nobody wants this work

async function run(start: Start): Promise<void> {
  results = sharedResults((change) => void send(change), start.label);
  const target = await loadTarget(start);
  await target(...start.args, results.proxy, start.index, start.kwargs);
}

async function loadTarget(start: Start): Promise<Target> {
  const loaded: Record<string, unknown> = await import(start.module);
  const target = loaded[start.export];
  if (isTarget(target)) return target;
  throw new VitrineError({
    code: "missing",
    at: `${start.label} target.export`,
    expected: `a function named ${JSON.stringify(start.export)}`,
    found: `${typeof target}; the module exports ${Object.keys(loaded).join(", ") || "nothing"}`,
  });
}

function isTarget(value: unknown): value is Target {
  return typeof value === "function";
}

function send(message: FromJob, then?: () => void): void {
  process.send?.(message, undefined, undefined, then);
}

function fail(thrown: unknown): void {
  finish({ kind: "failure", error: packError(thrown) });
}

/** The last message; the process ends when it is out, whatever timers or sockets the target has left open. */
function finish(message: FromJob): void {
  send(message, () => process.exit(message.kind === "end" ? 0 : 1));
}
