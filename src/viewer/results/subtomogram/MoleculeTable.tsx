import { useMemo } from "react";
import type { TableColumn } from "../../widgets/sortedRows.ts";
import { Table } from "../../widgets/Table.tsx";
import { featureOf, type MoleculeRows } from "./api.ts";

interface MoleculeTableProps {
  readonly rows: MoleculeRows | undefined;
  readonly isWaiting: boolean;
  readonly shown: readonly number[];
  readonly chosen: number | undefined;
  readonly onChoose: (index: number) => void;
}

/** Places and features; a row leads to its molecule. */
export function MoleculeTable({ rows, isWaiting, shown, chosen, onChoose }: MoleculeTableProps) {
  const columns = useMemo(() => (rows === undefined ? [] : columnsOf(rows)), [rows]);
  const list = useMemo(() => Uint32Array.from(shown), [shown]);
  const selected = useMemo(() => new Set(chosen === undefined ? [] : [chosen]), [chosen]);
  return (
    <section className="under" aria-label="Molecules">
      <h2>Molecules</h2>
      <span className="note">
        {rows !== undefined ? `${shown.length} of ${rows.count}` : isWaiting ? "not read yet" : "being read"}
      </span>
      <Table
        label="Molecules of the table"
        {...{ columns, selected }}
        rows={list}
        onSelect={() => {}}
        onRow={onChoose}
        lines={5}
        empty={isWaiting ? "Molecules are read once nm/voxel is given." : "No molecule is left."}
      />
    </section>
  );
}

function columnsOf(rows: MoleculeRows): TableColumn[] {
  const places = (["z", "y", "x"] as const).map((axis) => ({
    key: axis,
    title: axis,
    unit: "nm",
    value: (row: number) => rows.columns[axis][row],
    text: (value: number | string) => Number(value).toFixed(2),
  }));
  const features = rows.features.map((name) => ({
    key: `feature ${name}`,
    title: name,
    value: (row: number) => featureOf(rows, name)?.[row],
  }));
  return [{ key: "index", title: "No.", value: (row) => row + 1 }, ...places, ...features];
}
