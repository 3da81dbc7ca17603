import type { ResultFiles } from "../../io/index.ts";
import { refuseOtherEnding } from "../../io/index.ts";
import { writeMoleculesCsv } from "../molecules/csv.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { writeMoleculesParquet } from "../molecules/parquet.ts";

const PARQUET = /\.(pq|parquet)$/i;

/** @throws {VitrineError} unsupported: a table of molecules that a program writes is CSV or Parquet; `vitrine convert` makes the others of it */
export function requireTablePath(path: string): void {
  refuseOtherEnding(path, /\.(csv|pq|parquet)$/i, "a name that ends with .csv or .parquet");
}

/** Writes molecules with all their digits as a result of a program. */
export function writeTable(results: ResultFiles, path: string, molecules: Molecules): Promise<void> {
  return results.write(path, (temporary) =>
    PARQUET.test(path)
      ? writeMoleculesParquet(temporary, molecules, { overwrite: true })
      : writeMoleculesCsv(temporary, molecules, { overwrite: true, floatPrecision: null }),
  );
}
