/** Types of map objects: cells, nuclei, particles, and the experiment's own plates, wells and sites. */
import { VitrineError } from "../../core/index.ts";
import type { Experiment, Query } from "../experiment.ts";
import { isStaticType } from "./static.ts";

/** A type of map objects, and how much there is of it. */
export interface MapobjectType {
  readonly name: string;
  /** What its objects stand for; null: a user's own. */
  readonly refType: "Plate" | "Well" | "Site" | null;
  readonly objects: number;
  readonly layers: readonly MapobjectLayer[];
  /** Names of the numbers that are kept of its objects. */
  readonly features: readonly string[];
}

/** The outlines of a type at a time point and z plane. */
export interface MapobjectLayer {
  /** Null: they hold for all. */
  readonly timepoint: number | null;
  readonly zplane: number | null;
  readonly objects: number;
}

/** All types in the order in which they were made. @throws whatever a query throws */
export async function listMapobjectTypes({ query }: Experiment): Promise<MapobjectType[]> {
  const types = await query
    .selectFrom("mapobjectTypes as t")
    .leftJoin("mapobjects as o", "o.mapobjectTypeId", "t.id")
    .select((of) => [
      "t.id as id",
      "t.name as name",
      "t.refType as refType",
      of.fn.count<number>("o.id").as("objects"),
    ])
    .groupBy(["t.id", "t.name", "t.refType"])
    .orderBy("t.id")
    .execute();
  const layers = await query
    .selectFrom("segmentationLayers as l")
    .leftJoin("mapobjectSegmentations as s", "s.segmentationLayerId", "l.id")
    .select((of) => [
      "l.mapobjectTypeId as typeId",
      "tpoint",
      "zplane",
      of.fn.count<number>("s.id").as("objects"),
    ])
    .groupBy(["l.id", "l.mapobjectTypeId", "tpoint", "zplane"])
    .orderBy("tpoint")
    .orderBy("zplane")
    .execute();
  const features = await query
    .selectFrom("features")
    .select(["mapobjectTypeId", "name"])
    .orderBy("id")
    .execute();
  return types.map(({ id, ...type }) => ({
    ...type,
    layers: layers
      .filter(({ typeId }) => typeId === id)
      .map(({ tpoint, zplane, objects }) => ({
        timepoint: fromAll(tpoint),
        zplane: fromAll(zplane),
        objects,
      })),
    features: features.filter(({ mapobjectTypeId }) => mapobjectTypeId === id).map(({ name }) => name),
  }));
}

/** How the tables write that something holds for all time points or z planes. */
export const ALL = -1;

function fromAll(index: number): number | null {
  return index === ALL ? null : index;
}

/** Makes a type without objects. @throws {VitrineError} exists: there is one; range: an empty name, or one of the experiment's own types */
export async function createMapobjectType(experiment: Experiment, name: string): Promise<void> {
  await insertType(experiment.query, requireUserType(name));
}

/** Makes a type, and tells its number. */
export async function insertType(query: Query, name: string): Promise<number> {
  const row = { name, refType: null };
  const { id } = await query
    .insertInto("mapobjectTypes")
    .values(row)
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** Gives a type another name. @throws {VitrineError} missing: no such type; exists: one of the new name; range: an experiment's own type */
export async function renameMapobjectType(experiment: Experiment, from: string, to: string): Promise<void> {
  await experiment.transaction(async (query) => {
    const id = await requireTypeId(query, requireUserType(from));
    const name = requireUserType(to);
    const other = await query
      .selectFrom("mapobjectTypes")
      .select("id")
      .where("name", "=", name)
      .executeTakeFirst();
    if (other !== undefined && other.id !== id) throw nameTaken(name);
    await query.updateTable("mapobjectTypes").set({ name }).where("id", "=", id).execute();
  });
}

function nameTaken(name: string): VitrineError {
  const hint = "Choose another name, or delete that type first";
  const [expected, found] = ["a name that no type has", `a type ${name}`];
  return new VitrineError({ code: "exists", at: `map objects ${name}`, expected, found, hint });
}

/** Removes a type with its objects, outlines and features. @throws {VitrineError} missing: no such type; range: an experiment's own type */
export async function deleteMapobjectType(experiment: Experiment, name: string): Promise<void> {
  await experiment.transaction(async (query) => {
    const id = await requireTypeId(query, requireUserType(name));
    await query.deleteFrom("mapobjectTypes").where("id", "=", id).execute();
  });
}

/** The number of a type. @throws {VitrineError} missing: names those that there are */
export async function requireTypeId(query: Query, name: string): Promise<number> {
  const types = await query.selectFrom("mapobjectTypes").select(["id", "name"]).orderBy("id").execute();
  const found = types.find((type) => type.name === name);
  if (found !== undefined) return found.id;
  const names = types.map((type) => type.name);
  throw new VitrineError({
    code: "missing",
    at: `map objects ${name}`,
    expected: `one of the types ${names.join(", ") || "(there are none)"}`,
    found: JSON.stringify(name),
  });
}

/** A name that a user's type can have. @throws {VitrineError} range */
export function requireUserType(name: string): string {
  if (name !== "" && !isStaticType(name)) return name;
  throw new VitrineError({
    code: "range",
    at: `map objects ${name}`,
    expected: "the name of a type of your own",
    found: name === "" ? "none" : `${name}, which stands for the experiment's own`,
    hint: "Plates, Wells and Sites are made and removed by vitrine illuminati",
  });
}
