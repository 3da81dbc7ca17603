import { bytesPerValue, VitrineError } from "../../core/index.ts";
import type { ImageSource } from "../source/source.ts";
import type { PictureOptions } from "./options.ts";
import type { ShrunkPlane } from "./planes.ts";

/** A sample of this many values is enough for a contrast. */
const SAMPLED = 2 ** 20;
const DEFAULT_PERCENT = [0.1, 99.9] as const;

/** Checks what is asked for. @throws {VitrineError} range: not in ascending order, or per cents beyond 0 to 100 */
export function checkContrast({ contrast, range }: Pick<PictureOptions, "contrast" | "range">): void {
  if (
    contrast !== undefined &&
    contrast !== "file" &&
    !(contrast[0] >= 0 && contrast[1] <= 100 && contrast[0] < contrast[1])
  )
    throw notAscending("contrast", "two per cents from 0 to 100, the first below the second", contrast);
  if (range !== undefined && !(range[0] < range[1] && range.every(Number.isFinite)))
    throw notAscending("range", "two numbers, the first below the second", range);
}

/** What a file says of the contrast of a channel, or the bits of its values. */
export function fileRange(
  source: ImageSource,
  channel: number,
): readonly [low: number, high: number] | undefined {
  const { dtype, significantBits, channels } = source;
  const window = channels[channel]?.window;
  if (window !== undefined && window.start < window.end) return [window.start, window.end];
  if (dtype.startsWith("float")) return undefined;
  const bits = significantBits ?? 8 * bytesPerValue(dtype);
  return dtype.startsWith("uint") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/**
 * The values that are shown black and full: of all planes together, so that they can be compared.
 *
 * @param inFile  what the file says
 */
export function rangeOf(
  planes: readonly ShrunkPlane[],
  options: Pick<PictureOptions, "contrast" | "range">,
  inFile?: readonly [low: number, high: number],
): readonly [low: number, high: number] {
  const { range } = options;
  if (range !== undefined) return range;
  if (options.contrast === "file" && inFile !== undefined) return inFile;
  const contrast = options.contrast === "file" ? DEFAULT_PERCENT : (options.contrast ?? DEFAULT_PERCENT);
  const total = planes.reduce((sum, { data }) => sum + data.length, 0);
  const stride = Math.max(1, Math.floor(total / SAMPLED));
  const values = new Float64Array(planes.reduce((sum, { data }) => sum + Math.ceil(data.length / stride), 0));
  let count = 0;
  for (const { data } of planes)
    for (let i = 0; i < data.length; i += stride) if (Number.isFinite(data[i])) values[count++] = data[i];
  const sorted = values.subarray(0, count).sort();
  const at = (percent: number) => sorted[Math.round((percent / 100) * (count - 1))] ?? 0;
  const [low, high] = [at(contrast[0]), at(contrast[1])];
  if (high > low) return [low, high];
  // a few bright pixels on an even ground are below any per cent
  const [least, largest] = [sorted[0] ?? 0, sorted[count - 1] ?? 0];
  return largest > least ? [least, largest] : [low, low + 1];
}

/** How many values are no numbers. */
export function countNan(planes: readonly ShrunkPlane[]): number {
  let count = 0;
  for (const { data } of planes) for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) count++;
  return count;
}

function notAscending(field: string, expected: string, found: readonly number[]): VitrineError {
  const at = `renderPicture(options).${field}`;
  return new VitrineError({ code: "range", at, expected, found: found.join(", ") });
}
