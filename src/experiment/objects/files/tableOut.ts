/** Tables of objects out of an experiment: CSV, and Parquet with outlines (GeoParquet). */
import { VitrineError } from "../../../core/index.ts";
import { formatCsv, requireKnownOptions, writeFileAtomic } from "../../../io/index.ts";
import type { Experiment } from "../../experiment.ts";
import { mapobjectPages } from "../read.ts";
import { requireTypeId } from "../types.ts";
import { type ExportReport, ExportTeller } from "./exportReport.ts";
import { EXPORT_KEYS, type ExportGeojsonOptions } from "./geojson.ts";
import { geoParquetChunks } from "./parquet.ts";
import {
  type CellValue,
  featureColumns,
  type ObjectColumn,
  OUTLINE_COLUMNS,
  OWN_COLUMNS,
  rowOf,
} from "./tableRows.ts";

/** Which objects are written, and how. */
export type ExportTableOptions = Omit<ExportGeojsonOptions, "origin">;

/** Rows that are written together: a group of rows of Parquet. */
const ROWS = 20_000;

type Row = Record<string, CellValue>;

/**
 * Writes objects of a type as a table, a row an outline: number, label, time point, class, centroid, box and area in pixels of full resolution, then a
 * column a feature. A path that ends with `.parquet` becomes GeoParquet, whose column `geometry` holds the outlines as WKB; `.csv` has none.
 *
 * @throws {VitrineError} missing: no such type; unsupported: another ending; exists: a file of this name; storage
 */
export async function exportTable(
  experiment: Experiment,
  { path, type }: { readonly path: string; readonly type: string },
  options: ExportTableOptions = {},
): Promise<ExportReport> {
  requireKnownOptions("exportTable", options, EXPORT_KEYS);
  const isParquet = /\.parquet$/i.test(path);
  if (!isParquet && !/\.csv$/i.test(path))
    throw new VitrineError({
      code: "unsupported",
      at: path,
      expected: "a name that ends with .csv or .parquet",
      found: path,
    });
  const teller = new ExportTeller({ path, ...options });
  const chunks = tableChunks(experiment, type, { isParquet, teller, options });
  await writeFileAtomic(path, chunks, { overwrite: options.overwrite ?? false });
  return teller.finish();
}

/** The bytes of a table. @throws {VitrineError} missing: no such type */
export async function* tableChunks(
  experiment: Experiment,
  type: string,
  { isParquet, ...rest }: Omit<BatchesOf, "features"> & { readonly isParquet: boolean },
): AsyncGenerator<Uint8Array> {
  const features = featureColumns(await featureNames(experiment, type));
  const batches = rowBatches(experiment, type, { features, ...rest });
  yield* isParquet ? geoParquetChunks(batches, parquetColumns(features)) : csvChunks(batches, features);
}

async function featureNames({ query }: Experiment, type: string): Promise<string[]> {
  const typeId = await requireTypeId(query, type);
  const rows = await query
    .selectFrom("features")
    .select("name")
    .where("mapobjectTypeId", "=", typeId)
    .orderBy("id")
    .execute();
  return rows.map(({ name }) => name);
}

interface BatchesOf {
  readonly features: ReadonlyMap<string, string>;
  readonly teller: ExportTeller;
  readonly options: ExportTableOptions;
}

async function* rowBatches(
  experiment: Experiment,
  type: string,
  { features, teller, options }: BatchesOf,
): AsyncGenerator<Row[]> {
  let batch: Row[] = [];
  for await (const object of mapobjectPages(experiment, type, options)) {
    teller.add(object);
    for (const outline of object.segmentations) batch.push(rowOf(object, outline, features));
    if (batch.length < ROWS) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

async function* csvChunks(
  batches: AsyncIterable<readonly Row[]>,
  features: ReadonlyMap<string, string>,
): AsyncGenerator<Uint8Array> {
  const columns = [...OWN_COLUMNS.map(({ name }) => name), ...features.values()];
  const header = formatCsv(columns, []);
  const encoder = new TextEncoder();
  yield encoder.encode(header);
  for await (const batch of batches) {
    const rows = batch.map(({ geometry, nucleus, ...row }) => row as Record<string, number | string | null>);
    yield encoder.encode(formatCsv(columns, rows).slice(header.length));
  }
}

function parquetColumns(features: ReadonlyMap<string, string>): ObjectColumn[] {
  const numbers = [...features.values()].map((name) => ({ name, kind: "number" as const }));
  return [...OWN_COLUMNS, ...OUTLINE_COLUMNS, ...numbers];
}
