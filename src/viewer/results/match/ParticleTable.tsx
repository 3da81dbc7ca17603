import { useMemo } from "react";
import type { ResultParticle } from "../../../match/index.ts";
import type { TableColumn } from "../../widgets/sortedRows.ts";
import { Table } from "../../widgets/Table.tsx";

interface ParticleTableProps {
  /** Best first. */
  readonly particles: readonly ResultParticle[];
  /** Those above the cutoff. */
  readonly shown: readonly number[];
  readonly chosen: number | undefined;
  readonly onRow: (index: number) => void;
}

/** Particles above the cutoff; a row leads to its particle. */
export function ParticleTable({ particles, shown, chosen, onRow }: ParticleTableProps) {
  const columns = useMemo(() => columnsOf(particles), [particles]);
  const rows = useMemo(() => Uint32Array.from(shown), [shown]);
  const selected = useMemo(() => new Set(chosen === undefined ? [] : [chosen]), [chosen]);
  return (
    <section className="under" aria-label="Particles">
      <h2>Particles</h2>
      <span className="note">{countText(shown.length)}</span>
      <Table
        label="Particles above the cutoff"
        {...{ columns, rows, selected, onRow }}
        onSelect={() => {}}
        lines={5}
        empty="No particle lies above the cutoff. A lower one shows more."
      />
    </section>
  );
}

/** How many there are, in words. */
export function countText(count: number): string {
  return count === 1 ? "1 particle" : `${count} particles`;
}

function columnsOf(particles: readonly ResultParticle[]): TableColumn[] {
  const column = (key: keyof ResultParticle, title: string, unit: string, digits: number): TableColumn => ({
    key,
    title,
    ...(unit !== "" && { unit }),
    value: (row) => particles[row][key],
    text: (value) => Number(value).toFixed(digits),
  });
  return [
    { key: "index", title: "No.", value: (row) => row + 1 },
    column("zScore", "z-score", "", 2),
    column("x", "x", "px", 0),
    column("y", "y", "px", 0),
    column("phiDeg", "φ", "°", 1),
    column("thetaDeg", "θ", "°", 1),
    column("psiDeg", "ψ", "°", 1),
    column("relativeDefocusA", "defocus", "Å", 0),
    column("mip", "correlation", "", 2),
  ];
}
