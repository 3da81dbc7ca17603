/** Files of objects by their names' endings. */
import type { Experiment } from "../../experiment.ts";
import type { AddMapobjectsReport } from "../add.ts";
import type { ExportReport } from "./exportReport.ts";
import { type ExportGeojsonOptions, exportGeojson, importGeojson } from "./geojson.ts";
import { type ImportLabelsOptions, importLabels } from "./labelsIn.ts";
import { type ExportLabelsReport, exportLabels } from "./labelsOut.ts";
import { importTable } from "./tableIn.ts";
import { exportTable } from "./tableOut.ts";

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
