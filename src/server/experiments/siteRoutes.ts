/** Images of sites as files. */
import { isAbsolute } from "node:path";
import { z } from "zod";
import { Semaphore, VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { tiffBytes } from "../../io/index.ts";
import { type ReadSiteOptions, readSiteImage, SITE_CORRECTIONS } from "../../pyramid/index.ts";
import { type AnyRoute, AT, given, integer, route } from "../route.ts";
import type { ExperimentTools } from "./routes.ts";

/** Each is in memory as a whole, twice. */
const AT_ONCE = 2;

const A_PER_UM = 1e4;

/** The routes. */
export function siteRoutes({ roots, experiments }: ExperimentTools): AnyRoute[] {
  const limit = new Semaphore(AT_ONCE);
  return [
    route({
      path: "experiment/site",
      summary: "An image of a site as a TIFF file, its pixels as they are stored, corrected, or aligned",
      query: z.strictObject({
        at: AT,
        site: integer({ min: 1 }).describe("its number, as the experiment lists it"),
        channel: z.string().min(1).max(200),
        timepoint: integer().optional(),
        zplane: integer().optional(),
        correct: z.enum(SITE_CORRECTIONS).optional().describe("model of its illumination; default: none"),
        align: z
          .enum(["true", "false"])
          .transform((text) => text === "true")
          .optional()
          .describe("cut to what all cycles show; default false"),
      }),
      gives: ["image/tiff"],
      async answer({ at, site, ...of }, signal) {
        const experiment = await experiments.experiment(await roots.resolve(at));
        const which = { siteId: site, ...given({ ...of, signal }) };
        return { type: "image/tiff", body: await limit.run(() => siteFile(experiment, which)) };
      },
    }),
  ];
}

async function siteFile(
  experiment: Experiment,
  { siteId, ...options }: ReadSiteOptions & { readonly siteId: number },
): Promise<Uint8Array> {
  const { pixelSizeUm } = await experiment.settings();
  const page = await readSiteImage(experiment, siteId, options).catch((error: unknown) => {
    throw withCommand(error);
  });
  const parts: Uint8Array[] = [];
  const size = pixelSizeUm === null ? {} : { pixelSizeA: pixelSizeUm * A_PER_UM };
  for await (const part of tiffBytes({ pages: [page], ...size })) parts.push(part);
  return Buffer.concat(parts);
}

/** Images in place lie outside of what is served, on purpose: nobody learns where. */
function withCommand(error: unknown): unknown {
  if (!(error instanceof VitrineError)) return error;
  // what leads out is refused, or is as if it were not there; all else that may be missing has a name, no path
  const isFile = error.code === "storage" || (error.code === "missing" && isAbsolute(error.fault.at));
  if (!isFile) return error;
  return new VitrineError(
    {
      code: "storage",
      at: "image of the site",
      expected: "a file within what is served",
      found: "none that may be opened",
      hint:
        "Save it by vitrine experiment site EXPERIMENT --well WELL --site NUMBER --channel NAME --out FILE.tif, " +
        "serve the folder of its images too, or import them with --copy",
    },
    { cause: error },
  );
}
