/** Layers of outlines that are asked for again and again are kept in memory; others are asked of the database, window by window. */
import { sql } from "kysely";
import type { Experiment } from "../experiment.ts";
import type { LayerState } from "./layerStates.ts";
import { type OutlineRow, OutlineTable } from "./outlineTable.ts";
import { BOXES, boxOf, type Rectangle } from "./windowTest.ts";

/** Windows of a layer that the database answers before the layer is loaded: one command asks a single one. */
const ASKED_BEFORE = 3;
/** Bytes of outlines (as WKB) of a layer that is kept, and of all that an experiment's are. */
const LARGEST_LAYER = 2 ** 28;
const LARGEST_TOTAL = 2 ** 29;
/** Rows that are read together. */
const PAGE = 10_000;

/** Outlines that may meet a window: their numbers in a table. */
export interface FoundOutlines {
  readonly table: OutlineTable;
  readonly outlines: Iterable<number>;
}

interface Entry {
  readonly revision: string;
  asked: number;
  bytes: number;
  table?: Promise<OutlineTable | undefined>;
}

const caches = new WeakMap<Experiment, Map<number, Entry>>();

/** The outlines of a layer whose boxes meet a rectangle, in the order in which they were written. @throws whatever a query throws */
export async function outlinesIn(
  experiment: Experiment,
  layer: LayerState,
  rectangle: Rectangle,
): Promise<FoundOutlines> {
  const kept = await keptTable(experiment, layer);
  const box = boxOf(rectangle);
  if (kept !== undefined) return { table: kept, outlines: kept.search(box) };
  const rows = await rowsOf(experiment, layer.id)
    .where(BOXES[experiment.databaseKind](box))
    .orderBy("s.id")
    .execute();
  // a window of many costs as much as the layer: the next one loads it
  const entry = caches.get(experiment)?.get(layer.id);
  if (rows.length > PAGE && entry?.revision === layer.revision) entry.asked = ASKED_BEFORE;
  const table = new OutlineTable(rows);
  return { table, outlines: Array.from(rows, (_, i) => i) };
}

function rowsOf({ query }: Experiment, layerId: number) {
  return query
    .selectFrom("mapobjectSegmentations as s")
    .select([
      "s.id as id",
      "mapobjectId",
      "label",
      "geometry",
      "centroidY",
      "centroidX",
      "minY",
      "minX",
      "maxY",
      "maxX",
    ])
    .where("segmentationLayerId", "=", layerId);
}

/** The layer in memory, where it is or should be. */
async function keptTable(
  experiment: Experiment,
  { id, revision }: LayerState,
): Promise<OutlineTable | undefined> {
  const cache = caches.get(experiment) ?? new Map<number, Entry>();
  caches.set(experiment, cache);
  let entry = cache.get(id);
  if (entry?.revision !== revision) entry = { revision, asked: 0, bytes: 0 };
  // the last one is the one that was asked last
  cache.delete(id);
  cache.set(id, entry);
  // rows that were written past this folder leave no revision to go by
  if (revision === "" || entry.asked++ < ASKED_BEFORE) return undefined;
  entry.table ??= loadTable(experiment, id, entry).finally(() => dropOldest(cache));
  entry.table.catch(() => cache.delete(id));
  return entry.table;
}

async function loadTable(
  experiment: Experiment,
  layerId: number,
  entry: Entry,
): Promise<OutlineTable | undefined> {
  const { bytes } = await experiment.query
    .selectFrom("mapobjectSegmentations")
    .select(sql<number | null>`sum(length(geometry))`.as("bytes"))
    .where("segmentationLayerId", "=", layerId)
    .executeTakeFirstOrThrow();
  if (Number(bytes) > LARGEST_LAYER) return undefined;
  entry.bytes = Number(bytes);
  const rows: OutlineRow[] = [];
  for (let last = 0; ; ) {
    const page = await rowsOf(experiment, layerId)
      .where("s.id", ">", last)
      .orderBy("s.id")
      .limit(PAGE)
      .execute();
    for (const row of page) rows.push(row);
    if (page.length < PAGE) return new OutlineTable(rows);
    last = page[page.length - 1].id;
  }
}

function dropOldest(cache: Map<number, Entry>): void {
  let total = [...cache.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  for (const [id, { bytes }] of cache) {
    if (total <= LARGEST_TOTAL) return;
    cache.delete(id);
    total -= bytes;
  }
}
