import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BatchPlace, type Engine, stepInfo } from "../../src/jobs/index.ts";
import { until } from "./stepCase.ts";

/**
 * Runs a step's folder in a process of its own, and kills that while it is at a batch.
 *
 * @returns the process of the batch
 */
export async function killedIn(path: string, batch: BatchPlace, engine: Engine): Promise<number> {
  const jobs = new URL("../../dist/jobs/index.js", import.meta.url).href;
  const code = `import { resubmitStep } from ${JSON.stringify(jobs)};
  await resubmitStep(${JSON.stringify(path)}, { engine: ${JSON.stringify(engine)} });`;
  const submitter = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
  const pid = await processOf(path, batch);
  submitter.kill("SIGKILL");
  return pid;
}

/** The process of a batch's first run, once it says so. */
export async function processOf(path: string, { phase, index }: BatchPlace): Promise<number> {
  const log = join(path, `logs/${phase}/${index}.log`);
  const found = () => /process (\d+)/.exec(existsSync(log) ? readFileSync(log, "utf8") : "")?.[1];
  await until(() => found() !== undefined);
  return Number(found());
}

/** How many batches of each phase are done. */
export async function doneIn(path: string): Promise<Record<string, number>> {
  const { phases } = await stepInfo(path);
  return Object.fromEntries(phases.map(({ name, counts }) => [name, counts.done]));
}

/** Waits until a process is no more. */
export function ended(pid: number): Promise<void> {
  return until(() => !existsSync(`/proc/${pid}`));
}
