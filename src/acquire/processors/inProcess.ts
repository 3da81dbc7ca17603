import { imageMemory } from "#image-memory";
import type { PixelArray, PixelImage } from "../../io/index.ts";
import type { EventQueue } from "../engine/eventQueue.ts";
import type { ImageMetadata } from "../engine/metadata.ts";
import type { Frame } from "../frames/frame.ts";
import { ImagePool, type PooledImage } from "../frames/imagePool.ts";
import { copyImage, copyToKeep, imageLender, imageOf, pooledResult } from "./pooledImages.ts";
import {
  type FrameProcessor,
  type ImageAndMetadata,
  type ImageProcessor,
  type ProcessedImage,
  QUEUE_PARAMETERS,
} from "./processor.ts";
import { imagesOf, originOf } from "./results.ts";

/** Runs a processor on the thread of the acquisition, one image after the other. */
export function createInProcessRunner(processor: ImageProcessor, eventQueue: EventQueue): FrameProcessor {
  const pool = new ImagePool(imageMemory);
  const lend = imageLender(pool);
  const run = async (given: PixelImage, metadata: ImageMetadata): Promise<ImageAndMetadata[]> => {
    const origin = originOf(metadata);
    return imagesOf(await processor(given, metadata, eventQueue), origin);
  };
  const copied = ([image, known]: ImageAndMetadata) => pooledResult(copyImage(image, pool), image, known);
  const withBorrowed = async (frame: Frame, metadata: ImageMetadata) => {
    try {
      return (await run(imageOf(frame.borrow(), frame.layout), metadata)).map(copied);
    } finally {
      frame.release();
    }
  };
  const withPooled = async (frame: Frame, metadata: ImageMetadata) => {
    const own = lend(frame);
    try {
      const images = await run(imageOf(own.pixels, frame.layout), metadata);
      return images.map((each) => (liesIn(each, own.pixels) ? returned(each, own) : copied(each)));
    } finally {
      own.release();
    }
  };
  const withKept = async (frame: Frame, metadata: ImageMetadata) => {
    const given = released(frame, copyToKeep);
    const images = await run(given, metadata);
    return images.map((each) =>
      liesIn(each, given.data) ? { image: each[0], metadata: each[1] } : copied(each),
    );
  };
  const process = processor.borrow ? withBorrowed : processor.stateless ? withPooled : withKept;
  const takesQueue = processor.length >= QUEUE_PARAMETERS;
  return { name: ownName(processor), takesQueue, concurrency: 1, process, close: async () => {} };
}

/** JavaScript names a function after the option that it is written into. */
function ownName({ name }: ImageProcessor): string {
  return name === "imageProcessor" ? "" : name;
}

function liesIn([image]: ImageAndMetadata, pixels: PixelArray): boolean {
  return image.data.buffer === pixels.buffer;
}

/** An image in memory of the pool, which holds it until it is released. */
function returned([image, metadata]: ImageAndMetadata, own: PooledImage): ProcessedImage {
  own.hold();
  return { image, metadata, release: own.release };
}

/** Passes every frame on as it is. */
export function createPassThrough(): FrameProcessor {
  const lend = imageLender(new ImagePool(imageMemory));
  return {
    name: "",
    takesQueue: false,
    concurrency: 1,
    process: async (frame, metadata) => {
      return [pooledResult(lend(frame), frame.layout, metadata)];
    },
    close: async () => {},
  };
}

/** What was made of a frame, whose slot is free again. */
function released<T>(frame: Frame, take: (frame: Frame) => T): T {
  try {
    return take(frame);
  } finally {
    frame.release();
  }
}
