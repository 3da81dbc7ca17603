import { encode } from "fast-png";
import { VitrineError } from "../core/index.ts";

/** A picture of 8-bit samples. */
export interface PngPicture {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 red green blue, 4 with opacity. */
  readonly channels: 1 | 3 | 4;
  /** (height, width, channels) samples. */
  readonly data: Uint8Array;
}

/**
 * The bytes of a PNG file of 8-bit samples.
 *
 * @throws {VitrineError} shape: a side below 1, or data of another length
 */
export function encodePng({ width, height, channels, data }: PngPicture): Uint8Array {
  const sides = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (sides && data.length === width * height * channels)
    return encode({ width, height, channels, data, depth: 8 });
  throw new VitrineError({
    code: "shape",
    at: "encodePng(picture)",
    expected: `${height} x ${width} x ${channels} samples, sides at least 1`,
    found: `${data.length}`,
  });
}
