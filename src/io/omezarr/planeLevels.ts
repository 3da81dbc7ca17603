import type { ImageLayout, PixelArray } from "../../core/index.ts";
import { imageBytes, pixelView } from "../../core/index.ts";
import { halveRows } from "./multiscale/downsample.ts";

/** Sides that need no lower level. */
const SMALLEST_SIDE = 256;

/** Height and width in pixels. */
export interface Sides {
  readonly height: number;
  readonly width: number;
}

/** Sides after `halvings` of them, odd ones up. */
export function halvedSides({ height, width }: Sides, halvings: number): Sides {
  const factor = 2 ** halvings;
  return { height: Math.ceil(height / factor), width: Math.ceil(width / factor) };
}

/**
 * Levels of an image, the full resolution included: until both sides are at most 256, or down to `maxLevel`, which stops where
 * one pixel is left.
 */
export function levelCount(sides: Sides, maxLevel?: number): number {
  const until = maxLevel === undefined ? SMALLEST_SIDE : 1;
  let levels = 1;
  for (; levels <= (maxLevel ?? Number.POSITIVE_INFINITY); levels++) {
    const { height, width } = halvedSides(sides, levels - 1);
    if (height <= until && width <= until) break;
  }
  return levels;
}

/** Planes (samples, rows, width) and their size. */
export interface Planes extends ImageLayout {
  readonly data: PixelArray;
}

/** Planes of half the size: means of the up to four pixels, rounded to the nearest for whole numbers. */
export function halvedPlanes(planes: Planes): Planes {
  const { width, height, channels, dtype, data } = planes;
  const half: ImageLayout = { ...halvedSides(planes, 1), channels, dtype };
  const target = pixelView(half, new ArrayBuffer(imageBytes(half)));
  for (let sample = 0; sample < channels; sample++) {
    const places = { offset: sample * height * width, targetOffset: sample * half.height * half.width };
    const rows = { source: data, width, rows: height, from: 0, to: width, target, targetWidth: half.width };
    halveRows({ ...rows, ...places }, "mean", dtype);
  }
  return { ...half, data: target };
}
