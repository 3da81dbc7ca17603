/**
 * Index of the first value that is NaN or infinite; -1: none. Many times as fast as a callback for each value, in four sums that do not wait for each
 * other: templates of a search have a hundred million.
 */
export function firstNotFinite(values: Float32Array | Float64Array): number {
  return isAllFinite(values) ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

/** 0 times what is not finite is NaN. */
function isAllFinite(values: Float32Array | Float64Array): boolean {
  const whole = values.length & ~3;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += 0 * values[i];
    b += 0 * values[i + 1];
    c += 0 * values[i + 2];
    d += 0 * values[i + 3];
  }
  for (let i = whole; i < values.length; i++) a += 0 * values[i];
  return a + b + c + d === 0;
}
