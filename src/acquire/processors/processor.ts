import type { JsonObject, PixelImage } from "../../io/index.ts";
import type { EventQueue } from "../engine/eventQueue.ts";
import type { ImageMetadata } from "../engine/metadata.ts";
import type { Frame } from "../frames/frame.ts";

/** An image and what is known of it. `metadata.Axes` says where it is saved. */
export type ImageAndMetadata = readonly [image: PixelImage, metadata: ImageMetadata];

/** What a processor may return: one image, several, or nothing to take the image out of the acquisition. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is a processor too
export type ProcessorResult = ImageAndMetadata | readonly ImageAndMetadata[] | null | undefined | void;

/**
 * Sees each image as it arrives, in the order of acquisition.
 *
 * @param image       (height, width, channels), the processor's own: it may keep it or change it
 * @param metadata    its own too
 * @param eventQueue  takes further events; null ends the acquisition
 */
export interface ImageProcessor {
  (
    image: PixelImage,
    metadata: ImageMetadata,
    eventQueue: EventQueue,
  ): ProcessorResult | Promise<ProcessorResult>;
  /** Gets the camera's own memory, without a copy, and keeps no reference to it. */
  readonly borrow?: boolean;
  /**
   * Keeps nothing from call to call, images included: the memory of an image goes back to work once it is saved, which is several
   * times as fast as new memory for each.
   */
  readonly stateless?: boolean;
}

/** A function with so many parameters takes the event queue, as in Pycro-Manager. */
export const QUEUE_PARAMETERS = 3;

/** A processor in a file of its own, which runs in a thread of its own. Its default export is the {@link ImageProcessor}. */
export interface ProcessorModule {
  /**
   * Path or `file:` address of the module (.js, .mjs). It may export `borrow = true`, and `stateless = true` where it keeps nothing
   * from call to call, images included: what it returns is then not copied.
   */
  readonly module: string | URL;
  /** Threads, 1 by default; more only for a module that exports `stateless = true`. Output stays in order. */
  readonly workers?: number;
}

/** A processor elsewhere, such as a function of Python in the process that holds MMCore. */
export interface ForeignProcessor {
  /** For messages. */
  readonly name: string;
  /** Whether it takes the event queue (default false). */
  readonly takesQueue?: boolean;
  /** Processes a frame, which is held until it has ended; the images are in memory of their own. Calls overlap, in order. */
  process(frame: Frame, metadata: JsonObject, eventQueue: PlainEventQueue): Promise<readonly ForeignImage[]>;
}

/** An image that a {@link ForeignProcessor} returned, unchecked. */
export interface ForeignImage {
  readonly image: PixelImage;
  readonly metadata: JsonObject;
}

/** Takes events as another language gave them, unchecked. */
export interface PlainEventQueue {
  put(events: JsonObject | readonly JsonObject[] | AsyncIterable<JsonObject> | null): void;
}

/** How the pipeline sees every kind of processor. */
export interface FrameProcessor {
  /** Of the function or file, for messages; "" where it has none. */
  readonly name: string;
  /** Processes a frame and releases it. Calls overlap; each resolves with its own images. */
  process(frame: Frame, metadata: ImageMetadata): Promise<readonly ProcessedImage[]>;
  /** Whether it has a parameter for the event queue. */
  readonly takesQueue: boolean;
  /** Frames that it works on at once. */
  readonly concurrency: number;
  close(): Promise<void>;
}

/** An image on its way to subscribers and savers, its metadata complete. */
export interface ProcessedImage {
  readonly image: PixelImage;
  readonly metadata: ImageMetadata;
  /**
   * Tells, once, that nobody downstream needs the pixels any more, whose memory goes back to work. Left out where it does not:
   * such pixels may be kept.
   */
  readonly release?: () => void;
}
