import { InvalidArgumentError } from "commander";

const KINDS = ["max", "mean", "min", "sum"] as const;

/** Reads places on axes: `z=12,t=0,c=DAPI`. */
export function place(text: string): Record<string, string> {
  const pairs = text.split(",").map((part) => /^\s*([^=]+)=(.+?)\s*$/.exec(part));
  if (pairs.some((pair) => pair === null))
    throw new InvalidArgumentError("Expected AXIS=PLACE, as z=12,c=DAPI.");
  return Object.fromEntries(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1].trim(), pair[2]]])));
}

/** Reads an axis and how its planes are joined: `z:max`. */
export function projection(text: string): { readonly axis: string; readonly by: (typeof KINDS)[number] } {
  const [axis, how] = text.split(":");
  const by = KINDS.find((kind) => kind === how);
  if (axis !== "" && by !== undefined) return { axis, by };
  throw new InvalidArgumentError(`Expected AXIS:HOW, as z:max; HOW is one of ${KINDS.join(", ")}.`);
}

/** Reads one or two names of axes. */
export function axisNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.length <= 2 && names.every((name) => name !== "")) return names;
  throw new InvalidArgumentError("Expected one axis, or two for rows and columns.");
}

/** Reads two per cents in ascending order. */
export function percentPair(text: string): [number, number] | "file" {
  if (text === "file") return text;
  const [low, high] = rangePair(text);
  if (low >= 0 && high <= 100) return [low, high];
  throw new InvalidArgumentError("Expected two per cents from 0 to 100, as 0.1,99.9, or the word file.");
}

/** Reads two numbers in ascending order. */
export function rangePair(text: string): [number, number] {
  const parts = text.split(",");
  const [low, high] = parts.map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (parts.length === 2 && low < high && Number.isFinite(low) && Number.isFinite(high)) return [low, high];
  throw new InvalidArgumentError("Expected two numbers, the first below the second, as 100,4000.");
}

/** Reads colours of six hexadecimal digits. */
export function colorList(text: string): string[] {
  const colors = text.split(",").map((color) => color.trim());
  if (colors.every((color) => /^#?[\da-f]{6}$/i.test(color))) return colors;
  throw new InvalidArgumentError("Expected six hexadecimal digits a channel, as 00FF00,FF00FF.");
}
