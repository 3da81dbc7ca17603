import {
  type Box,
  type Canvas,
  drawText,
  INK,
  type Rgb,
  SOFT_INK,
  strokeLines,
} from "../../io/render/index.ts";

/** Where the template does not fit. */
export const OUTSIDE: Rgb = [232, 234, 238];
export const FOUND: Rgb = [255, 186, 8];
export const PLANTED: Rgb = [64, 212, 255];

/** Title and subtitle above a panel. */
export function drawHeading(
  canvas: Canvas,
  box: Box,
  { title, subtitle }: { readonly title: string; readonly subtitle: string },
): void {
  drawText(canvas, title, { x: box.x, y: box.y - 42, size: 18, color: INK, isBold: true });
  drawText(canvas, subtitle, { x: box.x, y: box.y - 15, size: 12.5, color: SOFT_INK });
}

/** The mark of a particle that is known to be there. */
export function drawCross(
  canvas: Canvas,
  { x, y }: { readonly x: number; readonly y: number },
  arm: number,
): void {
  const cross = [
    [[x - arm, y] as const, [x + arm, y] as const],
    [[x, y - arm] as const, [x, y + arm] as const],
  ];
  strokeLines(canvas, cross, { color: INK, width: 4, opacity: 0.6 });
  strokeLines(canvas, cross, { color: PLANTED, width: 1.8 });
}

/** A number for people: at most so many digits behind the point. */
export function roundTo(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
