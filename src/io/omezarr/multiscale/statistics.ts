import type { PixelArray, PixelType } from "../../../core/index.ts";

/** What is known of the values of a channel: those of every n-th row counted, or every n-th one kept. */
export type ValueStatistics =
  | (ValueRange & {
      readonly kind: "counts";
      readonly counts: Uint32Array | Float64Array;
      readonly lowest: number;
    })
  | (ValueRange & { readonly kind: "samples"; readonly samples: number[] });

/** Of all values, also those that are not counted; the smallest above the largest where there are none. */
export interface ValueRange {
  min: number;
  max: number;
}

/** Values that are kept of a channel whose type has too many to be counted. */
const SAMPLES = 2 ** 18;

/** Values of a type that are counted one by one, and the lowest of them. */
const COUNTED: Partial<Readonly<Record<PixelType, readonly [count: number, lowest: number]>>> = {
  uint8: [256, 0],
  int8: [256, -128],
  uint16: [65536, 0],
  int16: [65536, -32768],
};

/** Part of the values that is shown black, and full. */
const SHOWN = [0.001, 0.999] as const;

/** A window that is narrower than this part of the range shows background alone, and what part of the values is then shown below full. */
const SPARSE = 0.1;
const SPARSE_SHOWN = 0.9999;

/** Statistics of nothing that can take all values of a channel, which may pass 2^32. */
export function emptyStatistics(dtype: PixelType): ValueStatistics {
  const counted = COUNTED[dtype];
  const range = { min: Infinity, max: -Infinity };
  if (counted === undefined) return { kind: "samples", samples: [], ...range };
  const [count, lowest] = counted;
  return { kind: "counts", ...range, counts: new Float64Array(count), lowest };
}

/** Statistics of nothing that can take values of a part; small where their range is known. */
export function emptyPart(dtype: PixelType, known?: Readonly<ValueRange>): ValueStatistics {
  const counted = COUNTED[dtype];
  const range = { min: known?.min ?? Infinity, max: known?.max ?? -Infinity };
  if (counted === undefined) return { kind: "samples", samples: [], ...range };
  const [count, lowest] = known === undefined ? counted : [known.max - known.min + 1, known.min];
  // every other value has a table of its own: equal neighbours would wait for each other's count
  return { kind: "counts", ...range, counts: new Uint32Array(2 * count), lowest };
}

/** Values of a channel that are enough to count. */
const COUNTED_VALUES = 2 ** 22;

/** Distance of the rows that are counted, for a channel of this many values. */
export function countedRowStride(values: number): number {
  return Math.max(1, Math.floor(values / COUNTED_VALUES));
}

/** Distance of the values that are kept, for a channel of this many. */
export function sampleStride(values: number): number {
  return Math.max(1, Math.ceil(values / SAMPLES));
}

/** Part of a row: values, the first and the end; `index` is that of the first one in its plane. */
export interface CountedRow {
  readonly data: PixelArray;
  readonly from: number;
  readonly to: number;
  readonly index: number;
  readonly stride: number;
  /** Whether a row of these is counted; its range is known in any case. */
  readonly isCounted: boolean;
  /** The range of the part was added as a whole. */
  readonly isRangeKnown: boolean;
}

/** Adds values to statistics of a part. Those that are not finite count for nothing. */
export function addRow(statistics: ValueStatistics, row: CountedRow): void {
  if (!row.isRangeKnown) addRange(statistics, row);
  if (statistics.kind === "samples") addSamples(statistics.samples, row);
  else if (row.isCounted) addCounts(statistics, row);
}

function addRange(range: ValueRange, { data, from, to }: CountedRow): void {
  let { min, max } = range;
  for (let i = from; i < to; i++) {
    const value = data[i];
    if (value < min && value !== -Infinity) min = value;
    if (value > max && value !== Infinity) max = value;
  }
  range.min = min;
  range.max = max;
}

function addCounts(
  { counts, lowest }: ValueStatistics & { kind: "counts" },
  { data, from, to }: CountedRow,
): void {
  const second = counts.length / 2 - lowest;
  let i = from;
  for (; i + 1 < to; i += 2) {
    counts[data[i] - lowest]++;
    counts[data[i + 1] + second]++;
  }
  if (i < to) counts[data[i] - lowest]++;
}

function addSamples(samples: number[], { data, from, to, index, stride }: CountedRow): void {
  // the same values whatever part of the plane a row is cut into
  for (let i = from + ((stride - (index % stride)) % stride); i < to; i += stride) {
    if (Number.isFinite(data[i])) samples.push(data[i]);
  }
}

/** Adds a part of a channel to all of it. */
export function mergeStatistics(into: ValueStatistics, part: ValueStatistics): void {
  if (into.kind === "counts" && part.kind === "counts") {
    const values = part.counts.length / 2;
    const first = part.lowest - into.lowest;
    for (let i = 0; i < values; i++) into.counts[first + i] += part.counts[i] + part.counts[values + i];
  } else if (into.kind === "samples" && part.kind === "samples") {
    for (const value of part.samples) into.samples.push(value);
  }
  widenRange(into, part);
}

/** Makes a range hold another one. */
export function widenRange(into: ValueRange, part: Readonly<ValueRange>): void {
  into.min = Math.min(into.min, part.min);
  into.max = Math.max(into.max, part.max);
}

/** What is shown, and the range: `end` is above `start`, and without values all are 0 to 1. */
export interface ValueWindow {
  readonly start: number;
  readonly end: number;
  readonly min: number;
  readonly max: number;
}

/**
 * A contrast window from the 0.1 % and 99.9 % percentiles of the values; to the 99.99 % percentile in a sparse channel, of which the former
 * hold nothing but the background.
 */
export function windowOf(statistics: ValueStatistics): ValueWindow {
  const [low, high] = SHOWN;
  const at = statistics.kind === "counts" ? countedQuantile(statistics) : sampledQuantile(statistics);
  const min = at(0);
  const max = at(1);
  if (min === undefined || max === undefined) return { start: 0, end: 1, min: 0, max: 1 };
  const start = at(low) ?? min;
  const usual = at(high) ?? max;
  const isSparse = usual - start < SPARSE * (max - min);
  const most = isSparse ? (at(SPARSE_SHOWN) ?? max) : usual;
  const end = most > start ? most : start + 1;
  return { start, end, min, max: Math.max(max, end) };
}

type Quantile = (part: number) => number | undefined;

function countedQuantile({ counts, lowest, min, max }: ValueStatistics & { kind: "counts" }): Quantile {
  let total = 0;
  for (const count of counts) total += count;
  return (part) => {
    const rank = Math.round(part * (total - 1));
    if (min > max) return undefined;
    if (part === 0 || total === 0) return min;
    if (part === 1) return max;
    let index = 0;
    for (let below = counts[0]; below <= rank; below += counts[index]) index++;
    return index + lowest;
  };
}

function sampledQuantile({ samples, min, max }: ValueStatistics & { kind: "samples" }): Quantile {
  const sorted = Float64Array.from(samples).sort();
  return (part) => {
    if (min > max) return undefined;
    if (part === 0 || sorted.length === 0) return min;
    return part === 1 ? max : sorted[Math.round(part * (sorted.length - 1))];
  };
}
