import { VitrineError } from "../../core/index.ts";
import { compareFeatures, type Features, type FeatureValue, featureColumn, featureKey } from "./features.ts";

/** A bin of `Molecules.cutBy`: above `gt`, up to and with `le`. */
export interface CutEdges {
  readonly gt: number;
  readonly le: number;
}

type Column = readonly FeatureValue[];

/** One feature, or several. @throws {VitrineError} missing: no such feature */
export function columnsOf(features: Features, by: string | readonly string[]): readonly Column[] {
  return (typeof by === "string" ? [by] : by).map((name) => featureColumn(features, name));
}

/** Rows in the order of columns, the first of which counts first; equal ones stay in order. */
export function sortedRows(
  columns: readonly Column[],
  { count, descending }: { readonly count: number; readonly descending: boolean },
): number[] {
  const sign = descending ? -1 : 1;
  const compare = (a: number, b: number) =>
    columns.reduce((order, column) => order || compareFeatures(column[a], column[b], sign), 0);
  return Array.from({ length: count }, (_, i) => i).sort(compare);
}

/** Rows of each combination of values, by their first appearance. */
export function groupedRows(
  columns: readonly Column[],
  count: number,
): { readonly values: Column; readonly rows: readonly number[] }[] {
  const groups = new Map<string, number[]>();
  for (let i = 0; i < count; i++) {
    const key = columns.map((column) => featureKey(column[i])).join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  }
  return Array.from(groups.values(), (rows) => ({ values: columns.map((column) => column[rows[0]]), rows }));
}

/**
 * Rows by where their numbers lie between edges, bins by their first appearance, as acryo's; those without any are left out.
 *
 * @throws {VitrineError} range: edges that do not rise
 */
export function cutRows(
  column: Column,
  edges: readonly number[],
): { readonly bin: CutEdges; readonly rows: readonly number[] }[] {
  const all = [Number.NEGATIVE_INFINITY, ...edges, Number.POSITIVE_INFINITY];
  if (all.some((edge, i) => i > 0 && !(edge > all[i - 1])))
    throw new VitrineError({
      code: "range",
      at: "cutBy edges",
      expected: "rising numbers",
      found: `[${edges}]`,
    });
  const bins = all.slice(1).flatMap((le, i) => {
    const bin = { gt: all[i], le };
    const rows = column.flatMap((value, row) => (isIn(value, bin) ? [row] : []));
    return rows.length === 0 ? [] : [{ bin, rows }];
  });
  return bins.sort((a, b) => a.rows[0] - b.rows[0]);
}

function isIn(value: FeatureValue, { gt, le }: CutEdges): boolean {
  return typeof value === "number" && value > gt && value <= le;
}
