/** Pixels of the newest image and places of the stage: its middle is where the stage stood. */
import type { LiveFrame, WantedTile } from "../../acquire/index.ts";

/** A part of the stage, µm; y grows downwards in the image. */
export interface StageBox {
  readonly left: number;
  readonly upper: number;
  readonly right: number;
  readonly lower: number;
}

/** What says where pixels lie. */
export type PlacedFrame = Pick<LiveFrame, "pixelSizeUm" | "step" | "width" | "height"> & {
  readonly place: NonNullable<LiveFrame["place"]>;
};

/** Undefined where the frame does not say where it was taken, or how large its pixels are. */
export function placedFrame(frame: LiveFrame | undefined): PlacedFrame | undefined {
  if (frame === undefined || frame.place === null || frame.pixelSizeUm <= 0) return undefined;
  return { ...frame, place: frame.place };
}

/** The place of the stage that a pixel of the picture shows. */
export function umOf(
  { place, pixelSizeUm, step, width, height }: PlacedFrame,
  [x, y]: readonly [number, number],
): readonly [xUm: number, yUm: number] {
  const um = (at: number, length: number) => (at * step - length / 2) * pixelSizeUm;
  return [place[0] + um(x, width), place[1] + um(y, height)];
}

/** The pixel of the picture at a place of the stage. */
export function pixelAt(
  { place, pixelSizeUm, step, width, height }: PlacedFrame,
  [xUm, yUm]: readonly [number, number],
): readonly [x: number, y: number] {
  const pixel = (um: number, length: number) => (um / pixelSizeUm + length / 2) / step;
  return [pixel(xUm - place[0], width), pixel(yUm - place[1], height)];
}

/** Edge by edge over a part of the stage, about its middle, row by row. */
export function tilesOver(
  { left, right, upper, lower }: StageBox,
  [width, height]: readonly [number, number],
): WantedTile[] {
  // a hair more than a whole number of fields is that number
  const count = (length: number, field: number) => Math.max(1, Math.ceil(length / field - 0.01));
  const [columns, rows] = [count(right - left, width), count(lower - upper, height)];
  const first = (from: number, to: number, n: number, field: number) => (from + to - (n - 1) * field) / 2;
  const [x, y] = [first(left, right, columns, width), first(upper, lower, rows, height)];
  return Array.from({ length: rows * columns }, (_, i) => ({
    xUm: x + (i % columns) * width,
    yUm: y + Math.floor(i / columns) * height,
  }));
}
