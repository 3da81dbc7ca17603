/** Objects as rows of a table: one an outline. */
import { parseGeometry } from "../geometry.ts";
import type { Mapobject, MapobjectSegmentation } from "../mapobject.ts";
import { areaOf } from "../shape.ts";
import { formatWkb } from "../wkb.ts";

/** What a column holds. */
export type ColumnKind = "integer" | "number" | "text" | "outline";

/** A column of a table of objects. */
export interface ObjectColumn {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** Columns that every table of objects begins with; lengths are pixels of full resolution. */
export const OWN_COLUMNS: readonly ObjectColumn[] = [
  { name: "id", kind: "integer" },
  { name: "external_id", kind: "text" },
  { name: "label", kind: "integer" },
  { name: "timepoint", kind: "integer" },
  { name: "zplane", kind: "integer" },
  { name: "object_type", kind: "text" },
  { name: "name", kind: "text" },
  { name: "class", kind: "text" },
  { name: "class_color", kind: "text" },
  { name: "centroid_y", kind: "number" },
  { name: "centroid_x", kind: "number" },
  { name: "min_y", kind: "integer" },
  { name: "min_x", kind: "integer" },
  { name: "max_y", kind: "integer" },
  { name: "max_x", kind: "integer" },
  { name: "area_px", kind: "number" },
];

/** Outlines as WKB, where a table can hold bytes. */
export const OUTLINE_COLUMNS: readonly ObjectColumn[] = [
  { name: "geometry", kind: "outline" },
  { name: "nucleus", kind: "outline" },
];

/** What a feature is called whose name is that of another column. */
export const FEATURE_PREFIX = "feature ";

/** A column a feature. */
export function featureColumns(features: readonly string[]): ReadonlyMap<string, string> {
  const own = new Set([...OWN_COLUMNS, ...OUTLINE_COLUMNS].map(({ name }) => name));
  const isTaken = (name: string) => own.has(name) || name.startsWith(FEATURE_PREFIX);
  return new Map(features.map((name) => [name, isTaken(name) ? `${FEATURE_PREFIX}${name}` : name]));
}

/** A value of a cell; null for none. */
export type CellValue = number | string | Uint8Array | null;

/** The values of an outline of an object by the names of columns; features are those of its time point and those that hold for all. */
export function rowOf(
  object: Mapobject,
  outline: MapobjectSegmentation,
  features: ReadonlyMap<string, string>,
): Record<string, CellValue> {
  const { box, centroid, geometry, nucleus } = outline;
  const { shape } = parseGeometry(geometry, `map object ${object.id}`);
  const row: Record<string, CellValue> = {
    id: object.id,
    external_id: object.externalId,
    label: outline.label,
    timepoint: outline.timepoint,
    zplane: outline.zplane,
    object_type: object.objectType,
    name: object.name,
    class: object.className,
    class_color: object.classColor,
    centroid_y: centroid.y,
    centroid_x: centroid.x,
    min_y: box.minY,
    min_x: box.minX,
    max_y: box.maxY,
    max_x: box.maxX,
    area_px: areaOf(shape),
    geometry: formatWkb(shape),
    nucleus:
      nucleus === null ? null : formatWkb(parseGeometry(nucleus, `map object ${object.id} nucleus`).shape),
  };
  for (const column of features.values()) row[column] = null;
  for (const { timepoint, values } of object.features)
    if (timepoint === null || timepoint === outline.timepoint)
      for (const [name, value] of Object.entries(values)) row[features.get(name) ?? name] = value;
  return row;
}
