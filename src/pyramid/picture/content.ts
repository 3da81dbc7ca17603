import { requireNotAborted, VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import type { PlacedImage } from "../geometry/map.ts";
import type { ExperimentMap } from "../layers/experimentMap.ts";
import { type LayerKey, listLayers } from "../layers/layers.ts";
import type { PlateLayout } from "./layout.ts";
import type { PlatePictureOptions } from "./options.ts";
import { openSites, type SiteSource } from "./siteSources.ts";
import { WellPixels } from "./wellPixels.ts";

/** A well of the plate. */
export interface Well {
  readonly id: number;
  readonly rowIndex: number;
  readonly columnIndex: number;
  /** Where its pixels begin on the map. */
  readonly y: number;
  readonly x: number;
  readonly sites: readonly PlacedImage[];
}

/** A plate that is drawn. */
export interface DrawnPlate {
  readonly layers: readonly (LayerKey & { readonly color: string | null })[];
  readonly wells: readonly Well[];
  readonly layout: PlateLayout;
  readonly map: ExperimentMap;
}

/** @throws {VitrineError} missing: no such plate */
export async function plateNamed({ query, directory }: Experiment, name: string | undefined) {
  const plates = await query.selectFrom("plates").selectAll().orderBy("id").execute();
  const plate = name === undefined ? plates[0] : plates.find((one) => one.name === name);
  if (plate !== undefined) return plate;
  throw new VitrineError({
    code: "missing",
    at: `${directory} plates`,
    expected: name === undefined ? "a plate" : `one called ${name}`,
    found: plates.map((one) => one.name).join(", ") || "none",
  });
}

/** A layer a channel: the first time point and the middle plane, unless others are asked for. @throws {VitrineError} missing: none of these */
export async function chosenLayers(
  experiment: Experiment,
  options: PlatePictureOptions,
): Promise<DrawnPlate["layers"]> {
  const all = await listLayers(experiment);
  const names = options.channels ?? [...new Set(all.map(({ channel }) => channel))];
  const rows = await experiment.query.selectFrom("channels").select(["id", "color"]).execute();
  const tpoint = options.tpoint ?? Math.min(...all.map((layer) => layer.tpoint));
  return names.map((name) => {
    const own = all.filter(
      (layer) =>
        layer.channel === name &&
        layer.tpoint === tpoint &&
        (options.zplane === undefined || layer.zplane === options.zplane),
    );
    const layer = own[own.length >> 1];
    if (layer !== undefined)
      return { ...layer, color: rows.find(({ id }) => id === layer.channelId)?.color ?? null };
    const found = all.map(({ channel, tpoint: t, zplane: z }) => `${channel} t ${t} z ${z}`);
    throw new VitrineError({
      code: "missing",
      at: experiment.directory,
      expected: `images of channel ${name} at t ${tpoint}${options.zplane === undefined ? "" : `, z ${options.zplane}`}`,
      found: found.slice(0, 8).join(", ") || "none",
    });
  });
}

/** Wells of a plate that have places on the map. */
export async function wellsOf(
  { query }: Experiment,
  plateId: number,
  { map }: ExperimentMap,
): Promise<Well[]> {
  const rows = await query
    .selectFrom("wells")
    .selectAll()
    .where("plateId", "=", plateId)
    .orderBy("id")
    .execute();
  const sites = await query.selectFrom("sites").select(["id", "wellId"]).execute();
  const wellOf = new Map(sites.map(({ id, wellId }) => [id, wellId]));
  return map.wells.flatMap(({ id, y, x }) => {
    const row = rows.find((one) => one.id === id);
    if (row === undefined) return [];
    const { rowIndex, columnIndex } = row;
    return [
      { id, rowIndex, columnIndex, y, x, sites: map.sites.filter((site) => wellOf.get(site.id) === id) },
    ];
  });
}

/** What was read: values by channel and well. */
export interface WellValues {
  readonly channels: readonly ReadonlyMap<number, Float32Array>[];
  /** Wells with any pixel. */
  readonly shown: ReadonlySet<number>;
  readonly missing: ReadonlySet<number>;
}

/** Means of every well and channel, as large as they are drawn. @throws {VitrineError} aborted, storage */
export async function readWells(
  experiment: Experiment,
  { layers, wells, layout, map }: DrawnPlate,
  options: PlatePictureOptions,
): Promise<WellValues> {
  const [shown, missing] = [new Set<number>(), new Set<number>()];
  const channels: Map<number, Float32Array>[] = [];
  const total = layers.length * wells.length;
  let done = 0;
  for (const layer of layers) {
    await using sites = await openSites(experiment, layer, map.names);
    if (!sites.isLayer)
      options.onLog?.(
        `${layer.channel}: no layer is there yet (illuminati submit): its images are read`,
        "note",
      );
    const values = new Map<number, Float32Array>();
    for (const well of wells) {
      requireNotAborted(options.signal, "drawPlate");
      const pixels = new WellPixels(layout.cell, layout.shrink);
      for (const site of well.sites)
        if (await addSite(pixels, { site, well, sites, shrink: layout.shrink, options })) shown.add(well.id);
        else missing.add(site.id);
      values.set(well.id, pixels.means());
      options.onProgress?.({ done: ++done, total });
    }
    channels.push(values);
  }
  return { channels, shown, missing };
}

interface OneSite {
  readonly site: PlacedImage;
  readonly well: Well;
  readonly sites: SiteSource;
  readonly shrink: number;
  readonly options: PlatePictureOptions;
}

/** @returns whether the site shows anything */
async function addSite(
  pixels: WellPixels,
  { site, well, sites, shrink, options }: OneSite,
): Promise<boolean> {
  try {
    const found = await sites.read(site, shrink, options.signal);
    if (found === undefined) return false;
    pixels.add(found, { y: site.y - well.y, x: site.x - well.x });
    return true;
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code === "aborted") throw error;
    options.onLog?.(`${error.message} The site is marked as missing.`, "warning");
    return false;
  }
}
