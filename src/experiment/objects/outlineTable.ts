/** Outlines in memory, as queries go through them. */
import Flatbush from "flatbush";
import type { Bounds, Polygon } from "./shape.ts";
import { simplifyPolygons } from "./simplify.ts";
import type { Rectangle } from "./windowTest.ts";
import { parseWkb } from "./wkb.ts";

/** A row of the table of segmentations, as queries need it. */
export interface OutlineRow {
  readonly mapobjectId: number;
  readonly label: number | null;
  readonly geometry: Uint8Array;
  readonly centroidY: number;
  readonly centroidX: number;
  readonly minY: number;
  readonly minX: number;
  readonly maxY: number;
  readonly maxX: number;
}

/** Outlines by their number here, in the order in which they were written. */
export class OutlineTable {
  readonly count: number;
  readonly ids: Uint32Array;
  /** 0: none. */
  readonly labels: Int32Array;
  /** Two an outline: x, y. */
  readonly centroids: Float64Array;
  /** Four an outline: least x and y, largest x and y. */
  readonly boxes: Int32Array;
  readonly #polygons: (readonly Polygon[])[];
  /** By tolerance. */
  readonly #simple = new Map<number, (readonly Polygon[] | undefined)[]>();
  #index: Flatbush | undefined;

  constructor(rows: readonly OutlineRow[]) {
    this.count = rows.length;
    this.ids = Uint32Array.from(rows, ({ mapobjectId }) => mapobjectId);
    this.labels = Int32Array.from(rows, ({ label }) => label ?? 0);
    this.centroids = new Float64Array(2 * rows.length);
    this.boxes = new Int32Array(4 * rows.length);
    rows.forEach((row, i) => {
      this.centroids.set([row.centroidX, row.centroidY], 2 * i);
      this.boxes.set([row.minX, row.minY, row.maxX, row.maxY], 4 * i);
    });
    this.#polygons = parsePolygons(rows);
  }

  /** An outline; none of a point. */
  polygons(outline: number): readonly Polygon[] {
    return this.#polygons[outline];
  }

  /** An outline with fewer corners; made when it is first asked for. */
  simplified(outline: number, tolerance: number): readonly Polygon[] {
    if (!(tolerance > 0)) return this.#polygons[outline];
    const known = this.#simple.get(tolerance) ?? [];
    if (known.length === 0) this.#simple.set(tolerance, known);
    known[outline] ??= simplifyPolygons(this.#polygons[outline], tolerance);
    return known[outline];
  }

  /** Whether an outline's box lies within a rectangle. */
  isWithin(outline: number, { top, left, bottom, right }: Rectangle): boolean {
    const [minX, minY, maxX, maxY] = this.boxes.subarray(4 * outline, 4 * outline + 4);
    return minX >= left && maxX <= right && minY >= top && maxY <= bottom;
  }

  /** The outlines whose boxes meet a box, in ascending order. */
  search({ minX, minY, maxX, maxY }: Bounds): Iterable<number> {
    if (this.count === 0) return [];
    this.#index ??= indexOf(this.boxes);
    return Uint32Array.from(this.#index.search(minX, minY, maxX, maxY)).sort();
  }
}

function parsePolygons(rows: readonly OutlineRow[]): (readonly Polygon[])[] {
  // one array for all, of which rings are views: a small one each would cost several times its numbers
  const numbers = new Float64Array(rows.reduce((sum, { geometry }) => sum + (geometry.byteLength >> 3), 0));
  let used = 0;
  const allocate = (length: number) => {
    used += length;
    return numbers.subarray(used - length, used);
  };
  return rows.map(({ geometry, mapobjectId }) => {
    const shape = parseWkb(geometry, `map object ${mapobjectId}`, allocate);
    return shape.kind === "point" ? [] : shape.polygons;
  });
}

function indexOf(boxes: Int32Array): Flatbush {
  const index = new Flatbush(boxes.length / 4, 16, Int32Array);
  for (let i = 0; i < boxes.length; i += 4) index.add(boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]);
  index.finish();
  return index;
}
