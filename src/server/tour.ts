/** The guided strip of a folder that `vitrine tour` made. */
import { join } from "node:path";
import { z } from "zod";
import { fileExists, parseJsonText, parseWithSchema, readText } from "../io/index.ts";
import type { Roots } from "./roots.ts";
import { type AnyRoute, json, route } from "./route.ts";

/** Name of the file in the folder. */
export const TOUR_FILE = "tour.json";
/** By which it is told from other files of this name. */
const FORMAT = "vitrine tour";

const step = z.strictObject({
  name: z.string(),
  title: z.string(),
  /** What was done, and what came of it. */
  text: z.string(),
  /** Those that do the same, in their order. */
  commands: z.array(z.string()).readonly(),
  /** The result: a path below the folder, separated by slashes. */
  at: z.string(),
  /** More of the address of the result in the viewer: `objects=Nuclei`. */
  view: z.string().optional(),
  planted: z.int(),
  found: z.int(),
  /** Found where nothing was planted. */
  others: z.int(),
  /** Whether it is near enough to what was planted. */
  isRight: z.boolean(),
});

const tour = z.strictObject({ format: z.literal(FORMAT), steps: z.array(step).readonly() });

/** A step of a tour. */
export type TourStep = z.output<typeof step>;

/** The text of a tour's file. */
export function formatTour(steps: readonly TourStep[]): string {
  return `${JSON.stringify({ format: FORMAT, steps }, undefined, 2)}\n`;
}

/** Whether a folder is one that a tour made. */
export async function isTourFolder(folder: string): Promise<boolean> {
  return (await readTour(folder)) !== null;
}

/** @throws {VitrineError} format: a tour's file that is damaged */
async function readTour(folder: string): Promise<readonly TourStep[] | null> {
  const path = join(folder, TOUR_FILE);
  if (!(await fileExists(path))) return null;
  const text = await readText(path);
  // somebody else's file of this name is none of ours
  if (!text.includes(`"${FORMAT}"`)) return null;
  return parseWithSchema(parseJsonText(text, TOUR_FILE), tour, TOUR_FILE).steps;
}

/** The route: the steps of the first root that a tour made, at the addresses of the server. */
export function tourRoutes(roots: Roots): AnyRoute[] {
  return [
    route({
      path: "tour",
      summary:
        "What a tour did, if a folder of one is served: its steps, their commands and results; else null",
      query: z.strictObject({}),
      gives: ["application/json"],
      async answer() {
        for (const { name, isFolder } of roots.list) {
          if (!isFolder) continue;
          const steps = await readTour(await roots.resolve(name));
          if (steps !== null) return json(steps.map((each) => ({ ...each, at: `${name}/${each.at}` })));
        }
        return json(null);
      },
    }),
  ];
}
