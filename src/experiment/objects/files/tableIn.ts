/** Tables into an experiment: rows as objects, or as features of objects that are there. */
import { VitrineError } from "../../../core/index.ts";
import { parseCsvTable, readParquetRows, readText, requireKnownOptions } from "../../../io/index.ts";
import type { Experiment } from "../../experiment.ts";
import { type AddMapobjectsOptions, type AddMapobjectsReport, addRawMapobjects } from "../add.ts";
import { addFeatures, type FeatureRow } from "../features.ts";
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
  const { reader, rows: all } = await openTable(path);
  const report = reader.hasPlaces
    ? await addRawMapobjects(experiment, { type, objects: joinPlanes(reader.objects(all)) }, options)
    : await addFeatures(experiment, { type, rows: reader.featureRows(all), at: path }, options);
  for (const warning of reader.warnings()) options.onLog?.(warning, "warning");
  return report;
}

/**
 * Adds the numbers of a CSV or Parquet table to objects of a type that came from a label image: each row tells its `label` (or, without such a
 * column, its `id`, which is taken for the label). Places that the table tells are passed over; rows of labels that the type has not are counted.
 *
 * @throws {VitrineError} format: a table that is broken, without label and id, a cell that is no number; undeterminable: a label that several
 *   objects have; and as `addMapobjects`
 */
export async function importLabelFeatures(
  experiment: Experiment,
  { path, type }: { readonly path: string; readonly type: string },
  run: Pick<AddMapobjectsOptions, "signal" | "onLog"> = {},
): Promise<AddMapobjectsReport> {
  requireKnownOptions("importLabelFeatures", run, { onLog: true, signal: true });
  const { signal, onLog } = run;
  const { reader, rows } = await openTable(path);
  const named = byLabel(reader.featureRows(rows));
  const options = { isRestSkipped: true, ...(signal && { signal }) };
  const report = await addFeatures(experiment, { type, rows: named, at: path }, options);
  const skipped =
    report.skipped > 0 ? [`${path}: ${report.skipped} rows of labels that are not in the image`] : [];
  for (const warning of [...reader.warnings(), ...skipped]) onLog?.(warning, "warning");
  return report;
}

async function* byLabel(rows: AsyncIterable<FeatureRow>): AsyncGenerator<FeatureRow> {
  for await (const { id, label = id, ...row } of rows) {
    if (label === undefined)
      throw new VitrineError({
        code: "format",
        at: row.at,
        expected: "a column label or id with the value that the object has in the label image",
        found: "none",
      });
    yield { ...row, label };
  }
}

async function openTable(path: string) {
  const isParquet = /\.parquet$/i.test(path);
  const rows = isParquet ? readParquetRows(path) : csvRows(path);
  const first = await rows.next();
  if (first.done) throw noRows(path);
  const reader = new TableRowReader(path, Object.keys(first.value));
  return { reader, rows: startingWith(first.value, rows) };
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
