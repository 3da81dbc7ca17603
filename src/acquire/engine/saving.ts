import { Semaphore } from "../../core/index.ts";
import {
  type Axes,
  type Dataset,
  type DatasetWriter,
  describeAxes,
  type JsonObject,
} from "../../io/index.ts";
import { Channel } from "./channel.ts";
import type { EventQueue } from "./eventQueue.ts";
import { StageCounter, type StageReport } from "./report.ts";
import type { SharedImage } from "./sharedImage.ts";
import { withTimeout } from "./watchdog.ts";

/**
 * Called once an image can be read from the dataset, in the order of saving, one call after the other.
 * Pycro-Manager: `image_saved_fn`.
 */
export type ImageSaved = (axes: Axes, dataset: Dataset, eventQueue: EventQueue) => unknown;

/** Images that are being written at a time. */
const WRITES_AT_A_TIME = 8;

/** What the saving stage needs of its acquisition. */
export interface SavingContext {
  readonly writer: DatasetWriter;
  readonly imageSaved: ImageSaved | undefined;
  readonly eventQueue: EventQueue;
  readonly limitMs: number;
  /** An image can be read. */
  readonly onSaved: (axes: Axes) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Writes images in order and tells of each; callbacks run off the writer's path and lose nothing. */
export class SavingStage {
  readonly #context: SavingContext;
  readonly #counter = new StageCounter();
  readonly #callbackCounter = new StageCounter();
  /** Axes alone, so that any number may wait for a slow callback. */
  readonly #callbacks = new Channel<Axes>(Number.POSITIVE_INFINITY);
  readonly #callbackLoop: Promise<void>;
  /** Images that are being written. */
  #writing = 0;
  readonly #writes = new Semaphore(WRITES_AT_A_TIME);
  /** Resolves when everything so far is written and told of. */
  #told: Promise<void> = Promise.resolve();
  #failed = false;
  /** An image could not be written; all before it are told of. */
  #hasGap = false;

  constructor(context: SavingContext) {
    this.#context = context;
    this.#callbackLoop = this.#runCallbacks();
  }

  /** Starts to write an image; waits while too many are being written. Releases the image when it is written. */
  async accept(image: SharedImage): Promise<void> {
    await this.#writes.acquire();
    if (this.#failed) {
      this.#writes.release();
      return image.release();
    }
    this.#counter.noteQueued(++this.#writing);
    this.#told = this.#save(image, this.#told);
  }

  /** Does something once everything so far is written and told of. */
  after(act: () => void): void {
    this.#told = this.#told.then(act);
  }

  /** Waits until everything is written and told of. */
  async drain(): Promise<void> {
    await this.#told;
  }

  /** Waits for the callbacks; none is made after. */
  async close(): Promise<void> {
    this.#callbacks.close();
    await this.#callbackLoop;
  }

  reports(): StageReport[] {
    const saving = this.#counter.report("saving", this.#writing);
    this.#callbackCounter.noteQueued(this.#callbacks.peak);
    return [saving, this.#callbackCounter.report("imageSaved", this.#callbacks.size)];
  }

  /** Writes an image, and tells of it after those before it. Never rejects. */
  async #save(image: SharedImage, before: Promise<void>): Promise<void> {
    const isSaved = await this.#write(image);
    this.#writing--;
    this.#writes.release();
    await before;
    // a later image may be on the disk although an earlier one is not: nobody is told of it
    this.#hasGap ||= !isSaved;
    if (this.#hasGap) return;
    this.#context.onSaved(image.axes);
    if (this.#context.imageSaved !== undefined) void this.#callbacks.push(image.axes);
  }

  async #write(image: SharedImage): Promise<boolean> {
    const { writer, limitMs, onFailure } = this.#context;
    const { axes, metadata } = image;
    const what = { axes, image: image.image, metadata: metadata as JsonObject, ...bitDepthOf(image) };
    try {
      await withTimeout(writer.put(what), `saving ${describeAxes(axes)}`, limitMs);
      this.#counter.count();
      return true;
    } catch (error) {
      this.#failed = true;
      onFailure(error);
      return false;
    } finally {
      image.release();
    }
  }

  async #runCallbacks(): Promise<void> {
    const { imageSaved, writer, eventQueue, limitMs, onFailure } = this.#context;
    for (let axes = await this.#callbacks.next(); axes !== undefined; axes = await this.#callbacks.next()) {
      try {
        const call = Promise.resolve(imageSaved?.(axes, writer.dataset, eventQueue));
        await withTimeout(call, `imageSaved for ${describeAxes(axes)}`, limitMs);
        this.#callbackCounter.count();
      } catch (error) {
        onFailure(error);
        return this.#callbacks.close();
      }
    }
  }
}

/** Bits that the camera uses, where the pixels are still of its type. */
function bitDepthOf({ metadata, image }: SharedImage): { bitDepth?: number } {
  const { BitDepth } = metadata;
  const isKnown =
    typeof BitDepth === "number" && BitDepth > 0 && BitDepth <= image.data.BYTES_PER_ELEMENT * 8;
  return isKnown ? { bitDepth: BitDepth } : {};
}
