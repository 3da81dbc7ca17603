/** Well-known binary (OGC 06-103r4), in which outlines are kept: points, polygons and several polygons, in two dimensions. */
import { VitrineError } from "../../core/index.ts";
import type { Polygon, Ring, Shape } from "./shape.ts";

const [POINT, POLYGON, MULTI_POLYGON] = [1, 3, 6];
const LITTLE_ENDIAN = 1;
/** Byte order and kind; a count. */
const [HEAD, COUNT] = [5, 4];

/** A shape as WKB, little-endian: a Point, a Polygon, or a MultiPolygon where there are several. */
export function formatWkb(shape: Shape): Uint8Array {
  const bytes = new Uint8Array(wkbLength(shape));
  const writer = { view: new DataView(bytes.buffer), at: 0 };
  if (shape.kind === "point") {
    writeHead(writer, POINT);
    writer.view.setFloat64(HEAD, shape.x, true);
    writer.view.setFloat64(HEAD + 8, shape.y, true);
  } else if (shape.polygons.length === 1) writePolygon(writer, shape.polygons[0]);
  else {
    writeHead(writer, MULTI_POLYGON);
    writeCount(writer, shape.polygons.length);
    for (const polygon of shape.polygons) writePolygon(writer, polygon);
  }
  return bytes;
}

function wkbLength(shape: Shape): number {
  if (shape.kind === "point") return HEAD + 16;
  const one = (polygon: Polygon) =>
    polygon.reduce((sum, ring) => sum + COUNT + ring.length * 8, HEAD + COUNT);
  const all = shape.polygons.reduce((sum, polygon) => sum + one(polygon), 0);
  return shape.polygons.length === 1 ? all : all + HEAD + COUNT;
}

interface Writer {
  readonly view: DataView;
  at: number;
}

function writeHead(writer: Writer, kind: number): void {
  writer.view.setUint8(writer.at, LITTLE_ENDIAN);
  writer.view.setUint32(writer.at + 1, kind, true);
  writer.at += HEAD;
}

function writeCount(writer: Writer, count: number): void {
  writer.view.setUint32(writer.at, count, true);
  writer.at += COUNT;
}

function writePolygon(writer: Writer, polygon: Polygon): void {
  writeHead(writer, POLYGON);
  writeCount(writer, polygon.length);
  for (const ring of polygon) {
    writeCount(writer, ring.length / 2);
    for (let i = 0; i < ring.length; i++) writer.view.setFloat64(writer.at + 8 * i, ring[i], true);
    writer.at += 8 * ring.length;
  }
}

/**
 * Reads WKB of either byte order; further coordinates than x and y (ISO's and PostGIS' Z and M) are left out.
 *
 * @param at  how messages call it
 * @throws {VitrineError} format: cut off, or something after the end; unsupported: a kind that is no point or polygon
 */
export function parseWkb(bytes: Uint8Array, at = "WKB"): Shape {
  const reader = new WkbReader(bytes, at);
  const shape = reader.shape();
  reader.requireEnd();
  return shape;
}

class WkbReader {
  readonly #view: DataView;
  readonly #name: string;
  #at = 0;
  #isLittle = true;
  #dimensions = 2;

  constructor(bytes: Uint8Array, name: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
  }

  shape(): Shape {
    const kind = this.#head();
    if (kind === POINT) {
      this.#need(16);
      const [x, y] = this.#points(1);
      return { kind: "point", x, y };
    }
    if (kind === POLYGON) return { kind: "polygons", polygons: [this.#rings()] };
    if (kind !== MULTI_POLYGON) throw this.#unsupported(kind);
    const polygons = Array.from({ length: this.#count(HEAD + COUNT) }, () => {
      const part = this.#head();
      if (part !== POLYGON) throw this.#unsupported(part);
      return this.#rings();
    });
    return { kind: "polygons", polygons };
  }

  requireEnd(): void {
    if (this.#at !== this.#view.byteLength) throw this.#broken(`the end after ${this.#at} bytes`);
  }

  /** The kind of geometry; keeps byte order and dimensions of what follows. */
  #head(): number {
    this.#need(HEAD);
    this.#isLittle = this.#view.getUint8(this.#at) === LITTLE_ENDIAN;
    const code = this.#view.getUint32(this.#at + 1, this.#isLittle);
    this.#at += HEAD;
    // PostGIS: flags in the upper bits, and a reference system behind the head
    const [hasZ, hasM, hasSystem] = [code & 0x80000000, code & 0x40000000, code & 0x20000000];
    if (hasSystem) this.#at += COUNT;
    const iso = code & 0xfffffff;
    const isoExtra = [0, 1, 1, 2][Math.floor(iso / 1000)] ?? 0;
    this.#dimensions = 2 + isoExtra + (hasZ ? 1 : 0) + (hasM ? 1 : 0);
    return iso % 1000;
  }

  #rings(): Ring[] {
    return Array.from({ length: this.#count(COUNT) }, () => {
      const count = this.#count(8 * this.#dimensions);
      return this.#points(count);
    });
  }

  /** A count of things that have at least so many bytes each: a broken one asks for no memory. */
  #count(bytesEach: number): number {
    this.#need(COUNT);
    const count = this.#view.getUint32(this.#at, this.#isLittle);
    this.#at += COUNT;
    this.#need(count * bytesEach);
    return count;
  }

  #points(count: number): Float64Array {
    const points = new Float64Array(2 * count);
    const step = 8 * this.#dimensions;
    this.#need(count * step);
    for (let i = 0; i < count; i++, this.#at += step) {
      points[2 * i] = this.#view.getFloat64(this.#at, this.#isLittle);
      points[2 * i + 1] = this.#view.getFloat64(this.#at + 8, this.#isLittle);
    }
    return points;
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#view.byteLength) throw this.#broken(`${this.#at + bytes} bytes`);
  }

  #broken(expected: string): VitrineError {
    const found = `${this.#view.byteLength} bytes`;
    return new VitrineError({ code: "format", at: this.#name, expected, found });
  }

  #unsupported(kind: number): VitrineError {
    const expected = "a Point, Polygon or MultiPolygon";
    return new VitrineError({ code: "unsupported", at: this.#name, expected, found: `WKB kind ${kind}` });
  }
}
