/** GeoJSON in QuPath's form: into an experiment and out of it. */
import { requireNotAborted } from "../../../core/index.ts";
import { type OptionKeys, openUnpacked, requireKnownOptions, writeFileAtomic } from "../../../io/index.ts";
import type { Experiment } from "../../experiment.ts";
import { type AddMapobjectsOptions, type AddMapobjectsReport, addRawMapobjects } from "../add.ts";
import type { Mapobject, MapobjectSegmentation, RawMapobject } from "../mapobject.ts";
import { mapobjectPages, READ_KEYS, type ReadMapobjectsOptions } from "../read.ts";
import { type ExportReport, ExportTeller } from "./exportReport.ts";
import { LeftOut, parseFeature } from "./featureParse.ts";
import { FeatureScanner } from "./featureScan.ts";
import { joinPlanes } from "./joinPlanes.ts";
import { IMPORT_KEYS } from "./labelsIn.ts";

/** Bytes that are read together. */
const CHUNK = 2 ** 20;

/**
 * Adds the features of a GeoJSON file (a FeatureCollection, a list or lines of features; gzip too) to a type: all of them or none. Coordinates are
 * pixels from the upper left corner of full resolution, as QuPath writes them; `measurements` and other properties that are numbers become features,
 * `classification`, `name`, `objectType`, `id` and a cell's nucleus are kept. Features with one id and different planes that follow one another are one
 * object. The file is read in parts.
 *
 * @throws {VitrineError} format: no GeoJSON, with the byte or the feature; and as `addMapobjects`
 */
export async function importGeojson(
  experiment: Experiment,
  { path, type }: { readonly path: string; readonly type: string },
  options: AddMapobjectsOptions = {},
): Promise<AddMapobjectsReport> {
  requireKnownOptions("importGeojson", options, IMPORT_KEYS);
  const leftOut = new LeftOut();
  const objects = joinPlanes(readFeatures(path, leftOut, options.signal));
  const report = await addRawMapobjects(experiment, { type, objects }, options);
  for (const warning of leftOut.warnings()) options.onLog?.(warning, "warning");
  return { ...report, skipped: report.skipped + leftOut.features };
}

async function* readFeatures(
  path: string,
  leftOut: LeftOut,
  signal?: AbortSignal,
): AsyncGenerator<RawMapobject> {
  const file = await openUnpacked(path);
  try {
    const scanner = new FeatureScanner(path);
    let index = 0;
    for (let at = 0; at < file.size; at += CHUNK) {
      requireNotAborted(signal, path);
      const chunk = await file.read(at, Math.min(CHUNK, file.size - at));
      for (const text of scanner.push(chunk))
        yield* parseFeature(text, `${path} feature ${index++}`, leftOut);
    }
    scanner.end();
  } finally {
    await file.close();
  }
}

/** Where a file's coordinates begin: default the map's upper left corner. */
export interface ExportGeojsonOptions extends ReadMapobjectsOptions {
  readonly origin?: { readonly y: number; readonly x: number };
  /** Default: an existing file is refused. */
  readonly overwrite?: boolean;
  readonly onProgress?: ConstructorParameters<typeof ExportTeller>[0]["onProgress"];
  readonly onLog?: AddMapobjectsOptions["onLog"];
}

/** The keys of {@link ExportGeojsonOptions}, which the writers of other files take too. */
export const EXPORT_KEYS: OptionKeys<ExportGeojsonOptions> = {
  ...READ_KEYS,
  origin: true,
  overwrite: true,
  onProgress: true,
  onLog: true,
};

/**
 * Writes objects of a type as a FeatureCollection in QuPath's form, a feature a line and an outline.
 *
 * @throws {VitrineError} missing: no such type; exists: a file of this name; storage
 */
export async function exportGeojson(
  experiment: Experiment,
  { path, type }: { readonly path: string; readonly type: string },
  options: ExportGeojsonOptions = {},
): Promise<ExportReport> {
  requireKnownOptions("exportGeojson", options, EXPORT_KEYS);
  const teller = new ExportTeller({ path, ...options });
  const chunks = geojsonChunks(mapobjectPages(experiment, type, options), teller, options.origin);
  await writeFileAtomic(path, chunks, { overwrite: options.overwrite ?? false });
  return teller.finish();
}

/** Text that is handed on together. */
const TEXT = 2 ** 18;

/** The bytes of a FeatureCollection. */
export async function* geojsonChunks(
  objects: AsyncIterable<Mapobject>,
  teller: ExportTeller,
  origin?: { readonly y: number; readonly x: number },
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = '{"type":"FeatureCollection","features":[';
  let isFirst = true;
  for await (const object of objects) {
    teller.add(object);
    for (const outline of object.segmentations) {
      text += `${isFirst ? "" : ","}\n${JSON.stringify(featureOf(object, outline, origin))}`;
      isFirst = false;
    }
    if (text.length < TEXT) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(`${text}\n]}\n`);
}

/** An outline of an object as a feature in QuPath's form. */
export function featureOf(
  object: Mapobject,
  outline: MapobjectSegmentation,
  origin: { readonly y: number; readonly x: number } = { y: 0, x: 0 },
): object {
  const { timepoint, zplane, label, geometry, nucleus } = outline;
  const values = Object.assign(
    {},
    ...object.features
      .filter((one) => one.timepoint === null || one.timepoint === timepoint)
      .map((one) => one.values),
  );
  const plane = { c: -1, ...(zplane !== null && { z: zplane }), ...(timepoint !== null && { t: timepoint }) };
  const placed = moveGeometry(geometry, origin);
  return {
    type: "Feature",
    id: object.externalId ?? object.id,
    geometry: timepoint === null && zplane === null ? placed : { ...placed, plane },
    ...(nucleus !== null && { nucleusGeometry: moveGeometry(nucleus, origin) }),
    properties: {
      objectType: object.objectType ?? (geometry.type === "Point" ? "annotation" : "detection"),
      ...(object.name !== null && { name: object.name }),
      ...(object.className !== null && { classification: classificationOf(object) }),
      ...(label !== null && { label }),
      ...(Object.keys(values).length > 0 && { measurements: values }),
    },
  };
}

function classificationOf({ className, classColor }: Mapobject): object {
  const value = Number.parseInt(classColor ?? "", 16);
  return {
    name: className,
    ...(classColor !== null && { color: [value >> 16, (value >> 8) & 255, value & 255] }),
  };
}

type Coordinates = readonly number[] | readonly Coordinates[];

function moveGeometry<G extends { readonly coordinates: Coordinates }>(
  geometry: G,
  { y, x }: { readonly y: number; readonly x: number },
): G {
  if (y === 0 && x === 0) return geometry;
  const moved = (value: Coordinates): Coordinates =>
    typeof value[0] === "number"
      ? [(value[0] as number) - x, (value[1] as number) - y]
      : (value as readonly Coordinates[]).map(moved);
  return { ...geometry, coordinates: moved(geometry.coordinates) };
}
