import {
  type KeyboardEvent,
  type MouseEvent,
  type UIEvent,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { numberText, titleOf } from "./numbers.ts";
import { sortedRows, type TableSort } from "./sortedRows.ts";

/** A column: what a row, which is its number, has in it. */
export interface TableColumn {
  readonly key: string;
  readonly title: string;
  readonly unit?: string;
  readonly value: (row: number) => number | string | null | undefined;
  /** Default: numbers in four figures, texts as they are, `–` for nothing. */
  readonly text?: (value: number | string) => string;
}

/** What {@link Table} shows. */
export interface TableProps {
  /** What it is a table of, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly TableColumn[];
  /** How many there are, or those that are shown; the same array as long as they are the same. */
  readonly rows: number | Uint32Array;
  /** Left out: the table keeps it itself. */
  readonly sort?: TableSort;
  readonly onSort?: (sort: TableSort | undefined) => void;
  /** Rows that are selected, by their numbers. */
  readonly selected?: ReadonlySet<number>;
  /** A click selects one row, with Ctrl one more or less, with Shift all up to it; Space and Shift with arrows do, too. Left out: none is. */
  readonly onSelect?: (rows: ReadonlySet<number>) => void;
  /** A click on a row, or Enter. */
  readonly onRow?: (row: number) => void;
  /** Rows that are seen at once (default 10). */
  readonly lines?: number;
  /** What is said where there is no row. */
  readonly empty?: string;
}

/** Height of a row, px: widgets.css has the same. */
const ROW = 24;
/** Rows that are drawn beyond what is seen. */
const MARGIN = 6;

/**
 * A table of any number of rows, of which those in view are drawn. A click on a title sorts; arrows, Page keys, Home and End move, Enter opens,
 * Space selects, Ctrl+A selects all.
 */
export function Table(props: TableProps) {
  const { label, columns, rows, selected, onSelect, onRow, lines = 10, empty = "Nothing here." } = props;
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [own, setOwn] = useState<TableSort>();
  const sort = props.onSort === undefined ? own : props.sort;
  const setSort = props.onSort ?? setOwn;
  const order = useMemo(() => sortedRows(rows, columns, sort), [rows, columns, sort]);
  const [top, setTop] = useState(0);
  const [active, setActive] = useState(0);
  const anchor = useRef(0);
  const count = order.length;
  const at = Math.min(active, Math.max(0, count - 1));
  const first = Math.max(0, Math.min(count - 1, Math.floor(top / ROW)) - MARGIN);
  const last = Math.min(count, first + lines + 2 * MARGIN + 1);

  const select = (
    to: number,
    { isRange, isAdded }: { readonly isRange: boolean; readonly isAdded: boolean },
  ) => {
    if (onSelect === undefined || count === 0) return;
    const [low, high] = isRange ? [Math.min(anchor.current, to), Math.max(anchor.current, to)] : [to, to];
    if (!isRange) anchor.current = to;
    const next = new Set(isAdded ? selected : []);
    for (let i = low; i <= Math.min(high, count - 1); i++)
      if (isAdded && !isRange && next.has(order[i])) next.delete(order[i]);
      else next.add(order[i]);
    onSelect(next);
  };
  const show = (index: number) => {
    setActive(index);
    const box = scroller.current!;
    const view = lines * ROW;
    if (index * ROW < box.scrollTop) box.scrollTop = index * ROW;
    else if ((index + 1) * ROW > box.scrollTop + view) box.scrollTop = (index + 1) * ROW - view;
  };
  const onKey = (event: KeyboardEvent) => {
    const isAll = event.key === "a" && (event.ctrlKey || event.metaKey);
    const next = keyTarget(event.key, at, { count, lines });
    if (isAll) onSelect?.(new Set(order));
    else if (next !== undefined) {
      show(next);
      if (event.shiftKey) select(next, { isRange: true, isAdded: false });
    } else if (event.key === " ") select(at, { isRange: false, isAdded: true });
    else if (event.key === "Enter" && count > 0) onRow?.(order[at]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onClick = (event: MouseEvent, index: number) => {
    setActive(index);
    select(index, { isRange: event.shiftKey, isAdded: event.ctrlKey || event.metaKey });
    if (!event.shiftKey && !event.ctrlKey && !event.metaKey) onRow?.(order[index]);
  };
  // another order begins at its first row
  // biome-ignore lint/correctness/useExhaustiveDependencies: as it says
  useEffect(() => {
    setActive(0);
    anchor.current = 0;
    if (scroller.current) scroller.current.scrollTop = 0;
  }, [sort]);

  return (
    <div
      ref={scroller}
      className="grid-box"
      style={{ maxHeight: (lines + 1) * ROW + 2 }}
      onScroll={(event: UIEvent<HTMLDivElement>) => setTop(event.currentTarget.scrollTop)}
    >
      <table
        className="grid"
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows are moved along and selected: ARIA's pattern of a grid
        role="grid"
        aria-label={label}
        aria-rowcount={count + 1}
        aria-multiselectable={onSelect !== undefined}
        aria-activedescendant={count > 0 && at >= first && at < last ? `${id}-${at}` : undefined}
        tabIndex={0}
        onKeyDown={onKey}
      >
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <TitleCell key={column.key} {...{ column, sort }} onSort={setSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Gap rows={first} columns={columns.length} />}
          {Array.from({ length: Math.max(0, last - first) }, (_, i) => {
            const index = first + i;
            const row = order[index];
            return (
              <tr
                key={row}
                id={`${id}-${index}`}
                aria-rowindex={index + 2}
                aria-selected={selected?.has(row) ?? false}
                className={index === at ? "active" : undefined}
                onClick={(event) => onClick(event, index)}
              >
                {columns.map((column) => (
                  <Cell key={column.key} column={column} row={row} />
                ))}
              </tr>
            );
          })}
          {last < count && <Gap rows={count - last} columns={columns.length} />}
        </tbody>
      </table>
      {count === 0 && <p className="note">{empty}</p>}
    </div>
  );
}

function TitleCell({
  column,
  sort,
  onSort,
}: {
  readonly column: TableColumn;
  readonly sort: TableSort | undefined;
  readonly onSort: (sort: TableSort | undefined) => void;
}) {
  const isOwn = sort?.key === column.key;
  const { isDescending = false } = isOwn ? sort : {};
  // up, down, as it was
  const next = isOwn ? (isDescending ? undefined : { ...sort, isDescending: true }) : { key: column.key };
  return (
    <th aria-sort={isOwn ? (isDescending ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => onSort(next)}>
        {titleOf(column)}
        {isOwn && <i aria-hidden="true">{isDescending ? " ▼" : " ▲"}</i>}
      </button>
    </th>
  );
}

function Cell({ column, row }: { readonly column: TableColumn; readonly row: number }) {
  const value = column.value(row);
  const isNumber = typeof value === "number";
  if (value === null || value === undefined || (isNumber && Number.isNaN(value)))
    return <td className="number">–</td>;
  const text = column.text?.(value) ?? (isNumber ? numberText(value) : value);
  return (
    <td className={isNumber ? "number" : undefined} title={text}>
      {text}
    </td>
  );
}

/** The height of rows that are not drawn. */
function Gap({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  return (
    <tr className="gap">
      <td colSpan={columns} style={{ height: rows * ROW }} />
    </tr>
  );
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
