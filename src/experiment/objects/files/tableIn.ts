/** Tables into an experiment: rows as objects, or as features of objects that are there. */
import { VitrineError } from "../../../core/index.ts";
import { parseCsvTable, readParquetRows, readText, requireKnownOptions } from "../../../io/index.ts";
import type { Experiment } from "../../experiment.ts";
import { type AddMapobjectsOptions, type AddMapobjectsReport, addRawMapobjects } from "../add.ts";
import { addFeatures } from "../features.ts";
import { joinPlanes } from "./joinPlanes.ts";
import { IMPORT_KEYS } from "./labelsIn.ts";
import { TableRowReader } from "./tableRow.ts";

/**
 * Adds the rows of a CSV or Parquet table to a type: all or none. A row with an outline (`geometry` as WKB), a centroid (`centroid_y`, `centroid_x`; `y`,
 * `x`; what scikit-image, CellProfiler and QuPath call them) or a box (`min_y` …) is an object; without any of these it tells features of the object
 * with its `id` or `label` that the type has. Other columns of numbers become features.
 *
 * @throws {VitrineError} format: a table that is broken, no such columns, a cell that is no number; missing: no object of a row; undeterminable: a
 *   label that several objects have; and as `addMapobjects`
 */
export async function importTable(
  experiment: Experiment,
  { path, type }: { readonly path: string; readonly type: string },
  options: AddMapobjectsOptions = {},
): Promise<AddMapobjectsReport> {
  requireKnownOptions("importTable", options, IMPORT_KEYS);
  const isParquet = /\.parquet$/i.test(path);
  const rows = isParquet ? readParquetRows(path) : csvRows(path);
  const first = await rows.next();
  if (first.done) throw noRows(path);
  const reader = new TableRowReader(path, Object.keys(first.value));
  const all = startingWith(first.value, rows);
  const report = reader.hasPlaces
    ? await addRawMapobjects(experiment, { type, objects: joinPlanes(reader.objects(all)) }, options)
    : await addFeatures(experiment, { type, rows: reader.featureRows(all), at: path }, options);
  for (const warning of reader.warnings()) options.onLog?.(warning, "warning");
  return report;
}

async function* csvRows(path: string): AsyncGenerator<Record<string, unknown>> {
  const table = parseCsvTable(await readText(path), path);
  for (let row = 0; row < table.rows; row++)
    yield Object.fromEntries(table.columns.map((name) => [name, table.value(row, name)]));
}

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

function noRows(path: string): VitrineError {
  return new VitrineError({
    code: "format",
    at: path,
    expected: "a table with at least one row",
    found: "none",
  });
}
