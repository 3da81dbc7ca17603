/** Below this part of its size the deviation of a volume is rounding. */
const FLAT = 1e-6;

/**
 * The power of two that brings a volume's deviation near 1; where means count, or it is flat, its root mean square. Coefficients do not depend on scales, but
 * two volumes that are transformed in the real and the imaginary part of one do: the rounding of the larger one is noise in the smaller.
 *
 * @param mask  multiplied with the volume
 */
export function commonScale(
  values: ArrayLike<number>,
  { mask, isCentred }: { readonly mask: ArrayLike<number> | undefined; readonly isCentred: boolean },
): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = mask === undefined ? values[i] : values[i] * mask[i];
    sum += value;
    squares += value * value;
  }
  if (squares === 0) return 1;
  const size = Math.sqrt(squares / values.length);
  const deviation = Math.sqrt(Math.max(0, squares / values.length - (sum / values.length) ** 2));
  return 2 ** -Math.round(Math.log2(isCentred && deviation > FLAT * size ? deviation : size));
}
