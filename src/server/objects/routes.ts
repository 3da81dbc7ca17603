/** Objects of images: what there is, and what labels can be measured by. What they are is asked as of experiments. */
import { z } from "zod";
import type { ExperimentTools } from "../experiments/routes.ts";
import type { OpenImages } from "../images/openImages.ts";
import { type AnyTopic, topic, whenChanged } from "../live/topic.ts";
import { type AnyRoute, AT, json, route } from "../route.ts";
import { choicesOf } from "./choices.ts";

/** What these routes stand on. */
export interface ImageObjectTools extends ExperimentTools {
  readonly images: OpenImages;
  /** Address of the table that was named when the server was started; null: none. */
  readonly firstTable: string | null;
}

/** The routes. */
export function imageObjectRoutes(tools: ImageObjectTools): AnyRoute[] {
  return [
    route({
      path: "objects",
      summary:
        "Annotations of an image, or the labels of a label image: types, the file that keeps what is done, why it is not written. The address is @objects?of=annotations&at=ROOT/file, or of=labels with image and table; the routes of an experiment's objects take it, too",
      query: z.strictObject({ at: AT }),
      gives: ["application/json"],
      answer: async ({ at }) => json(await tools.objects.facts(at)),
    }),
    route({
      path: "objects/choices",
      summary: "Tables and map objects that tell features of labels, and label images beside an image",
      query: z.strictObject({ at: AT, image: z.string().max(1000).optional() }),
      gives: ["application/json"],
      answer: async (which) => json(await choicesOf(tools, which)),
    }),
  ];
}

/** Time between two looks at objects and their file, ms. */
const LOOK_MS = 700;

/** What a page watches: what other pages and programs do to objects of an image. */
export function imageObjectTopics({ objects }: Pick<ImageObjectTools, "objects">): AnyTopic[] {
  return [
    topic({
      name: "objects",
      query: z.strictObject({ at: AT }),
      values: ({ at }, signal) => whenChanged(() => objects.facts(at), { everyMs: LOOK_MS, signal }),
    }),
  ];
}
