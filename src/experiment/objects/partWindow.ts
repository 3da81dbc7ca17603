/** Where a plate, well or site lies on the map. */
import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { parseWellName, wellName } from "../../io/index.ts";
import type { Experiment } from "../experiment.ts";
import type { MapWindow } from "./fill.ts";
import type { StaticType } from "./static.ts";

/** A part of an experiment by its names: a plate, a well of it, a site of that well. */
export interface MapPart {
  /** Default: the only one. */
  readonly plate?: string;
  /** As `B03`. */
  readonly well?: string;
  /** Its number in the well, from 0. */
  readonly site?: number;
}

const KEYS: OptionKeys<MapPart> = { plate: true, well: true, site: true };

/**
 * The pixels of a plate, well or site on the map, by the map objects that `createStaticMapobjects` made.
 *
 * @throws {VitrineError} missing: nothing of this name, or no map yet; undeterminable: several plates and none named
 */
export async function windowOfPart(experiment: Experiment, part: MapPart): Promise<MapWindow> {
  requireKnownOptions("windowOfPart", part, KEYS);
  const { type, refId } = await findPart(experiment, part);
  const box = await experiment.query
    .selectFrom("mapobjectSegmentations as s")
    .innerJoin("mapobjects as o", "o.id", "s.mapobjectId")
    .innerJoin("mapobjectTypes as t", "t.id", "o.mapobjectTypeId")
    .select(["minY", "minX", "maxY", "maxX"])
    .where("t.name", "=", type)
    .where("o.refId", "=", refId)
    .executeTakeFirst();
  if (box === undefined)
    throw missing(part, `a map on which ${type} are`, "none: run vitrine illuminati EXPERIMENT collect");
  // outlines run one pixel within at the top and on the left, two at the bottom and on the right
  const { minY, minX, maxY, maxX } = box;
  return { y: minY - 1, x: minX - 1, height: maxY - minY + 3, width: maxX - minX + 3 };
}

/**
 * The number of a site in the experiment's tables.
 *
 * @throws {VitrineError} missing: nothing of this name; undeterminable: several plates and none named
 */
export async function siteIdOfPart(
  experiment: Experiment,
  part: MapPart & { readonly well: string; readonly site: number },
): Promise<number> {
  requireKnownOptions("siteIdOfPart", part, KEYS);
  return (await findPart(experiment, part)).refId;
}

async function findPart(
  { query }: Experiment,
  part: MapPart,
): Promise<{ readonly type: StaticType; readonly refId: number }> {
  const plates = await query.selectFrom("plates").select(["id", "name"]).orderBy("id").execute();
  const chosen = plates.filter(({ name }) => part.plate === undefined || name === part.plate);
  const names = plates.map(({ name }) => name).join(", ") || "none";
  if (chosen.length === 0) throw missing(part, "a plate of the experiment", names);
  if (chosen.length > 1)
    throw new VitrineError({
      code: "undeterminable",
      at: textOf(part),
      expected: "the name of a plate",
      found: `several: ${names}`,
    });
  if (part.well === undefined) return { type: "Plates", refId: chosen[0].id };
  const name = wellName(parseWellName(part.well));
  const well = await query
    .selectFrom("wells")
    .select("id")
    .where("plateId", "=", chosen[0].id)
    .where("name", "=", name)
    .executeTakeFirst();
  if (well === undefined) throw missing(part, `a well of plate ${chosen[0].name}`, name);
  if (part.site === undefined) return { type: "Wells", refId: well.id };
  const site = await query
    .selectFrom("sites")
    .select("id")
    .where("wellId", "=", well.id)
    .where("siteIndex", "=", part.site)
    .executeTakeFirst();
  if (site === undefined) throw missing(part, `a site of well ${name}`, `number ${part.site}`);
  return { type: "Sites", refId: site.id };
}

function missing(part: MapPart, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "missing", at: textOf(part), expected, found });
}

function textOf({ plate = "", well, site }: MapPart): string {
  return [
    ...(plate === "" && well !== undefined ? [] : ["plate", plate]),
    ...(well === undefined ? [] : ["well", well]),
    ...(site === undefined ? [] : ["site", site]),
  ]
    .filter((word) => word !== "")
    .join(" ");
}
