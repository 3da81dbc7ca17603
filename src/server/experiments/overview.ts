/** What an experiment holds, as a viewer wants it: layers, where plates, wells and sites lie on the map, types of objects. */
import { describeExperiment, type Experiment, listMapobjectTypes } from "../../experiment/index.ts";
import { siteCorrections } from "../../pyramid/index.ts";

/** Everything but pixels and objects. @throws whatever a query throws */
export async function overviewOf(experiment: Experiment) {
  const { directory, ...summary } = await describeExperiment(experiment);
  return {
    ...summary,
    layers: await layersOf(experiment),
    parts: await partsOf(experiment),
    types: await listMapobjectTypes(experiment),
    siteImages: await siteCorrections(experiment),
  };
}

/** Layers that were collected, with the channel of each. */
async function layersOf({ query }: Experiment) {
  return query
    .selectFrom("channelLayers as l")
    .innerJoin("channels as c", "c.id", "l.channelId")
    .select(["l.id as id", "c.name as channel", "color", "tpoint", "zplane", "minIntensity", "maxIntensity"])
    .select(["height", "width", "maxZoom"])
    .where("path", "is not", null)
    .orderBy("channelId")
    .orderBy("tpoint")
    .orderBy("zplane")
    .execute();
}

/** Boxes on the map, in pixels of full resolution. */
async function partsOf({ query }: Experiment) {
  const rows = await query
    .selectFrom("mapobjectSegmentations as s")
    .innerJoin("mapobjects as o", "o.id", "s.mapobjectId")
    .innerJoin("mapobjectTypes as t", "t.id", "o.mapobjectTypeId")
    .select(["t.refType as refType", "o.refId as refId", "minY", "minX", "maxY", "maxX"])
    .where("t.refType", "is not", null)
    .execute();
  const boxes = new Map(rows.map(({ refType, refId, ...box }) => [`${refType} ${refId}`, box]));
  const plates = await query.selectFrom("plates").select(["id", "name", "nRows", "nColumns"]).execute();
  const wells = await query
    .selectFrom("wells")
    .select(["id", "plateId", "name", "rowIndex", "columnIndex"])
    .orderBy("rowIndex")
    .orderBy("columnIndex")
    .execute();
  const sites = await query
    .selectFrom("sites")
    .select(["id", "wellId", "siteIndex"])
    .orderBy("siteIndex")
    .execute();
  const placed = <T extends { readonly id: number }>(list: readonly T[], kind: string) =>
    list.map((part) => ({ ...part, box: boxes.get(`${kind} ${part.id}`) ?? null }));
  return { plates: placed(plates, "Plate"), wells: placed(wells, "Well"), sites: placed(sites, "Site") };
}
