/** A feature of GeoJSON as QuPath and others write it. */
import { counted, VitrineError } from "../../../core/index.ts";
import { parseGeometry } from "../geometry.ts";
import { type MapobjectTraits, OBJECT_TYPES, type RawMapobject, type RawOutline } from "../mapobject.ts";

/** What is not kept, counted while features are parsed. */
export class LeftOut {
  readonly #geometries = new Map<string, number>();
  readonly #properties = new Map<string, number>();
  /** Features of several points, each of which became an object. */
  multiPoints = 0;

  /** A feature without an outline that objects can have. */
  addGeometry(type: string): void {
    this.#geometries.set(type, (this.#geometries.get(type) ?? 0) + 1);
  }

  addProperty(name: string): void {
    this.#properties.set(name, (this.#properties.get(name) ?? 0) + 1);
  }

  /** Features that were left out. */
  get features(): number {
    return [...this.#geometries.values()].reduce((sum, count) => sum + count, 0);
  }

  /** A sentence each. */
  warnings(): string[] {
    const geometries = [...this.#geometries].map(
      ([type, count]) =>
        `${counted(count, "feature was", "features were")} left out: ${type}; map objects are points and polygons`,
    );
    const names = [...this.#properties].map(([name, count]) => `${name} (${count})`);
    return [
      ...geometries,
      ...(this.multiPoints > 0
        ? [`${counted(this.multiPoints, "feature")} of several points became an object a point`]
        : []),
      ...(names.length > 0
        ? [`properties that are neither known nor numbers were left out: ${names.join(", ")}`]
        : []),
    ];
  }
}

/** What QuPath 0.2 wrote in the place of a feature's id. */
const OLD_TYPES: Readonly<Record<string, MapobjectTraits["objectType"]>> = {
  PathAnnotationObject: "annotation",
  PathDetectionObject: "detection",
  PathCellObject: "cell",
  PathTileObject: "tile",
};

/** What a property becomes, where that is more than a feature of its own name. */
type Known = Readonly<Record<string, unknown>>;

/**
 * The objects of a feature's text: one; one a point of a MultiPoint; of a collection one of its polygons and one a point; none of a line or
 * without geometry, which is counted.
 *
 * @param at  how messages call it
 * @throws {VitrineError} format: no JSON, no feature, broken coordinates
 */
export function parseFeature(text: string, at: string, leftOut: LeftOut): RawMapobject[] {
  const value = parseJson(text, at);
  const feature = value.type === "Feature" ? value : { type: "Feature", geometry: value, properties: {} };
  const properties = recordOf(feature.properties, `${at} properties`);
  const { traits, values, label } = parseProperties({ feature, properties, at, leftOut });
  const where = planeOf(recordOf(feature.geometry, `${at} geometry`));
  const nucleus = feature.nucleusGeometry ?? properties.nucleusGeometry;
  const features = Object.keys(values).length > 0 ? [{ ...timeOf(where), values }] : [];
  return geometriesOf(feature.geometry, leftOut).map((geometry) => {
    const { shape, closedRings } = parseGeometry(geometry, at);
    const inner =
      nucleus === undefined || nucleus === null ? undefined : parseGeometry(nucleus, `${at} nucleus`);
    const closed = closedRings + (inner?.closedRings ?? 0);
    const outline: RawOutline = { ...where, label, shape, nucleus: inner?.shape, closedRings: closed };
    return { at, ...traits, outlines: [outline], features };
  });
}

/** JSON, with the bare NaN and Infinity that QuPath writes for measurements without a value. */
function parseJson(text: string, at: string): Known {
  try {
    return recordOf(JSON.parse(text), at);
  } catch (cause) {
    if (cause instanceof VitrineError) throw cause;
    try {
      return recordOf(JSON.parse(text.replace(/([:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g, "$1null")), at);
    } catch {
      const found = cause instanceof Error ? cause.message : "something else";
      throw new VitrineError({ code: "format", at, expected: "JSON", found }, { cause });
    }
  }
}

function recordOf(value: unknown, at: string): Known {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Known;
  const found = JSON.stringify(value).slice(0, 40);
  throw new VitrineError({ code: "format", at, expected: "an object of JSON", found });
}

/** Geometries that objects can have; the others are counted. */
function geometriesOf(value: unknown, leftOut: LeftOut): unknown[] {
  if (value === undefined || value === null) {
    leftOut.addGeometry("no geometry");
    return [];
  }
  const { type, coordinates } = value as { readonly type?: unknown; readonly coordinates?: unknown };
  if (type === "MultiPoint" && Array.isArray(coordinates)) {
    if (coordinates.length > 1) leftOut.multiPoints++;
    return coordinates.map((point: unknown) => ({ type: "Point", coordinates: point }));
  }
  if (type === "GeometryCollection") return collectedOf(value, leftOut);
  if (type !== "LineString" && type !== "MultiLineString") return [value];
  leftOut.addGeometry(type);
  return [];
}

/** What a collection holds, collections in it included: its polygons are one object with several parts, its points an object each. */
function collectedOf(value: object, leftOut: LeftOut): unknown[] {
  const { geometries, plane } = value as { readonly geometries?: unknown; readonly plane?: unknown };
  const inner = (Array.isArray(geometries) ? geometries : []).flatMap((one: unknown) =>
    geometriesOf(one, leftOut),
  );
  if (inner.length === 0 && !(Array.isArray(geometries) && geometries.length > 0))
    leftOut.addGeometry("GeometryCollection without geometries");
  const typed = inner.map((one) => one as { readonly type?: unknown; readonly coordinates?: unknown });
  const polygons = typed.flatMap(({ type, coordinates }): unknown[] => {
    if (type === "Polygon") return [coordinates];
    return type === "MultiPolygon" && Array.isArray(coordinates) ? coordinates : [];
  });
  const others = typed.filter(({ type }) => type !== "Polygon" && type !== "MultiPolygon");
  return polygons.length === 0 ? others : [{ type: "MultiPolygon", coordinates: polygons, plane }, ...others];
}

/** QuPath's plane of an outline; -1 stands for all. */
function planeOf(geometry: Known): { timepoint?: number; zplane?: number } {
  const { t, z } = recordOf(geometry.plane, "geometry plane");
  return {
    ...(typeof t === "number" && t >= 0 && { timepoint: t }),
    ...(typeof z === "number" && z >= 0 && { zplane: z }),
  };
}

function timeOf({ timepoint }: { readonly timepoint?: number }) {
  return timepoint === undefined ? {} : { timepoint };
}

interface PropertiesOf {
  readonly feature: Known;
  readonly properties: Known;
  readonly at: string;
  readonly leftOut: LeftOut;
}

interface ParsedProperties {
  readonly traits: MapobjectTraits;
  readonly values: Readonly<Record<string, number | null>>;
  readonly label: number | undefined;
}

function parseProperties({ feature, properties, at, leftOut }: PropertiesOf): ParsedProperties {
  const { objectType, object_type, name, classification, measurements, label, nucleusGeometry, ...others } =
    properties;
  const values = measurementsOf(measurements, at);
  for (const [key, value] of Object.entries(others))
    if (typeof value === "number") values[key] = value;
    else if (value !== null) leftOut.addProperty(key);
  const { id } = feature;
  const old = typeof id === "string" ? OLD_TYPES[id] : undefined;
  const type = old ?? OBJECT_TYPES.find((one) => one === (objectType ?? object_type));
  if (type === undefined && typeof objectType === "string") leftOut.addProperty(`objectType ${objectType}`);
  const isNumbered = Number.isSafeInteger(label);
  if (label !== undefined && label !== null && !isNumbered) leftOut.addProperty("label");
  return {
    traits: {
      ...(type !== undefined && { objectType: type }),
      ...(typeof name === "string" && { name }),
      ...classOf(classification),
      ...(old === undefined &&
        (typeof id === "string" || typeof id === "number") && { externalId: String(id) }),
    },
    values,
    label: isNumbered ? (label as number) : undefined,
  };
}

/** Measurements as an object, or as QuPath 0.3 wrote them, a list of names and values. */
function measurementsOf(value: unknown, at: string): Record<string, number | null> {
  const entries = Array.isArray(value)
    ? value.map((entry: unknown) => {
        const { name, value: number } = recordOf(entry, `${at} measurements`);
        return [name, number] as const;
      })
    : Object.entries(recordOf(value, `${at} measurements`));
  const values: Record<string, number | null> = {};
  for (const [name, number] of entries) {
    const read = typeof number === "string" ? specialNumber(number) : (number ?? null);
    if (typeof name === "string" && (read === null || typeof read === "number")) values[name] = read;
    else
      throw new VitrineError({
        code: "format",
        at: `${at} measurements ${JSON.stringify(name)}`,
        expected: "a name and a number",
        found: JSON.stringify(number) ?? "nothing",
      });
  }
  return values;
}

/** Numbers that JSON has no word for. */
function specialNumber(text: string): number | null | undefined {
  return /^(NaN|-?Infinity|)$/.test(text) ? null : undefined;
}

/** A class by its name, or by the names that QuPath joins; its colour as three numbers or in one. */
function classOf(value: unknown): Pick<MapobjectTraits, "className" | "classColor"> {
  if (typeof value === "string") return { className: value };
  const { name, names, color, colorRGB } =
    typeof value === "object" && value !== null ? (value as Known) : {};
  const whole = typeof name === "string" ? name : Array.isArray(names) ? names.join(": ") : undefined;
  const rgb = Array.isArray(color) ? color : colorRGB;
  return {
    ...(whole !== undefined && { className: whole }),
    ...(rgb !== undefined && whole !== undefined && { classColor: hexOf(rgb) }),
  };
}

function hexOf(rgb: unknown): string {
  const value = Array.isArray(rgb)
    ? rgb.reduce((sum: number, part) => 256 * sum + (Number(part) & 255), 0)
    : Number(rgb);
  return (value & 0xffffff).toString(16).padStart(6, "0").toUpperCase();
}
