import type { ImageLayout, PixelArray } from "../../core/index.ts";
import { imageBytes, pixelTypeOf, refuseUnknownKeys, VitrineError } from "../../core/index.ts";

/** How an image is read. */
export interface ReadImageOptions {
  /**
   * Where the pixels go: an array of the image's type and length, which the image then is. Whoever reads many images and keeps none saves
   * new memory for each, which costs as much as the copy.
   */
  readonly into?: PixelArray;
}

/**
 * The array that a caller gave for an image's pixels; undefined where none was given.
 *
 * @throws {VitrineError} shape: an array of another type or length; format: an unknown key
 */
export function givenPixels(
  layout: ImageLayout,
  options: ReadImageOptions | undefined,
  at: string,
): PixelArray | undefined {
  if (options === undefined) return undefined;
  refuseUnknownKeys(options, { known: ["into"], at: "readImage options" });
  const { into } = options;
  if (into === undefined) return undefined;
  const { width, height, channels, dtype } = layout;
  const found = pixelTypeOf(into, `${at} into`);
  if (found === dtype && into.byteLength === imageBytes(layout)) return into;
  throw new VitrineError({
    code: "shape",
    at: `${at} into`,
    expected: `${width * height * channels} values of ${dtype}`,
    found: `${into.length} of ${found}`,
  });
}
