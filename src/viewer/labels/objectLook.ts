/** Labels in the colours of their objects. */
import { PLAIN } from "../objects/colors.ts";
import type { ObjectTable } from "../objects/objectTable.ts";
import type { ObjectModel } from "../objects/useObjectModel.ts";
import { type LabelLook, labelColor, packColor } from "./colors.ts";

/** Opacity of labels beside the chosen limits, and of those without an object. */
const DIM = 40;
const WITHOUT = 90;

/** How the labels of a model's objects look; undefined: it has none. */
export function objectLook({
  table,
  coloring,
  brush,
  selected,
}: Pick<ObjectModel, "table" | "coloring" | "brush" | "selected">): LabelLook | undefined {
  if (table === undefined) return undefined;
  const rows = rowsOfLabels(table);
  const isWithin = new Uint8Array(table.ids.length).fill(brush === undefined ? 1 : 0);
  for (const row of brush ?? []) isWithin[row] = 1;
  return {
    chosen: new Set([...selected].map((row) => table.labels[row])),
    colorOf(label) {
      const row = rows.get(label);
      if (row === undefined) return packColor(PLAIN, WITHOUT);
      const color = coloring?.colorOf(row) ?? labelColor(label);
      return packColor(color, isWithin[row] === 1 || selected.has(row) ? 255 : DIM);
    },
  };
}

const made = new WeakMap<ObjectTable, ReadonlyMap<number, number>>();

/** The row of each label; of several objects with one label that of the first. */
export function rowsOfLabels(table: ObjectTable): ReadonlyMap<number, number> {
  const known = made.get(table);
  if (known !== undefined) return known;
  const rows = new Map<number, number>();
  for (const [row, label] of table.labels.entries())
    if (label !== 0 && !rows.has(label)) rows.set(label, row);
  made.set(table, rows);
  return rows;
}

/** Objects of a table whose labels others have as well: their colours cannot be shown. */
export function sharedLabels(table: ObjectTable): number {
  return table.labels.filter((label) => label !== 0).length - rowsOfLabels(table).size;
}
