/** Heavy work in batches: how far it is, and what it says. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fileExists } from "../io/index.ts";
import { stepInfo, stepLog } from "../jobs/index.ts";
import type { Roots } from "./roots.ts";
import { type AnyRoute, AT, integer, json, route } from "./route.ts";

/** Characters of a log that are answered, its last ones. */
const MOST_LOG = 200_000;

/** The routes. */
export function jobRoutes(roots: Roots): AnyRoute[] {
  return [
    route({
      path: "jobs",
      summary: "The steps below a folder or an experiment, with the states of their batches",
      query: z.strictObject({ at: AT }),
      gives: ["application/json"],
      async answer({ at }) {
        const base = at.replace(/\/$/, "");
        const steps = await stepsBelow(roots, base);
        return json(await Promise.all(steps.map((step) => summaryOf(roots, step))));
      },
    }),
    route({
      path: "job",
      summary: "One step: every batch with its state, its share, its message",
      query: z.strictObject({ at: AT }),
      gives: ["application/json"],
      async answer({ at }) {
        const { path, ...info } = await stepInfo(await roots.resolve(at));
        return json({ ...info, at });
      },
    }),
    route({
      path: "job/log",
      summary: "The log of one batch, of all its runs; of a long one the end",
      query: z.strictObject({
        at: AT,
        phase: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$/, "the name of a phase"),
        batch: integer(),
      }),
      gives: ["text/plain"],
      async answer({ at, phase, batch }) {
        const log = await stepLog(await roots.resolve(at), { phase, index: batch });
        return { type: "text/plain; charset=utf-8", body: roots.withoutPaths(log.slice(-MOST_LOG)) };
      },
    }),
  ];
}

/** A folder that is a step, or those in it or in its `jobs`. */
async function stepsBelow(roots: Roots, at: string): Promise<string[]> {
  const path = await roots.resolve(at);
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
