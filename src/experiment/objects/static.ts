/** Plates, wells and sites as map objects: types of their own, whose objects point to the rows that they stand for. */
import type { Experiment, Query } from "../experiment.ts";
import { centroidOf, pixelBounds, type Ring, type Shape } from "./shape.ts";
import { formatWkb } from "./wkb.ts";

/** A plate, well or site on the map: the number of its row, and its box in pixels of full resolution. */
export interface PlacedBox {
  readonly id: number;
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

/** Where plates, wells and sites lie; what `placePlates` of `vitrine/pyramid` gives, and the map's depth. */
export interface StaticMap {
  readonly plates: readonly PlacedBox[];
  readonly wells: readonly PlacedBox[];
  /** Aligned between cycles, where the layers are. */
  readonly sites: readonly PlacedBox[];
  /** Zoom of full resolution. */
  readonly maxZoom: number;
}

/** What a type stands for, and how many zooms below full resolution its outlines begin to show (Infinity: at once). */
const STATIC_TYPES = {
  Plates: { refType: "Plate", of: "plates", zoomsShown: Infinity },
  Wells: { refType: "Well", of: "wells", zoomsShown: 11 },
  Sites: { refType: "Site", of: "sites", zoomsShown: 8 },
} as const;

/** The types that stand for an experiment's own parts. */
export type StaticType = keyof typeof STATIC_TYPES;

/** Whether a name is that of a type of plates, wells or sites, which no user's type can have. */
export function isStaticType(name: string): name is StaticType {
  return Object.hasOwn(STATIC_TYPES, name);
}

/**
 * Makes the types `Plates`, `Wells` and `Sites` anew, with one object each for what is on the map. Outlines run upper right, upper left,
 * lower left, lower right, upper right, one pixel within the box at the top and on the left and two at the bottom and on the right
 * (all the way round the box where that is below 4 pixels), in pixels of full resolution, y down.
 *
 * @param query  the transaction of whoever writes layers with it; default: one of its own
 * @throws whatever a query throws, after which the objects of before are there
 *
 * Source: TissueMAPS, tmlib.workflow.illuminati (collect), whose y is that of these outlines with the opposite sign.
 */
export async function createStaticMapobjects(
  experiment: Experiment,
  map: StaticMap,
  query?: Query,
): Promise<void> {
  if (query === undefined)
    return experiment.transaction((transaction) => createStaticMapobjects(experiment, map, transaction));
  await deleteStaticMapobjects(experiment, query);
  for (const name of Object.keys(STATIC_TYPES))
    if (isStaticType(name)) await createType(experiment, query, { name, map });
}

/** Removes the types `Plates`, `Wells` and `Sites` with their objects; never a user's own. @throws whatever a query throws */
export async function deleteStaticMapobjects(experiment: Experiment, query?: Query): Promise<void> {
  await (query ?? experiment.query).deleteFrom("mapobjectTypes").where("refType", "is not", null).execute();
}

async function createType(
  experiment: Experiment,
  query: Query,
  { name, map }: { readonly name: StaticType; readonly map: StaticMap },
): Promise<void> {
  const { refType, of, zoomsShown } = STATIC_TYPES[name];
  const { id: mapobjectTypeId } = await query
    .insertInto("mapobjectTypes")
    .values({ name, refType })
    .returning("id")
    .executeTakeFirstOrThrow();
  const polygonThresh = Math.max(0, map.maxZoom - zoomsShown);
  const layer = { mapobjectTypeId, tpoint: -1, zplane: -1, polygonThresh, centroidThresh: 0 };
  const { id: segmentationLayerId } = await query
    .insertInto("segmentationLayers")
    .values({ ...layer, revision: crypto.randomUUID() })
    .returning("id")
    .executeTakeFirstOrThrow();
  const boxes = map[of];
  if (boxes.length === 0) return;
  const first = await experiment.reserveIds(query, "mapobjects", boxes.length);
  await experiment.insertRows(query, {
    table: "mapobjects",
    rows: boxes.map((box, i) => ({ id: first + i, mapobjectTypeId, refId: box.id })),
  });
  const rows = boxes.map((box, i) => ({ mapobjectId: first + i, segmentationLayerId, ...frameRow(box) }));
  await experiment.insertRows(query, { table: "mapobjectSegmentations", rows });
}

function frameRow(box: PlacedBox) {
  const shape: Shape = { kind: "polygons", polygons: [[frameOf(box)]] };
  const { y, x } = centroidOf(shape);
  return { geometry: formatWkb(shape), centroidY: y, centroidX: x, ...pixelBounds(shape) };
}

function frameOf({ y, x, height, width }: PlacedBox): Ring {
  const [before, after] = Math.min(height, width) < 4 ? [0, 0] : [1, 2];
  const [left, right] = [x + before, x + width - after];
  const [top, bottom] = [y + before, y + height - after];
  return Float64Array.of(right, top, left, top, left, bottom, right, bottom, right, top);
}
