/** Colours of objects: by a feature, by their classes, by groups; and the legend that says which means what. */
import { type ColormapName, colormapColor, colormapStops, type Rgb, rgbOfHex } from "../core/colormaps.ts";
import type { ObjectTable } from "./objectTable.ts";

/** What colours mean. */
export type Legend =
  | { readonly kind: "ramp"; readonly low: number; readonly high: number; readonly map: ColormapName }
  | { readonly kind: "groups"; readonly groups: readonly LegendGroup[] };

/** A group of objects. */
export interface LegendGroup {
  readonly name: string;
  readonly color: Rgb;
  readonly count: number;
}

/** Colours by rows, and what they mean. */
export interface Coloring {
  readonly legend: Legend;
  readonly colorOf: (row: number) => Rgb;
}

/** Of objects without a colour of their own. */
export const PLAIN: Rgb = [255, 176, 0];
const UNKNOWN: Rgb = [128, 128, 128];

/** Colours that are told apart by colour-blind eyes as well (Okabe and Ito), then others. */
export const GROUP_COLORS: readonly string[] = [
  "E69F00",
  "56B4E9",
  "009E73",
  "F0E442",
  "0072B2",
  "D55E00",
  "CC79A7",
  "999999",
  "8C6BB1",
  "66C2A5",
];

const VIRIDIS = colormapStops("viridis");

/** A place on the map viridis, 0 to 1: legible in grey and by colour-blind eyes. */
export function rampColor(part: number): Rgb {
  return colormapColor(VIRIDIS, part);
}

/** How a feature becomes colours. */
export interface FeatureColors {
  /** Default: between its 1st and 99th percentile. */
  readonly range?: readonly [low: number, high: number] | undefined;
  /** Default viridis. */
  readonly map?: ColormapName | undefined;
}

/** Colours by a feature. */
export function featureColoring(
  values: Float32Array,
  { range, map = "viridis" }: FeatureColors = {},
): Coloring {
  const [low, high] = range ?? usualRange(values);
  const stops = colormapStops(map);
  const colorOf = (row: number) =>
    Number.isNaN(values[row]) ? UNKNOWN : colormapColor(stops, (values[row] - low) / (high - low || 1));
  return { legend: { kind: "ramp", low, high, map }, colorOf };
}

function usualRange(values: Float32Array): readonly [low: number, high: number] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return [at(0.01), at(0.99)];
}

/** Colours by groups. @param groupOf  index of a row's group; -1: none */
export function groupColoring(
  groups: readonly { readonly name: string; readonly color: string | null }[],
  groupOf: ArrayLike<number>,
): Coloring {
  const colors = groups.map(({ color }, i) => rgbOfHex(color ?? GROUP_COLORS[i % GROUP_COLORS.length]));
  const counts = new Uint32Array(groups.length + 1);
  for (let row = 0; row < groupOf.length; row++) counts[groupOf[row] < 0 ? groups.length : groupOf[row]]++;
  const known = groups.map(({ name }, i) => ({ name, color: colors[i], count: counts[i] }));
  const none = { name: "none", color: UNKNOWN, count: counts[groups.length] };
  return {
    legend: { kind: "groups", groups: none.count > 0 ? [...known, none] : known },
    colorOf: (row) => colors[groupOf[row]] ?? UNKNOWN,
  };
}

/** Colours by classes. */
export function classColoring({ classes, classOf }: Pick<ObjectTable, "classes" | "classOf">): Coloring {
  return groupColoring(classes, classOf);
}
