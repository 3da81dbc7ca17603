import { fillWith, imageMemory } from "#image-memory";
import { imageBytes, layoutOf, pixelBytes, pixelView } from "../../core/index.ts";
import type { ImageLayout, PixelArray, PixelImage } from "../../io/index.ts";
import type { ImageMetadata } from "../engine/metadata.ts";
import type { Frame } from "../frames/frame.ts";
import type { ImagePool, PooledImage } from "../frames/imagePool.ts";
import type { ProcessedImage } from "./processor.ts";

/** What is to be copied: a frame, or what reads one. */
type Source = Pick<Frame, "layout" | "copy">;

/** A frame's image in memory that whoever gets it may keep: the one copy. */
export function copyToKeep(frame: Source): PixelImage {
  const pixels = pixelView(frame.layout, imageMemory(imageBytes(frame.layout)));
  return imageOf(frame.copy(pixels), frame.layout);
}

/** A frame's image in memory of a pool: the one copy. */
export function copyToPool(frame: Source, pool: ImagePool): PooledImage {
  const pooled = pool.take(frame.layout);
  frame.copy(pooled.pixels);
  return pooled;
}

/** Part of a ring's slots that images may lie in while they are saved; the camera has the others. */
const LENT_SLOTS = 1 / 4;

/** A frame's image where it lies, which gives the slot back after its last holder. */
export type LentImage = Omit<PooledImage, "block">;

/**
 * Makes what gives a frame's image where it lies, for as long as somebody holds it; undefined where too many slots are lent already, and where
 * a frame lies in no memory of this process.
 */
export function slotLender(): (frame: Frame) => LentImage | undefined {
  let lent = 0;
  return (frame) => {
    const { ring } = frame.slot;
    if (ring.kind !== "memory" || lent >= Math.floor(LENT_SLOTS * ring.slots)) return undefined;
    const pixels = frame.borrow();
    let holders = 1;
    lent++;
    const release = () => {
      if (--holders > 0) return;
      lent--;
      frame.release();
    };
    return { pixels, hold: () => void holders++, release };
  };
}

/** As {@link slotLender}; where it lends nothing, the image is a copy in memory of the pool. The copy is as long as the writing of a file to memory. */
export function imageLender(pool: ImagePool): (frame: Frame) => PooledImage {
  const lend = slotLender();
  return (frame) => {
    const lent = lend(frame);
    return lent === undefined ? copyOut(frame, pool) : { ...lent, block: undefined };
  };
}

/** The slot is free again whatever happens. */
function copyOut(frame: Frame, pool: ImagePool): PooledImage {
  try {
    return copyToPool(frame, pool);
  } finally {
    frame.release();
  }
}

/** A copy of an image that a processor returned: it may use its memory again for the next one. */
export function copyImage(image: PixelImage, pool: ImagePool): PooledImage {
  const pooled = pool.take(layoutOf(image, "image"));
  fillWith(pixelBytes(pooled.pixels), pixelBytes(image.data));
  return pooled;
}

/** An image on its way, whose memory goes back to the pool when it is released. */
export function pooledResult(
  { pixels, release }: PooledImage,
  layout: Omit<ImageLayout, "dtype">,
  metadata: ImageMetadata,
): ProcessedImage {
  return { image: imageOf(pixels, layout), metadata, release };
}

/** Pixels as an image of a layout. */
export function imageOf(
  data: PixelArray,
  { width, height, channels }: Omit<ImageLayout, "dtype">,
): PixelImage {
  return { data, width, height, channels };
}
