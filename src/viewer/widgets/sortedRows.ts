/** The columns of a table, and the order of its rows. */

/** A column: what a row, which is its number, has in it. */
export interface TableColumn {
  readonly key: string;
  readonly title: string;
  readonly unit?: string;
  readonly value: (row: number) => number | string | null | undefined;
  /** Default: numbers in four figures, texts as they are, `–` for nothing. */
  readonly text?: (value: number | string) => string;
}

/** By which column rows are sorted. */
export interface TableSort {
  readonly key: string;
  readonly isDescending?: boolean;
}

/**
 * Numbers of rows in their order; rows of one value stay in the order of before, those without one come last either way.
 *
 * @param rows  how many there are, or which
 */
export function sortedRows(
  rows: number | Uint32Array,
  columns: readonly Pick<TableColumn, "key" | "value">[],
  sort: TableSort | undefined,
): Uint32Array {
  const own = typeof rows === "number" ? Uint32Array.from({ length: rows }, (_, i) => i) : rows;
  const column = columns.find(({ key }) => key === sort?.key);
  if (column === undefined || sort === undefined) return own;
  const values = Array.from(own, (row) => column.value(row));
  const order = Uint32Array.from(own, (_, i) => i);
  const sign = sort.isDescending ? -1 : 1;
  order.sort((a, b) => compared(values[a], values[b], sign) || a - b);
  return order.map((i) => own[i]);
}

type Value = ReturnType<TableColumn["value"]>;

function compared(a: Value, b: Value, sign: number): number {
  const [noneA, noneB] = [isNone(a), isNone(b)];
  if (noneA || noneB) return Number(noneA) - Number(noneB);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b) || 0;
  return sign * TEXTS.compare(String(a), String(b));
}

/** A02 before A10. */
const TEXTS = new Intl.Collator("en", { numeric: true });

function isNone(value: Value): boolean {
  return value === null || value === undefined || (typeof value === "number" && Number.isNaN(value));
}
