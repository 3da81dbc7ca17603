/** Values counted in bins of one width. */

/** Counts of values, from the lower end of the range to the upper. */
export interface Bins {
  readonly from: number;
  readonly to: number;
  readonly counts: Uint32Array;
  /** Finite values beyond the range. */
  readonly below: number;
  readonly above: number;
}

/** Counts values; what is not a number is left out, the upper end belongs to the last bin. */
export function binsOf(
  values: ArrayLike<number>,
  { range: [from, to], bins }: { readonly range: readonly [number, number]; readonly bins: number },
): Bins {
  const counts = new Uint32Array(bins);
  const scale = bins / (to - from);
  let [below, above] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < from) below += value === Number.NEGATIVE_INFINITY ? 0 : 1;
    else if (value > to) above += value === Number.POSITIVE_INFINITY ? 0 : 1;
    else if (value >= from) counts[Math.min(bins - 1, Math.floor((value - from) * scale))]++;
  }
  return { from, to, counts, below, above };
}
