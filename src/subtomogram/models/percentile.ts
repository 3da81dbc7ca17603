/** The percentile of all values, interpolated linearly between two of them, as numpy's. */
export function percentile(arrays: readonly Float32Array[], percent: number): number {
  const sorted = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    sorted.set(array, at);
    at += array.length;
  }
  sorted.sort();
  const place = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
