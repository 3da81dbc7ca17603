/** Objects out of the tables, some thousand at a time. */
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { Experiment, Query } from "../experiment.ts";
import type { MapWindow } from "./fill.ts";
import { geometryOf } from "./geometry.ts";
import type { Mapobject, MapobjectFeatureValues, MapobjectSegmentation } from "./mapobject.ts";
import { ALL, requireTypeId } from "./types.ts";
import { parseWkb } from "./wkb.ts";

/** Which objects of a type are read; default all. */
export interface ReadMapobjectsOptions {
  /** Those that have an outline at this time point or z plane, or one that holds for all; with those outlines alone. */
  readonly timepoint?: number;
  readonly zplane?: number;
  /** Those whose box of an outline meets this part of the map. */
  readonly window?: MapWindow;
  /** Those of these numbers, whatever order they are given in. */
  readonly ids?: readonly number[];
  readonly signal?: AbortSignal;
}

/** The keys of {@link ReadMapobjectsOptions}. */
export const READ_KEYS: OptionKeys<ReadMapobjectsOptions> = {
  timepoint: true,
  zplane: true,
  window: true,
  ids: true,
  signal: true,
};

/** Objects that are read together. */
const PAGE = 2000;

/**
 * Objects of a type with outlines and features, in the order of their numbers, as many at a time as a page holds.
 *
 * @throws {VitrineError} missing: no such type; and whatever a query throws
 */
export async function* readMapobjects(
  experiment: Experiment,
  type: string,
  options: ReadMapobjectsOptions = {},
): AsyncGenerator<Mapobject> {
  requireKnownOptions("readMapobjects", options, READ_KEYS);
  yield* mapobjectPages(experiment, type, options);
}

/** {@link readMapobjects} for those whose options hold more. @throws {VitrineError} as there */
export async function* mapobjectPages(
  experiment: Experiment,
  type: string,
  options: ReadMapobjectsOptions,
): AsyncGenerator<Mapobject> {
  yield* mapobjectsOf(experiment.query, type, options);
}

/** {@link mapobjectPages} within a transaction. @throws {VitrineError} as there */
export async function* mapobjectsOf(
  query: Query,
  type: string,
  options: ReadMapobjectsOptions,
): AsyncGenerator<Mapobject> {
  const typeId = await requireTypeId(query, type);
  const features = await query
    .selectFrom("features")
    .select(["id", "name"])
    .where("mapobjectTypeId", "=", typeId)
    .execute();
  const names = new Map(features.map(({ id, name }) => [id, name]));
  const wanted = options.ids && Float64Array.from(new Set(options.ids)).sort();
  for (let last = 0, taken = 0; ; taken += PAGE) {
    options.signal?.throwIfAborted();
    const ids = wanted?.subarray(taken, taken + PAGE);
    if (ids?.length === 0) return;
    const page = await readPage(query, { typeId, last, ids, names, options });
    yield* page.objects;
    if (page.last === undefined && wanted === undefined) return;
    last = page.last ?? last;
  }
}

interface PageOf {
  readonly typeId: number;
  /** The last object of the page before. */
  readonly last: number;
  /** Those that are read, at most a page's. */
  readonly ids: Float64Array | undefined;
  readonly names: ReadonlyMap<number, string>;
  readonly options: ReadMapobjectsOptions;
}

async function readPage(query: Query, { typeId, last, ids: wanted, names, options }: PageOf) {
  let page = query
    .selectFrom("mapobjects")
    .selectAll()
    .where("mapobjectTypeId", "=", typeId)
    .where("id", ">", last);
  if (wanted !== undefined) page = page.where("id", "in", [...wanted]);
  const rows = await page.orderBy("id").limit(PAGE).execute();
  const ids = { first: rows[0]?.id ?? 0, last: rows.at(-1)?.id ?? 0, typeId };
  const outlines = groupById(await outlineRows(query, ids, options));
  const values = groupById(names.size > 0 ? await valueRows(query, ids) : []);
  const isChosen =
    options.window !== undefined || options.timepoint !== undefined || options.zplane !== undefined;
  const objects = rows
    .filter(({ id }) => !isChosen || outlines.has(id))
    .map(
      ({ mapobjectTypeId, ...object }): Mapobject => ({
        ...object,
        segmentations: (outlines.get(object.id) ?? []).map(segmentationOf),
        features: featuresOf(values.get(object.id) ?? [], names),
      }),
    );
  return { objects, last: rows.length < PAGE ? undefined : ids.last };
}

interface IdRange {
  readonly first: number;
  readonly last: number;
  readonly typeId: number;
}

async function outlineRows(query: Query, ids: IdRange, options: ReadMapobjectsOptions) {
  const { timepoint, zplane, window } = options;
  let outlines = query
    .selectFrom("mapobjectSegmentations as s")
    .innerJoin("segmentationLayers as l", "l.id", "s.segmentationLayerId")
    .selectAll("s")
    .select(["tpoint", "zplane"])
    .where("l.mapobjectTypeId", "=", ids.typeId)
    .where("s.mapobjectId", ">=", ids.first)
    .where("s.mapobjectId", "<=", ids.last);
  if (timepoint !== undefined) outlines = outlines.where("tpoint", "in", [timepoint, ALL]);
  if (zplane !== undefined) outlines = outlines.where("zplane", "in", [zplane, ALL]);
  if (window !== undefined)
    outlines = outlines
      .where("minY", "<=", Math.floor(window.y + window.height))
      .where("maxY", ">=", Math.ceil(window.y))
      .where("minX", "<=", Math.floor(window.x + window.width))
      .where("maxX", ">=", Math.ceil(window.x));
  return outlines.orderBy("s.mapobjectId").orderBy("tpoint").orderBy("zplane").execute();
}

function valueRows(query: Query, { first, last, typeId }: IdRange) {
  return query
    .selectFrom("featureValues as v")
    .innerJoin("features as f", "f.id", "v.featureId")
    .select([
      "v.mapobjectId as mapobjectId",
      "v.featureId as featureId",
      "v.tpoint as tpoint",
      "v.value as value",
    ])
    .where("f.mapobjectTypeId", "=", typeId)
    .where("v.mapobjectId", ">=", first)
    .where("v.mapobjectId", "<=", last)
    .orderBy("v.mapobjectId")
    .orderBy("v.tpoint")
    .orderBy("v.featureId")
    .execute();
}

function groupById<Row extends { readonly mapobjectId: number }>(rows: readonly Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.mapobjectId);
    if (group === undefined) groups.set(row.mapobjectId, [row]);
    else group.push(row);
  }
  return groups;
}

type OutlineRow = Awaited<ReturnType<typeof outlineRows>>[number];

function segmentationOf(row: OutlineRow): MapobjectSegmentation {
  const at = `map object ${row.mapobjectId}`;
  const { minY, minX, maxY, maxX } = row;
  return {
    timepoint: row.tpoint === ALL ? null : row.tpoint,
    zplane: row.zplane === ALL ? null : row.zplane,
    label: row.label,
    geometry: geometryOf(parseWkb(row.geometry, at)),
    nucleus: row.nucleus === null ? null : geometryOf(parseWkb(row.nucleus, `${at} nucleus`)),
    centroid: { y: row.centroidY, x: row.centroidX },
    box: { minY, minX, maxY, maxX },
  };
}

interface ValueRow {
  readonly tpoint: number;
  readonly featureId: number;
  readonly value: number | null;
}

function featuresOf(rows: readonly ValueRow[], names: ReadonlyMap<number, string>): MapobjectFeatureValues[] {
  const found = new Map<number, Record<string, number | null>>();
  for (const { tpoint, featureId, value } of rows) {
    const values = found.get(tpoint) ?? {};
    values[names.get(featureId) ?? ""] = value;
    found.set(tpoint, values);
  }
  return [...found].map(([tpoint, values]) => ({ timepoint: tpoint === ALL ? null : tpoint, values }));
}
