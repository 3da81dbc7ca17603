/** Experiments: what they hold, tiles of their layers, objects on their map. */
import { z } from "zod";
import {
  blockFeatures,
  type Experiment,
  encodeMapobjects,
  type MapobjectBlock,
  queryMapobjects,
} from "../../experiment/index.ts";
import { type ImageObjects, isObjectsAt } from "../objects/imageObjects.ts";
import type { Roots } from "../roots.ts";
import { type Answer, type AnyRoute, AT, decimal, integer, json, route } from "../route.ts";
import type { OpenExperiments } from "./openExperiments.ts";
import { overviewOf } from "./overview.ts";

/** What routes of experiments stand on. */
export interface ExperimentTools {
  readonly roots: Roots;
  readonly experiments: OpenExperiments;
  /** Of images: their objects are asked by the same routes. */
  readonly objects: ImageObjects;
  /** Nothing is changed, whoever asks. */
  readonly isReadOnly?: boolean;
}

/** What holds the objects of an address: an experiment's folder, or an image. @throws {VitrineError} as both */
export async function openObjects(
  { roots, experiments, objects }: ExperimentTools,
  at: string,
): Promise<Experiment> {
  return isObjectsAt(at) ? objects.experiment(at) : experiments.experiment(await roots.resolve(at));
}

/** More objects than this come as bytes. */
const MOST_JSON = 10_000;

const OBJECTS = z.strictObject({
  at: AT,
  type: z.string().min(1).max(200).describe("a type of map objects"),
  y: decimal().describe("upper end of the window, pixels of full resolution"),
  x: decimal(),
  height: decimal(),
  width: decimal(),
  zoom: integer({ max: 40 }).optional().describe("0 is the coarsest; left out: whole outlines"),
  timepoint: integer().optional(),
  zplane: integer().optional(),
  format: z
    .enum(["json", "binary"])
    .optional()
    .describe(`default: json up to ${MOST_JSON} objects, else binary`),
});

const BINARY = "application/vnd.vitrine.mapobjects";

/** The routes. */
export function experimentRoutes(tools: ExperimentTools): AnyRoute[] {
  const { roots, experiments } = tools;
  const open = async (at: string) => experiments.experiment(await roots.resolve(at));
  return [
    route({
      path: "experiment",
      summary: "Plates, wells and sites with their places on the map, channels, layers, types of objects",
      query: z.strictObject({ at: AT }),
      gives: ["application/json"],
      answer: async ({ at }) => json(await overviewOf(await open(at))),
    }),
    route({
      path: "experiment/tile",
      summary: "A tile of a layer: a grey JPEG of 256 x 256 pixels",
      query: z.strictObject({
        at: AT,
        layer: integer({ min: 1 }).describe("its number, as the experiment lists it"),
        level: integer({ max: 40 }).describe("0 is full resolution"),
        row: integer(),
        column: integer(),
      }),
      gives: ["image/jpeg"],
      async answer({ at, layer, ...place }) {
        const { archive, key } = await experiments.layer(at, layer, roots.resolve);
        const etag = `"${key}-${place.level}.${place.row}.${place.column}"`;
        return { type: "image/jpeg", etag, body: () => archive.readTile(place) };
      },
    }),
    route({
      path: "experiment/objects",
      summary:
        "Map objects in a window, as much of them as a zoom shows: GeoJSON, or bytes of encodeMapobjects",
      query: OBJECTS,
      gives: ["application/geo+json", BINARY],
      async answer({ at, format, timepoint, zplane, zoom, type, ...window }) {
        const block = await queryMapobjects(await openObjects(tools, at), {
          type,
          window,
          ...(zoom !== undefined && { zoom }),
          ...(timepoint !== undefined && { timepoint }),
          ...(zplane !== undefined && { zplane }),
        });
        const isBinary = format === "binary" || (format === undefined && block.ids.length > MOST_JSON);
        return isBinary ? binaryAnswer(block, window) : geojsonAnswer(block, type);
      },
    }),
  ];
}

function geojsonAnswer(block: MapobjectBlock, type: string): Answer {
  const features = [...blockFeatures(block, type)];
  const body = JSON.stringify({ type: "FeatureCollection", detail: block.detail, features });
  return { type: "application/geo+json; charset=utf-8", body };
}

function binaryAnswer(block: MapobjectBlock, origin: { readonly y: number; readonly x: number }): Answer {
  return { type: BINARY, body: encodeMapobjects(block, origin) };
}
