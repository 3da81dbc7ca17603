/** Objects as GeoParquet. */
import { ParquetChunks } from "../../../io/index.ts";
import type { CellValue, ObjectColumn } from "./tableRows.ts";

const TYPES = { integer: "INT64", number: "DOUBLE", text: "STRING", outline: "BYTE_ARRAY" } as const;

/** GeoParquet 1.1: which columns are outlines; they are pixels, on no globe. */
const GEO = JSON.stringify({
  version: "1.1.0",
  primary_column: "geometry",
  columns: Object.fromEntries(
    ["geometry", "nucleus"].map((name) => [name, { encoding: "WKB", geometry_types: [], crs: null }]),
  ),
});

/** The bytes of a file of rows, batch by batch. */
export async function* geoParquetChunks(
  batches: AsyncIterable<readonly Readonly<Record<string, CellValue>>[]>,
  columns: readonly ObjectColumn[],
): AsyncGenerator<Uint8Array> {
  const fields = columns.map(({ name, kind }) => ({ name, type: TYPES[kind], isNullable: true }));
  const parquet = await ParquetChunks.create(fields, { geo: GEO });
  for await (const batch of batches)
    if (batch.length > 0)
      yield parquet.rows(columns.map(({ name }) => batch.map((row) => row[name] ?? null)));
  yield parquet.finish();
}
