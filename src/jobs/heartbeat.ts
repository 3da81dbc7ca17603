/**
 * A thread of its own that says now and then that a batch is alive: the main one may be busy for minutes. A process has one for all its batches, one
 * after the other; it loads next to nothing, since every process starts one.
 */
import { existsSync, mkdirSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { writeBesideNow } from "../core/index.node.ts";
import type { HeartbeatData, ToHeartbeat } from "./taskProtocol.ts";

/** How often it is looked whether the parent is still there, ms. */
const PARENT_MS = 1000;

const { everyMs, parentPid }: HeartbeatData = workerData;
let path: string | undefined;
let share = 0;
let count = 0;

parentPort?.on("message", (message: ToHeartbeat) => {
  switch (message.kind) {
    case "begin":
      [path, share, count] = [message.path, 0, 0];
      beat();
      return;
    case "share":
      share = message.share;
      return;
    case "end":
      path = undefined;
      parentPort?.postMessage("ended");
  }
});
setInterval(beat, everyMs);
if (parentPid !== undefined)
  setInterval(() => process.ppid !== parentPid && process.kill(process.pid, "SIGKILL"), PARENT_MS);

function beat(): void {
  if (path === undefined || !existsSync(dirname(dirname(dirname(path))))) return; // a step's folder that was removed stays so
  const state = { count: count++, at: new Date().toISOString(), host: hostname(), pid: process.pid, share };
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeBesideNow(path, `${path}.${process.pid}-${count}.tmp`, (file) => {
      writeSync(file, `${JSON.stringify(state)}\n`);
    });
  } catch {
    // a sign of life that finds no room is missing, which is all it can say; the work goes on
  }
}
