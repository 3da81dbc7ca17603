/** A feature's mean by wells: the heat map of a plate. */
import type { Box } from "../scene/api.ts";
import { rampColor } from "./colors.ts";
import type { ObjectTable } from "./objectTable.ts";

/** What the objects of a well have on average. */
export interface WellMean {
  readonly mean: number;
  readonly objects: number;
  /** On the ramp between the least and the greatest mean. */
  readonly color: readonly [red: number, green: number, blue: number];
}

/** Means by the numbers of wells, and their ends. */
export interface WellMeans {
  readonly feature: string;
  readonly byWell: ReadonlyMap<number, WellMean>;
  readonly low: number;
  readonly high: number;
}

interface MeansOf {
  readonly feature: string;
  readonly values: ArrayLike<number>;
  readonly table: Pick<ObjectTable, "x" | "y">;
  readonly wells: readonly { readonly id: number; readonly box: Box | null }[];
  /** Objects that count; default all. */
  readonly rows: ArrayLike<number> | undefined;
}

/** Means over the objects whose centres lie in a well; what was not measured does not count. */
export function wellMeans({ feature, values, table: { x, y }, wells, rows }: MeansOf): WellMeans {
  const placed = wells.flatMap(({ id, box }) => (box === null ? [] : [{ id, box, sum: 0, objects: 0 }]));
  // neighbours in the table are mostly neighbours on the map
  let last = placed[0];
  for (let k = 0; k < (rows?.length ?? values.length); k++) {
    const row = rows?.[k] ?? k;
    if (Number.isNaN(values[row])) continue;
    const isIn = ({ box }: { box: Box }) =>
      x[row] >= box.minX && x[row] <= box.maxX + 1 && y[row] >= box.minY && y[row] <= box.maxY + 1;
    const well = last !== undefined && isIn(last) ? last : placed.find(isIn);
    if (well === undefined) continue;
    last = well;
    well.sum += values[row];
    well.objects++;
  }
  const found = placed
    .filter(({ objects }) => objects > 0)
    .map((well) => ({ ...well, mean: well.sum / well.objects }));
  const means = found.map(({ mean }) => mean);
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const byWell = new Map(
    found.map(({ id, mean, objects }) => {
      const color = rampColor((mean - low) / (high - low || 1));
      return [id, { mean, objects, color }] as const;
    }),
  );
  return { feature, byWell, low, high };
}
