import { VitrineError } from "../../core/index.ts";
import type { PixelOffset, PixelSize } from "../geometry/levels.ts";

/** An image of a site. */
export interface RegistrationImage extends PixelSize {
  /** (height, width) */
  readonly data: Uint8Array | Uint16Array | Float32Array;
}

/** What a camera shows without light: one number, or an image of it, (height, width). */
export type DarkImage = number | Float32Array;

/** Part of an image, dark subtracted, (height, width). @throws {VitrineError} shape: data of another size than the image says */
export function cutWindow(
  { data, ...size }: RegistrationImage,
  { y, x, height, width }: PixelOffset & PixelSize,
  dark: DarkImage = 0,
): Float32Array {
  requirePixels("registration image", data.length, size);
  if (typeof dark !== "number") requirePixels("registration dark", dark.length, size);
  const window = new Float32Array(height * width);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * size.width + x;
    window.set(data.subarray(from, from + width), row * width);
    if (typeof dark !== "number") for (let i = 0; i < width; i++) window[row * width + i] -= dark[from + i];
  }
  return window;
}

function requirePixels(at: string, found: number, { height, width }: PixelSize): void {
  if (found === height * width) return;
  const expected = `${height} x ${width} pixels`;
  throw new VitrineError({ code: "shape", at, expected, found: `${found}` });
}
