import { useMemo } from "react";
import type { TableColumn } from "../../widgets/sortedRows.ts";
import { Table } from "../../widgets/Table.tsx";
import type { Rows } from "../answers.ts";
import { bestStructure, type LikelihoodFacts, valuesOf } from "./api.ts";

interface ImageTableProps {
  readonly facts: LikelihoodFacts;
  readonly rows: Rows;
  readonly image: number | undefined;
  readonly onImage: (image: number) => void;
}

/** Structures whose numbers are columns, at most. */
const MOST_COLUMNS = 6;

/** All images with what they say of each structure; a row is one. */
export function ImageTable({ facts, rows, image, onImage }: ImageTableProps) {
  const columns = useMemo(() => columnsOf(facts, rows), [facts, rows]);
  const selected = useMemo(() => new Set(image === undefined ? [] : [image]), [image]);
  return (
    <section className="under" aria-label="Images">
      <h2>Images</h2>
      <span className="note">{rows.count}</span>
      <Table
        label="Images of the comparison"
        {...{ columns, selected }}
        rows={rows.count}
        onSelect={() => {}}
        onRow={onImage}
        lines={5}
        empty="There are no images."
      />
    </section>
  );
}

function columnsOf({ names, isIntegrated }: LikelihoodFacts, rows: Rows): TableColumn[] {
  const of = (quantity: "posterior" | "correlation", title: (name: string) => string) =>
    names.slice(0, MOST_COLUMNS).map((name, k) => ({
      key: `${quantity}-${k}`,
      title: title(name),
      value: (row: number) => valuesOf(rows, quantity, k)?.[row],
      text: (value: number | string) => Number(value).toFixed(3),
    }));
  return [
    { key: "index", title: "No.", value: (row) => row + 1 },
    { key: "best", title: "structure", value: (row) => names[bestStructure(rows, names.length, row)] },
    ...(isIntegrated ? of("posterior", (name) => `p ${name}`) : []),
    ...of("correlation", (name) => `correlation ${name}`),
  ];
}
