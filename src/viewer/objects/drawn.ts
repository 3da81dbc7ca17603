/** Map objects of a window, as the server cuts them out: for layers over the image, and for what lies under a click. */
import { decodeMapobjects, type MapobjectBlock } from "../../experiment/objects/block.ts";
import type { View } from "../core/stage.ts";
import { ask } from "../scene/api.ts";
import type { Scene } from "../scene/scene.ts";
import { isWithinRing } from "../widgets/rings.ts";
import type { ObjectsOf } from "./objectTable.ts";

/** Objects of a window, in pixels of full resolution. */
export interface DrawnObjects {
  readonly detail: MapobjectBlock["detail"];
  readonly ids: Uint32Array;
  /** x, y of each object. */
  readonly centroids: Float32Array;
  /** Indices of objects that have no outline here. */
  readonly pointsOf: Uint32Array;
  /** Polygons, each with its object, its rings and its box (x from, y from, x to, y to). */
  readonly objectOf: Uint32Array;
  readonly polygonRings: Uint32Array;
  readonly boxes: Float32Array;
  /** Points of a ring, closed: `ringPoints[r]` to below `ringPoints[r + 1]`. */
  readonly ringPoints: Uint32Array;
  readonly points: Float32Array;
}

interface Window extends ObjectsOf {
  readonly scene: Scene;
  readonly view: View;
  readonly size: { readonly width: number; readonly height: number };
}

/** Asks for what the stage shows of a type. @throws {Error} with what the server says */
export async function readDrawn(
  { at, type, scene, view, size, places }: Window,
  signal: AbortSignal,
): Promise<DrawnObjects> {
  const [width, height] = [size.width / 2 ** view.zoom, size.height / 2 ** view.zoom];
  const deepest = scene.levels.length - 1;
  const query = {
    at,
    type,
    x: Math.round(view.x - width / 2),
    y: Math.round(view.y - height / 2),
    width: Math.ceil(width),
    height: Math.ceil(height),
    zoom: Math.min(deepest, Math.max(0, Math.ceil(deepest + view.zoom))),
    timepoint: places.time ?? 0,
    zplane: places.z ?? 0,
    format: "binary",
  };
  const bytes = await (await ask("experiment/objects", query, signal)).arrayBuffer();
  return drawnOf(decodeMapobjects(new Uint8Array(bytes)));
}

/** A block in its place on the map. */
export function drawnOf(block: MapobjectBlock): DrawnObjects {
  const { detail, ids, origin, objectPolygons, polygonRings, ringPoints } = block;
  const placed = (values: Float32Array | Float64Array) => {
    const moved = new Float32Array(values.length);
    for (let i = 0; i < values.length; i += 2) {
      moved[i] = values[i] + origin.x;
      moved[i + 1] = values[i + 1] + origin.y;
    }
    return moved;
  };
  const points = placed(block.points);
  const objectOf = new Uint32Array(polygonRings.length - 1);
  const without = new Uint32Array(ids.length);
  let count = 0;
  for (let i = 0; i < ids.length; i++) {
    for (let p = objectPolygons[i]; p < objectPolygons[i + 1]; p++) objectOf[p] = i;
    if (objectPolygons[i] === objectPolygons[i + 1]) without[count++] = i;
  }
  const centroids = placed(block.centroids);
  const boxes = boxesOf({ polygonRings, ringPoints, points });
  const pointsOf = without.slice(0, count);
  return { detail, ids, centroids, pointsOf, objectOf, polygonRings, boxes, ringPoints, points };
}

function boxesOf({
  polygonRings,
  ringPoints,
  points,
}: Pick<DrawnObjects, "polygonRings" | "ringPoints" | "points">) {
  const boxes = new Float32Array(4 * (polygonRings.length - 1));
  for (let p = 0; p + 1 < polygonRings.length; p++) {
    let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
    // the outer ring holds the others
    const ring = polygonRings[p];
    for (let i = 2 * ringPoints[ring]; i < 2 * ringPoints[ring + 1]; i += 2) {
      x1 = Math.min(x1, points[i]);
      x2 = Math.max(x2, points[i]);
      y1 = Math.min(y1, points[i + 1]);
      y2 = Math.max(y2, points[i + 1]);
    }
    boxes.set([x1, y1, x2, y2], 4 * p);
  }
  return boxes;
}

/** Screen pixels beside a point that still mean it. */
const NEAR = 7;

/** The number of the object at a place, the one drawn last; undefined: none. @param pixel  side of a pixel of the screen */
export function objectAt(
  drawn: DrawnObjects,
  [x, y]: readonly [number, number],
  pixel: number,
): number | undefined {
  const { ids, centroids, pointsOf, objectOf, boxes } = drawn;
  const reach = (NEAR * pixel) ** 2;
  for (let k = pointsOf.length - 1; k >= 0; k--) {
    const i = pointsOf[k];
    const [dx, dy] = [centroids[2 * i] - x, centroids[2 * i + 1] - y];
    if (dx * dx + dy * dy <= reach) return ids[i];
  }
  for (let p = objectOf.length - 1; p >= 0; p--) {
    const isNear =
      x >= boxes[4 * p] && y >= boxes[4 * p + 1] && x <= boxes[4 * p + 2] && y <= boxes[4 * p + 3];
    if (isNear && isWithinPolygon(drawn, p, x, y)) return ids[objectOf[p]];
  }
  return undefined;
}

function isWithinPolygon(
  { polygonRings, ringPoints, points }: DrawnObjects,
  p: number,
  x: number,
  y: number,
): boolean {
  let isInside = false;
  for (let r = polygonRings[p]; r < polygonRings[p + 1]; r++)
    if (isWithinRing(points.subarray(2 * ringPoints[r], 2 * ringPoints[r + 1]), x, y)) isInside = !isInside;
  return isInside;
}
