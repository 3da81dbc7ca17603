/** Values by keys, as the files .HTD and .nd of Molecular Devices have them: lines of `"key", value, "value"`. */
export type KeyedLines = ReadonlyMap<string, readonly string[]>;

/** Parses them; commas within quotes belong to a value. */
export function parseKeyedLines(text: string): KeyedLines {
  const lines = text.split(/\r?\n/).map((line) => {
    const parts = line.match(/"[^"]*"|[^,\s][^,]*/g) ?? [];
    return parts.map((part) => part.replace(/^"|"$/g, "").trim());
  });
  return new Map(lines.flatMap(([key, ...values]) => (key ? [[key, values] as const] : [])));
}

/** The first value of a key; undefined where there is none. */
export function firstOf(lines: KeyedLines, key: string): string | undefined {
  const value = lines.get(key)?.[0];
  return value === "" ? undefined : value;
}

/** {@link firstOf} as a whole number above 0. */
export function countOf(lines: KeyedLines, key: string): number | undefined {
  const value = Number(firstOf(lines, key) ?? Number.NaN);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

/** Whether a value says TRUE. */
export function isTrue(text: string | undefined): boolean {
  return text?.toUpperCase() === "TRUE";
}
