/** Changes of single objects, with what undoes them. */
import { VitrineError } from "../../core/index.ts";
import { type OptionKeys, parseWithSchema, requireKnownOptions } from "../../io/index.ts";
import type { Experiment, Query } from "../experiment.ts";
import { checkObject, rawObjects } from "./add.ts";
import { OutlineChecker } from "./checkOutlines.ts";
import { classesOf, setClasses } from "./classes.ts";
import {
  type ClassAssignment,
  editSchema,
  type MapobjectEdit,
  type NumberedMapobject,
} from "./editSchema.ts";
import { idSlices, requireObjects } from "./idSlices.ts";
import type { Mapobject, MapobjectSegmentation, NewSegmentation, RawMapobject } from "./mapobject.ts";
import { mapSizeOf } from "./mapSize.ts";
import { mapobjectsOf } from "./read.ts";
import { insertType, requireTypeId, requireUserType } from "./types.ts";
import { MapobjectWriter } from "./writer.ts";

/** What an edit did. */
export interface MapobjectEditReport {
  /** Numbers of the objects that were added, in their order. */
  readonly added: readonly number[];
  /** The edit that takes it back; its own inverse does it again. Numbers of objects stay the same. */
  readonly inverse: MapobjectEdit;
}

/** Options of {@link editMapobjects}. */
export interface EditMapobjectsOptions {
  /** Everything is looked at, and nothing kept. */
  readonly isDryRun?: boolean;
}

const KEYS: OptionKeys<EditMapobjectsOptions> = { isDryRun: true };

/** Ends the transaction of a dry run. */
class NothingKept extends Error {
  readonly report: MapobjectEditReport;

  constructor(report: MapobjectEditReport) {
    super("a dry run");
    this.report = report;
  }
}

/**
 * Adds, changes, removes and classifies objects of a type: all of it or nothing. A type that is not there is made when objects are added to it.
 * Numbers that were measured of an object stay as they are when its outlines change.
 *
 * @throws {VitrineError} missing: an object that is not of the type; exists: a number that another object has; format: a broken outline; range:
 *   one beyond the map, an experiment's own type; busy, storage
 */
export async function editMapobjects(
  experiment: Experiment,
  edit: MapobjectEdit,
  options: EditMapobjectsOptions = {},
): Promise<MapobjectEditReport> {
  requireKnownOptions("editMapobjects", options, KEYS);
  const {
    type,
    add = [],
    change: changes = [],
    remove = [],
    classify = [],
  } = parseWithSchema(edit, editSchema, "edit");
  requireUserType(type);
  requireOnce([...remove, ...changes.map(({ id }) => id)]);
  requireOnce([...remove, ...classify.flatMap(({ ids }) => ids)]);
  const change = async (query: Query) => {
    const typeId = await typeOf(query, type, add.length > 0);
    const tools = { experiment, query, typeId, type, writer: new MapobjectWriter(experiment, query, typeId) };
    const before = {
      classify: await classesOf(
        query,
        typeId,
        classify.flatMap(({ ids }) => ids),
      ),
    };
    await setClasses(query, typeId, classify as readonly ClassAssignment[]);
    const changed = await changeOutlines(tools, changes as Changes);
    const removed = await removeObjects(tools, remove);
    const added = await addObjects(tools, add as readonly NumberedMapobject[]);
    await tools.writer.finish();
    const inverse: MapobjectEdit = {
      type,
      ...(removed.length > 0 && { add: removed }),
      ...(changed.length > 0 && { change: changed }),
      ...(added.length > 0 && { remove: added }),
      ...(before.classify.length > 0 && before),
    };
    return { added, inverse };
  };
  try {
    return await experiment.transaction(async (query) => {
      const report = await change(query);
      if (options.isDryRun) throw new NothingKept(report);
      return report;
    });
  } catch (error) {
    if (error instanceof NothingKept) return error.report;
    throw error;
  }
}

/** @throws {VitrineError} range: an object to which two things happen of which one undoes the other */
function requireOnce(ids: readonly number[]): void {
  if (new Set(ids).size === ids.length) return;
  throw new VitrineError({
    code: "range",
    at: "edit",
    expected: "each object once among those that change or are removed, and in one class",
    found: "one twice",
  });
}

type Changes = NonNullable<MapobjectEdit["change"]>;

interface Tools {
  readonly experiment: Experiment;
  readonly query: Query;
  readonly typeId: number;
  readonly type: string;
  readonly writer: MapobjectWriter;
}

async function typeOf(query: Query, name: string, isMade: boolean): Promise<number> {
  const found = await query
    .selectFrom("mapobjectTypes")
    .select("id")
    .where("name", "=", name)
    .executeTakeFirst();
  if (found !== undefined) return found.id;
  return isMade ? insertType(query, name) : requireTypeId(query, name);
}

/** Objects with valid outlines within the map. */
async function checked(query: Query, objects: Parameters<typeof rawObjects>[0]): Promise<RawMapobject[]> {
  const checker = new OutlineChecker({ broken: "refuse", map: await mapSizeOf(query) });
  const valid: RawMapobject[] = [];
  for await (const object of rawObjects(objects)) {
    const one = checkObject(object, checker, {});
    if (one !== undefined) valid.push(one);
  }
  return valid;
}

async function addObjects({ experiment, query, writer }: Tools, objects: readonly NumberedMapobject[]) {
  if (objects.length === 0) return [];
  const raw = await checked(
    query,
    objects.map(({ id, ...object }) => object),
  );
  const given = objects.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const first = await experiment.reserveIds(query, "mapobjects", objects.length);
  // numbers of PostgreSQL never come back; SQLite gives that of the last object anew
  await requireFree(query, given, experiment.databaseKind === "postgres" ? first : Number.POSITIVE_INFINITY);
  let next = given.reduce((most, id) => Math.max(most, id + 1), first);
  const ids = objects.map(({ id }) => id ?? next++);
  await writer.writeAs(ids, raw);
  return ids;
}

/** An object that was removed gets its number back, unless somebody else has it by now. */
async function requireFree(query: Query, ids: readonly number[], next: number): Promise<void> {
  const isTwice = new Set(ids).size < ids.length;
  for (const slice of idSlices(ids)) {
    const taken = await query.selectFrom("mapobjects").select("id").where("id", "in", slice).execute();
    const wrong = taken[0]?.id ?? slice.find((id) => id >= next) ?? (isTwice ? "one given twice" : undefined);
    if (wrong === undefined) continue;
    const fault = {
      code: "exists",
      at: "edit add id",
      expected: "numbers of objects that were removed",
    } as const;
    throw new VitrineError({
      ...fault,
      found: `${wrong}`,
      hint: "Leave the number out: the object gets a new one",
    });
  }
}

async function removeObjects({ query, typeId, type }: Tools, ids: readonly number[]) {
  if (ids.length === 0) return [];
  await requireObjects(query, { typeId, ids });
  const removed: NumberedMapobject[] = [];
  for await (const object of mapobjectsOf(query, type, { ids })) removed.push(newObjectOf(object));
  await touchLayers({ query, typeId });
  for (const slice of idSlices(ids)) await query.deleteFrom("mapobjects").where("id", "in", slice).execute();
  return removed;
}

async function changeOutlines({ query, typeId, type, writer }: Tools, changes: Changes) {
  if (changes.length === 0) return [];
  const ids = changes.map(({ id }) => id);
  await requireObjects(query, { typeId, ids });
  const raw = await checked(
    query,
    changes.map(({ segmentations }) => ({ segmentations })),
  );
  const before: Changes[number][] = [];
  for await (const { id, segmentations } of mapobjectsOf(query, type, { ids }))
    before.push({ id, segmentations: segmentations.map(newSegmentationOf) });
  await touchLayers({ query, typeId });
  for (const slice of idSlices(ids))
    await query.deleteFrom("mapobjectSegmentations").where("mapobjectId", "in", slice).execute();
  await writer.writeOutlines(raw.map(({ outlines }, i) => ({ id: ids[i], outlines })));
  return before;
}

/** Those who keep outlines in memory read them anew. */
async function touchLayers({ query, typeId }: Pick<Tools, "query" | "typeId">): Promise<void> {
  await query
    .updateTable("segmentationLayers")
    .set({ revision: crypto.randomUUID() })
    .where("mapobjectTypeId", "=", typeId)
    .execute();
}

/** An object that is kept as one to add. */
function newObjectOf({ refId, segmentations, features, ...object }: Mapobject): NumberedMapobject {
  const { id, ...traits } = object;
  const known = Object.fromEntries(Object.entries(traits).filter(([, value]) => value !== null));
  return {
    id,
    ...known,
    segmentations: segmentations.map(newSegmentationOf),
    ...(features.length > 0 && {
      features: features.map(({ timepoint, values }) => ({
        ...(timepoint !== null && { timepoint }),
        values,
      })),
    }),
  };
}

function newSegmentationOf(segmentation: MapobjectSegmentation): NewSegmentation {
  const { timepoint, zplane, label, geometry, nucleus } = segmentation;
  return {
    ...(timepoint !== null && { timepoint }),
    ...(zplane !== null && { zplane }),
    ...(label !== null && { label }),
    geometry,
    ...(nucleus !== null && { nucleus }),
  };
}
