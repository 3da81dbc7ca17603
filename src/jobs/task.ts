/**
 * The program that runs a batch, started by this machine or by a cluster; a parent may give it others when that is done:
 * `node task.js FOLDER PHASE INDEX CORES HEARTBEAT_MS`. Exit codes: 0 done, 1 failed, 3 stopped.
 */
import { once } from "node:events";
import { appendFileSync, closeSync, openSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { builtFile, letHeapGrow } from "../core/index.node.ts";
import { VitrineError } from "../core/index.ts";
import {
  type BatchPlace,
  checkpointOf,
  forgetRun,
  heartbeatFile,
  readBatch,
  readResult,
  readResultRecord,
  writeEnd,
  writeResult,
} from "./batchFiles.ts";
import { hashOf } from "./identity.ts";
import { KeptThings } from "./keptThings.ts";
import { batchFile, type PhaseRecord, readStepFolder, type StepFolder } from "./layout.ts";
import { differs } from "./runHere.ts";
import { removeState } from "./stateFiles.ts";
import type { BatchContext, BatchFunction } from "./step.ts";
import type { FromTask, HeartbeatData, StopTask, ToHeartbeat, ToTask } from "./taskProtocol.ts";

letHeapGrow();

const EXIT = { done: 0, failed: 1, stopped: 3 } as const;

const [path, phaseName, indexText, coresText, heartbeatText] = process.argv.slice(2);

/** The batch that runs now. */
interface Running {
  readonly place: BatchPlace;
  readonly cores: number;
  readonly stopping: AbortController;
  endAs: StopTask["as"];
  isEnding: boolean;
}
let running: Running | undefined;
/** What batches of this process have in common. */
let heartbeat: Worker | undefined;
const kept = new KeptThings();
/** Where its log goes, if that is not this process's own output. */
let log: number | undefined;
/** Pipes of a process that does nothing: the one to its parent, once it is listened to. */
let pipes: number | undefined;

for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop(`received ${name}`));
process.on("SIGUSR2", () => stop("its time is over", "failed")); // sent by Slurm some time before its limit
process.on("message", (message: ToTask) => {
  if (message.kind === "stop") return stop(message.reason, message.as);
  logInto(message.log);
  begin(message, message.cores);
});
if (process.send !== undefined) process.on("disconnect", () => process.exit(1)); // the parent is gone, or has no more work
process.on("uncaughtException", (error) =>
  running === undefined ? process.exit(1) : void ended(running, "failed", textOf(error)),
);
begin({ phase: phaseName, index: Number(indexText) }, Number(coresText));

function begin({ phase, index }: BatchPlace, cores: number): void {
  pipes ??= openPipes();
  const batch: Running = {
    place: { phase, index },
    cores,
    stopping: new AbortController(),
    endAs: "stopped",
    isEnding: false,
  };
  running = batch;
  const { signal } = batch.stopping;
  run(batch).then(
    () => ended(batch, "done", ""),
    (error) =>
      signal.aborted
        ? ended(batch, batch.endAs, reasonOf(error, signal))
        : ended(batch, "failed", textOf(error)),
  );
}

function stop(reason: string, as: StopTask["as"] = "stopped"): void {
  if (running === undefined) process.exit(EXIT.stopped);
  if (running.stopping.signal.aborted) return;
  running.endAs = as;
  running.stopping.abort(new Error(reason));
}

/** Why a batch was asked to end, and what it says itself where that is something else. */
function reasonOf(error: unknown, { reason }: AbortSignal): string {
  const own = textOf(error);
  const isEcho = error === reason || (error instanceof Error && error.cause === reason);
  return isEcho ? reason.message : `${reason.message}; ${own}`;
}

async function run(batch: Running): Promise<void> {
  const { place } = batch;
  const folder = await readStepFolder(path);
  const { workingDirectory } = folder.record;
  if (workingDirectory !== undefined) process.chdir(workingDirectory); // a cluster starts tasks in the step's folder
  const before = await readResultRecord(folder, place).catch(() => undefined); // foreign or damaged: it is made anew
  if (before !== undefined) return note("its result is there already");
  const phase = folder.record.phases.find(({ name }) => name === place.phase);
  if (phase === undefined) throw new Error(`there is no phase ${place.phase}`);
  heartbeat ??= startHeartbeat();
  tellHeartbeat({ kind: "begin", path: heartbeatFile(folder, place) });
  await removeState(batchFile(path, "ends", place));
  const began = performance.now();
  note(`begins on ${hostname()}, process ${process.pid}`);
  const target = await loadTarget(phase);
  const { value } = await readBatch(folder, place);
  const result = await target(value, contextOf(folder, batch));
  const seconds = (performance.now() - began) / 1000;
  await writeResult(folder, place, { result, seconds, host: hostname() });
  await forgetRun(folder, place);
  note(`done after ${seconds.toFixed(1)} s`);
}

async function loadTarget(phase: PhaseRecord): Promise<BatchFunction> {
  const loaded: Record<string, unknown> = await import(phase.module);
  const target = loaded[phase.export];
  if (isFunction(target)) return target;
  throw new VitrineError({
    code: "missing",
    at: `${phase.module} ${phase.export}`,
    expected: "a function",
    found: `${typeof target}; the module exports ${Object.keys(loaded).join(", ") || "nothing"}`,
  });
}

function isFunction(value: unknown): value is BatchFunction {
  return typeof value === "function";
}

function contextOf(folder: StepFolder, { place, cores, stopping }: Running): BatchContext {
  const { parts, options } = folder.record;
  return {
    ...place,
    options,
    cores,
    signal: stopping.signal,
    onProgress(progress) {
      send({ kind: "progress", progress });
      if (progress.total > 0 && Number.isFinite(progress.total))
        tellHeartbeat({ kind: "share", share: progress.done / progress.total });
    },
    onLog(message, kind) {
      note(kind === "warning" ? `warning: ${message}` : message);
      if (kind === "warning") send({ kind: "warning", message });
    },
    checkpoint: checkpointOf(folder, place, () => note("checkpoint written")),
    scratch: (name) => batchFile(folder.path, "scratch", { ...place, ending: `.${process.pid}.${name}` }),
    resultOf: (phase, index) => readResult(folder, { phase, index }),
    keep: (name, make) => kept.get(name, make),
    async requireSame(part, value) {
      const expected = parts[part];
      if (expected === undefined || (await hashOf(expected)) === (await hashOf(value))) return;
      throw differs(`${place.phase} ${place.index}`, part, { expected, found: value });
    },
  };
}

function startHeartbeat(): Worker {
  const data: HeartbeatData = {
    everyMs: Number(heartbeatText),
    ...(process.send !== undefined && { parentPid: process.ppid }),
  };
  const worker = new Worker(builtFile("#job-heartbeat"), { workerData: data, execArgv: [] });
  worker.on("error", () => undefined); // its silence is what it says
  worker.on("exit", () => {
    heartbeat = undefined;
  });
  worker.unref();
  return worker;
}

function tellHeartbeat(message: ToHeartbeat): void {
  heartbeat?.postMessage(message);
}

/** Resolves when it writes no more; one that has died has nothing to say. */
async function endHeartbeat(): Promise<void> {
  const beat = heartbeat;
  if (beat === undefined) return;
  const ended = Promise.race([once(beat, "message"), once(beat, "exit")]);
  tellHeartbeat({ kind: "end" });
  beat.ref(); // nothing else may keep this process until its end is told
  await ended.catch(() => undefined);
  beat.unref();
}

/** A line of the batch's log. */
function note(message: string): void {
  process.stdout.write(`${new Date().toISOString()} ${message}\n`);
}

/** What is written from now on goes into another file; what the engine itself says at its death stays in the first batch's log. */
function logInto(file: string): void {
  if (log !== undefined) closeSync(log);
  const to = openSync(file, "a");
  log = to;
  const write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error) => void),
    then?: (error?: Error) => void,
  ): boolean => {
    appendFileSync(to, chunk, typeof encoding === "string" ? encoding : "utf8");
    (typeof encoding === "function" ? encoding : then)?.();
    return true;
  };
  process.stdout.write = write;
  process.stderr.write = write;
}

/** Pipes that keep this process alive. */
function openPipes(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "PipeWrap").length;
}

/** Whether a batch has left nothing behind that could disturb the next one, some turns after its end. */
async function isIdle(): Promise<boolean> {
  for (let turn = 0; turn < 20; turn++) {
    const busy = process.getActiveResourcesInfo();
    if (busy.length === pipes && openPipes() === pipes) return true;
    await sleep(turn);
  }
  return false;
}

function send(message: FromTask, then?: () => void): void {
  if (process.send === undefined || !process.connected) then?.();
  else process.send(message, undefined, undefined, then);
}

/**
 * Notes the end where others look for it and tells the parent. A process whose batch is done waits for the next one, if a parent can give it and
 * nothing is left of the last; any other ends, whatever timers or threads the work has left.
 */
async function ended(batch: Running, state: keyof typeof EXIT, message: string): Promise<void> {
  if (batch.isEnding) return; // what comes after its end is not told
  batch.isEnding = true;
  const { place } = batch;
  try {
    await endHeartbeat();
    if (state !== "done") {
      note(`${state}: ${message}`);
      const folder = await readStepFolder(path);
      await writeEnd(folder, place, { state, message });
    }
  } catch (error) {
    note(`its end could not be noted: ${textOf(error)}`); // a full disk, say; the exit code still tells
  }
  // whatever else fails: a batch that has ended does not look as if it ran
  await removeState(join(path, "heartbeats", place.phase, `${place.index}.json`)).catch(() => undefined);
  const stays = state === "done" && process.connected && (await isIdle());
  if (stays) running = undefined;
  send({ kind: "end", state, message, stays }, stays ? undefined : () => process.exit(EXIT[state]));
}

function textOf(error: unknown): string {
  if (error instanceof VitrineError) return error.message;
  if (!(error instanceof Error)) return String(error);
  return error.name === "VitrineError" ? error.message : `${error.name}: ${error.message}`;
}
