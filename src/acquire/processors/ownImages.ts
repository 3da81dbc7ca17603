import { layoutOf, pixelBytes } from "../../io/dataset/pixels.ts";
import type { PixelImage } from "../../io/index.ts";
import type { Frame } from "../frames/frame.ts";
import type { ImagePool, Loan } from "../frames/imagePool.ts";

/** An image and the memory that it lies in. */
export interface OwnedImage extends Loan {
  readonly image: PixelImage;
}

/** A frame's image in memory of its own: the one copy. */
export function ownImage(frame: Pick<Frame, "layout" | "copy">, pool: ImagePool): OwnedImage {
  const { width, height, channels } = frame.layout;
  const loan = pool.lend(frame.layout);
  // a frame may bring memory of its own instead
  const pixels = frame.copy(loan.pixels);
  const block = pixels.buffer === loan.pixels.buffer ? loan.block : undefined;
  return { pixels, block, image: { data: pixels, width, height, channels } };
}

/** A copy of an image that a processor returned: it may use its memory again for the next one. */
export function copyImage(image: PixelImage, pool: ImagePool): OwnedImage {
  const { width, height, channels } = image;
  const { pixels, block } = pool.lend(layoutOf(image, "image"));
  pixelBytes(pixels).set(pixelBytes(image.data));
  return { pixels, block, image: { data: pixels, width, height, channels } };
}
