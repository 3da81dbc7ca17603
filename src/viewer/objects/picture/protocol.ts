/** What the page and the painter of many objects say to each other. */
import type { DrawnObjects } from "../drawn.ts";

/** Objects as the painter keeps them. */
export type PaintedObjects = Pick<
  DrawnObjects,
  "centroids" | "pointsOf" | "objectOf" | "polygonRings" | "boxes" | "ringPoints" | "points"
>;

/** How each object looks: red, green, blue and opacity in a number's four bytes, lowest first. */
export interface ObjectPaints {
  readonly areas: Uint32Array;
  readonly lines: Uint32Array;
  /** What lies over what: 0 dim, 1 plain, 2 chosen. */
  readonly ranks: Uint8Array;
}

/** What of the map becomes a picture. */
export interface PictureWindow {
  /** Upper left corner, pixels of full resolution. */
  readonly left: number;
  readonly top: number;
  /** Pixels of the picture for one of them. */
  readonly scale: number;
  /** Pixels of the picture. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the picture for one of the page: lines are so much wider. */
  readonly ratio: number;
}

/** To the painter: what is left out is as it was. */
export interface PaintRequest {
  readonly objects?: PaintedObjects;
  readonly paints?: ObjectPaints;
  readonly window: PictureWindow;
}

/** From the painter. */
export interface PaintedPicture {
  readonly window: PictureWindow;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}
