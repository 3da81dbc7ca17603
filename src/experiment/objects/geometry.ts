/** Outlines as GeoJSON has them (RFC 7946), in pixels. */
import { VitrineError } from "../../core/index.ts";
import type { Polygon, Ring, Shape } from "./shape.ts";

/** `[x, y]`, pixels of full resolution from the map's upper left corner, y down. */
export type MapPosition = readonly [x: number, y: number];

/** The outline of an object: GeoJSON's geometry, in pixels of full resolution. Rings are closed; the first is the outer one. */
export type MapobjectGeometry =
  | { readonly type: "Point"; readonly coordinates: MapPosition }
  | { readonly type: "Polygon"; readonly coordinates: readonly (readonly MapPosition[])[] }
  | { readonly type: "MultiPolygon"; readonly coordinates: readonly (readonly (readonly MapPosition[])[])[] };

/** What {@link parseGeometry} made of a value. */
export interface ParsedGeometry {
  readonly shape: Shape;
  /** Rings whose last point was not their first; it was added. */
  readonly closedRings: number;
}

/**
 * Reads a Point, Polygon or MultiPolygon; a third coordinate is left out. Rings that end before their first point are closed. Nothing else is
 * checked: see `shapeFault`.
 *
 * @throws {VitrineError} format: something else in the place of coordinates; unsupported: another type of geometry
 */
export function parseGeometry(value: unknown, at: string): ParsedGeometry {
  const geometry = typeof value === "object" && value !== null ? value : {};
  const type = "type" in geometry ? geometry.type : undefined;
  const coordinates = "coordinates" in geometry ? geometry.coordinates : undefined;
  const reader = new CoordinateReader(at);
  switch (type) {
    case "Point": {
      const [x, y] = reader.point(coordinates);
      return { shape: { kind: "point", x, y }, closedRings: 0 };
    }
    case "Polygon":
      return reader.parsed([reader.polygon(coordinates)]);
    case "MultiPolygon":
      return reader.parsed(reader.list(coordinates).map((polygon) => reader.polygon(polygon)));
    default:
      throw new VitrineError({
        code: "unsupported",
        at: `${at} geometry`,
        expected: "a Point, Polygon or MultiPolygon",
        found: typeof type === "string" ? type : JSON.stringify(value ?? null).slice(0, 40),
      });
  }
}

class CoordinateReader {
  readonly #at: string;
  #closedRings = 0;

  constructor(at: string) {
    this.#at = at;
  }

  parsed(polygons: readonly Polygon[]): ParsedGeometry {
    return { shape: { kind: "polygons", polygons }, closedRings: this.#closedRings };
  }

  point(value: unknown): [x: number, y: number] {
    if (Array.isArray(value) && value.length >= 2 && value.slice(0, 2).every((v) => typeof v === "number"))
      return [value[0], value[1]];
    throw this.#wrong("a position [x, y] of two numbers", value);
  }

  polygon(value: unknown): Polygon {
    return this.list(value).map((ring) => this.#ring(ring));
  }

  list(value: unknown): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw this.#wrong("a list of coordinates", value);
  }

  #ring(value: unknown): Ring {
    const points = this.list(value);
    const ring = new Float64Array(2 * points.length + 2);
    points.forEach((point, i) => {
      const [x, y] = this.point(point);
      ring[2 * i] = x;
      ring[2 * i + 1] = y;
    });
    const last = 2 * points.length;
    const isClosed = points.length > 1 && ring[0] === ring[last - 2] && ring[1] === ring[last - 1];
    if (isClosed) return ring.subarray(0, last);
    if (points.length > 2) this.#closedRings++;
    ring[last] = ring[0];
    ring[last + 1] = ring[1];
    return ring;
  }

  #wrong(expected: string, value: unknown): VitrineError {
    const found = (JSON.stringify(value) ?? "nothing").slice(0, 60);
    return new VitrineError({ code: "format", at: `${this.#at} coordinates`, expected, found });
  }
}

/** A shape as GeoJSON's geometry; a MultiPolygon where there are several parts. */
export function geometryOf(shape: Shape): MapobjectGeometry {
  if (shape.kind === "point") return { type: "Point", coordinates: [shape.x, shape.y] };
  const polygons = shape.polygons.map((polygon) => polygon.map(positionsOf));
  return polygons.length === 1
    ? { type: "Polygon", coordinates: polygons[0] }
    : { type: "MultiPolygon", coordinates: polygons };
}

function positionsOf(ring: Ring): MapPosition[] {
  return Array.from({ length: ring.length / 2 }, (_, i): MapPosition => [ring[2 * i], ring[2 * i + 1]]);
}
