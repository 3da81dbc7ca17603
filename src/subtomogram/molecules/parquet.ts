import {
  formatParquet,
  type ParquetColumn,
  readParquetColumns,
  readParquetRows,
  requireKnownOptions,
  writeFileAtomic,
} from "../../io/index.ts";
import {
  type MoleculeColumns,
  moleculesOfTable,
  moleculeTable,
  PLACE_COLUMNS,
  ROTATION_COLUMNS,
} from "./csv.ts";
import type { FeatureValue } from "./features.ts";
import type { Molecules } from "./molecules.ts";

/**
 * Reads molecules of a Parquet file: the columns of `readMoleculesCsv`, with the types that the file gives them.
 *
 * @throws {VitrineError} missing: a column; type: a place or rotation that is no number, a feature that is a list; and the errors of
 *   `readParquetRows`
 */
export async function readMoleculesParquet(path: string, columns: MoleculeColumns = {}): Promise<Molecules> {
  requireKnownOptions("readMoleculesParquet", columns, { posCols: true, rotCols: true });
  const names = await readParquetColumns(path);
  const table = new Map(names.map((name): [string, unknown[]] => [name, []]));
  let rows = 0;
  for await (const row of readParquetRows(path)) {
    for (const [name, values] of table) values[rows] = row[name] ?? null;
    rows++;
  }
  return moleculesOfTable(table, rows, { at: path, ...columns });
}

/**
 * Writes molecules as Parquet that acryo and {@link readMoleculesParquet} read: places and rotations in single precision, whole numbers as
 * such.
 *
 * @throws {VitrineError} exists: a feature of a name that a place or rotation has, or the file
 */
export async function writeMoleculesParquet(
  path: string,
  molecules: Molecules,
  options: { readonly overwrite?: boolean } = {},
): Promise<void> {
  requireKnownOptions("writeMoleculesParquet", options, { overwrite: true });
  const { overwrite = false } = options;
  const fixed: readonly string[] = [...PLACE_COLUMNS, ...ROTATION_COLUMNS];
  const columns = Object.entries(moleculeTable(molecules)).map(([name, values]): ParquetColumn => {
    return { name, type: fixed.includes(name) ? "FLOAT" : typeOf(values), values };
  });
  await writeFileAtomic(path, await formatParquet(columns), { overwrite });
}

function typeOf(values: readonly FeatureValue[]): ParquetColumn["type"] {
  const known = values.filter((value) => value !== null);
  if (known.every((value) => typeof value === "boolean") && known.length > 0) return "BOOLEAN";
  if (known.every((value) => Number.isSafeInteger(value))) return "INT64";
  return known.every((value) => typeof value === "number") ? "DOUBLE" : "STRING";
}
