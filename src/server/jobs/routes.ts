/** Heavy work in batches: how far it is, what it says, and its start. */
import { z } from "zod";
import type { Roots } from "../roots.ts";
import { type AnyRoute, AT, integer, json, route } from "../route.ts";
import { START_OPTIONS, STARTS } from "./options.ts";
import { jobOf, jobsBelow, logOf, PHASE } from "./read.ts";
import type { JobStarter } from "./start.ts";

/** The routes. */
export function jobRoutes(roots: Roots, starter: JobStarter): AnyRoute[] {
  return [
    route({
      path: "jobs",
      summary: "The steps below a folder or an experiment, with the states of their batches",
      query: z.strictObject({ at: AT }),
      gives: ["application/json"],
      answer: async ({ at }) => json((await jobsBelow(roots, at, starter)).steps),
    }),
    route({
      path: "job",
      summary: "One step: every batch with its state, its share, its message",
      query: z.strictObject({ at: AT }),
      gives: ["application/json"],
      answer: async ({ at }) => json(await jobOf(roots, at)),
    }),
    route({
      path: "job/log",
      summary: "The log of one batch, of all its runs; of a long one the end",
      query: z.strictObject({ at: AT, phase: PHASE, batch: integer() }),
      gives: ["text/plain"],
      async answer({ at, ...place }) {
        return { type: "text/plain; charset=utf-8", body: await logOf(roots, at, place) };
      },
    }),
    route({
      path: "job/start",
      method: "post",
      summary: "Starts the step illuminati of an experiment, in a process that goes on when the server ends",
      query: z.strictObject({
        at: AT,
        what: z.enum(STARTS).describe("init: anew; submit: all jobs; resubmit: what is missing"),
        options: START_OPTIONS.optional().describe(
          "as the command line's: of init; tasks of submit and resubmit",
        ),
      }),
      gives: ["application/json"],
      async answer({ at, what, options }) {
        await starter.start(at, what, options);
        return json({ at, what });
      },
    }),
    route({
      path: "job/cancel",
      method: "post",
      summary:
        "Ends the step that was started from a page; what is done stays, and resubmit goes on from there",
      query: z.strictObject({ at: AT }),
      gives: ["application/json"],
      async answer({ at }) {
        await starter.cancel(at);
        return json({ at });
      },
    }),
  ];
}
