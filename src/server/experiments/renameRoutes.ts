/** Other names of channels and of types of map objects. */
import { z } from "zod";
import { type Experiment, renameChannel, renameMapobjectType } from "../../experiment/index.ts";
import { type AnyRoute, AT, json, route } from "../route.ts";
import type { ExperimentTools } from "./routes.ts";

const NAME = z.string().min(1).max(200);

/** What gives a name to what. */
const RENAMES = { channel: renameChannel, type: renameMapobjectType } as const;

/** The routes. */
export function renameRoutes({ roots, experiments }: ExperimentTools): AnyRoute[] {
  return [
    route({
      path: "experiment/rename",
      method: "post",
      summary: "Gives a channel, or a user's type of map objects, another name",
      query: z.strictObject({ at: AT, what: z.enum(["channel", "type"]), from: NAME, to: NAME }),
      gives: ["application/json"],
      async answer({ at, what, from, to }) {
        const path = await roots.resolve(at);
        await experiments.change(path, (experiment: Experiment) => RENAMES[what](experiment, from, to));
        return json({ what, from, to });
      },
    }),
  ];
}
