import { type KeyboardEvent, type MouseEvent, type UIEvent, useEffect, useRef, useState } from "react";
import type { TableSort } from "./sortedRows.ts";

/** Height of a row, px: widgets.css has the same. */
export const ROW = 24;
/** Rows that are drawn beyond what is seen. */
const MARGIN = 6;

interface RowsOptions {
  /** Rows by their numbers, as they follow one another. */
  readonly order: Uint32Array;
  readonly sort: TableSort | undefined;
  readonly lines?: number;
  readonly selected?: ReadonlySet<number>;
  readonly onSelect?: (rows: ReadonlySet<number>) => void;
  readonly onRow?: (row: number) => void;
}

/** Which rows of a table are in view, which one keys are at, and what keys and clicks do. */
export function useTableRows({ order, sort, lines = 10, selected, onSelect, onRow }: RowsOptions) {
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [last, setActive] = useState(0);
  const anchor = useRef(0);
  const count = order.length;
  const active = Math.min(last, Math.max(0, count - 1));
  const first = Math.max(0, Math.min(count - 1, Math.floor(top / ROW)) - MARGIN);

  // another order begins at its first row
  // biome-ignore lint/correctness/useExhaustiveDependencies: as it says
  useEffect(() => {
    setActive(0);
    anchor.current = 0;
    if (scroller.current) scroller.current.scrollTop = 0;
  }, [sort]);

  const select = (to: number, how: "alone" | "range" | "toggle") => {
    if (onSelect === undefined || count === 0) return;
    const from = how === "range" ? anchor.current : to;
    if (how !== "range") anchor.current = to;
    onSelect(selectedBy(how, { selected, rows: order.subarray(Math.min(from, to), Math.max(from, to) + 1) }));
  };
  const show = (index: number) => {
    setActive(index);
    const box = scroller.current!;
    const over = (index + 1 - lines) * ROW;
    box.scrollTop = Math.max(over, Math.min(box.scrollTop, index * ROW));
  };
  const onKey = (event: KeyboardEvent) => {
    const isAll = event.key === "a" && (event.ctrlKey || event.metaKey);
    const next = keyTarget(event.key, active, { count, lines });
    if (isAll) onSelect?.(new Set(order));
    else if (next !== undefined) {
      show(next);
      if (event.shiftKey) select(next, "range");
    } else if (event.key === " ") select(active, "toggle");
    else if (event.key === "Enter" && count > 0) onRow?.(order[active]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onClick = (event: MouseEvent, index: number) => {
    setActive(index);
    if (event.shiftKey) return select(index, "range");
    if (event.ctrlKey || event.metaKey) return select(index, "toggle");
    select(index, "alone");
    onRow?.(order[index]);
  };
  const onScroll = (event: UIEvent<HTMLDivElement>) => setTop(event.currentTarget.scrollTop);
  const end = Math.min(count, first + lines + 2 * MARGIN + 1);
  return { scroller, active, first, last: end, onScroll, onKey, onClick };
}

function selectedBy(
  how: "alone" | "range" | "toggle",
  { selected, rows }: { readonly selected: ReadonlySet<number> | undefined; readonly rows: Uint32Array },
): ReadonlySet<number> {
  if (how !== "toggle") return new Set(rows);
  const next = new Set(selected);
  for (const row of rows) if (!next.delete(row)) next.add(row);
  return next;
}

/** Where a key leads from a row. */
function keyTarget(
  key: string,
  at: number,
  { count, lines }: { readonly count: number; readonly lines: number },
): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowUp: -1,
    ArrowDown: 1,
    PageUp: -lines,
    PageDown: lines,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  return step === undefined || count === 0 ? undefined : Math.min(count - 1, Math.max(0, at + step));
}
