/** What is drawn, as outlines on the map. */
import type { Geometry, Position } from "../objects/edits.ts";

/** What a pointer on the image does. */
export type Tool = "move" | "lasso" | "box" | "polygon" | "rectangle" | "ellipse" | "line" | "point" | "edit";

/** The ring of a list of places, closed. */
export function polygonOf(places: readonly Position[]): Geometry {
  return { type: "Polygon", coordinates: [[...places, places[0]]] };
}

/** A rectangle between two corners. */
export function rectangleOf([x1, y1]: Position, [x2, y2]: Position): Geometry {
  return polygonOf([
    [x1, y1],
    [x2, y1],
    [x2, y2],
    [x1, y2],
  ]);
}

/** Corners of an ellipse: its outline differs from them by less than a thousandth of its size. */
const CORNERS = 72;

/** The ellipse within a rectangle between two corners. */
export function ellipseOf([x1, y1]: Position, [x2, y2]: Position): Geometry {
  return polygonOf(
    Array.from({ length: CORNERS }, (_, i) => {
      const angle = (2 * Math.PI * i) / CORNERS;
      return [
        Number(((x1 + x2 + (x2 - x1) * Math.cos(angle)) / 2).toFixed(3)),
        Number(((y1 + y2 + (y2 - y1) * Math.sin(angle)) / 2).toFixed(3)),
      ] as const;
    }),
  );
}

/** A straight line of some width: map objects are areas or points. */
export function lineOf([x1, y1]: Position, [x2, y2]: Position, width: number): Geometry {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [((y2 - y1) / length) * (width / 2), (-(x2 - x1) / length) * (width / 2)];
  return polygonOf([
    [x1 + dx, y1 + dy],
    [x2 + dx, y2 + dy],
    [x2 - dx, y2 - dy],
    [x1 - dx, y1 - dy],
  ]);
}

/** A place of a geometry: its polygon, ring and point. */
export type VertexPath = readonly [polygon: number, ring: number, point: number];

/** The corners of a geometry; of a ring, which ends where it began, all but the last. */
export function verticesOf(geometry: Geometry): { readonly path: VertexPath; readonly place: Position }[] {
  if (geometry.type === "Point") return [{ path: [0, 0, 0], place: geometry.coordinates }];
  return polygonsOf(geometry).flatMap((rings, p) =>
    rings.flatMap((ring, r) => ring.slice(0, -1).map((place, i) => ({ path: [p, r, i] as const, place }))),
  );
}

/** A geometry whose corner lies elsewhere. */
export function moveVertex(geometry: Geometry, [p, r, i]: VertexPath, place: Position): Geometry {
  if (geometry.type === "Point") return { type: "Point", coordinates: place };
  return withRing(geometry, [p, r], (ring) => ring.map((old, k) => (k === i ? place : old)));
}

/** A geometry with one corner more, behind another one. */
export function insertVertex(geometry: Geometry, [p, r, i]: VertexPath, place: Position): Geometry {
  if (geometry.type === "Point") return geometry;
  return withRing(geometry, [p, r], (ring) => ring.toSpliced(i + 1, 0, place));
}

/** A geometry without a corner; the same where three are left. */
export function removeVertex(geometry: Geometry, [p, r, i]: VertexPath): Geometry {
  if (geometry.type === "Point" || polygonsOf(geometry)[p][r].length <= 4) return geometry;
  return withRing(geometry, [p, r], (ring) => ring.toSpliced(i, 1));
}

type Polygons = readonly (readonly (readonly Position[])[])[];

function polygonsOf(geometry: Exclude<Geometry, { type: "Point" }>): Polygons {
  return geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
}

/** Changes one ring, given without its last point. */
function withRing(
  geometry: Exclude<Geometry, { type: "Point" }>,
  [p, r]: readonly [number, number],
  change: (ring: readonly Position[]) => readonly Position[],
): Geometry {
  const closed = (ring: readonly Position[]) => [...ring, ring[0]];
  const polygons = polygonsOf(geometry).map((rings, i) =>
    i === p ? rings.map((ring, k) => (k === r ? closed(change(ring.slice(0, -1))) : ring)) : rings,
  );
  return geometry.type === "Polygon"
    ? { type: "Polygon", coordinates: polygons[0] }
    : { type: "MultiPolygon", coordinates: polygons };
}
