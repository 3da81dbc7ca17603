import { z } from "zod";
import type { RunOptions } from "../../compute/index.ts";
import { requireKnownOptions, toFault, VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import { withPool } from "../../program/index.ts";
import type { PixelOffset } from "../geometry/levels.ts";
import { readExperimentMap } from "../layers/experimentMap.ts";
import { type LayerKey, layerImages, listLayers } from "../layers/layers.ts";
import { layerType } from "../step/planLayers.ts";
import type { BatchImage } from "../tiles/batch.ts";
import { SiteReader } from "../tiles/siteReader.ts";
import type { NominalSite } from "./edges.ts";
import { type MosaicRegistration, registerMosaic } from "./mosaic.ts";

const optionsSchema = z.strictObject({
  /** Name of the channel by which sites are registered; default: the first. */
  channel: z.string().optional(),
  /** Of one site against its neighbour; default 2.5 % of the side, at least 16. */
  maxShiftPx: z.int().min(1).optional(),
  /** Threads; default: all processors. */
  workers: z.int().min(1).optional(),
});

/** What {@link registerExperiment} takes. */
export type RegisterOptions = z.input<typeof optionsSchema>;

/** What {@link registerExperiment} found. */
export interface RegisterReport {
  readonly channel: string;
  readonly wells: number;
  /** Sites whose overlaps tell their place, and those that the model of the stage places. */
  readonly registered: number;
  readonly modelled: number;
  /** Overlaps that were compared, and those that count. */
  readonly overlaps: number;
  readonly trusted: number;
  /** By how much a site lies elsewhere than was thought, at most, pixels. */
  readonly largestPx: number;
}

/** How it is watched. */
export interface RegisterRun extends RunOptions {
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
  /** Gets the name of what computes. */
  readonly onBackend?: (name: string) => void;
}

/**
 * Finds where the overlapping sites of each well lie by their images, well by well, and stores it as the sites' places in pixels, which all layers
 * that are made from then on have. Positions of the stage in µm stay as they are.
 *
 * @throws {VitrineError} missing: no images of the channel; the errors of reading a site; aborted
 */
export async function registerExperiment(
  experiment: Experiment,
  options: RegisterOptions = {},
  run: RegisterRun = {},
): Promise<RegisterReport> {
  requireKnownOptions("registerExperiment", run, {
    onLog: true,
    onBackend: true,
    signal: true,
    onProgress: true,
  });
  const { signal, onProgress, onBackend, onLog = () => {} } = run;
  const { channel, maxShiftPx, workers } = parseWithSchema(
    options,
    optionsSchema,
    "registerExperiment options",
  );
  const layer = await chosenLayer(experiment, channel);
  const wells = await wellsOf(experiment, layer);
  const dtype = await layerType(
    wells.flatMap(({ files }) => files),
    `channel ${layer.channel}`,
  );
  const found: { readonly well: Well; readonly registration: MosaicRegistration }[] = [];
  await withPool(
    { ...(workers !== undefined && { workers }), ...(onBackend && { onBackend }) },
    async (pool) => {
      for (const well of wells) {
        await using reader = new SiteReader({ type: dtype, cacheBytes: 0 });
        const readSite = (i: number) => readOr(reader, well.images[i], onLog);
        const limits = { ...(maxShiftPx !== undefined && { maxShiftPx }), ...(signal && { signal }) };
        found.push({
          well,
          registration: await registerMosaic(pool, { sites: well.sites, readSite }, limits),
        });
        onProgress?.(found.length);
      }
    },
  );
  await store(experiment, found);
  return reportOf(layer, found, onLog);
}

/** A site that is missing or cannot be read has its place by the others: tiles will tell it as an error. */
async function readOr(
  reader: SiteReader,
  image: BatchImage | undefined,
  onLog: NonNullable<RegisterRun["onLog"]>,
) {
  if (image === undefined) return undefined;
  try {
    const { height, width, data } = await reader.read(image);
    return { height, width, data };
  } catch (error) {
    const { code, at, found } = toFault(error, image.site);
    if (code === "aborted") throw error;
    onLog(`${at}: not registered, found ${found}`, "warning");
    return undefined;
  }
}

/** A well, its sites in the order of acquisition, their places within it, and their images. */
interface Well {
  readonly name: string;
  readonly ids: readonly number[];
  readonly sites: readonly NominalSite[];
  readonly images: readonly (BatchImage | undefined)[];
  readonly files: Awaited<ReturnType<typeof layerImages>>;
}

/** The first time point and the middle plane of a channel. */
async function chosenLayer(experiment: Experiment, channel: string | undefined): Promise<LayerKey> {
  const layers = await listLayers(experiment);
  const own = layers.filter((layer) => layer.channel === (channel ?? layers[0].channel));
  if (own.length === 0) {
    const expected = channel === undefined ? "images" : `a channel ${channel}`;
    const found = [...new Set(layers.map((layer) => layer.channel))].join(", ") || "none";
    throw new VitrineError({ code: "missing", at: `${experiment.directory} channels`, expected, found });
  }
  const first = own.filter(({ tpoint }) => tpoint === own[0].tpoint);
  return first[first.length >> 1];
}

async function wellsOf(experiment: Experiment, layer: LayerKey): Promise<Well[]> {
  const { map, names } = await readExperimentMap(experiment);
  const files = await layerImages(experiment, layer);
  const fileOf = new Map(files.map((file) => [file.siteId, file]));
  const placeOf = new Map(map.sites.map((site) => [site.id, site]));
  const rows = await experiment.query
    .selectFrom("sites")
    .innerJoin("wells", "wells.id", "sites.wellId")
    .select(["sites.id as id", "wellId", "wells.name as well"])
    .orderBy("wellId")
    .orderBy("siteIndex")
    .execute();
  return map.wells.flatMap((corner): Well[] => {
    const own = rows.filter(({ id, wellId }) => wellId === corner.id && placeOf.has(id));
    if (own.length === 0) return [];
    const ids = own.map(({ id }) => id);
    const sites = ids.map((id) => {
      const { y, x, height, width } = placeOf.get(id)!;
      return { y: y - corner.y, x: x - corner.x, height, width };
    });
    const images = ids.map((id, i): BatchImage | undefined => {
      const file = fileOf.get(id);
      if (file === undefined) return undefined;
      const { path, imageIndex, plane, pixelMask } = file;
      return {
        ...sites[i],
        site: names.get(id) ?? `${id}`,
        path,
        imageIndex,
        pixelMask,
        plane,
        fraction: null,
        window: null,
      };
    });
    return [{ name: own[0].well, ids, sites, images, files: ids.flatMap((id) => fileOf.get(id) ?? []) }];
  });
}

/** All places of all wells, or none. A well's first pixel stays at 0 or beyond. */
async function store(
  experiment: Experiment,
  found: readonly { readonly well: Well; readonly registration: MosaicRegistration }[],
): Promise<void> {
  await experiment.transaction(async (query) => {
    for (const { well, registration } of found) {
      const corner = cornerOf(registration.positions);
      for (const [i, { y, x }] of registration.positions.entries())
        await query
          .updateTable("sites")
          .set({ yPx: y - corner.y, xPx: x - corner.x })
          .where("id", "=", well.ids[i])
          .execute();
    }
  });
}

/** The lowest row and column, where they are below 0. */
function cornerOf(positions: readonly PixelOffset[]): PixelOffset {
  const least = (of: (place: PixelOffset) => number) =>
    Math.floor(positions.reduce((lowest, place) => Math.min(lowest, of(place)), 0));
  return { y: least(({ y }) => y), x: least(({ x }) => x) };
}

function reportOf(
  { channel }: LayerKey,
  found: readonly { readonly well: Well; readonly registration: MosaicRegistration }[],
  onLog: NonNullable<RegisterRun["onLog"]>,
): RegisterReport {
  const all = found.flatMap(({ well, registration }) =>
    registration.positions.map((place, i) => ({ ...place, nominal: well.sites[i] })),
  );
  const edges = found.flatMap(({ registration }) => registration.edges);
  const registered = all.filter(({ how }) => how === "registered").length;
  const alone = found.filter(
    ({ registration, well }) => registration.edges.length === 0 && well.ids.length > 1,
  );
  if (alone.length > 0)
    onLog(
      `${alone.length === 1 ? `well ${alone[0].well.name} has` : `${alone.length} wells, ${alone[0].well.name} first, have`} no sites that overlap by what is known of their places: these stay as they were`,
      "warning",
    );
  return {
    channel,
    wells: found.length,
    registered,
    modelled: all.length - registered,
    overlaps: edges.length,
    trusted: edges.filter(({ verdict }) => verdict === "trusted").length,
    largestPx: all.reduce(
      (most, { y, x, nominal }) => Math.max(most, Math.abs(y - nominal.y), Math.abs(x - nominal.x)),
      0,
    ),
  };
}
