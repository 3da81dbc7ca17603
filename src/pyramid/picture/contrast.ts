/** Values are taken from so many of them. */
const SAMPLED = 2 ** 20;

/** A range is never narrower: noise of an empty channel is not stretched to white. As in `clipRange`. */
const LEAST_WIDTH = 255;

/**
 * Values that become black and white, of one channel over the whole plate.
 *
 * @param wells  values of all wells, NaN where there are none
 */
export function plateRange(
  wells: readonly Float32Array[],
  [low, high]: readonly [low: number, high: number],
  bitDepth: number,
): readonly [low: number, high: number] {
  const total = wells.reduce((sum, { length }) => sum + length, 0);
  const step = Math.max(1, Math.ceil(total / SAMPLED));
  const sample: number[] = [];
  let at = 0;
  for (const well of wells)
    for (const value of well) if (at++ % step === 0 && !Number.isNaN(value)) sample.push(value);
  if (sample.length === 0) return [0, 1];
  const sorted = Float32Array.from(sample).sort();
  const valueAt = (percent: number) => sorted[Math.round((percent / 100) * (sorted.length - 1))];
  const least = bitDepth > 8 ? LEAST_WIDTH : 1;
  const black = valueAt(low);
  return [black, Math.max(black + least, valueAt(high))];
}
