/** Outlines to pixels. */
import { boundsOf, type Ring, type Shape } from "./shape.ts";

/** Part of a map, pixels of full resolution. */
export interface MapWindow {
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

/** Called with a row and a half-open range of columns, counted from the window's upper left corner. */
export type FillSpan = (row: number, from: number, to: number) => void;

/**
 * The pixels of a window whose centres lie within a shape, by the even-odd rule over all its rings, so that holes stay open. A centre on
 * the left or upper edge is within, one on the right or lower edge is not: shapes that share an edge share no pixel. Of a point it is the
 * pixel that holds it.
 *
 * @param window  of whole pixels
 */
export function fillShape(shape: Shape, window: MapWindow, fill: FillSpan): void {
  if (shape.kind === "point") {
    const [row, column] = [Math.floor(shape.y) - window.y, Math.floor(shape.x) - window.x];
    if (row >= 0 && row < window.height && column >= 0 && column < window.width)
      fill(row, column, column + 1);
    return;
  }
  const { minY, maxY } = boundsOf(shape);
  const from = Math.max(0, firstCentre(minY - window.y));
  const to = Math.min(window.height, firstCentre(maxY - window.y));
  if (from >= to) return;
  const crossings = Array.from({ length: to - from }, (): number[] => []);
  for (const polygon of shape.polygons)
    for (const ring of polygon) addCrossings(ring, window, { from, to, crossings });
  crossings.forEach((places, i) => {
    places.sort((a, b) => a - b);
    for (let k = 0; k + 1 < places.length; k += 2) {
      const left = Math.max(0, firstCentre(places[k]));
      const right = Math.min(window.width, firstCentre(places[k + 1]));
      if (left < right) fill(from + i, left, right);
    }
  });
}

/** The first pixel whose centre is not before a place. */
function firstCentre(place: number): number {
  return Math.ceil(place - 0.5);
}

interface Rows {
  readonly from: number;
  readonly to: number;
  readonly crossings: readonly number[][];
}

/** Where a ring's edges cross the lines through the centres of rows. */
function addCrossings(ring: Ring, { y: top, x: left }: MapWindow, { from, to, crossings }: Rows): void {
  for (let i = 0; i + 3 < ring.length; i += 2) {
    const [ay, by] = [ring[i + 1] - top, ring[i + 3] - top];
    if (ay === by) continue;
    const [ax, bx] = [ring[i] - left, ring[i + 2] - left];
    const first = Math.max(from, firstCentre(Math.min(ay, by)));
    const last = Math.min(to, firstCentre(Math.max(ay, by)));
    for (let row = first; row < last; row++)
      crossings[row - from].push(ax + ((row + 0.5 - ay) * (bx - ax)) / (by - ay));
  }
}
