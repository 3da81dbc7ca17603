/** Files of objects by their names' endings. */
import { requireKnownOptions } from "../../../io/index.ts";
import type { Experiment } from "../../experiment.ts";
import type { AddMapobjectsReport } from "../add.ts";
import { mapobjectPages, READ_KEYS, type ReadMapobjectsOptions } from "../read.ts";
import { type ExportReport, ExportTeller } from "./exportReport.ts";
import { type ExportGeojsonOptions, exportGeojson, geojsonChunks, importGeojson } from "./geojson.ts";
import { type ImportLabelsOptions, importLabels } from "./labelsIn.ts";
import { type ExportLabelsReport, exportLabels } from "./labelsOut.ts";
import { importTable } from "./tableIn.ts";
import { exportTable, tableChunks } from "./tableOut.ts";

/** A file of objects, and their type. */
export interface MapobjectFile {
  readonly path: string;
  readonly type: string;
}

type FileKind = "geojson" | "table" | "labels";

function kindOf(path: string): FileKind {
  if (/\.(geo)?json(l|s|seq)?(\.gz)?$/i.test(path)) return "geojson";
  return /\.(csv|parquet)$/i.test(path) ? "table" : "labels";
}

/**
 * Adds the objects of a file to a type: `.geojson` and `.json` (gzip too), `.csv`, `.parquet`; anything else is a label image.
 *
 * @throws {VitrineError} as `importGeojson`, `importTable`, `importLabels`
 */
export function importMapobjects(
  experiment: Experiment,
  file: MapobjectFile,
  options: ImportLabelsOptions = {},
): Promise<AddMapobjectsReport> {
  const kind = kindOf(file.path);
  if (kind === "geojson") return importGeojson(experiment, file, options);
  return kind === "table" ? importTable(experiment, file, options) : importLabels(experiment, file, options);
}

/**
 * Writes objects of a type to a file: `.geojson` and `.json`, `.csv`, `.parquet`; `.tif`, `.npy` and `.zarr` are label images.
 *
 * @throws {VitrineError} as `exportGeojson`, `exportTable`, `exportLabels`
 */
export function exportMapobjects(
  experiment: Experiment,
  file: MapobjectFile,
  options: ExportGeojsonOptions = {},
): Promise<ExportReport | ExportLabelsReport> {
  const kind = kindOf(file.path);
  if (kind === "geojson") return exportGeojson(experiment, file, options);
  return kind === "table" ? exportTable(experiment, file, options) : exportLabels(experiment, file, options);
}

/** Formats that {@link mapobjectFileBytes} writes. */
export type MapobjectBytesFormat = "geojson" | "csv" | "parquet";

/**
 * Objects of a type as the bytes of a file, part by part: what `exportMapobjects` writes, for those who send it elsewhere.
 *
 * @throws {VitrineError} missing: no such type; and whatever a query throws
 */
export async function* mapobjectFileBytes(
  experiment: Experiment,
  { type, format }: { readonly type: string; readonly format: MapobjectBytesFormat },
  options: ReadMapobjectsOptions = {},
): AsyncGenerator<Uint8Array> {
  requireKnownOptions("mapobjectFileBytes", options, READ_KEYS);
  const teller = new ExportTeller({ path: `${type}.${format}` });
  if (format === "geojson") yield* geojsonChunks(mapobjectPages(experiment, type, options), teller);
  else yield* tableChunks(experiment, type, { isParquet: format === "parquet", teller, options });
}
