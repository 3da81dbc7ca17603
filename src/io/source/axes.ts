import { inOrder } from "../dataset/arrayPlan.ts";
import type { AxisKind, SourceAxis, SourceLevel } from "./source.ts";

const KINDS: Readonly<Record<string, AxisKind>> = {
  time: "time",
  channel: "channel",
  z: "space",
  y: "space",
  x: "space",
  sample: "sample",
};

/** Axes of the pixels of one plane, which come last. */
const PLANE = ["y", "x", "sample"];

/** An axis by its name, with the kind that this name has; undefined `unit` and `values` are left out. */
export function sourceAxis(
  name: string,
  { unit, values }: { readonly unit?: string | undefined; readonly values?: SourceAxis["values"] } = {},
): SourceAxis {
  const kind = KINDS[name] ?? "other";
  return { name, kind, ...(unit !== undefined && { unit }), ...(values !== undefined && { values }) };
}

/** Names in the order that datasets and sources share: row, column, position, time, channel, others, z, y, x, sample. */
export function axisOrder(names: Iterable<string>): string[] {
  const all = [...names];
  const outer = inOrder(all.filter((name) => !PLANE.includes(name)));
  return [...outer, ...PLANE.filter((name) => all.includes(name))];
}

/** Scale and translation of a level whose pixels are means of `factors` pixels of the full resolution along each axis. */
export function binned(
  full: Pick<SourceLevel, "scale" | "translation">,
  factors: readonly number[],
): Pick<SourceLevel, "scale" | "translation"> {
  return {
    scale: full.scale.map((step, i) => step * factors[i]),
    // the centre of the first pixel lies in the middle of those that it stands for
    translation: full.translation.map((first, i) => first + (full.scale[i] * (factors[i] - 1)) / 2),
  };
}
