/** Limits of features that choose objects. */

/** Limits by the names of features. */
export type BrushLimits = Readonly<Record<string, readonly [low: number, high: number]>>;

/** The rows whose features lie within all limits, ends included; undefined: there are no limits. */
export function brushedRows(
  limits: BrushLimits,
  values: ReadonlyMap<string, ArrayLike<number>>,
  count: number,
): Uint32Array | undefined {
  const known = Object.entries(limits).flatMap(([name, ends]) => {
    const column = values.get(name);
    return column === undefined ? [] : [{ column, ends }];
  });
  if (known.length === 0) return undefined;
  const rows: number[] = [];
  for (let row = 0; row < count; row++)
    if (known.every(({ column, ends: [low, high] }) => column[row] >= low && column[row] <= high))
      rows.push(row);
  return Uint32Array.from(rows);
}

/** Limits as the address has them: `area:1:5;mean%3A:0:2`. */
export function formatLimits(limits: BrushLimits): string {
  const number = (value: number) => String(Number(value.toPrecision(6)));
  return Object.entries(limits)
    .map(([name, [low, high]]) => `${encodeURIComponent(name)}:${number(low)}:${number(high)}`)
    .join(";");
}

/** Limits of an address; what is none of them is left out. */
export function parseLimits(text: string): BrushLimits {
  const parts = text.split(";").map((part) => part.split(":"));
  const limits = parts.flatMap(([name, low, high]) => {
    const ends = [Number(low), Number(high)] as const;
    const isKnown = name && low && high && ends.every(Number.isFinite) && ends[0] <= ends[1];
    return isKnown ? [[decodeName(name), ends] as const] : [];
  });
  return Object.fromEntries(limits);
}

/** Names of features as the address has them. */
export function formatNames(names: readonly string[]): string {
  return names.map(encodeURIComponent).join(":");
}

/** Names of an address. */
export function parseNames(text: string): string[] {
  return text === "" ? [] : text.split(":").map(decodeName);
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // an address that somebody wrote by hand
  }
}
