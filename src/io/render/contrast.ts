import { VitrineError } from "../../core/index.ts";
import type { PictureOptions } from "./options.ts";
import type { ShrunkPlane } from "./planes.ts";

/** A sample of this many values is enough for a contrast. */
const SAMPLED = 2 ** 20;
const DEFAULT_PERCENT = [0.1, 99.9] as const;

/** Checks what is asked for. @throws {VitrineError} range: not in ascending order, or per cents beyond 0 to 100 */
export function checkContrast({ contrast, range }: Pick<PictureOptions, "contrast" | "range">): void {
  if (contrast !== undefined && !(contrast[0] >= 0 && contrast[1] <= 100 && contrast[0] < contrast[1]))
    throw notAscending("contrast", "two per cents from 0 to 100, the first below the second", contrast);
  if (range !== undefined && !(range[0] < range[1] && range.every(Number.isFinite)))
    throw notAscending("range", "two numbers, the first below the second", range);
}

/** The values that are shown black and full: of all planes together, so that they can be compared. */
export function rangeOf(
  planes: readonly ShrunkPlane[],
  { contrast = DEFAULT_PERCENT, range }: Pick<PictureOptions, "contrast" | "range">,
): readonly [low: number, high: number] {
  if (range !== undefined) return range;
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
