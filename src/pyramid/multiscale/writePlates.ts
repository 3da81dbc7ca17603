import type { PixelType, Progress } from "../../core/index.ts";
import { requireNotAborted, VitrineError } from "../../core/index.ts";
import type { Experiment, ExperimentSettings } from "../../experiment/index.ts";
import {
  createOmeZarrPlate,
  fileExists,
  makeFolder,
  type OmeZarrPlateWriter,
  openImages,
  removeFolder,
  rowLetters,
  type SourceAxis,
  type SourceChannel,
} from "../../io/index.ts";
import { type LayerImage, type LayerKey, layerImages, listLayers } from "../layers/layers.ts";
import { clearFlags } from "../tiles/pixels.ts";

/** Folder of the stores below an experiment's. */
const FOLDER = "datasets";

/** What {@link writePlates} takes. */
export interface WritePlatesOptions {
  readonly signal?: AbortSignal;
  /** Counts planes. */
  readonly onProgress?: (progress: Progress) => void;
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
}

/** Chunks of one shard along y and x. */
const SHARD_CHUNKS = 4;
const CHUNK_SIDE = 512;
/** Each has bands of its planes in memory. */
const WELLS_AT_ONCE = 4;

/** Where the store of a plate lies, below the experiment's folder. */
export function platePath(name: string, id: number): string {
  return `${FOLDER}/${id}-${name.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 60)}.ome.zarr`;
}

interface Field {
  readonly siteId: number;
  readonly rowIndex: number;
  readonly columnIndex: number;
  readonly height: number;
  readonly width: number;
  /** From the well's corner, pixels. */
  readonly y: number;
  readonly x: number;
}

/** Lists along the outer axes of every field. */
interface Axes {
  readonly channels: readonly LayerKey[];
  readonly tpoints: readonly number[];
  readonly zplanes: readonly number[];
}

/**
 * Writes each plate of an experiment as OME-Zarr 0.5 with its full range of values: a field a site, all channels, time points and z planes,
 * as many levels as it needs, in shards. Planes that are missing or cannot be read stay 0, and that is said. What was there is replaced.
 *
 * @returns  paths below the experiment's folder
 * @throws {VitrineError} missing: no images; aborted; storage
 */
export async function writePlates(
  experiment: Experiment,
  options: WritePlatesOptions = {},
): Promise<string[]> {
  const layers = await listLayers(experiment);
  const axes = axesOf(layers);
  const images = new Map<string, LayerImage>();
  for (const layer of layers)
    for (const image of await layerImages(experiment, layer))
      images.set(planeKey(image.siteId, layer), image);
  const plates = await experiment.query.selectFrom("plates").selectAll().orderBy("id").execute();
  const settings = await experiment.settings();
  const { pixelSizeUm } = settings;
  const began = performance.now();
  let done = 0;
  const onPlane = () => {
    done++;
    const rate = (1000 * done) / Math.max(1, performance.now() - began);
    options.onProgress?.({ done, total: images.size, unit: "planes", rate });
  };
  const written: string[] = [];
  for (const { id, name, nRows, nColumns } of plates) {
    const path = platePath(name, id);
    const directory = `${experiment.directory}/${path}`;
    if (await fileExists(directory)) await removeFolder(directory);
    await makeFolder(`${experiment.directory}/${FOLDER}`);
    const rows = Array.from({ length: nRows }, (_, i) => rowLetters(i));
    const columns = Array.from({ length: nColumns }, (_, i) => `${i + 1}`);
    await using plate = await createOmeZarrPlate({ directory, name, rows, columns });
    const work = { axes, images, pixelSizeUm, onPlane, options };
    await writeFields(plate, await fieldsOf(experiment, id, settings), work);
    written.push(path);
  }
  return written;
}

function axesOf(layers: readonly LayerKey[]): Axes {
  const distinct = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);
  const channels = [...new Map(layers.map((layer) => [layer.channelId, layer])).values()];
  return {
    channels,
    tpoints: distinct(layers.map(({ tpoint }) => tpoint)),
    zplanes: distinct(layers.map(({ zplane }) => zplane)),
  };
}

function planeKey(
  siteId: number,
  { channelId, tpoint, zplane }: Pick<LayerKey, "channelId" | "tpoint" | "zplane">,
): string {
  return `${siteId} ${channelId} ${tpoint} ${zplane}`;
}

async function fieldsOf(
  { query }: Experiment,
  plateId: number,
  { verticalSiteDisplacement: down, horizontalSiteDisplacement: across }: ExperimentSettings,
): Promise<Field[]> {
  const rows = await query
    .selectFrom("sites")
    .innerJoin("wells", "wells.id", "sites.wellId")
    .select(["sites.id as siteId", "rowIndex", "columnIndex", "height", "width"])
    .select(["yPx", "xPx", "gridRow", "gridColumn"])
    .where("plateId", "=", plateId)
    .where("omitted", "=", 0)
    .orderBy("rowIndex")
    .orderBy("columnIndex")
    .orderBy("siteIndex")
    .execute();
  return rows.map(({ yPx, xPx, gridRow, gridColumn, ...field }) => ({
    ...field,
    y: yPx ?? (gridRow ?? 0) * (field.height + down),
    x: xPx ?? (gridColumn ?? 0) * (field.width + across),
  }));
}

interface FieldWork {
  readonly axes: Axes;
  readonly images: ReadonlyMap<string, LayerImage>;
  readonly pixelSizeUm: number | null;
  readonly onPlane: () => void;
  readonly options: WritePlatesOptions;
}

/**
 * Some fields at a time: while one is read, another is packed in the threads that all share. Fields of a well begin in their order, which
 * their numbers are.
 */
async function writeFields(
  plate: OmeZarrPlateWriter,
  fields: readonly Field[],
  work: FieldWork,
): Promise<void> {
  const wells = [...new Map(fields.map((field) => [wellOf(field), field])).keys()];
  const lane = async () => {
    try {
      for (let well = wells.shift(); well !== undefined; well = wells.shift())
        for (const field of fields) if (wellOf(field) === well) await writeField(plate, field, work);
    } finally {
      wells.length = 0; // of one that failed the others begin no more
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(WELLS_AT_ONCE, wells.length) }, lane));
  // all have ended before the store is closed
  for (const one of lanes) if (one.status === "rejected") throw one.reason;
}

function wellOf({ rowIndex, columnIndex }: Field): string {
  return `${rowIndex} ${columnIndex}`;
}

async function writeField(plate: OmeZarrPlateWriter, field: Field, work: FieldWork): Promise<void> {
  const { axes, images, pixelSizeUm, onPlane, options } = work;
  const planes = planesOf(field, axes, images);
  if (planes.length === 0) return;
  const { height, width } = field;
  const step = pixelSizeUm ?? 1;
  const dtype = await typeOf(planes.map(({ image }) => image));
  if (dtype === undefined) {
    options.onLog?.(
      `${planes[0].image.path}: no image of its site can be read: the field is left out`,
      "warning",
    );
    return;
  }
  const shard = (side: number) => Math.min(SHARD_CHUNKS, Math.ceil(side / CHUNK_SIDE)) * CHUNK_SIDE;
  const writer = await plate.createField({
    row: rowLetters(field.rowIndex),
    column: `${field.columnIndex + 1}`,
    axes: imageAxes(pixelSizeUm !== null),
    shape: [axes.tpoints.length, axes.channels.length, axes.zplanes.length, height, width],
    scale: [1, 1, 1, step, step],
    translation: [0, 0, 0, field.y * step, field.x * step],
    dtype,
    chunkShape: [1, 1, 1, CHUNK_SIDE, CHUNK_SIDE],
    shardShape: [1, 1, 1, shard(height), shard(width)],
    channels: axes.channels.map(({ channel }): SourceChannel => ({ name: channel })),
  });
  for (const { image, time, channel, z } of planes) {
    requireNotAborted(options.signal, "multiscale");
    const data = await readPlane(image, field, dtype, options);
    if (data !== undefined) await writer.write({ time, channel, z }, data);
    onPlane();
  }
  await writer.finish();
}

function imageAxes(hasUnit: boolean): SourceAxis[] {
  const space = (name: string): SourceAxis => ({
    name,
    kind: "space",
    ...(hasUnit && { unit: "micrometer" }),
  });
  return [
    { name: "time", kind: "time" },
    { name: "channel", kind: "channel" },
    { name: "z", kind: "space" },
    space("y"),
    space("x"),
  ];
}

function planesOf({ siteId }: Field, { channels, tpoints, zplanes }: Axes, images: FieldWork["images"]) {
  return tpoints.flatMap((tpoint, time) =>
    channels.flatMap(({ channelId }, channel) =>
      zplanes.flatMap((zplane, z) => {
        const image = images.get(planeKey(siteId, { channelId, tpoint, zplane }));
        return image === undefined ? [] : [{ image, time, channel, z }];
      }),
    ),
  );
}

/** The type of the first image that can be read. */
async function typeOf(images: readonly LayerImage[]): Promise<PixelType | undefined> {
  for (const { path, imageIndex } of images) {
    try {
      await using file = await openImages(path);
      await using source = await file.open(file.images[imageIndex]);
      return source.dtype;
    } catch (error) {
      if (!(error instanceof VitrineError)) throw error; // told when its plane is read
    }
  }
  return undefined;
}

async function readPlane(
  { path, imageIndex, plane, pixelMask }: LayerImage,
  { height, width }: Field,
  dtype: PixelType,
  { onLog }: WritePlatesOptions,
) {
  try {
    await using file = await openImages(path);
    await using source = await file.open(file.images[imageIndex]);
    const { data } = await source.read({ region: plane });
    clearFlags(data, pixelMask);
    if (source.dtype === dtype && data.length === height * width) return data;
    onLog?.(`${path}: ${source.dtype}, ${data.length} pixels: left out of its field`, "warning");
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    onLog?.(`${error.message} It is left out of its field.`, "warning");
  }
  return undefined;
}
