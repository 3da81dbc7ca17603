import { VitrineError } from "../../core/index.ts";

/** x, y, z in IMOD's pixels: the middle of the first is at 0.5, 0.5 of the section 0. */
export type ModelPoint = readonly [x: number, y: number, z: number];

/** Bytes of the parts of a model, with their names. */
const BYTES = { header: 240, object: 180, contour: 20, chunk: 8, point: 12 };
/** Where a model says how many objects it has, and an object how many contours. */
const COUNT = {
  objects: 8 + 128 + 12,
  contours: 4 + 64 + 64,
  pixelSize: 8 + 128 + 12 + 4 + 4 + 16 + 24 + 20,
};

/**
 * Points of a model of IMOD (.mod), of all contours in their order.
 *
 * @throws {VitrineError} format: no model, or one that ends early
 * Source: IMOD's description of its binary files.
 */
export function parseImodModel(bytes: Uint8Array, at: string): readonly ModelPoint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wrong = (expected: string, found: string) =>
    new VitrineError({ code: "format", at, expected, found });
  if (bytes.length < BYTES.header || nameAt(bytes, 0) !== "IMOD")
    throw wrong("a model of IMOD", JSON.stringify(nameAt(bytes, 0)));
  const points: ModelPoint[] = [];
  let place = BYTES.header;
  while (place + 4 <= bytes.length) {
    const name = nameAt(bytes, place);
    if (name === "IEOF") return points;
    if (name === "OBJT") {
      place += BYTES.object;
      continue;
    }
    if (place + BYTES.chunk > bytes.length) break;
    const count = view.getInt32(place + 4);
    const end = name === "CONT" ? place + BYTES.contour + BYTES.point * count : place + BYTES.chunk + count;
    if (count < 0 || end > bytes.length) break;
    if (name === "CONT")
      for (let from = place + BYTES.contour; from < end; from += BYTES.point)
        points.push([view.getFloat32(from), view.getFloat32(from + 4), view.getFloat32(from + 8)]);
    place = end;
  }
  throw wrong("a model that ends with IEOF", `${bytes.length} bytes, the last at ${place}`);
}

function nameAt(bytes: Uint8Array, place: number): string {
  return String.fromCharCode(...bytes.subarray(place, place + 4));
}

/** A model of scattered points, one a contour as PEET takes them. */
export function formatImodModel(points: readonly ModelPoint[]): Uint8Array {
  const contour = BYTES.contour + BYTES.point;
  const bytes = new Uint8Array(BYTES.header + BYTES.object + contour * points.length + 4);
  const view = new DataView(bytes.buffer);
  const write = (text: string, place: number) => bytes.set(new TextEncoder().encode(text), place);
  const most = [0, 1, 2].map((axis) =>
    points.reduce((max, point) => Math.max(max, Math.ceil(point[axis])), 1),
  );
  write("IMODV1.2", 0);
  most.forEach((value, k) => {
    view.setInt32(136 + 4 * k, value);
  });
  view.setInt32(COUNT.objects, 1);
  [1, 1, 1].forEach((value, k) => {
    view.setFloat32(COUNT.objects + 36 + 4 * k, value);
  });
  view.setFloat32(COUNT.pixelSize, 1);
  const object = BYTES.header;
  write("OBJT", object);
  view.setInt32(object + COUNT.contours, points.length);
  // Open contours, of points that are scattered.
  view.setUint32(object + COUNT.contours + 4, (1 << 3) | (1 << 9));
  [0, 1, 0].forEach((value, k) => {
    view.setFloat32(object + COUNT.contours + 16 + 4 * k, value);
  });
  points.forEach((point, i) => {
    const place = object + BYTES.object + contour * i;
    write("CONT", place);
    view.setInt32(place + 4, 1);
    point.forEach((value, k) => {
      view.setFloat32(place + BYTES.contour + 4 * k, value);
    });
  });
  write("IEOF", bytes.length - 4);
  return bytes;
}
