import type { Experiment, ExperimentSettings } from "./experiment.ts";

/** What is on a plate. */
export interface PlateSummary {
  readonly name: string;
  readonly nRows: number;
  readonly nColumns: number;
  readonly wells: readonly WellSummary[];
}

/** What was imaged of a well. */
export interface WellSummary {
  readonly name: string;
  readonly sites: number;
  readonly images: number;
}

/** An experiment for a person: how many of what there are. */
export interface ExperimentSummary extends ExperimentSettings {
  readonly directory: string;
  readonly database: "sqlite" | "postgres";
  readonly plates: readonly PlateSummary[];
  readonly channels: readonly string[];
  readonly cycles: number;
  readonly timePoints: number;
  readonly zPlanes: number;
  readonly images: number;
  readonly layers: number;
  /** Numbers of map objects by their type. */
  readonly objects: Readonly<Record<string, number>>;
}

/** Counts what an experiment holds. @throws whatever a query throws */
export async function describeExperiment(experiment: Experiment): Promise<ExperimentSummary> {
  const { query } = experiment;
  const channels = await query.selectFrom("channels").select("name").orderBy("id").execute();
  const images = await query
    .selectFrom("imageFiles")
    .select((of) => [
      of.fn.countAll<number>().as("images"),
      of.fn.count<number>("tpoint").distinct().as("timePoints"),
      of.fn.count<number>("zplane").distinct().as("zPlanes"),
    ])
    .executeTakeFirstOrThrow();
  return {
    ...(await experiment.settings()),
    directory: experiment.directory,
    database: experiment.databaseKind,
    plates: await plateSummaries(experiment),
    channels: channels.map(({ name }) => name),
    cycles: await countOf(experiment, "cycles"),
    ...images,
    layers: await countOf(experiment, "channelLayers"),
    objects: await objectCounts(experiment),
  };
}

async function countOf({ query }: Experiment, table: "cycles" | "channelLayers"): Promise<number> {
  const count = query.selectFrom(table).select((of) => of.fn.countAll<number>().as("rows"));
  return (await count.executeTakeFirstOrThrow()).rows;
}

async function plateSummaries({ query }: Experiment): Promise<PlateSummary[]> {
  const plates = await query.selectFrom("plates").selectAll().orderBy("id").execute();
  const wells = await query
    .selectFrom("wells")
    .leftJoin("sites", "sites.wellId", "wells.id")
    .leftJoin("imageFiles", "imageFiles.siteId", "sites.id")
    .select((of) => [
      "wells.plateId as plateId",
      "wells.name as name",
      of.fn.count<number>("sites.id").distinct().as("sites"),
      of.fn.count<number>("imageFiles.id").as("images"),
    ])
    .groupBy(["wells.id", "wells.plateId", "wells.name", "wells.rowIndex", "wells.columnIndex"])
    .orderBy("wells.rowIndex")
    .orderBy("wells.columnIndex")
    .execute();
  return plates.map(({ id, name, nRows, nColumns }) => ({
    name,
    nRows,
    nColumns,
    wells: wells
      .filter(({ plateId }) => plateId === id)
      .map(({ name, sites, images }) => ({ name, sites, images })),
  }));
}

async function objectCounts({ query }: Experiment): Promise<Record<string, number>> {
  const rows = await query
    .selectFrom("mapobjectTypes")
    .leftJoin("mapobjects", "mapobjects.mapobjectTypeId", "mapobjectTypes.id")
    .select((of) => ["mapobjectTypes.name as name", of.fn.count<number>("mapobjects.id").as("count")])
    .groupBy(["mapobjectTypes.id", "mapobjectTypes.name"])
    .orderBy("mapobjectTypes.id")
    .execute();
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}
