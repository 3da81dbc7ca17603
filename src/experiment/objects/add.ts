/** Objects into the tables: all or none. */
import { z } from "zod";
import { progressTeller, requireNotAborted, VitrineError } from "../../core/index.ts";
import { type OptionKeys, parseWithSchema, requireKnownOptions } from "../../io/index.ts";
import type { Experiment, Query } from "../experiment.ts";
import { type BrokenOutlines, OutlineChecker, type OutlinePlacement, placeShape } from "./checkOutlines.ts";
import { parseGeometry } from "./geometry.ts";
import { type NewMapobject, OBJECT_TYPES, type RawMapobject, type RawOutline } from "./mapobject.ts";
import { mapSizeOf } from "./mapSize.ts";
import { ALL, insertType, requireUserType } from "./types.ts";
import { MapobjectWriter } from "./writer.ts";

/** Options of {@link addMapobjects} and of what reads files. */
export interface AddMapobjectsOptions {
  /** For outlines that tell none; default: they hold for all. */
  readonly timepoint?: number;
  readonly zplane?: number;
  /** Default `refuse`. */
  readonly broken?: BrokenOutlines;
  /** Remove the type's objects of before; default: they stay. */
  readonly replace?: boolean;
  readonly placement?: OutlinePlacement;
  readonly signal?: AbortSignal;
  readonly onLog?: (message: string, kind: "note" | "warning") => void;
  readonly onProgress?: Parameters<typeof progressTeller>[0];
}

const PLACEMENT_KEYS: OptionKeys<OutlinePlacement> = { flipY: true, scale: true, y: true, x: true };

/** The keys of {@link AddMapobjectsOptions}. */
export const ADD_KEYS: OptionKeys<AddMapobjectsOptions> = {
  timepoint: true,
  zplane: true,
  broken: true,
  replace: true,
  placement: true,
  signal: true,
  onLog: true,
  onProgress: true,
};

const text = z.string().optional();
const index = z.int().min(0).optional();

/** An outline of an object, as callers give it; geometries are read by `parseGeometry`. */
export const segmentationSchema = z.strictObject({
  timepoint: index,
  zplane: index,
  label: index,
  geometry: z.unknown(),
  nucleus: z.unknown().optional(),
});

/** What callers of another language may get wrong. */
export const objectSchema = z.strictObject({
  name: text,
  objectType: z.enum(OBJECT_TYPES).optional(),
  className: text,
  classColor: z
    .string()
    .regex(/^[0-9A-Fa-f]{6}$/)
    .optional(),
  externalId: text,
  segmentations: z.array(segmentationSchema).min(1),
  features: z
    .array(
      z.strictObject({
        timepoint: index,
        values: z.record(
          z.string(),
          z.union([z.number(), z.nan(), z.literal([Infinity, -Infinity]), z.null()]),
        ),
      }),
    )
    .optional(),
});

/** What was added. */
export interface AddMapobjectsReport {
  readonly type: string;
  readonly objects: number;
  readonly segmentations: number;
  /** Names of features that the objects have. */
  readonly features: readonly string[];
  /** Objects that were left out. */
  readonly skipped: number;
}

/** Objects that are written together. */
const BATCH = 4000;

/**
 * Adds objects to a type, which is made where it is not there: all of them or none.
 *
 * @throws {VitrineError} format: a broken outline; range: one beyond the map, an experiment's own type; unsupported: another geometry;
 *   aborted, busy, storage
 */
export async function addMapobjects(
  experiment: Experiment,
  {
    type,
    objects,
  }: { readonly type: string; readonly objects: Iterable<NewMapobject> | AsyncIterable<NewMapobject> },
  options: AddMapobjectsOptions = {},
): Promise<AddMapobjectsReport> {
  requireKnownOptions("addMapobjects", options, ADD_KEYS);
  return addRawMapobjects(experiment, { type, objects: rawObjects(objects) }, options);
}

/** Objects of callers as those that are written; checked but for their outlines. @throws {VitrineError} format */
export async function* rawObjects(
  objects: Iterable<NewMapobject> | AsyncIterable<NewMapobject>,
): AsyncGenerator<RawMapobject> {
  let index = 0;
  for await (const { segmentations, ...object } of objects) {
    const at = `object ${index++}`;
    parseWithSchema({ ...object, segmentations }, objectSchema, at);
    const outlines = segmentations.map(({ geometry, nucleus, ...where }): RawOutline => {
      const inner = nucleus && parseGeometry(nucleus, `${at} nucleus`);
      const { shape, closedRings } = parseGeometry(geometry, at);
      const closed = closedRings + (inner?.closedRings ?? 0);
      return { ...where, shape, nucleus: inner?.shape, closedRings: closed };
    });
    yield { ...object, at, outlines };
  }
}

/** {@link addMapobjects} of what a file's reader gives. @throws {VitrineError} as there, and what the reader throws */
export async function addRawMapobjects(
  experiment: Experiment,
  { type, objects }: { readonly type: string; readonly objects: AsyncIterable<RawMapobject> },
  options: AddMapobjectsOptions = {},
): Promise<AddMapobjectsReport> {
  requireKnownOptions("placement", options.placement, PLACEMENT_KEYS);
  requireUserType(type);
  const { broken = "refuse", signal, onLog } = options;
  const tell = progressTeller(options.onProgress, { unit: "objects" });
  const { report, warnings } = await experiment.transaction(async (query) => {
    const checker = new OutlineChecker({ broken, map: await mapSizeOf(query) });
    const writer = new MapobjectWriter(experiment, query, await typeFor(query, type, options));
    let batch: RawMapobject[] = [];
    const write = async () => {
      await writer.write(batch);
      tell(writer.objects, Infinity);
      batch = [];
    };
    for await (const object of objects) {
      const checked = checkObject(object, checker, options);
      if (checked !== undefined) batch.push(checked);
      if (batch.length < BATCH) continue;
      requireNotAborted(signal, type);
      await write();
    }
    requireNotAborted(signal, type);
    await write();
    await writer.finish();
    const { objects: added, segmentations, features } = writer;
    const counts = { objects: added, segmentations, features, skipped: checker.skipped };
    return { report: { type, ...counts }, warnings: [...checker.warnings(), ...writer.warnings()] };
  });
  for (const warning of warnings) onLog?.(warning, "warning");
  return report;
}

async function typeFor(
  query: Query,
  name: string,
  { replace = false, onLog }: AddMapobjectsOptions,
): Promise<number> {
  const found = await query
    .selectFrom("mapobjectTypes")
    .select("id")
    .where("name", "=", name)
    .executeTakeFirst();
  if (found === undefined) return insertType(query, name);
  if (replace) {
    await query.deleteFrom("segmentationLayers").where("mapobjectTypeId", "=", found.id).execute();
    await query.deleteFrom("features").where("mapobjectTypeId", "=", found.id).execute();
    await query.deleteFrom("mapobjects").where("mapobjectTypeId", "=", found.id).execute();
  } else {
    const { before } = await query
      .selectFrom("mapobjects")
      .select(({ fn }) => fn.countAll().as("before"))
      .where("mapobjectTypeId", "=", found.id)
      .executeTakeFirstOrThrow();
    const count = Number(before);
    const stay = count === 1 ? "1 object of before stays" : `${count} objects of before stay`;
    if (count > 0) onLog?.(`${name}: ${stay} (--replace removes them)`, "note");
  }
  return found.id;
}

/** The object in its place on the map and with valid outlines, or nothing where it is left out. */
export function checkObject(
  object: RawMapobject,
  checker: OutlineChecker,
  { timepoint, zplane, placement = {} }: AddMapobjectsOptions,
): RawMapobject | undefined {
  const outlines: RawOutline[] = [];
  for (const outline of object.outlines) {
    checker.addClosed(outline.closedRings ?? 0);
    const shape = checker.check(placeShape(outline.shape, placement), object);
    const nucleus =
      outline.nucleus &&
      checker.check(placeShape(outline.nucleus, placement), { at: `${object.at} nucleus` });
    if (shape === undefined || (outline.nucleus !== undefined && nucleus === undefined)) return undefined;
    const where = {
      timepoint: requireIndex(outline.timepoint ?? timepoint, `${object.at} timepoint`),
      zplane: requireIndex(outline.zplane ?? zplane, `${object.at} zplane`),
    };
    const label = outline.label === undefined ? undefined : requireIndex(outline.label, `${object.at} label`);
    outlines.push({ ...where, label, shape, nucleus });
  }
  return { ...object, outlines };
}

function requireIndex(value: number | undefined, at: string): number {
  if (value === undefined) return ALL;
  if (Number.isSafeInteger(value) && value >= 0 && value < 2 ** 31) return value;
  const expected = "a whole number of at least 0";
  throw new VitrineError({ code: "range", at, expected, found: String(value) });
}
