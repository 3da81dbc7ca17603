import { parseShaped, valuesOf } from "../../tiff/shaped.ts";
import { axisOrder, sourceAxis } from "../axes.ts";
import type { TiffImagePlan } from "./plan.ts";

/** Letters of tifffile for axes; others are called by their letter. */
const NAMES: Readonly<Record<string, string>> = { T: "time", C: "channel", Z: "z", P: "position" };

/** Outer axes of arrays that have no letters, as those of `.npy` files. */
const UNNAMED = ["time", "channel", "z"];

/** The planes of a file, counted in C order, and what one of them has. */
export interface ShapedPlanes {
  readonly planes: number;
  /** Values of a plane. */
  readonly values: number;
  /** How messages call the image. */
  readonly name: string;
}

/** How the planes of an array of tifffile are told apart. */
export interface ShapedAxes {
  readonly outer: TiffImagePlan["outer"];
  /** For each place of the outer axes, in C order, the number of its plane. */
  readonly order: readonly number[];
  readonly warnings: readonly string[];
}

/**
 * The axes of an array that tifffile wrote plane by plane (`{"shape": [3, 2, 64, 64], "axes": "ZCYX"}`), in the order of all sources; undefined
 * where nothing is said, or nothing beyond the number of planes.
 */
export function shapedAxes(
  description: string,
  { planes, values, name }: ShapedPlanes,
): ShapedAxes | undefined {
  const said = parseShaped(description);
  if (said === undefined) return undefined;
  const { shape, axes = "", truncated = false } = said;
  const total = valuesOf(said) / values;
  const alone = { order: Array.from({ length: planes }, (_, i) => i), outer: alongTime(planes) };
  if (total !== planes) {
    const line = `${name}: its description promises ${total} planes, ${planes} ${planes === 1 ? "is" : "are"} there: read along time`;
    // how many of a file with one page for all are there is told where they are counted
    return { ...alone, warnings: truncated ? [] : [line] };
  }
  const counts = outerCounts(shape, planes);
  if (counts === undefined) return undefined;
  const names = namesOf(counts.length, axes.length === shape.length ? axes : "");
  const kept = counts.map((count, i) => ({ name: names[i], count })).filter(({ count }) => count > 1);
  // one axis without a name is along time, as in any file of pages
  if (kept.length < 2 && axes === "") return undefined;
  return { ...inOrder(kept), warnings: [] };
}

/** How many planes of `values` values tifffile's description tells of; undefined where it is another, or counts other planes. */
export function shapedPlanes(description: string, values: number): number | undefined {
  const said = parseShaped(description);
  const count = said === undefined ? 0 : valuesOf(said) / values;
  return Number.isInteger(count) && count >= 1 ? count : undefined;
}

/** The first dimensions, which count planes; undefined where planes are cut elsewhere. */
function outerCounts(shape: readonly number[], planes: number): number[] | undefined {
  for (let count = 1; count < shape.length; count++)
    if (product(shape.slice(0, count)) === planes && shape.length - count <= 3) return shape.slice(0, count);
  return planes === 1 ? [] : undefined;
}

function namesOf(count: number, letters: string): string[] {
  const unnamed = (i: number) => UNNAMED[UNNAMED.length - count + i] ?? `axis${i}`;
  const names = Array.from({ length: count }, (_, i) => {
    const letter = letters[i];
    return letter === undefined ? unnamed(i) : (NAMES[letter] ?? letter.toLowerCase());
  });
  return new Set(names).size === count ? names : names.map((_, i) => `axis${i}`);
}

function inOrder(
  kept: readonly { readonly name: string; readonly count: number }[],
): Omit<ShapedAxes, "warnings"> {
  const steps = kept.map((_, i) => product(kept.slice(i + 1).map(({ count }) => count)));
  const sorted = axisOrder(kept.map(({ name }) => name)).map((name) =>
    kept.findIndex((one) => one.name === name),
  );
  let order = [0];
  for (const i of sorted)
    order = order.flatMap((first) => Array.from({ length: kept[i].count }, (_, at) => first + at * steps[i]));
  return {
    outer: sorted.map((i) => ({ axis: sourceAxis(kept[i].name), count: kept[i].count, scale: 1 })),
    order,
  };
}

function alongTime(count: number): TiffImagePlan["outer"] {
  return count > 1 ? [{ axis: sourceAxis("time"), count, scale: 1 }] : [];
}

function product(counts: readonly number[]): number {
  return counts.reduce((all, count) => all * count, 1);
}
