import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { createStaticMapobjects, type Experiment, type Query } from "../../experiment/index.ts";
import { makeFolder, parseWithSchema } from "../../io/index.ts";
import type { StoredResult } from "../../jobs/index.ts";
import { type TilePack, writeArchive } from "../archive/merge.ts";
import { pyramidLevels, TILE_SIZE } from "../geometry/levels.ts";
import type { PlacedImage } from "../geometry/map.ts";
import { readCycleShifts } from "../layers/alignment.ts";
import { type ExperimentMap, readExperimentMap } from "../layers/experimentMap.ts";
import { layerName, layerPath } from "../layers/layers.ts";
import { type BatchLayer, type TilesBatch, tilesBatchSchema } from "../tiles/batch.ts";
import { PACK_FILES } from "./packFiles.ts";

/** A layer that was collected. */
export interface CollectedLayer {
  readonly name: string;
  /** Of its archive, below the experiment's folder. */
  readonly path: string;
  readonly tiles: number;
  /** Names of sites that could not be read and are black. */
  readonly missing: readonly string[];
}

/** What `collectLayers` did. */
export interface CollectReport {
  readonly layers: readonly CollectedLayer[];
  /** Plates as OME-Zarr, below the experiment's folder, where they were asked for. */
  readonly multiscales: readonly string[];
}

/** What the jobs of one layer left. */
interface LayerResults {
  readonly layer: BatchLayer;
  readonly packs: (ReturnType<typeof toldBy> & { readonly result: StoredResult })[];
}

/**
 * Joins the packs of all jobs to an archive a layer, then writes the rows of the layers and the map objects of plates, wells and sites, all
 * of them or none. It may run again: archives and rows are replaced.
 *
 * @throws {VitrineError} format: results that do not fit together, or sites that were changed since the batches were made; busy, storage
 */
export async function collectLayers(
  experiment: Experiment,
  results: AsyncIterable<StoredResult>,
  { onLog = () => {} }: { readonly onLog?: (message: string, kind: "warning" | "note") => void } = {},
): Promise<Pick<CollectReport, "layers">> {
  const map = await readExperimentMap(experiment);
  const { layers, align } = await byLayer(results, map);
  await makeFolder(`${experiment.directory}/layers`);
  const collected: CollectedLayer[] = [];
  for (const { layer, packs } of layers) {
    const path = layerPath(layer);
    const missing = [...new Set(packs.flatMap((pack) => pack.missing))];
    await writeArchive(`${experiment.directory}/${path}`, {
      packs: await packsOf(packs),
      metadata: { ...metadataOf(layer), ...(missing.length > 0 && { missing }) },
    });
    const tiles = packs.reduce((sum, pack) => sum + pack.tiles, 0);
    if (missing.length > 0)
      onLog(
        `${layerName(layer)}: ${missing.length === 1 ? "a site could not be read and is" : `${missing.length} sites could not be read and are`} black: ${listed(missing)}`,
        "warning",
      );
    collected.push({ name: layerName(layer), path, tiles, missing });
  }
  const shifts = align ? await readCycleShifts(experiment) : undefined;
  const sites = map.map.sites.map((site) => shifts?.alignedBox(site) ?? site);
  await experiment.transaction((query) => writeRows(experiment, query, { layers, map, sites }));
  return { layers: collected };
}

async function byLayer(results: AsyncIterable<StoredResult>, map: ExperimentMap) {
  const layers = new Map<number, LayerResults>();
  let align = false;
  for await (const result of results) {
    const at = `${result.phase} ${result.index}`;
    const batch: TilesBatch = parseWithSchema(result.batch, tilesBatchSchema, at);
    const { layer } = batch;
    requireSameMap(layer, map);
    if (batch.kind === "sites") align ||= batch.align;
    const known = layers.get(layer.id) ?? { layer, packs: [] };
    layers.set(layer.id, known);
    known.packs.push({ result, ...toldBy(result, at) });
  }
  return { layers: [...layers.values()].sort((a, b) => a.layer.id - b.layer.id), align };
}

const RESULT = z.object({ tiles: z.int(), missing: z.array(z.string()).default([]) });

function toldBy({ value }: StoredResult, at: string) {
  const { tiles, missing } = parseWithSchema(value, RESULT, at);
  return { tiles, missing };
}

/** Names that a warning lists. */
const LISTED = 5;

function listed(names: readonly string[]): string {
  return `${names.slice(0, LISTED).join(", ")}${names.length > LISTED ? ", …" : ""}`;
}

function requireSameMap({ levels: [{ height, width }] }: BatchLayer, { map }: ExperimentMap): void {
  if (map.height === height && map.width === width) return;
  throw new VitrineError({
    code: "format",
    at: "illuminati collect",
    expected: `a map of ${height} x ${width} pixels, for which the jobs have run`,
    found: `${map.height} x ${map.width}: sites were added or changed since`,
    hint: "Make the batches anew: vitrine illuminati EXPERIMENT init",
  });
}

async function packsOf(packs: LayerResults["packs"]): Promise<TilePack[]> {
  const read: TilePack[] = [];
  for (const { result } of packs) {
    const path = result.path(PACK_FILES.tiles);
    if (path === undefined)
      throw new VitrineError({
        code: "missing",
        at: `${result.phase} ${result.index}`,
        expected: "a file of tiles",
        found: "results in memory",
      });
    read.push({ path, index: await result.read(PACK_FILES.index) });
  }
  return read;
}

function metadataOf(layer: BatchLayer) {
  const { channel, tpoint, zplane, minIntensity, maxIntensity, levels } = layer;
  const [{ height, width }] = levels;
  const range = { minIntensity, maxIntensity };
  const size = { height, width, tileSize: TILE_SIZE, levels: pyramidLevels({ height, width }) };
  return { name: layerName(layer), ...size, ...range, channel, tpoint, zplane };
}

interface Rows {
  readonly layers: readonly LayerResults[];
  readonly map: ExperimentMap;
  /** As they are on the layers, aligned between cycles. */
  readonly sites: readonly PlacedImage[];
}

async function writeRows(experiment: Experiment, query: Query, { layers, map, sites }: Rows): Promise<void> {
  await query.deleteFrom("channelLayers").execute();
  const rows = layers.map(({ layer }) => {
    const { channelId, tpoint, zplane, minIntensity, maxIntensity, levels } = layer;
    const { height, width } = levels[0];
    const place = { height, width, maxZoom: levels.length - 1, path: layerPath(layer) };
    return { channelId, tpoint, zplane, minIntensity, maxIntensity, ...place };
  });
  await experiment.insertRows(query, { table: "channelLayers", rows });
  const { plates, wells } = map.map;
  const maxZoom = map.levels.length - 1;
  await createStaticMapobjects(experiment, { plates, wells, sites, maxZoom }, query);
}
