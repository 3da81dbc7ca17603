/** Map objects as tables, one by one, as files; and their changes. */
import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import {
  clusterMapobjects,
  type Experiment,
  editMapobjects,
  type MapobjectEdit,
  mapobjectFileBytes,
  predictClasses,
  readFeatureColumn,
  readMapobjectColumns,
  readMapobjects,
} from "../../experiment/index.ts";
import { COLUMNS, columnsAnswer } from "../columns.ts";
import { isObjectsAt } from "../objects/imageObjects.ts";
import { readOnly } from "../readOnly.ts";
import { type Answer, type AnyRoute, AT, given, integer, json, names, route } from "../route.ts";
import { type ExperimentTools, openObjects } from "./routes.ts";

/** Numbers of a million objects in JSON. */
const IDS_BYTES = 2 ** 24;

const TYPE = z.string().min(1).max(200).describe("a type of map objects");
const ID = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** Media types of files. */
const FILES = {
  geojson: "application/geo+json; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  parquet: "application/vnd.apache.parquet",
} as const;

/** The routes. */
export function objectRoutes(tools: ExperimentTools): AnyRoute[] {
  return [...readingRoutes(tools), ...groupingRoutes(tools), ...changingRoutes(tools)];
}

function readingRoutes(tools: ExperimentTools): AnyRoute[] {
  const open = (at: string) => openObjects(tools, at);
  return [
    route({
      path: "experiment/objects/columns",
      summary: "All objects of a type as columns: numbers, labels, places, sizes, classes",
      query: z.strictObject({
        at: AT,
        type: TYPE,
        timepoint: integer().optional(),
        zplane: integer().optional(),
      }),
      gives: [COLUMNS],
      async answer({ at, ...of }) {
        const read = await readMapobjectColumns(await open(at), given(of));
        const { ids, labels, x, y, size, classOf, ...facts } = read;
        return columnsAnswer(facts, { ids, labels, x, y, size, classOf });
      },
    }),
    route({
      path: "experiment/features",
      summary: "A number of every object of a type, by which it can be coloured: columns ids and values",
      query: z.strictObject({
        at: AT,
        type: TYPE,
        feature: z.string().min(1).max(500),
        timepoint: integer().optional().describe("default: the first"),
      }),
      gives: [COLUMNS],
      async answer({ at, ...of }) {
        return columnsAnswer({}, { ...(await readFeatureColumn(await open(at), given(of))) });
      },
    }),
    route({
      path: "experiment/object",
      summary: "What is known of one map object: its name, its classification, its outlines, its numbers",
      query: z.strictObject({ at: AT, id: integer({ min: 1 }) }),
      gives: ["application/json"],
      answer: async ({ at, id }) => json(await objectOf(await open(at), id)),
    }),
  ];
}

/** Groups by features; nothing is kept of them. */
function groupingRoutes(tools: ExperimentTools): AnyRoute[] {
  const open = (at: string) => openObjects(tools, at);
  const features = names().describe("features, which all count alike");
  return [
    route({
      path: "experiment/objects/clusters",
      summary: "Clusters of the objects of a type by k-means: columns ids and groupOf",
      query: z.strictObject({
        at: AT,
        type: TYPE,
        features,
        clusters: integer({ min: 2, max: 50 }),
        seed: integer().optional(),
        timepoint: integer().optional(),
      }),
      gives: [COLUMNS],
      async answer({ at, ...of }) {
        const { ids, groupOf, ...facts } = await clusterMapobjects(await open(at), given(of));
        return columnsAnswer(facts, { ids, groupOf });
      },
    }),
    route({
      path: "experiment/objects/predicted",
      summary:
        "Classes of all objects of a type, learned from those that have one: columns ids, groupOf, share",
      query: z.strictObject({
        at: AT,
        type: TYPE,
        features,
        neighbours: integer({ min: 1, max: 1000 }).optional().describe("examples that vote, default 5"),
        timepoint: integer().optional(),
      }),
      gives: [COLUMNS],
      async answer({ at, ...of }) {
        const { ids, groupOf, share, ...facts } = await predictClasses(await open(at), given(of));
        return columnsAnswer(facts, { ids, groupOf, share });
      },
    }),
  ];
}

function changingRoutes(tools: ExperimentTools): AnyRoute[] {
  const { roots, experiments, objects, isReadOnly = false } = tools;
  return [
    route({
      path: "experiment/objects/edit",
      method: "post",
      isSafe: true,
      bodyBytes: IDS_BYTES,
      summary:
        "Adds, changes, removes and classifies objects of a user's type; tells the edit that takes it back",
      query: z.strictObject({
        at: AT,
        edit: z
          .looseObject({ type: TYPE })
          .describe("type, and what there is of add, change, remove, classify: see editMapobjects"),
        seen: z
          .string()
          .max(100)
          .optional()
          .describe("of objects of an image: their version, as `objects` told it"),
      }),
      gives: ["application/json"],
      async answer({ at, edit, seen }) {
        // what changes objects parses the edit itself
        if (isObjectsAt(at)) return json(await objects.edit(at, edit as MapobjectEdit, seen));
        if (isReadOnly) throw readOnly(at);
        const path = await roots.resolve(at);
        const change = (experiment: Experiment) => editMapobjects(experiment, edit as MapobjectEdit);
        return json(await experiments.change(path, change));
      },
    }),
    route({
      path: "experiment/objects/export",
      method: "post",
      isSafe: true,
      bodyBytes: IDS_BYTES,
      summary: "A file of objects of a type, all or those of some numbers; nothing is changed",
      query: z.strictObject({
        at: AT,
        type: TYPE,
        format: z.enum(["geojson", "csv", "parquet"]),
        ids: z.array(ID).optional().describe("default: all"),
        timepoint: z.int().min(0).optional(),
        zplane: z.int().min(0).optional(),
      }),
      gives: Object.values(FILES),
      async answer({ at, type, format, ...which }, signal) {
        const parts = mapobjectFileBytes(
          await openObjects(tools, at),
          { type, format },
          { ...given(which), signal },
        );
        return fileAnswer(parts, FILES[format]);
      },
    }),
  ];
}

async function fileAnswer(parts: AsyncIterable<Uint8Array>, type: string): Promise<Answer> {
  const kept: Uint8Array[] = [];
  for await (const part of parts) kept.push(part);
  return { type, body: Buffer.concat(kept) };
}

async function objectOf(experiment: Experiment, id: number) {
  const { query } = experiment;
  const object = await query
    .selectFrom("mapobjects as o")
    .innerJoin("mapobjectTypes as t", "t.id", "o.mapobjectTypeId")
    .select(["o.id as id", "o.name as name", "t.name as type", "objectType", "className", "classColor"])
    .where("o.id", "=", id)
    .executeTakeFirst();
  if (object === undefined)
    throw new VitrineError({ code: "missing", at: "id", expected: "a map object", found: `${id}` });
  const values = await query
    .selectFrom("featureValues as v")
    .innerJoin("features as f", "f.id", "v.featureId")
    .select(["f.name as name", "tpoint", "value"])
    .where("v.mapobjectId", "=", id)
    .orderBy("f.id")
    .execute();
  const kept = await readMapobjects(experiment, object.type, { ids: [id] }).next();
  return { ...object, values, segmentations: kept.done ? [] : kept.value.segmentations };
}
