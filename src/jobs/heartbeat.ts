/** A thread of its own that says now and then that its process lives: the main one may be busy for minutes. */
import { hostname } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { writeState } from "./stateFiles.ts";
import type { HeartbeatData } from "./taskProtocol.ts";

/** How often it is looked whether the parent is still there, ms. */
const PARENT_MS = 1000;

const { path, everyMs, parentPid }: HeartbeatData = workerData;
let share = 0;
let count = 0;
let isWriting = false;

parentPort?.on("message", (done: number) => {
  share = done;
});
setInterval(beat, everyMs);
if (parentPid !== undefined)
  setInterval(() => process.ppid !== parentPid && process.kill(process.pid, "SIGKILL"), PARENT_MS);
beat();

function beat(): void {
  if (isWriting) return;
  isWriting = true;
  const state = { count: count++, at: new Date().toISOString(), host: hostname(), pid: process.pid, share };
  writeState(path, state, false)
    // a sign of life that finds no room is missing, which is all it can say; the work goes on
    .catch(() => undefined)
    .finally(() => {
      isWriting = false;
    });
}
