import { useId, useMemo, useState } from "react";
import { numberText, titleOf } from "./numbers.ts";
import { sortedRows, type TableColumn, type TableSort } from "./sortedRows.ts";
import { ROW, useTableRows } from "./useTableRows.ts";

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

/**
 * A table of any number of rows, of which those in view are drawn. A click on a title sorts; arrows, Page keys, Home and End move, Enter opens,
 * Space selects, Ctrl+A selects all.
 */
export function Table(props: TableProps) {
  const { label, columns, rows, selected, onSelect, lines = 10, empty = "Nothing here." } = props;
  const id = useId();
  const [own, setOwn] = useState<TableSort>();
  const sort = props.onSort === undefined ? own : props.sort;
  const order = useMemo(() => sortedRows(rows, columns, sort), [rows, columns, sort]);
  const { scroller, active, first, last, onScroll, onKey, onClick } = useTableRows({ ...props, order, sort });
  const count = order.length;
  return (
    <div ref={scroller} className="grid-box" style={{ maxHeight: (lines + 1) * ROW + 2 }} onScroll={onScroll}>
      <table
        className="grid"
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows are moved along and selected: ARIA's pattern of a grid
        role="grid"
        aria-label={label}
        aria-rowcount={count + 1}
        aria-multiselectable={onSelect !== undefined}
        aria-activedescendant={active >= first && active < last ? `${id}-${active}` : undefined}
        tabIndex={0}
        onKeyDown={onKey}
      >
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <TitleCell key={column.key} {...{ column, sort }} onSort={props.onSort ?? setOwn} />
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Gap rows={first} columns={columns.length} />}
          {Array.from(order.subarray(first, last), (row, i) => (
            <tr
              key={row}
              id={`${id}-${first + i}`}
              aria-rowindex={first + i + 2}
              aria-selected={selected?.has(row) ?? false}
              className={first + i === active ? "active" : undefined}
              onClick={(event) => onClick(event, first + i)}
            >
              {columns.map((column) => (
                <Cell key={column.key} column={column} row={row} />
              ))}
            </tr>
          ))}
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
