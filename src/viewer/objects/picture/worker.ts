/** The painter's thread: it keeps objects and paints windows of them, so that the page never waits for a hundred thousand outlines. */
import { paintDots } from "./dots.ts";
import { paintOutlines } from "./outlines.ts";
import type { ObjectPaints, PaintedObjects, PaintedPicture, PaintRequest } from "./protocol.ts";

let objects: PaintedObjects | undefined;
let paints: ObjectPaints | undefined;

self.addEventListener("message", ({ data }: MessageEvent<PaintRequest>) => {
  objects = data.objects ?? objects;
  paints = data.paints ?? paints;
  const { window } = data;
  const canvas = new OffscreenCanvas(window.width, window.height);
  const pen = canvas.getContext("2d", { willReadFrequently: true })!;
  const what = { objects: objects!, paints: paints!, window };
  const count = paintOutlines(pen, what);
  const pixels =
    count === 0
      ? new Uint8ClampedArray(4 * window.width * window.height)
      : pen.getImageData(0, 0, window.width, window.height).data;
  paintDots(new Uint32Array(pixels.buffer), what);
  const picture: PaintedPicture = { window, pixels: pixels as Uint8ClampedArray<ArrayBuffer> };
  self.postMessage(picture, { transfer: [picture.pixels.buffer] });
});
