/** Whether outlines meet a rectangle, edges and corners included. */
import { type RawBuilder, sql } from "kysely";
import type { Experiment } from "../experiment.ts";
import type { MapWindow } from "./fill.ts";
import type { Bounds, Polygon, Ring } from "./shape.ts";

/** A rectangle by its edges. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** The rectangle of a window. */
export function rectangleOf({ y, x, height, width }: MapWindow): Rectangle {
  return { top: y, left: x, bottom: y + height, right: x + width };
}

/** The whole pixels whose boxes may meet a rectangle: one between two pixels is met by boxes that reach beyond it. */
export function boxOf({ top, left, bottom, right }: Rectangle): Bounds {
  const [minX, minY, maxX, maxY] = [Math.ceil(left), Math.ceil(top), Math.floor(right), Math.floor(bottom)];
  return {
    minX: Math.min(minX, maxX),
    minY: Math.min(minY, maxY),
    maxX: Math.max(minX, maxX),
    maxY: Math.max(minY, maxY),
  };
}

/** The index of boxes of each database, of segmentations `s`: an R-tree beside the table, GiST over it. */
export const BOXES: Readonly<Record<Experiment["databaseKind"], (box: Bounds) => RawBuilder<boolean>>> = {
  sqlite: ({ minX, minY, maxX, maxY }) => sql<boolean>`s.id in (select id from mapobject_boxes
    where min_x <= ${maxX} and max_x >= ${minX} and min_y <= ${maxY} and max_y >= ${minY})`,
  postgres: ({ minX, minY, maxX, maxY }) => sql<boolean>`st_makeenvelope(s.min_x, s.min_y, s.max_x, s.max_y)
    && st_makeenvelope(${minX}, ${minY}, ${maxX}, ${maxY})`,
};

/** Whether a point lies in a rectangle or on its edge. */
export function isInRectangle(x: number, y: number, { top, left, bottom, right }: Rectangle): boolean {
  return x >= left && x <= right && y >= top && y <= bottom;
}

/** Whether an outline and a rectangle have a point in common. */
export function meetsRectangle(polygons: readonly Polygon[], rectangle: Rectangle): boolean {
  for (const polygon of polygons) for (const ring of polygon) if (edgeMeets(ring, rectangle)) return true;
  // no edge: the rectangle lies within or beside it
  let isInside = false;
  for (const polygon of polygons)
    for (const ring of polygon) if (isAround(ring, rectangle.left, rectangle.top)) isInside = !isInside;
  return isInside;
}

function edgeMeets(ring: Ring, { top, left, bottom, right }: Rectangle): boolean {
  for (let i = 0; i + 3 < ring.length; i += 2) {
    const [ax, ay, bx, by] = [ring[i], ring[i + 1], ring[i + 2], ring[i + 3]];
    if ((ax < left && bx < left) || (ax > right && bx > right)) continue;
    if ((ay < top && by < top) || (ay > bottom && by > bottom)) continue;
    if (ax >= left && ax <= right && ay >= top && ay <= bottom) return true;
    // the line parts the rectangle's corners, or goes through one
    const [dx, dy] = [bx - ax, by - ay];
    const [p, q] = [dx * (top - ay) - dy * (left - ax), dx * (top - ay) - dy * (right - ax)];
    const [r, s] = [dx * (bottom - ay) - dy * (left - ax), dx * (bottom - ay) - dy * (right - ax)];
    if (!((p > 0 && q > 0 && r > 0 && s > 0) || (p < 0 && q < 0 && r < 0 && s < 0))) return true;
  }
  return false;
}

/** Whether a ring goes round a point that is not on it, an odd number of times. */
function isAround(ring: Ring, x: number, y: number): boolean {
  let isInside = false;
  for (let i = 0; i + 3 < ring.length; i += 2) {
    const [ax, ay, bx, by] = [ring[i], ring[i + 1], ring[i + 2], ring[i + 3]];
    if (ay > y !== by > y && x < ax + ((y - ay) * (bx - ax)) / (by - ay)) isInside = !isInside;
  }
  return isInside;
}
