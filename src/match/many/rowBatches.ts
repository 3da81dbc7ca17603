import { VitrineError } from "../../core/index.ts";
import type { Phase } from "../../jobs/index.ts";
import type { ProgramOptions } from "../../program/index.ts";
import { rowsByMicrograph } from "../particles/micrographCounts.ts";
import type { StackParticle } from "../particles/particleStack.ts";

/** Particles of one micrograph, a batch of a refinement or an extraction. As JSON. */
export type RowBatch = {
  /** Which of the tables that are worked on, from 0. */
  readonly table: number;
  /** Rows of the table, from 0. */
  readonly rows: readonly number[];
};

/** How the rows of tables are divided into batches, and where the batches' functions are. */
export interface RowStepOptions {
  /** Batches of each micrograph; default 1. */
  readonly tasks?: number;
  /** The built module of the batches. */
  readonly module: string | URL;
  /** Whether an earlier run is gone on with, whose results may be there. */
  readonly resume?: boolean;
}

/** The one phase of a program whose batches are rows: `refine` runs `refineBatch`. */
export function rowPhase(name: "refine" | "extract", module: string | URL): Phase {
  return {
    name,
    target: { module, export: `${name}Batch` },
    unit: "particles",
    work: (batch) => (batch as RowBatch).rows.length,
  };
}

/** What of a program's options decides about its results, or how they are written: not who watches and how many work. */
export function ownOptions<Options extends ProgramOptions>(
  given: Options,
): Omit<Options, keyof ProgramOptions> {
  const { signal: _, onProgress: __, onLog: ___, onBackend: ____, workers: _____, ...own } = given;
  return own;
}

/** The rows of each micrograph in the order in which they come first, in so many pieces as are asked for, or as there are rows. */
export function rowBatches(
  tables: readonly (readonly Pick<StackParticle, "micrographPath">[])[],
  pieces: number,
): RowBatch[] {
  return tables.flatMap((particles, table) =>
    [...rowsByMicrograph(particles).values()].flatMap((rows) =>
      divided(rows, pieces).map((some) => ({ table, rows: some })),
    ),
  );
}

/** In pieces as long as each other, or by one. */
function divided(rows: readonly number[], pieces: number): number[][] {
  const count = Math.min(pieces, rows.length);
  const edge = (i: number) => Math.floor((i * rows.length) / count);
  return Array.from({ length: count }, (_, i) => rows.slice(edge(i), edge(i + 1)));
}

/** Puts the results of a batch in their rows. @throws {VitrineError} format: not one a row */
export function placeRows<T>(into: T[], { rows }: RowBatch, results: readonly T[]): void {
  if (results.length !== rows.length)
    throw new VitrineError({
      code: "format",
      at: "result of a batch",
      expected: `${rows.length}, one a particle`,
      found: `${results.length}`,
    });
  for (const [i, row] of rows.entries()) into[row] = results[i];
}
