/** Outlines on a canvas, with smooth edges. */
import { isDot } from "./dots.ts";
import type { ObjectPaints, PaintedObjects, PictureWindow } from "./protocol.ts";

/** Width of a line, pixels of the page. */
const LINE = 1.5;

/** The parts of a canvas that are drawn with. */
export type Pen = Pick<
  OffscreenCanvasRenderingContext2D,
  | "beginPath"
  | "moveTo"
  | "lineTo"
  | "closePath"
  | "fill"
  | "stroke"
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
>;

/** Paints areas and lines of outlines that are no dots, those of higher rank over the others. @returns  how many */
export function paintOutlines(
  pen: Pen,
  {
    objects,
    paints,
    window,
  }: {
    readonly objects: PaintedObjects;
    readonly paints: ObjectPaints;
    readonly window: PictureWindow;
  },
): number {
  const { objectOf, boxes } = objects;
  const colors = new Map<number, string>();
  const colorOf = (color: number) => {
    const known = colors.get(color) ?? cssOf(color);
    colors.set(color, known);
    return known;
  };
  pen.lineWidth = LINE * window.ratio;
  let count = 0;
  for (const rank of [0, 1, 2])
    for (let p = 0; p < objectOf.length; p++) {
      const object = objectOf[p];
      if (paints.ranks[object] !== rank || isDot(boxes, p, window) || isOutside(boxes, p, window)) continue;
      trace(pen, objects, { polygon: p, window });
      pen.fillStyle = colorOf(paints.areas[object]);
      pen.fill("evenodd");
      pen.strokeStyle = colorOf(paints.lines[object]);
      pen.stroke();
      count++;
    }
  return count;
}

function trace(
  pen: Pen,
  { polygonRings, ringPoints, points }: PaintedObjects,
  { polygon, window: { left, top, scale } }: { readonly polygon: number; readonly window: PictureWindow },
): void {
  pen.beginPath();
  for (let ring = polygonRings[polygon]; ring < polygonRings[polygon + 1]; ring++) {
    const [from, to] = [ringPoints[ring], ringPoints[ring + 1] - 1];
    for (let i = from; i < to; i++) {
      const [x, y] = [(points[2 * i] - left) * scale, (points[2 * i + 1] - top) * scale];
      if (i === from) pen.moveTo(x, y);
      else pen.lineTo(x, y);
    }
    pen.closePath();
  }
}

function isOutside(
  boxes: Float32Array,
  p: number,
  { left, top, scale, width, height }: PictureWindow,
): boolean {
  const [right, bottom] = [left + width / scale, top + height / scale];
  return (
    boxes[4 * p] > right || boxes[4 * p + 1] > bottom || boxes[4 * p + 2] < left || boxes[4 * p + 3] < top
  );
}

function cssOf(color: number): string {
  const part = (shift: number) => (color >>> shift) & 255;
  return `rgb(${part(0)} ${part(8)} ${part(16)} / ${part(24) / 255})`;
}
