/** Jobs as they go: their states, each batch, its log. */
import { z } from "zod";
import { type AnyTopic, topic, whenChanged } from "../live/topic.ts";
import type { Roots } from "../roots.ts";
import { AT } from "../route.ts";
import { jobOf, jobsBelow, logOf, PHASE } from "./read.ts";
import type { JobStarter } from "./start.ts";

/** Time between two looks at the files of a step, ms. */
const LOOK_MS = 700;

/** What a page watches of jobs. */
export function jobTopics(roots: Roots, starter: JobStarter): AnyTopic[] {
  const look = (read: () => Promise<unknown>, signal: AbortSignal) =>
    whenChanged(read, { everyMs: LOOK_MS, signal });
  return [
    topic({
      name: "jobs",
      query: z.strictObject({ at: AT }),
      values: ({ at }, signal) => look(() => jobsBelow(roots, at, starter), signal),
    }),
    topic({
      name: "job",
      query: z.strictObject({ at: AT }),
      values: ({ at }, signal) => look(() => jobOf(roots, at), signal),
    }),
    topic({
      name: "job/log",
      query: z.strictObject({ at: AT, phase: PHASE, batch: z.int().min(0) }),
      values: ({ at, ...place }, signal) => look(() => logOf(roots, at, place), signal),
    }),
  ];
}
