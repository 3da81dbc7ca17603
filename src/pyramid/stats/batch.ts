/** What the engine's processes load for statistics of illumination, by name. */
import { z } from "zod";
import { toFault, VitrineError } from "../../core/index.ts";
import { formatNpz, parseWithSchema } from "../../io/essentials.ts";
import type { BatchContext, BatchResult, Json } from "../../jobs/index.ts";
import { shrink } from "../illumination/smooth.ts";
import { addImage, emptyStatistics, histogramOf, oddImages } from "../illumination/statistics.ts";
import { formatStatistics } from "../illumination/store.ts";
import { type BatchImage, imageSchema } from "../tiles/batch.ts";
import type { TilePixels } from "../tiles/pixels.ts";
import { SiteReader } from "../tiles/siteReader.ts";

const whole = z.int().min(0);

/** Side of the small images that flat fields are found on. */
export const SMALL_SIDE = 128;

const batchSchema = z.strictObject({
  channelId: z.int(),
  channel: z.string(),
  dtype: z.enum(["uint8", "uint16", "int8", "int16"]),
  height: z.int().min(1),
  width: z.int().min(1),
  images: z.array(imageSchema),
  /** How many of the first are kept small, for flat fields. */
  small: whole,
  /** Batches of this channel, in both phases, and which of them this is. */
  first: whole,
  count: z.int().min(1),
  number: whole,
});

/** Some images of one channel. */
export type StatsBatch = z.infer<typeof batchSchema>;

const levelsSchema = z.strictObject({
  /** Median of each image; null of one that cannot be read. */
  medians: z.array(z.number().nullable()),
  unreadable: z.array(z.string()),
});

/** What the first phase tells of a batch. */
export type LevelsResult = z.infer<typeof levelsSchema>;

/** What the second tells. */
export type StatsResult = {
  readonly count: number;
  readonly small: number;
  /** Sites whose image does not belong. */
  readonly odd: readonly string[];
};

/** Names of files that the second phase leaves. */
export const STATS_FILES = { statistics: "statistics.npz", small: "small.npz" } as const;

/** Phases, in order. */
export const STATS_PHASES = { levels: "levels", statistics: "statistics" } as const;

/** Checks a batch. */
export function parseStatsBatch(value: Json, at: string): StatsBatch {
  return parseWithSchema(value, batchSchema, at);
}

/** Checks what the first phase tells. */
export function parseLevels(value: Json, at: string): LevelsResult {
  return parseWithSchema(value, levelsSchema, at);
}

/** The median of each image of a batch: what tells those that do not belong, before any is counted. */
export async function findLevels(value: Json, context: BatchContext): Promise<BatchResult<LevelsResult>> {
  const batch = parseStatsBatch(value, `${context.phase} ${context.index}`);
  const medians: (number | null)[] = [];
  const unreadable: string[] = [];
  await eachImage(batch, context, {
    wanted: () => true,
    use: (pixels) => {
      medians.push(medianIntensity(pixels));
    },
    onFailure: (message) => {
      medians.push(null);
      unreadable.push(message);
    },
  });
  return { value: { medians, unreadable } };
}

/** Statistics of the images of a batch that belong, and small copies of some. */
export async function addStatistics(value: Json, context: BatchContext): Promise<BatchResult<StatsResult>> {
  const batch = parseStatsBatch(value, `${context.phase} ${context.index}`);
  const medians = await channelMedians(batch, context);
  const lit = medians.flatMap((median, i) => (median === null ? [] : [{ i, median }]));
  const odd = new Set(oddImages(lit.map(({ median }) => median)).map((k) => lit[k].i));
  const before = await countBefore(batch, context);
  const statistics = emptyStatistics(batch);
  const small: Float64Array[] = [];
  await eachImage(batch, context, {
    wanted: (i) => medians[before + i] !== null && !odd.has(before + i),
    use(pixels, i) {
      addImage(statistics, pixels);
      if (i < batch.small) small.push(shrink(batch, pixels, SMALL_SIDE).data);
    },
    onFailure(message) {
      // it could be read a moment ago
      throw new VitrineError({ code: "storage", at: message, expected: "an image as before", found: "none" });
    },
  });
  const names = batch.images.flatMap(({ site }, i) => (odd.has(before + i) ? [site] : []));
  const [rows, columns] = [Math.min(SMALL_SIDE, batch.height), Math.min(SMALL_SIDE, batch.width)];
  const data = Float64Array.from(small.flatMap((plane) => [...plane]));
  const copies = formatNpz([["small", { data, shape: [small.length, rows, columns] }]]);
  return {
    value: { count: statistics.count, small: small.length, odd: names },
    files: { [STATS_FILES.statistics]: formatStatistics(statistics), [STATS_FILES.small]: copies },
  };
}

interface ImageUse {
  readonly wanted: (index: number) => boolean;
  readonly use: (pixels: TilePixels, index: number) => void;
  readonly onFailure: (message: string) => void;
}

async function eachImage(
  { dtype, images }: Pick<StatsBatch, "dtype" | "images">,
  { signal, onProgress, onLog }: BatchContext,
  { wanted, use, onFailure }: ImageUse,
): Promise<void> {
  const began = performance.now();
  await using reader = new SiteReader({ type: dtype, cacheBytes: 0 });
  for (const [i, image] of images.entries()) {
    signal.throwIfAborted();
    const pixels = wanted(i) ? await readOr(reader, image) : undefined;
    if (typeof pixels === "string") {
      onLog(pixels, "note");
      onFailure(pixels);
    } else if (pixels !== undefined) use(pixels, i);
    const rate = (i + 1) / Math.max(1e-3, (performance.now() - began) / 1000);
    onProgress({ done: i + 1, total: images.length, unit: "images", rate });
  }
}

/** The pixels, or why there are none: a few bad images are no reason to have no statistics. */
async function readOr(reader: SiteReader, image: BatchImage): Promise<TilePixels | string> {
  try {
    return (await reader.read(image)).data;
  } catch (error) {
    const { at, expected, found } = toFault(error, image.site);
    return `${at}: expected ${expected}, found ${found}`;
  }
}

function medianIntensity(pixels: TilePixels): number {
  const counts = histogramOf(pixels);
  let [value, upTo] = [0, counts[0]];
  while (upTo < pixels.length / 2) upTo += counts[++value];
  return value;
}

/** Medians of all images of the channel, in the order of its batches. */
async function channelMedians(
  { first, count }: StatsBatch,
  { resultOf }: BatchContext,
): Promise<(number | null)[]> {
  const medians: (number | null)[] = [];
  for (let i = first; i < first + count; i++) {
    const { value } = await resultOf(STATS_PHASES.levels, i);
    medians.push(...parseLevels(value, `${STATS_PHASES.levels} ${i}`).medians);
  }
  return medians;
}

async function countBefore({ first, number }: StatsBatch, { resultOf }: BatchContext): Promise<number> {
  let images = 0;
  for (let i = first; i < first + number; i++) {
    const { value } = await resultOf(STATS_PHASES.levels, i);
    images += parseLevels(value, `${STATS_PHASES.levels} ${i}`).medians.length;
  }
  return images;
}
