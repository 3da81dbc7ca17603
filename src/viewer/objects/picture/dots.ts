/** Points, and outlines of few pixels, as dots of a picture. */
import type { ObjectPaints, PaintedObjects, PictureWindow } from "./protocol.ts";

/** Smallest and largest side of a point, pixels of the page. */
const SIDES = [1, 8] as const;
/** The same of a chosen one: it is found among a million. */
const CHOSEN_SIDE = 6;

/** Outlines whose longer side is below this are dots, pixels of the page. */
export const DOT_SIDE = 2.5;

/** The side of a point where so many share the picture: they cover it once at most. */
export function pointSide(count: number, { width, height, ratio }: PictureWindow): number {
  const [least, most] = SIDES;
  const side = Math.sqrt((width * height) / Math.max(1, count)) / ratio;
  return ratio * Math.min(most, Math.max(least, Math.floor(side)));
}

/** Paints dots, those of higher rank over the others. @param pixels  of the picture, one number each */
export function paintDots(
  pixels: Uint32Array,
  {
    objects,
    paints,
    window,
  }: {
    readonly objects: PaintedObjects;
    readonly paints: ObjectPaints;
    readonly window: PictureWindow;
  },
): void {
  const { centroids, pointsOf, objectOf, boxes } = objects;
  const { left, top, scale, ratio } = window;
  const side = pointSide(pointsOf.length, window);
  for (const rank of [0, 1, 2]) {
    const own = rank === 2 ? Math.max(side, CHOSEN_SIDE * ratio) : side;
    for (let k = 0; k < pointsOf.length; k++) {
      const i = pointsOf[k];
      if (paints.ranks[i] !== rank) continue;
      const [x, y] = [(centroids[2 * i] - left) * scale, (centroids[2 * i + 1] - top) * scale];
      dot(pixels, window, { x, y, side: own, color: seenThrough(paints.lines[i], own) });
    }
    for (let p = 0; p < objectOf.length; p++) {
      const object = objectOf[p];
      if (paints.ranks[object] !== rank || !isDot(boxes, p, window)) continue;
      const [x, y] = [(boxes[4 * p] + boxes[4 * p + 2]) / 2, (boxes[4 * p + 1] + boxes[4 * p + 3]) / 2];
      const longer = Math.max(boxes[4 * p + 2] - boxes[4 * p], boxes[4 * p + 3] - boxes[4 * p + 1]) * scale;
      dot(pixels, window, {
        x: (x - left) * scale,
        y: (y - top) * scale,
        side: rank === 2 ? CHOSEN_SIDE * ratio : Math.max(1, Math.round(longer)),
        color: seenThrough(paints.lines[object], 1),
      });
    }
  }
}

/** Most opacity of dots that may cover the whole image. */
const DENSE_OPACITY = 150;

/** Small dots let the image be seen through them; white is what is chosen. */
function seenThrough(color: number, side: number): number {
  if (side > 2 || color === 0xff_ff_ff_ff) return color;
  return (Math.min(color >>> 24, DENSE_OPACITY) << 24) | (color & 0xff_ff_ff);
}

/** Whether a polygon is too small for an outline. */
export function isDot(boxes: Float32Array, polygon: number, { scale, ratio }: PictureWindow): boolean {
  const [width, height] = [
    boxes[4 * polygon + 2] - boxes[4 * polygon],
    boxes[4 * polygon + 3] - boxes[4 * polygon + 1],
  ];
  return Math.max(width, height) * scale < DOT_SIDE * ratio;
}

interface Dot {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly color: number;
}

/** A square, from four pixels on a disc. */
function dot(pixels: Uint32Array, { width, height }: PictureWindow, { x, y, side, color }: Dot): void {
  if (side === 1) {
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (column >= 0 && row >= 0 && column < width && row < height) pixels[row * width + column] = color;
    return;
  }
  const [fromX, fromY] = [Math.round(x - side / 2), Math.round(y - side / 2)];
  const reach = side < 4 ? Number.POSITIVE_INFINITY : (side / 2) ** 2;
  for (let row = Math.max(0, fromY); row < Math.min(height, fromY + side); row++)
    for (let column = Math.max(0, fromX); column < Math.min(width, fromX + side); column++)
      if ((column + 0.5 - fromX - side / 2) ** 2 + (row + 0.5 - fromY - side / 2) ** 2 <= reach)
        pixels[row * width + column] = color;
}
