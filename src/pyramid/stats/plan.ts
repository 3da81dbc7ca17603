import { counted, seededRandom, VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { readExperimentMap } from "../layers/experimentMap.ts";
import { type LayerKey, layerImages, listLayers } from "../layers/layers.ts";
import { layerType } from "../step/planLayers.ts";
import type { BatchImage } from "../tiles/batch.ts";
import type { StatsBatch } from "./batch.ts";

/** How statistics are made. */
export interface StatsChoice {
  /** Images of a channel that are looked at, drawn at random; TissueMAPS' default. */
  readonly images: number;
  /** Images of one job. */
  readonly batchSize: number;
  /** Images that a flat field is made of. */
  readonly flatImages: number;
  /** Names of channels; default all. */
  readonly channels?: readonly string[];
}

/** Fewer images than this make no good statistics, as TissueMAPS says. */
const FEW_IMAGES = 100;
const SEED = 1;

/**
 * The batches of all channels, the same for both phases.
 *
 * @throws {VitrineError} missing: no images, or no such channel; unsupported: pixels that no tiles are made of
 */
export async function planStatistics(
  experiment: Experiment,
  choice: StatsChoice,
  onLog: (message: string, kind: "warning" | "note") => void,
): Promise<StatsBatch[]> {
  const layers = await listLayers(experiment);
  const names = [...new Set(layers.map(({ channel }) => channel))];
  requireNames(names, choice.channels ?? [], experiment.directory);
  const { names: sites, map } = await readExperimentMap(experiment);
  const sizes = new Map(map.sites.map((site) => [site.id, site]));
  const batches: StatsBatch[] = [];
  for (const channel of names.filter((name) => choice.channels?.includes(name) ?? true)) {
    const own = layers.filter((layer) => layer.channel === channel);
    const images: BatchImage[] = [];
    for (const layer of own)
      for (const { siteId, path, imageIndex, plane, pixelMask } of await layerImages(experiment, layer)) {
        const site = sizes.get(siteId);
        if (site === undefined) continue;
        const { height, width } = site;
        const name = `${sites.get(siteId)}, t ${layer.tpoint}, z ${layer.zplane}`;
        images.push({
          site: name,
          path,
          imageIndex,
          pixelMask,
          plane,
          y: 0,
          x: 0,
          height,
          width,
          fraction: null,
          window: null,
        });
      }
    const alike = ofOneSize(images, channel, onLog);
    if (alike.length < FEW_IMAGES)
      onLog(
        `channel ${channel}: statistics of ${alike.length} images alone; TissueMAPS' correction wants ${FEW_IMAGES} or more`,
        "warning",
      );
    batches.push(
      ...(await channelBatches(
        { own, images: drawn(alike, choice.images) },
        { experiment, choice, first: batches.length },
      )),
    );
  }
  return batches;
}

async function channelBatches(
  { own, images }: { readonly own: readonly LayerKey[]; readonly images: readonly BatchImage[] },
  {
    experiment,
    choice,
    first,
  }: { readonly experiment: Experiment; readonly choice: StatsChoice; readonly first: number },
): Promise<StatsBatch[]> {
  const [{ channelId, channel }] = own;
  const dtype = await layerType(await layerImages(experiment, own[0]), `channel ${channel}`);
  const count = Math.ceil(images.length / choice.batchSize);
  const [{ height, width }] = images;
  return Array.from({ length: count }, (_, number) => {
    const from = number * choice.batchSize;
    const some = images.slice(from, from + choice.batchSize);
    const small = Math.max(0, Math.min(some.length, choice.flatImages - from));
    return { channelId, channel, dtype, height, width, images: some, small, first, count, number };
  });
}

/** Images of the size that most have; the others are told. */
function ofOneSize(
  images: readonly BatchImage[],
  channel: string,
  onLog: (message: string, kind: "warning") => void,
): BatchImage[] {
  const bySize = new Map<string, BatchImage[]>();
  for (const image of images) {
    const size = `${image.height} x ${image.width}`;
    const same = bySize.get(size);
    if (same === undefined) bySize.set(size, [image]);
    else same.push(image);
  }
  const [[size, most], ...others] = [...bySize].sort(([, a], [, b]) => b.length - a.length);
  const left = others.reduce((sum, [, list]) => sum + list.length, 0);
  if (left > 0)
    onLog(
      `channel ${channel}: ${counted(left, "image is", "images are")} not of ${size} pixels and left out of its statistics`,
      "warning",
    );
  return most;
}

/** A random part, the same each time, in random order: what is taken first stands for all. */
function drawn(images: readonly BatchImage[], most: number): BatchImage[] {
  const random = seededRandom(SEED);
  const keyed = images.map((image) => ({ image, key: random.uniform() }));
  keyed.sort((a, b) => a.key - b.key);
  return keyed.slice(0, most).map(({ image }) => image);
}

function requireNames(known: readonly string[], wanted: readonly string[], directory: string): void {
  const wrong = wanted.find((name) => !known.includes(name));
  if (wrong === undefined && known.length > 0) return;
  throw new VitrineError({
    code: "missing",
    at: `${directory} channels`,
    expected: known.length > 0 ? `one of ${known.join(", ")}` : "images, of which statistics are made",
    found: wrong === undefined ? "none" : JSON.stringify(wrong),
  });
}
