/**
 * Linear interpolation between the points of a function.
 *
 * @param xs  ascending, one for each of `values`
 * @param x   between the first and the last of `xs`
 */
export function interpolateLinear(xs: ArrayLike<number>, values: ArrayLike<number>, x: number): number {
  let [left, right] = [0, xs.length - 1];
  while (right - left > 1) {
    const middle = (left + right) >> 1;
    if (xs[middle] <= x) left = middle;
    else right = middle;
  }
  const share = (x - xs[left]) / (xs[right] - xs[left]);
  return values[left] + share * (values[right] - values[left]);
}
