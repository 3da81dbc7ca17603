import type { PixelImage } from "../../io/index.ts";
import type { EventQueue } from "../engine/eventQueue.ts";
import type { ImageMetadata } from "../engine/metadata.ts";
import type { Frame } from "../frames/frame.ts";
import { ImagePool } from "../frames/imagePool.ts";
import { copyImage, ownImage } from "./ownImages.ts";
import type { FrameProcessor, ImageProcessor, ProcessedImage } from "./processor.ts";
import { imagesOf, originOf } from "./results.ts";

/** Runs a processor on the thread of the acquisition, one image after the other. */
export function createInProcessRunner(processor: ImageProcessor, eventQueue: EventQueue): FrameProcessor {
  const pool = new ImagePool();
  const run = async (image: PixelImage, metadata: ImageMetadata): Promise<ProcessedImage[]> => {
    const origin = originOf(metadata);
    const images = imagesOf(await processor(image, metadata, eventQueue), origin);
    const keepsMemory = (each: PixelImage) =>
      processor.borrow !== true && each.data.buffer === image.data.buffer;
    return images.map(([each, known]) => ({
      image: keepsMemory(each) ? each : copyImage(each, pool).image,
      metadata: known,
    }));
  };
  return {
    concurrency: 1,
    process: (frame, metadata) =>
      processor.borrow === true
        ? withBorrowed(frame, (image) => run(image, metadata))
        : run(taken(frame, pool), metadata),
    close: async () => {},
  };
}

/** Passes every frame on as it is. */
export function createPassThrough(): FrameProcessor {
  const pool = new ImagePool();
  return {
    concurrency: 1,
    process: async (frame, metadata) => [{ image: taken(frame, pool), metadata }],
    close: async () => {},
  };
}

/** The frame's image in memory of its own; its slot is free again. */
function taken(frame: Frame, pool: ImagePool): PixelImage {
  try {
    return ownImage(frame, pool).image;
  } finally {
    frame.release();
  }
}

async function withBorrowed<T>(frame: Frame, use: (image: PixelImage) => Promise<T>): Promise<T> {
  const { width, height, channels } = frame.layout;
  try {
    return await use({ data: frame.borrow(), width, height, channels });
  } finally {
    frame.release();
  }
}
