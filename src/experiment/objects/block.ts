/** Many objects as flat arrays: what queries give, and what goes to a viewer as bytes. */
import { VitrineError } from "../../core/index.ts";
import type { MapobjectGeometry, MapPosition } from "./geometry.ts";
import type { Polygon } from "./shape.ts";

/** What is shown of the objects of a block. */
export type MapobjectDetail = "nothing" | "centroids" | "outlines";

/**
 * Objects as arrays. The polygons of object i are `objectPolygons[i]` to below `objectPolygons[i + 1]`; the rings of polygon p (the outer one,
 * then holes) are `polygonRings[p]` to below `polygonRings[p + 1]`; the points of ring r (closed) are `ringPoints[r]` to below
 * `ringPoints[r + 1]`, each with an x and a y in `points`. A point has no polygon: its centroid tells it.
 */
export interface MapobjectBlock {
  readonly detail: MapobjectDetail;
  /** What coordinates are relative to, pixels of full resolution. */
  readonly origin: { readonly y: number; readonly x: number };
  readonly ids: Uint32Array;
  /** Numbers in label images; 0: none. */
  readonly labels: Int32Array;
  /** x, y of each object. */
  readonly centroids: Float64Array | Float32Array;
  readonly objectPolygons: Uint32Array;
  readonly polygonRings: Uint32Array;
  readonly ringPoints: Uint32Array;
  readonly points: Float64Array | Float32Array;
}

/** Makes a block, object by object. */
export class BlockBuilder {
  readonly #ids: number[] = [];
  readonly #labels: number[] = [];
  readonly #centroids: number[] = [];
  readonly #objectPolygons = [0];
  readonly #polygonRings = [0];
  readonly #ringPoints = [0];
  #points = new Float64Array(8192);
  #numbers = 0;
  #polygons = 0;
  #rings = 0;

  /** Adds an object, with its outline or without. */
  add(
    object: { readonly id: number; readonly label: number; readonly x: number; readonly y: number },
    polygons: readonly Polygon[],
  ): void {
    this.#ids.push(object.id);
    this.#labels.push(object.label);
    this.#centroids.push(object.x, object.y);
    for (const polygon of polygons) this.#addPolygon(polygon);
    this.#objectPolygons.push(this.#polygons);
  }

  #addPolygon(polygon: Polygon): void {
    for (const ring of polygon) {
      const end = this.#numbers + ring.length;
      if (end > this.#points.length) this.#grow(end);
      this.#points.set(ring, this.#numbers);
      this.#numbers = end;
      this.#ringPoints.push(end / 2);
      this.#rings++;
    }
    this.#polygonRings.push(this.#rings);
    this.#polygons++;
  }

  #grow(numbers: number): void {
    const larger = new Float64Array(Math.max(numbers, 2 * this.#points.length));
    larger.set(this.#points);
    this.#points = larger;
  }

  /** All of them. */
  finish(detail: MapobjectDetail): MapobjectBlock {
    return {
      detail,
      origin: { y: 0, x: 0 },
      ids: Uint32Array.from(this.#ids),
      labels: Int32Array.from(this.#labels),
      centroids: Float64Array.from(this.#centroids),
      objectPolygons: Uint32Array.from(this.#objectPolygons),
      polygonRings: Uint32Array.from(this.#polygonRings),
      ringPoints: Uint32Array.from(this.#ringPoints),
      points: this.#points.slice(0, this.#numbers),
    };
  }
}

/** An object of a block as a feature of GeoJSON. */
export interface BlockFeature {
  readonly type: "Feature";
  readonly id: number;
  readonly geometry: MapobjectGeometry;
  readonly properties: { readonly type: string; readonly label?: number };
}

/** The objects of a block as features of GeoJSON, in pixels of the map: outlines, or points where there is none. */
export function* blockFeatures(block: MapobjectBlock, type: string): Generator<BlockFeature> {
  const { origin, objectPolygons, polygonRings, ringPoints, points, centroids } = block;
  const position = (values: Float64Array | Float32Array, i: number): MapPosition => [
    values[2 * i] + origin.x,
    values[2 * i + 1] + origin.y,
  ];
  const ring = (r: number) => range(ringPoints, r).map((i) => position(points, i));
  for (let i = 0; i < block.ids.length; i++) {
    const polygons = range(objectPolygons, i).map((p) => range(polygonRings, p).map(ring));
    const geometry: MapobjectGeometry =
      polygons.length === 0
        ? { type: "Point", coordinates: position(centroids, i) }
        : polygons.length === 1
          ? { type: "Polygon", coordinates: polygons[0] }
          : { type: "MultiPolygon", coordinates: polygons };
    const label = block.labels[i];
    yield { type: "Feature", id: block.ids[i], geometry, properties: { type, ...(label > 0 && { label }) } };
  }
}

/** The numbers from one offset to below the next. */
function range(offsets: Uint32Array, index: number): number[] {
  return Array.from({ length: offsets[index + 1] - offsets[index] }, (_, i) => offsets[index] + i);
}

/** `VMO1` in little-endian bytes. */
const MAGIC = 0x314f4d56;
const DETAILS: readonly MapobjectDetail[] = ["nothing", "centroids", "outlines"];
/** Magic, detail, numbers of objects, polygons, rings and points; then y and x of the origin as float64. */
const HEADER_BYTES = 40;

/**
 * A block as bytes, little-endian: `VMO1`, then as 32-bit integers detail (0 nothing, 1 centroids, 2 outlines) and the numbers n of objects,
 * p of polygons, r of rings, k of points; at byte 24 y and x of the origin as 64-bit floats; from byte 40 on, 32 bits a value: n ids, n
 * labels, 2n floats of centroids, n + 1, p + 1 and r + 1 offsets, 2k floats of points, relative to the origin.
 *
 * @param origin  a corner of what is looked at: 32-bit floats hold some seven figures
 */
export function encodeMapobjects(
  block: MapobjectBlock,
  origin: { readonly y: number; readonly x: number } = block.origin,
): Uint8Array<ArrayBuffer> {
  const counts = [block.ids.length, block.objectPolygons.at(-1) ?? 0, block.polygonRings.at(-1) ?? 0];
  const points = block.points.length / 2;
  const [n, p, r] = counts;
  const words = 2 * n + 2 * n + (n + 1) + (p + 1) + (r + 1) + 2 * points;
  const bytes = new Uint8Array(HEADER_BYTES + 4 * words);
  const header = new DataView(bytes.buffer);
  [MAGIC, DETAILS.indexOf(block.detail), ...counts, points].forEach((value, i) => {
    header.setUint32(4 * i, value, true);
  });
  header.setFloat64(24, origin.y, true);
  header.setFloat64(32, origin.x, true);
  const moved = (values: Float64Array | Float32Array) => {
    const [x, y] = [block.origin.x - origin.x, block.origin.y - origin.y];
    const numbers = new Float32Array(values.length);
    for (let i = 0; i < values.length; i += 2) {
      numbers[i] = values[i] + x;
      numbers[i + 1] = values[i + 1] + y;
    }
    return numbers;
  };
  const { ids, labels, objectPolygons, polygonRings, ringPoints } = block;
  const parts = [
    ids,
    labels,
    moved(block.centroids),
    objectPolygons,
    polygonRings,
    ringPoints,
    moved(block.points),
  ];
  let at = HEADER_BYTES;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return bytes;
}

/** Reads what {@link encodeMapobjects} wrote; arrays are views of the bytes where these lie on a multiple of four. @throws {VitrineError} format */
export function decodeMapobjects(bytes: Uint8Array): MapobjectBlock {
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  const head =
    whole.byteLength < HEADER_BYTES ? [] : Array.from({ length: 6 }, (_, i) => view.getUint32(4 * i, true));
  const [magic, detail, n, p, r, k] = head;
  const words = 4 * n + (n + 1) + (p + 1) + (r + 1) + 2 * k;
  if (magic !== MAGIC || detail >= DETAILS.length || whole.byteLength !== HEADER_BYTES + 4 * words)
    throw new VitrineError({
      code: "format",
      at: "decodeMapobjects bytes",
      expected: magic === MAGIC ? `${HEADER_BYTES + 4 * words} bytes` : "what encodeMapobjects writes",
      found: `${whole.byteLength} bytes`,
    });
  let at = whole.byteOffset + HEADER_BYTES;
  const take = (length: number) => {
    at += 4 * length;
    return [whole.buffer, at - 4 * length, length] as const;
  };
  return {
    detail: DETAILS[detail],
    origin: { y: view.getFloat64(24, true), x: view.getFloat64(32, true) },
    ids: new Uint32Array(...take(n)),
    labels: new Int32Array(...take(n)),
    centroids: new Float32Array(...take(2 * n)),
    objectPolygons: new Uint32Array(...take(n + 1)),
    polygonRings: new Uint32Array(...take(p + 1)),
    ringPoints: new Uint32Array(...take(r + 1)),
    points: new Float32Array(...take(2 * k)),
  };
}
