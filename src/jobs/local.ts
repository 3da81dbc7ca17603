/** Batches in processes of this machine. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { dirname } from "node:path";
import { builtFile } from "../core/index.node.ts";
import { VitrineError } from "../core/index.ts";
import { type BatchPlace, heartbeatFile, writeEnd } from "./batchFiles.ts";
import type { EngineOptions, LocalEngine } from "./engine.ts";
import { withoutEval } from "./forkOptions.ts";
import { batchFile, type StepFolder } from "./layout.ts";
import type { PhaseProgress } from "./phaseProgress.ts";
import { removeState, storageError } from "./stateFiles.ts";
import { HEARTBEAT_MS } from "./states.ts";
import type { FromTask, ToTask } from "./taskProtocol.ts";

/** Time for a checkpoint, s. */
export const GRACE_S = 30;

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

/**
 * Runs batches of one phase, a few at a time, each in a process of its own.
 *
 * @returns how each that was begun ended; after an abort the others are not begun
 * @throws {VitrineError} range: more cores or memory than the machine has; storage
 */
export async function runLocally(
  folder: StepFolder,
  places: readonly BatchPlace[],
  run: LocalRun,
): Promise<LocalEnd[]> {
  const waiting = [...places];
  const ends: LocalEnd[] = [];
  const entry = builtFile("#job-task");
  const lane = async () => {
    for (let place = waiting.shift(); place !== undefined && !run.signal?.aborted; place = waiting.shift())
      ends.push(await runBatch(folder, place, { entry, run }));
  };
  const lanes = Array.from({ length: Math.min(tasksAtOnce(run.engine), places.length) }, lane);
  const settled = await Promise.allSettled(lanes); // a batch that cannot start must not leave others behind
  for (const one of settled) if (one.status === "rejected") throw one.reason;
  return ends;
}

/** How many batches run at once. @throws {VitrineError} range: not even one fits */
export function tasksAtOnce(engine: LocalEngine): number {
  const { cores = 1, memoryBytes = 0, tasks = Number.POSITIVE_INFINITY } = engine;
  const allCores = engine.totalCores ?? availableParallelism();
  const allBytes = engine.totalMemoryBytes ?? machineBytes();
  if (cores > allCores) throw tooMuch("cores", `at most ${allCores}, what this machine has`, `${cores}`);
  if (memoryBytes > allBytes)
    throw tooMuch("memory", `at most ${gib(allBytes)}, what this machine has`, gib(memoryBytes));
  const byMemory = memoryBytes > 0 ? Math.floor(allBytes / memoryBytes) : Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(tasks, Math.floor(allCores / cores), byMemory));
}

function machineBytes(): number {
  const limit = process.constrainedMemory(); // of the control group; 0 or 2^64 and near it where there is none
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function tooMuch(what: string, expected: string, found: string): VitrineError {
  const hint = "Ask for less for each batch, or take a cluster";
  return new VitrineError({ code: "range", at: `${what} of a batch`, expected, found, hint });
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

async function runBatch(
  folder: StepFolder,
  place: BatchPlace,
  { entry, run }: { readonly entry: string; readonly run: LocalRun },
): Promise<LocalEnd> {
  const child = await startTask(folder, place, { entry, run });
  const end = await endOf(child, place, run);
  if (end.kind === "told") return { ...place, state: end.state, message: end.message };
  // it could not tell its end itself
  await removeState(heartbeatFile(folder, place));
  await writeEnd(folder, place, { state: end.state, message: end.message });
  return { ...place, state: end.state, message: end.message };
}

async function startTask(
  folder: StepFolder,
  place: BatchPlace,
  { entry, run }: { readonly entry: string; readonly run: LocalRun },
): Promise<ChildProcess> {
  const path = batchFile(folder.path, "logs", { ...place, ending: ".log" });
  const { cores = 1, memoryBytes } = run.engine;
  try {
    await mkdir(dirname(path), { recursive: true });
    const log = await open(path, "a");
    const args = [folder.path, place.phase, place.index, cores, run.heartbeatMs ?? HEARTBEAT_MS].map(String);
    const heap =
      memoryBytes === undefined ? [] : [`--max-old-space-size=${Math.ceil(memoryBytes / 2 ** 20)}`];
    const child = fork(entry, args, {
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

type ChildEnd =
  | { readonly kind: "told"; readonly state: LocalEnd["state"]; readonly message: string }
  | { readonly kind: "untold"; readonly state: "failed" | "stopped"; readonly message: string };

/** Resolves when the process is no more: by itself, or asked to end and after the grace killed. */
function endOf(child: ChildProcess, place: BatchPlace, run: LocalRun): Promise<ChildEnd> {
  const { signal, engine, graceS = GRACE_S, onLog } = run;
  let told: Extract<FromTask, { kind: "end" }> | undefined;
  let asked: ToTask | undefined;
  const timers: NodeJS.Timeout[] = [];
  const ask = (request: ToTask) => {
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
  child.on("message", (message: FromTask) => {
    if (message.kind === "end") told = message;
    else if (message.kind === "warning")
      onLog?.(`${place.phase} ${place.index}: ${message.message}`, "warning");
    else run.progress.update(place.index, shareOf(message.progress));
  });
  return new Promise<ChildEnd>((resolve) => {
    child.once("error", (error) => {
      if (child.pid === undefined) resolve({ kind: "untold", state: "failed", message: error.message });
    });
    child.once("close", (code, name) => {
      if (told?.state === "done") run.progress.update(place.index, 1);
      resolve(told === undefined ? untold(asked, code, name) : { ...told, kind: "told" });
    });
  }).finally(() => {
    for (const timer of timers) clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  });
}

function shareOf({ done, total }: { readonly done: number; readonly total: number }): number {
  return total > 0 && Number.isFinite(total) ? done / total : 0;
}

function untold(asked: ToTask | undefined, code: number | null, name: string | null): ChildEnd {
  if (asked !== undefined)
    return {
      kind: "untold",
      state: asked.as,
      message: `${asked.reason}; killed, as it did not end by itself`,
    };
  const how = name === null ? `exit code ${code}` : `signal ${name}`;
  return { kind: "untold", state: "failed", message: `the process ended early, by ${how}` };
}
