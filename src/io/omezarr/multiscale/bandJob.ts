import type { PixelArray, PixelType } from "../../../core/index.ts";
import { pixelView } from "../../../core/index.ts";
import { HOST_IS_LITTLE_ENDIAN } from "../../byteOrder.ts";
import type { BandJob, BandPixels, StoreFile } from "./band.ts";
import { halveRows } from "./downsample.ts";
import { halveShortRows } from "./kernels.ts";
import {
  addRow,
  emptyPart,
  emptyStatistics,
  mergeStatistics,
  type ValueRange,
  type ValueStatistics,
  widenRange,
} from "./statistics.ts";
import { storeUnits } from "./units.ts";

/** Statistics by the index of a channel. */
export type ChannelStatistics = ReadonlyMap<number, ValueStatistics>;

/** Does a job; the same in a thread and without. @throws {VitrineError} storage */
export async function runBandJob(job: BandJob, store: StoreFile): Promise<ChannelStatistics> {
  const data = pixelsOf(job.band, job.storage.dtype);
  const ranges = halveShortBand(job, data);
  if (job.next !== undefined && ranges === undefined) halveBand(job, data, job.next);
  const statistics = job.count === undefined ? new Map() : countBand(job, data, { ...job.count, ranges });
  await storeUnits(job, data, store);
  return statistics;
}

/** The pixels of a band as values. */
export function pixelsOf({ buffer, planes, rows, width }: BandPixels, dtype: PixelType): PixelArray {
  return pixelView({ width, height: planes * rows, channels: 1, dtype }, buffer);
}

/** Adds what another part has counted. */
export function mergeChannels(into: Map<number, ValueStatistics>, part: ChannelStatistics, dtype: PixelType) {
  for (const [channel, statistics] of part) {
    const whole = into.get(channel) ?? emptyStatistics(dtype);
    mergeStatistics(whole, statistics);
    into.set(channel, whole);
  }
}

/** Halves a band of the values that cameras give with a kernel, and gives the range of each plane; undefined for others. */
function halveShortBand(
  { band, columns: [from, to], next, count }: BandJob,
  data: PixelArray,
): readonly ValueRange[] | undefined {
  const isMean = next === undefined ? count !== undefined : next.reduction === "mean";
  if (!isMean || !(data instanceof Uint16Array) || !HOST_IS_LITTLE_ENDIAN) return undefined;
  const lower = next && new Uint16Array(next.band.buffer);
  return Array.from({ length: band.planes }, (_, plane) => {
    const source = { data, offset: plane * band.rows * band.width + from, stride: band.width };
    const offset = next && (plane * next.band.rows + next.row) * next.band.width + (from >> 1);
    const target =
      lower && next && offset !== undefined ? { data: lower, offset, stride: next.band.width } : undefined;
    const [min, max] = halveShortRows(source, target, { width: to - from, rows: band.rows });
    return { min, max };
  });
}

function halveBand(
  { band, columns: [from, to], storage: { dtype } }: BandJob,
  source: PixelArray,
  next: NonNullable<BandJob["next"]>,
): void {
  const target = pixelsOf(next.band, dtype);
  for (let plane = 0; plane < band.planes; plane++) {
    const rows = {
      source,
      offset: plane * band.rows * band.width,
      width: band.width,
      rows: band.rows,
      from,
      to,
      target,
      targetOffset: (plane * next.band.rows + next.row) * next.band.width,
      targetWidth: next.band.width,
    };
    halveRows(rows, next.reduction, dtype);
  }
}

type Counting = NonNullable<BandJob["count"]> & { readonly ranges: readonly ValueRange[] | undefined };

function countBand(
  { band: { planes, rows, width }, columns: [from, to], storage: { dtype } }: BandJob,
  data: PixelArray,
  { channels, firstRow, stride, rowStride, ranges }: Counting,
): ChannelStatistics {
  const found = new Map<number, ValueStatistics>();
  for (let plane = 0; plane < planes; plane++) {
    const channel = channels[plane];
    const known = ranges?.filter((_, i) => channels[i] === channel);
    const statistics = found.get(channel) ?? emptyPart(dtype, known && wholeRange(known));
    found.set(channel, statistics);
    for (let y = 0; y < rows; y++) {
      const row = (plane * rows + y) * width;
      const index = (firstRow + y) * width + from;
      const isCounted = (firstRow + y) % rowStride === 0;
      const part = { data, from: row + from, to: row + to, index, stride, isCounted };
      addRow(statistics, { ...part, isRangeKnown: ranges !== undefined });
    }
  }
  return found;
}

function wholeRange(ranges: readonly ValueRange[]): ValueRange {
  const whole = { min: Infinity, max: -Infinity };
  for (const range of ranges) widenRange(whole, range);
  return whole;
}
