/** Plates, wells, cycles, channels, sites and image files, as rows that refer to one another by name. */
import { z } from "zod";
import { VitrineError } from "../core/index.ts";
import { parseWellName, parseWithSchema, wellName } from "../io/index.ts";
import type { PlateTable } from "./database/tables.ts";
import type { Experiment, Query } from "./experiment.ts";
import { readJsonFile } from "./json.ts";

const index = z.int().min(0);
const size = z.int().positive();
const name = z.string().min(1);

const wellSchema = z.strictObject({
  /** As on the plate: `B07`. */
  name,
  description: z.record(z.string(), z.json()).optional(),
});

const plateSchema = z.strictObject({
  name,
  nRows: size,
  nColumns: size,
  description: z.string().optional(),
  wells: z.array(wellSchema).optional(),
});

/** A plate with the wells that have images. */
export type PlateContent = z.input<typeof plateSchema>;

const cycleSchema = z.strictObject({ cycleIndex: index, name: name.optional() });

/** A round of staining and imaging. */
export type CycleContent = z.input<typeof cycleSchema>;

const channelSchema = z.strictObject({
  name,
  wavelength: name.optional(),
  /** Significant bits of its pixels, 1 to 32. */
  bitDepth: z.int().min(1).max(32),
  /** Which bits of 16-bit pixels count, where others are flags (4095: the lower twelve); default all. */
  pixelMask: z.int().min(1).max(65_535).optional(),
  /** Six hexadecimal digits. */
  color: z
    .string()
    .regex(/^[0-9A-Fa-f]{6}$/)
    .optional(),
});

/** A channel; those of later cycles have names of their own. */
export type ChannelContent = z.input<typeof channelSchema>;

const siteSchema = z.strictObject({
  plate: name,
  well: name,
  /** Its number in the well, from 0. */
  siteIndex: index,
  height: size,
  width: size,
  /** Row and column in the well's grid, from 0. */
  grid: z.tuple([index, index]).optional(),
  /** (y, x) of its upper left corner from the well's, pixels. */
  positionPx: z.tuple([z.number(), z.number()]).optional(),
  /** (y, x) of the stage, µm, y down. */
  positionUm: z.tuple([z.number(), z.number()]).optional(),
  omitted: z.boolean().optional(),
});

/** A site, by the names of its plate and well. */
export type SiteContent = z.input<typeof siteSchema>;

const imageSchema = z.strictObject({
  plate: name,
  well: name,
  siteIndex: index,
  cycleIndex: index,
  channel: name,
  tpoint: index,
  zplane: index,
  /** Relative to the experiment's folder, or absolute. */
  path: name,
  imageIndex: index.optional(),
  /** Which plane of that image, by its source's axes: `{ channel: 1 }`. */
  plane: z.record(z.string(), index).optional(),
});

/** Where the pixels of one plane of a site are. */
export type ImageContent = z.input<typeof imageSchema>;

const contentSchema = z.strictObject({
  plates: z.array(plateSchema).default([]),
  cycles: z.array(cycleSchema).default([]),
  channels: z.array(channelSchema).default([]),
  sites: z.array(siteSchema).default([]),
  images: z.array(imageSchema).default([]),
});

/** What is added to an experiment at once. */
export type ExperimentContent = z.input<typeof contentSchema>;

/** {@link ExperimentContent} with all lists. */
export type WholeContent = {
  readonly [List in keyof ExperimentContent]-?: NonNullable<ExperimentContent[List]>;
};

type Content = z.infer<typeof contentSchema>;

/**
 * Adds plates with wells, cycles, channels, sites and images: all of them or none. What later lists name may be in the
 * earlier ones, or in the experiment already.
 *
 * @throws {VitrineError} exists: a plate, well, channel, cycle, site or image that is there; missing: a name that nothing has;
 *   range: a well outside its plate; format: an unknown key; busy, storage
 */
export async function addContent(experiment: Experiment, content: ExperimentContent): Promise<void> {
  await experiment.transaction((query) => addContentWithin(experiment, query, content));
}

/** {@link addContent} within a transaction of its caller's. @throws {VitrineError} as there */
export async function addContentWithin(
  experiment: Experiment,
  query: Query,
  content: ExperimentContent,
): Promise<void> {
  const parsed = parseWithSchema(content, contentSchema, "addContent content");
  await addPlates(query, parsed);
  await addCycles(query, parsed);
  await addChannels(query, parsed);
  await addSites(experiment, query, parsed);
  await addImages(experiment, query, parsed);
}

/** What a file of JSON would add. @throws {VitrineError} missing, storage, format: as {@link addContent} */
export async function readContent(path: string): Promise<ExperimentContent> {
  return parseWithSchema(await readJsonFile(path), contentSchema, path);
}

async function addPlates(query: Query, { plates }: Content): Promise<void> {
  for (const { wells = [], description = "", ...plate } of plates) {
    const { id } = await query
      .insertInto("plates")
      .values({ ...plate, description })
      .returning("id")
      .executeTakeFirstOrThrow();
    await addWells(query, { ...plate, id }, wells);
  }
}

/** Adds wells to a plate that is there. @throws {VitrineError} exists: a well that is there; range: one outside the plate; format: its name */
export async function addWells(
  query: Query,
  plate: Pick<PlateTable, "name" | "nRows" | "nColumns"> & { readonly id: number },
  wells: NonNullable<PlateContent["wells"]>,
): Promise<void> {
  for (const well of wells) {
    const place = parseWellName(well.name);
    if (place.rowIndex >= plate.nRows || place.columnIndex >= plate.nColumns)
      throw new VitrineError({
        code: "range",
        at: `plate ${plate.name} well ${well.name}`,
        expected: `a well of ${plate.nRows} rows and ${plate.nColumns} columns`,
        found: `row ${place.rowIndex + 1}, column ${place.columnIndex + 1}`,
      });
    const text = JSON.stringify(well.description ?? {});
    const row = { plateId: plate.id, name: wellName(place), ...place, description: text };
    await query.insertInto("wells").values(row).execute();
  }
}

async function addCycles(query: Query, { cycles }: Content): Promise<void> {
  for (const { cycleIndex, name = `cycle ${cycleIndex}` } of cycles)
    await query.insertInto("cycles").values({ cycleIndex, name }).execute();
}

async function addChannels(query: Query, { channels }: Content): Promise<void> {
  for (const { wavelength = null, color = null, pixelMask = null, ...channel } of channels)
    await query
      .insertInto("channels")
      .values({ ...channel, wavelength, color, pixelMask })
      .execute();
}

async function addSites(experiment: Experiment, query: Query, { sites }: Content): Promise<void> {
  if (sites.length === 0) return;
  const wells = await wellIds(query);
  const rows = sites.map((site) => ({
    wellId: lookUp(wells, wellKey(site), `site ${site.siteIndex}: well`),
    siteIndex: site.siteIndex,
    gridRow: site.grid?.[0] ?? null,
    gridColumn: site.grid?.[1] ?? null,
    yPx: site.positionPx?.[0] ?? null,
    xPx: site.positionPx?.[1] ?? null,
    yUm: site.positionUm?.[0] ?? null,
    xUm: site.positionUm?.[1] ?? null,
    height: site.height,
    width: site.width,
    omitted: site.omitted ? 1 : 0,
  }));
  await experiment.insertRows(query, { table: "sites", rows });
}

async function addImages(experiment: Experiment, query: Query, { images }: Content): Promise<void> {
  if (images.length === 0) return;
  const [sites, cycles, channels] = [await siteIds(query), await cycleIds(query), await channelIds(query)];
  const rows = images.map((image) => ({
    siteId: lookUp(sites, siteKey(image), "image: site"),
    cycleId: lookUp(cycles, String(image.cycleIndex), "image: cycle"),
    channelId: lookUp(channels, image.channel, "image: channel"),
    tpoint: image.tpoint,
    zplane: image.zplane,
    path: image.path,
    imageIndex: image.imageIndex ?? 0,
    plane: JSON.stringify(image.plane ?? {}),
  }));
  await experiment.insertRows(query, { table: "imageFiles", rows });
}

/** How keys of maps separate names, which may hold anything else. */
const BETWEEN = "\u0000";

function wellKey({ plate, well }: { readonly plate: string; readonly well: string }): string {
  return [plate, wellName(parseWellName(well))].join(BETWEEN);
}

function siteKey(site: {
  readonly plate: string;
  readonly well: string;
  readonly siteIndex: number;
}): string {
  return [wellKey(site), site.siteIndex].join(BETWEEN);
}

async function wellIds(query: Query): Promise<Map<string, number>> {
  const rows = await query
    .selectFrom("wells")
    .innerJoin("plates", "plates.id", "wells.plateId")
    .select(["wells.id as id", "plates.name as plate", "wells.name as well"])
    .execute();
  return new Map(rows.map((row) => [wellKey(row), row.id]));
}

async function siteIds(query: Query): Promise<Map<string, number>> {
  const rows = await query
    .selectFrom("sites")
    .innerJoin("wells", "wells.id", "sites.wellId")
    .innerJoin("plates", "plates.id", "wells.plateId")
    .select(["sites.id as id", "plates.name as plate", "wells.name as well", "siteIndex"])
    .execute();
  return new Map(rows.map((row) => [siteKey(row), row.id]));
}

async function cycleIds(query: Query): Promise<Map<string, number>> {
  const rows = await query.selectFrom("cycles").select(["id", "cycleIndex"]).execute();
  return new Map(rows.map((row) => [String(row.cycleIndex), row.id]));
}

async function channelIds(query: Query): Promise<Map<string, number>> {
  const rows = await query.selectFrom("channels").select(["id", "name"]).execute();
  return new Map(rows.map((row) => [row.name, row.id]));
}

function lookUp(ids: ReadonlyMap<string, number>, key: string, at: string): number {
  const id = ids.get(key);
  if (id !== undefined) return id;
  throw new VitrineError({
    code: "missing",
    at,
    expected: "one that the experiment has",
    found: key.replaceAll(BETWEEN, " "),
    hint: "Add it first",
  });
}
