import { VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { openImages } from "../../io/index.ts";
import { channelStatistics, noStatistics, requireModel } from "../illumination/places.ts";
import { clipRange, type IntensityRange } from "../illumination/scaling.ts";
import type { ExperimentMap } from "../layers/experimentMap.ts";
import { type LayerImage, type LayerKey, layerImages, layerName, listLayers } from "../layers/layers.ts";
import type { BatchLayer } from "../tiles/batch.ts";
import { badType, isLayerType, type LayerType, valueOffset } from "../tiles/pixels.ts";
import type { IlluminatiBatchOptions } from "./arguments.ts";

/** A layer that is to be made. */
export interface PlannedLayer {
  readonly key: LayerKey;
  readonly layer: BatchLayer;
  /** Where the model of its illumination lies; null where it is not corrected. */
  readonly illumination: string | null;
}

/** Files that are tried for the type of a channel's pixels before it is given up. */
const TRIES = 10;

/**
 * All layers of an experiment, with the range of their intensities and their correction.
 *
 * @throws {VitrineError} missing: no image, an exception that is no channel, or statistics that were not made; unsupported: pixels that no tiles
 *   are made of, or signed ones that are to be corrected
 */
export async function planLayers(
  experiment: Experiment,
  { levels }: Pick<ExperimentMap, "levels">,
  args: IlluminatiBatchOptions,
): Promise<PlannedLayer[]> {
  const keys = await listLayers(experiment);
  requireImages(keys, experiment.directory);
  requireChannels(keys, args.illumcorrExceptions);
  const channels = new Map<number, Promise<ChannelPlan>>();
  const planned: PlannedLayer[] = [];
  for (const key of keys) {
    const channel = channels.get(key.channelId) ?? planChannel(experiment, key, args);
    channels.set(key.channelId, channel);
    const { dtype, range, illumination } = await channel;
    const { bitDepth: _, ...names } = key;
    const sizes = levels.map(({ height, width }) => ({ height, width }));
    const layer = { id: planned.length, ...names, dtype, ...range, quality: args.quality, levels: sizes };
    planned.push({ key, layer, illumination });
  }
  return planned;
}

interface ChannelPlan {
  readonly dtype: LayerType;
  readonly range: Pick<BatchLayer, "minIntensity" | "maxIntensity">;
  readonly illumination: string | null;
}

async function planChannel(
  experiment: Experiment,
  key: LayerKey,
  args: IlluminatiBatchOptions,
): Promise<ChannelPlan> {
  const { directory } = experiment;
  const dtype = await layerType(await layerImages(experiment, key), layerName(key));
  const { lower, upper } = await rangeOf(directory, { key, dtype }, args);
  const offset = valueOffset(dtype);
  const isCorrected = args.illumcorr && !args.illumcorrExceptions.includes(key.channel);
  if (isCorrected && offset > 0) throw signed(key.channel, dtype);
  const model = args.illumcorrModel ?? "zscore";
  return {
    dtype,
    range: { minIntensity: lower - offset, maxIntensity: upper - offset },
    illumination: isCorrected ? await requireModel(directory, key, model) : null,
  };
}

/** The type of a channel's pixels, by the first of its files that can be read. @throws {VitrineError} unsupported; or why none can be read */
export async function layerType(images: readonly LayerImage[], at: string): Promise<LayerType> {
  let trouble: unknown;
  for (const { path, imageIndex } of images.slice(0, TRIES)) {
    try {
      await using file = await openImages(path);
      await using source = await file.open(file.images[imageIndex]);
      if (isLayerType(source.dtype)) return source.dtype;
      throw badType(`${at}: ${path}`, source.dtype);
    } catch (error) {
      if (!(error instanceof VitrineError) || error.code === "unsupported") throw error;
      trouble ??= error; // the job of this site tells it too, if another file can be read
    }
  }
  throw trouble;
}

/** What becomes black and white, in values without a sign. */
async function rangeOf(
  directory: string,
  { key, dtype }: { readonly key: LayerKey; readonly dtype: LayerType },
  { clip, clipValue, clipPercent }: IlluminatiBatchOptions,
): Promise<IntensityRange> {
  if (dtype === "uint8") return { lower: 0, upper: 255 };
  const offset = valueOffset(dtype);
  const most = dtype === "int8" ? 8 : 16;
  const bitDepth = Math.min(key.bitDepth, most);
  if (clipValue !== undefined)
    return offset === 0 ? { lower: 0, upper: clipValue } : aroundZero(offset, clipValue);
  if (!clip)
    return offset === 0 ? clipRange({ bitDepth, clip: false }) : aroundZero(offset, 2 ** (bitDepth - 1));
  const statistics = await channelStatistics(directory, key.channelId);
  if (statistics === undefined) throw noStatistics(key.channel, "percentiles of its intensities");
  return clipRange(
    { bitDepth, clip: true, ...(clipPercent !== undefined && { percent: clipPercent }) },
    statistics,
  );
}

/** Signed values: as much below 0 as above. */
function aroundZero(offset: number, value: number): IntensityRange {
  return { lower: Math.max(0, offset - value), upper: Math.min(65_535, offset + value - 1) };
}

function requireImages(keys: readonly LayerKey[], directory: string): void {
  if (keys.length > 0) return;
  throw new VitrineError({
    code: "missing",
    at: directory,
    expected: "images of which layers are made",
    found: "none",
    hint: `Import some: vitrine import ${directory} FOLDER`,
  });
}

function requireChannels(keys: readonly LayerKey[], exceptions: readonly string[]): void {
  const known = new Set(keys.map(({ channel }) => channel));
  const wrong = exceptions.find((name) => !known.has(name));
  if (wrong === undefined) return;
  throw new VitrineError({
    code: "missing",
    at: "illumcorrExceptions",
    expected: `names of channels (${[...known].join(", ")})`,
    found: JSON.stringify(wrong),
  });
}

function signed(channel: string, dtype: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `channel ${channel}`,
    expected: "intensities of a camera, 0 and above, where illumination is corrected",
    found: dtype,
    hint: "Name it as an exception (--illumcorr-exceptions)",
  });
}
