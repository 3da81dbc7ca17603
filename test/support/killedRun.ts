import { spawn } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BatchPlace, type Engine, stepInfo } from "../../src/jobs/index.ts";
import { until } from "./stepCase.ts";

/**
 * Lets batches of a step that has not begun wait for ever, so that none is done before it is killed.
 *
 * @param at  where they wait: before their work, or once they have written a checkpoint
 * @returns   lets the batches that begin from now on do their work; those that wait have to be stopped or killed, but for those at a gate, which go on
 */
export function holdBatches(
  path: string,
  places: readonly BatchPlace[],
  at: "begin" | "gate" | "checkpoint" = "begin",
): () => void {
  const file = join(path, "step.json");
  const whole = readFileSync(file, "utf8");
  const gate = join(path, "gate");
  if (at === "gate") writeFileSync(gate, "");
  const record = JSON.parse(whole);
  for (const phase of record.phases) {
    const held = places.flatMap((place) => (place.phase === phase.name ? [place.index] : []));
    if (held.length === 0) continue;
    const real = { module: phase.module, export: phase.export, held: held.join(), gate };
    phase.module = `${new URL("heldBatch.mjs", import.meta.url).href}?${new URLSearchParams({ ...real, at })}`;
    phase.export = "run";
  }
  replace(file, JSON.stringify(record));
  return () => {
    replace(file, whole);
    rmSync(gate, { force: true });
  };
}

/** Batches that begin meanwhile read the one or the other. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/**
 * Runs a step's folder in a process of its own, and kills that while it is at a batch, which waits there. What begins later does its work.
 *
 * @returns the process of the batch
 */
export async function killedIn(path: string, batch: BatchPlace, engine: Engine): Promise<number> {
  const release = holdBatches(path, [batch]);
  const jobs = new URL("../../dist/jobs/index.js", import.meta.url).href;
  const code = `import { resubmitStep } from ${JSON.stringify(jobs)};
  await resubmitStep(${JSON.stringify(path)}, { engine: ${JSON.stringify(engine)} });`;
  const submitter = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
  try {
    return await processOf(path, batch);
  } finally {
    release();
    submitter.kill("SIGKILL");
  }
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
