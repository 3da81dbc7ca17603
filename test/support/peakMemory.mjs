import { readFileSync } from "node:fs";

/** The most memory that this process had, MiB. `maxRSS` would count what the process had from which it was started. */
export function peakMemoryMiB() {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"));
  return Number(kib) / 1024;
}
