/** Processes of this machine that run batches, one after the other. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { builtFile } from "../core/index.node.ts";
import { type BatchPlace, heartbeatFile, writeEnd } from "./batchFiles.ts";
import type { EngineOptions, LocalEngine } from "./engine.ts";
import { withoutEval } from "./forkOptions.ts";
import { batchFile, type StepFolder } from "./layout.ts";
import type { PhaseProgress } from "./phaseProgress.ts";
import { removeState, storageError } from "./stateFiles.ts";
import { HEARTBEAT_MS } from "./states.ts";
import type { FromTask, NextTask, StopTask } from "./taskProtocol.ts";

/** Time for a checkpoint, s. */
export const GRACE_S = 30;

/** What work forgets to give back must not grow for ever: after so many batches a process is replaced. */
const MOST_BATCHES = 32;

/** How a batch ended here. */
export interface LocalEnd extends BatchPlace {
  readonly state: "done" | "failed" | "stopped";
  readonly message: string;
}

/** What the batches of a phase need in common. */
export interface LocalRun extends Omit<EngineOptions, "engine" | "onProgress"> {
  readonly engine: LocalEngine;
  readonly progress: PhaseProgress;
}

/** Processes that have done a batch and wait for the next: to start one takes longer than many a batch. */
export class TaskProcesses {
  readonly #idle: TaskProcess[] = [];

  /** Runs a batch in one of them, or in a new one. @throws {VitrineError} storage */
  async run(folder: StepFolder, place: BatchPlace, run: LocalRun): Promise<LocalEnd> {
    const task = this.#idle.pop() ?? new TaskProcess();
    const end = await task.run(folder, place, run);
    if (task.isReady) this.#idle.push(task);
    return end;
  }

  /** Ends those that wait. */
  close(): void {
    for (const task of this.#idle.splice(0)) task.close();
  }
}

/** One process: it stays when a batch is done and has left nothing behind; a failure, an interrupt or its own death ends it. */
class TaskProcess {
  #child: ChildProcess | undefined;
  #batches = 0;

  /** It takes another batch. */
  get isReady(): boolean {
    return this.#child?.connected === true && this.#batches < MOST_BATCHES;
  }

  close(): void {
    if (this.#child?.connected) this.#child.disconnect();
  }

  async run(folder: StepFolder, place: BatchPlace, run: LocalRun): Promise<LocalEnd> {
    const log = await logOf(folder, place);
    this.#batches++;
    let child = this.#child;
    const { cores = 1 } = run.engine;
    if (child?.connected)
      child.send({ kind: "next", ...place, cores, log } satisfies NextTask, () => undefined);
    else child = await startTask(folder, place, { run, log });
    this.#child = child;
    const end = await endOf(child, place, run);
    if (end.kind !== "told" || !end.stays) this.#child = undefined;
    else if (!this.isReady) this.close();
    if (end.kind === "told") return { ...place, state: end.state, message: end.message };
    // it could not tell its end itself
    await removeState(heartbeatFile(folder, place));
    await writeEnd(folder, place, { state: end.state, message: end.message });
    return { ...place, state: end.state, message: end.message };
  }
}

async function startTask(
  folder: StepFolder,
  place: BatchPlace,
  { run, log: path }: { readonly run: LocalRun; readonly log: string },
): Promise<ChildProcess> {
  const { cores = 1, memoryBytes } = run.engine;
  try {
    const log = await open(path, "a");
    const args = [folder.path, place.phase, place.index, cores, run.heartbeatMs ?? HEARTBEAT_MS].map(String);
    const heap =
      memoryBytes === undefined ? [] : [`--max-old-space-size=${Math.ceil(memoryBytes / 2 ** 20)}`];
    const child = fork(builtFile("#job-task"), args, {
      stdio: ["ignore", log.fd, log.fd, "ipc"],
      execArgv: [...withoutEval(process.execArgv), ...heap],
    });
    child.once("spawn", () => void log.close());
    child.once("error", () => child.pid === undefined && void log.close());
    return child;
  } catch (error) {
    throw storageError(error, path);
  }
}

/** Where a batch's log lies; its folder is there then. @throws {VitrineError} storage */
async function logOf(folder: StepFolder, place: BatchPlace): Promise<string> {
  const path = batchFile(folder.path, "logs", { ...place, ending: ".log" });
  try {
    await mkdir(dirname(path), { recursive: true });
    return path;
  } catch (error) {
    throw storageError(error, path);
  }
}

type ChildEnd =
  | {
      readonly kind: "told";
      readonly state: LocalEnd["state"];
      readonly message: string;
      readonly stays: boolean;
    }
  | { readonly kind: "untold"; readonly state: "failed" | "stopped"; readonly message: string };

/** Resolves when the batch is done and its process stays, or the process is no more: by itself, or asked to end and after the grace killed. */
function endOf(child: ChildProcess, place: BatchPlace, run: LocalRun): Promise<ChildEnd> {
  const { signal, engine, graceS = GRACE_S, onLog } = run;
  let told: Extract<FromTask, { kind: "end" }> | undefined;
  let asked: StopTask | undefined;
  const timers: NodeJS.Timeout[] = [];
  const ask = (request: StopTask) => {
    if (asked !== undefined) return;
    asked = request;
    if (child.connected) child.send(request, () => undefined);
    timers.push(setTimeout(() => child.kill("SIGKILL"), 1000 * graceS));
  };
  const onAbort = () => ask({ kind: "stop", reason: "interrupted", as: "stopped" });
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  if (engine.durationS !== undefined) {
    const reason = `its time of ${engine.durationS} s is over`;
    timers.push(setTimeout(() => ask({ kind: "stop", reason, as: "failed" }), 1000 * engine.durationS));
  }
  const { promise, resolve } = settling<ChildEnd>();
  const onMessage = (message: FromTask) => {
    if (message.kind === "warning") onLog?.(`${place.phase} ${place.index}: ${message.message}`, "warning");
    else if (message.kind === "progress") run.progress.update(place.index, shareOf(message.progress));
    else {
      told = message;
      if (message.stays) resolve({ ...message, kind: "told" });
    }
  };
  const onError = ({ message }: Error) => {
    if (child.pid === undefined) resolve({ kind: "untold", state: "failed", message });
  };
  const onClose = (code: number | null, name: string | null) =>
    resolve(told === undefined ? untold(asked, code, name) : { ...told, kind: "told" });
  child.on("message", onMessage).on("error", onError).on("close", onClose);
  return promise.finally(() => {
    if (told?.state === "done") run.progress.update(place.index, 1);
    child.off("message", onMessage).off("error", onError).off("close", onClose);
    for (const timer of timers) clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  });
}

/** A promise that is settled from outside. */
function settling<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function shareOf({ done, total }: { readonly done: number; readonly total: number }): number {
  return total > 0 && Number.isFinite(total) ? done / total : 0;
}

function untold(asked: StopTask | undefined, code: number | null, name: string | null): ChildEnd {
  if (asked !== undefined)
    return {
      kind: "untold",
      state: asked.as,
      message: `${asked.reason}; killed, as it did not end by itself`,
    };
  const how = name === null ? `exit code ${code}` : `signal ${name}`;
  return { kind: "untold", state: "failed", message: `the process ended early, by ${how}` };
}
