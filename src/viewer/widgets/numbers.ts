/** Numbers as axes and tables write them. */

/** A number in few figures; tiny and huge ones with a power of ten. */
export function numberText(value: number, figures = 4): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(Math.max(0, figures - 2));
  return String(Number(value.toPrecision(figures)));
}

/** What is measured, with its unit. */
export function titleOf({ title, unit }: { readonly title: string; readonly unit?: string }): string {
  return unit === undefined || unit === "" ? title : `${title} (${unit})`;
}

/** Round values of an axis: 1, 2 or 5 times a power of ten apart, about so many. */
export function ticksOf([from, to]: readonly [number, number], count = 5): number[] {
  const rough = (to - from) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((part) => part * power >= rough * 0.999)! * power;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** Ends of the finite values, apart where all are the same; 0 and 1 where there is none. */
export function endsOf(values: ArrayLike<number>): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  if (low < high) return [low, high];
  const margin = Math.max(0.5, Math.abs(low) * 1e-6);
  return [low - margin, low + margin];
}
