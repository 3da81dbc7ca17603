/** How values in memory are spread. */
import type { Spread } from "./api.ts";

const BINS = 128;

/** The values' spread, with limits that leave out the lowest 0.1 % and the highest 0.05 %. */
export function spreadOf(values: ArrayLike<number>): Spread {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < min) min = values[i];
    if (values[i] > max) max = values[i];
  }
  const histogram = Array.from({ length: BINS }, () => 0);
  const scale = (BINS - 1e-6) / (max - min || 1);
  for (let i = 0; i < values.length; i++) histogram[Math.floor((values[i] - min) * scale)]++;
  const valueAt = (bin: number) => min + (bin * (max - min || 1)) / BINS;
  let [from, to] = [0, BINS - 1];
  for (let left = values.length * 0.001; from < to && histogram[from] < left; from++) left -= histogram[from];
  for (let left = values.length * 0.0005; to > from && histogram[to] < left; to--) left -= histogram[to];
  return { min, max, low: valueAt(from), high: valueAt(to + 1), histogram };
}
