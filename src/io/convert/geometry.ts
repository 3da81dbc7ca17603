import type { ImageSource } from "../source/source.ts";
import { convertUnit } from "../source/units.ts";

/** Place of an axis; -1 where it is missing. */
export function placeOf({ axes }: Pick<ImageSource, "axes">, name: string): number {
  return axes.findIndex((axis) => axis.name === name);
}

type Measured = Pick<ImageSource, "axes" | "levels">;

/** Distance of neighbours along an axis in a unit; undefined where the axis or its unit is not known. */
export function stepIn(source: Measured, name: string, unit: string): number | undefined {
  return valueIn(source, name, { unit, of: source.levels[0].scale });
}

/** Place of the first pixel along an axis in a unit; undefined where the axis or its unit is not known. */
export function startIn(source: Measured, name: string, unit: string): number | undefined {
  return valueIn(source, name, { unit, of: source.levels[0].translation });
}

function valueIn(
  { axes }: Measured,
  name: string,
  { unit, of }: { readonly unit: string; readonly of: readonly number[] },
): number | undefined {
  const place = axes.findIndex((axis) => axis.name === name);
  const from = axes[place]?.unit;
  const value = from === undefined ? undefined : convertUnit(of[place], from, unit);
  // what two conversions leave in the last digits would make a file differ that was written twice
  return value === undefined ? undefined : Number(value.toPrecision(12));
}
