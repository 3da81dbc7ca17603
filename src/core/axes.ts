import { VitrineError } from "./error.ts";

/** Where an image stands in its dataset: `{ time: 3, channel: "DAPI" }`. The order of the keys means nothing. */
export type Axes = Readonly<Record<string, number | string>>;

/** A string that two axes share exactly if they name the same image; the order of keys does not count, `1` and `"1"` differ. */
export function axesKey(axes: Axes): string {
  const names = Object.keys(axes).sort();
  return JSON.stringify(names.map((name) => [name, axes[name]]));
}

/** Axes for a message: `time 3, channel DAPI`. */
export function describeAxes(axes: Axes): string {
  const parts = Object.entries(axes).map(([name, value]) => `${name} ${value}`);
  return parts.length === 0 ? "no axes" : parts.join(", ");
}

/**
 * Checks axes that are to be saved.
 *
 * @param at  how messages call the dataset
 * @throws {VitrineError} type: a value that is neither text nor a finite number
 */
export function checkAxes(axes: Axes, at: string): void {
  for (const [name, value] of Object.entries(axes)) {
    if (typeof value === "string" || Number.isFinite(value)) continue;
    throw new VitrineError({
      code: "type",
      at: `${at} axes.${name}`,
      expected: "a finite number or text",
      found: String(value),
    });
  }
}
