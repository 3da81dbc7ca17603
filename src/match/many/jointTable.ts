import type { CsvTable } from "../../io/index.ts";
import { readParticleTable } from "../particles/particleStack.ts";
import { writeParticles } from "../particles/writeParticles.ts";

/**
 * One table of the particles of several, in their order, text by text but for `particle_index`, which counts on.
 *
 * @returns rows of the table
 * @throws {VitrineError} missing, format: a table that is not there, or none
 */
export async function joinTables(tables: readonly string[], into: string): Promise<number> {
  const read: CsvTable[] = [];
  for (const path of tables) read.push(await readParticleTable(path));
  const columns = [...new Set(read.flatMap((table) => table.columns))];
  const hasNumbers = columns.includes(""); // a refined table has pandas' row numbers
  const rows = read
    .flatMap((table) => table.rows)
    .map((row, i) => ({ ...row, ...(hasNumbers && { "": i }), particle_index: i }));
  await writeParticles(into, { columns, rows }, { overwrite: true });
  return rows.length;
}
