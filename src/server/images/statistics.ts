/** How the values of a plane are spread: for contrast and its histogram. */
import type { PixelArray } from "../../core/index.ts";
import { axisOf, type ImageSource } from "../../io/index.ts";
import { fixedRegion } from "./tiles.ts";

/** Of one plane. */
export interface PlaneStatistics {
  readonly min: number;
  readonly max: number;
  /** Values below and above which hardly any lie. */
  readonly low: number;
  readonly high: number;
  /** Numbers of values in steps of equal width from `min` to `max`. */
  readonly histogram: readonly number[];
  /** Whether every pixel was read; else blocks spread over the plane, at full resolution. */
  readonly isWhole: boolean;
  /** Values that are no number. */
  readonly missing: number;
}

const BLOCK = 256;
/** Blocks along each side. */
const GRID = 4;
const BINS = 128;
/** Shares of values that lie below what is black and full: few bright cells on much ground stay below full. */
const SHARES = [0.001, 0.9995] as const;

/**
 * Looks at a plane at full resolution: whole up to 1024 x 1024 pixels, else at 16 blocks. Means of a coarser level would hide what is
 * bright and small. Of a well, it looks at blocks of its fields.
 *
 * @throws {VitrineError} as `source.read`
 */
export async function planeStatistics(
  source: ImageSource,
  places: Readonly<Record<string, number>>,
  signal?: AbortSignal,
): Promise<PlaneStatistics> {
  const region = fixedRegion(source, places);
  const { blocks, isWhole } = looksOf(source);
  const values: number[] = [];
  let missing = 0;
  for (const block of blocks) {
    const { data } = await source.read({ region: { ...region, ...block }, ...(signal && { signal }) });
    missing += addFinite(data, values);
  }
  return { ...spread(Float64Array.from(values).sort()), isWhole, missing };
}
/** Where a plane is looked at. Of a well it is where fields lie: what is between them is black and tells nothing. */
function looksOf(source: ImageSource): { readonly blocks: readonly Block[]; readonly isWhole: boolean } {
  const [height, width] = [axisOf(source, "y"), axisOf(source, "x")].map(
    (axis) => source.levels[0].shape[axis],
  );
  const parts = source.parts ?? [{ y: 0, x: 0, height, width }];
  const count = Math.min(parts.length, GRID ** 2);
  // about as many blocks as of one image, however many fields there are
  const along = Math.floor(GRID / Math.sqrt(count));
  const blocks = Array.from(
    { length: count },
    (_, i) => parts[Math.floor((i * parts.length) / count)],
  ).flatMap((part) =>
    spansOf(part.height, along).flatMap(([top, lower]) =>
      spansOf(part.width, along).map(
        ([left, right]): Block => ({
          y: [part.y + top, part.y + lower],
          x: [part.x + left, part.x + right],
        }),
      ),
    ),
  );
  const isWhole = parts.every((part) => Math.max(part.height, part.width) <= BLOCK * along);
  return { blocks, isWhole: isWhole && count === parts.length };
}

interface Block {
  readonly y: readonly [from: number, to: number];
  readonly x: readonly [from: number, to: number];
}

/** As many spans of a block's side as said, spread over a length; all of it, where they would cover it. */
function spansOf(length: number, count: number): (readonly [from: number, to: number])[] {
  if (length <= BLOCK * count) return [[0, length]];
  return Array.from({ length: count }, (_, i) => {
    const from = Math.round(count === 1 ? (length - BLOCK) / 2 : (i * (length - BLOCK)) / (count - 1));
    return [from, from + BLOCK] as const;
  });
}

/** @returns  how many are no number */
function addFinite(data: PixelArray, values: number[]): number {
  let missing = 0;
  for (const value of data)
    if (Number.isFinite(value)) values.push(value);
    else missing++;
  return missing;
}

function spread(sorted: Float64Array) {
  if (sorted.length === 0) return { min: 0, max: 1, low: 0, high: 1, histogram: [] };
  const [min, max] = [sorted[0], sorted[sorted.length - 1]];
  const [low, high] = SHARES.map(
    (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))],
  );
  const histogram = Array.from({ length: BINS }, () => 0);
  const scale = max > min ? BINS / (max - min) : 0;
  for (const value of sorted) histogram[Math.min(BINS - 1, Math.floor((value - min) * scale))]++;
  return { min, max, low, high: high > low ? high : low + (max > low ? max - low : 1), histogram };
}
