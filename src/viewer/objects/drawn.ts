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

/** A part of the map, pixels of full resolution, and the zoom that says how much of its objects is shown; 0 is the coarsest. */
export interface AskedWindow {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly zoom: number;
}

/** What is asked for beside what the stage shows, parts of it on each side: a view that moves a little has its objects already. */
const MARGIN = 0.15;

/** The window that a view needs, with a margin. */
export function windowOf(
  { levels }: Pick<Scene, "levels">,
  view: View,
  size: { readonly width: number; readonly height: number },
): AskedWindow {
  const [width, height] = [size.width, size.height].map(
    (length) => (length / 2 ** view.zoom) * (1 + 2 * MARGIN),
  );
  const deepest = levels.length - 1;
  return {
    x: Math.round(view.x - width / 2),
    y: Math.round(view.y - height / 2),
    width: Math.ceil(width),
    height: Math.ceil(height),
    zoom: Math.min(deepest, Math.max(0, Math.ceil(deepest + view.zoom))),
  };
}

/** Whether what was asked for has all that a view shows of the map. */
export function covers(
  asked: AskedWindow,
  { levels }: Pick<Scene, "levels">,
  view: View,
  size: { readonly width: number; readonly height: number },
): boolean {
  if (windowOf({ levels }, view, size).zoom !== asked.zoom) return false;
  const [halfWidth, halfHeight] = [size.width, size.height].map((length) => length / 2 ** view.zoom / 2);
  return (
    Math.max(0, view.x - halfWidth) >= asked.x &&
    Math.max(0, view.y - halfHeight) >= asked.y &&
    Math.min(levels[0].width, view.x + halfWidth) <= asked.x + asked.width &&
    Math.min(levels[0].height, view.y + halfHeight) <= asked.y + asked.height
  );
}

/** Asks for the objects of a type in a window. @throws {Error} with what the server says */
export async function readDrawn(
  { at, type, places }: ObjectsOf,
  window: AskedWindow,
  signal: AbortSignal,
): Promise<DrawnObjects> {
  const query = {
    ...{ at, type, ...window },
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

/** How many objects a view shows: points in it, and outlines whose boxes meet it. */
export function countIn(
  { centroids, pointsOf, objectOf, boxes }: DrawnObjects,
  view: View,
  size: { readonly width: number; readonly height: number },
): number {
  const [halfWidth, halfHeight] = [size.width, size.height].map((length) => length / 2 ** view.zoom / 2);
  const [left, right] = [view.x - halfWidth, view.x + halfWidth];
  const [top, bottom] = [view.y - halfHeight, view.y + halfHeight];
  let count = 0;
  for (let k = 0; k < pointsOf.length; k++) {
    const x = centroids[2 * pointsOf[k]];
    const y = centroids[2 * pointsOf[k] + 1];
    if (x >= left && x <= right && y >= top && y <= bottom) count++;
  }
  let last = -1;
  for (let p = 0; p < objectOf.length; p++) {
    if (objectOf[p] === last) continue;
    const isIn =
      boxes[4 * p] <= right &&
      boxes[4 * p + 2] >= left &&
      boxes[4 * p + 1] <= bottom &&
      boxes[4 * p + 3] >= top;
    if (!isIn) continue;
    count++;
    last = objectOf[p];
  }
  return count;
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
