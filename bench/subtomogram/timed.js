import { setTimeout } from "node:timers/promises";

/** Threads of the other's libraries wait for work busily for a while, and take half of a core from rounds of a tenth of a second. */
const REST_MS = 500;

/** Waits until those that measured before have come to rest. */
export function rested() {
  return setTimeout(REST_MS);
}

/** What `work` gives, with its seconds and those of the processors. */
export async function timed(work) {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const results = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, results };
}
