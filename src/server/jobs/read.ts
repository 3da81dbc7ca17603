/** Steps below an address, as their files tell. */
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { openPathOrNone } from "../../core/index.node.ts";
import { fileExists } from "../../io/index.ts";
import { stepInfo, stepLog } from "../../jobs/index.ts";
import type { Roots } from "../roots.ts";

/** Characters of a log that are answered, its last ones. */
const MOST_LOG = 200_000;
/** Bytes of what a submission said, its last ones. */
const MOST_SAID = 8_000;

/** The name of a phase in a request. */
export const PHASE = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$/, "the name of a phase");

/** The step that an experiment's page starts. */
export const STEP = "illuminati";

/** All steps below a folder or an experiment, with the states of their batches. */
export async function jobsBelow(
  roots: Roots,
  at: string,
  starter: { process(path: string): Promise<number | undefined> },
) {
  const base = at.replace(/\/$/, "");
  const path = await roots.resolve(base);
  const steps = await stepsBelow(path, base);
  const canStart = await fileExists(join(path, "experiment.json"));
  return {
    steps: await Promise.all(steps.map((step) => summaryOf(roots, step))),
    /** What the page can start: of an experiment its step, whether or not it was initialised. */
    starts: canStart
      ? {
          ...{ at: base, step: STEP, said: await saidBy(roots, path) },
          /** Whether it runs in a process that the page can end. */
          isRunning: (await starter.process(path)) !== undefined,
        }
      : null,
  };
}

/** One step with each batch. @throws {VitrineError} missing: no step there */
export async function jobOf(roots: Roots, at: string) {
  const { path, batches, ...info } = await stepInfo(await roots.resolve(at));
  const told = batches.map(({ message, ...batch }) => ({
    ...batch,
    ...(message !== undefined && { message: roots.withoutPaths(message) }),
  }));
  return { ...info, batches: told, at };
}

/** The end of a batch's log, of all its runs. @throws {VitrineError} missing: no step there */
export async function logOf(
  roots: Roots,
  at: string,
  { phase, batch }: { readonly phase: string; readonly batch: number },
): Promise<string> {
  const log = await stepLog(await roots.resolve(at), { phase, index: batch });
  return roots.withoutPaths(log.slice(-MOST_LOG));
}

/** Where what a submission from the page said is kept. */
export function saidFile(experiment: string): string {
  return join(experiment, "jobs", `${STEP}.said.txt`);
}

async function saidBy(roots: Roots, experiment: string): Promise<string> {
  const path = await openPathOrNone(saidFile(experiment));
  if (path === undefined) return "";
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size === 0) return "";
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read({
    buffer: Buffer.alloc(MOST_SAID),
    position: Math.max(0, size - MOST_SAID),
  });
  return roots.withoutPaths(buffer.toString("utf8", 0, bytesRead));
}

/** A folder that is a step, or those in it or in its `jobs`. */
async function stepsBelow(path: string, at: string): Promise<string[]> {
  if (await fileExists(join(path, "step.json"))) return [at];
  const found: string[] = [];
  for (const folder of ["", "jobs"]) {
    const names = await readdir(join(path, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of names)
      if (entry.isDirectory() && (await fileExists(join(path, folder, entry.name, "step.json"))))
        found.push([at, folder, entry.name].filter((part) => part !== "").join("/"));
  }
  return found.sort();
}

async function summaryOf(roots: Roots, at: string) {
  const { name, phases, seconds } = await stepInfo(await roots.resolve(at));
  return { at, name, phases, seconds };
}
