import { Semaphore } from "../../core/index.ts";
import {
  type Axes,
  type Dataset,
  type DatasetImage,
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

/** Images whose memory waits for a callback that reads them, and callbacks that wait where such memory is kept no more: they are behind anyway. */
const MOST_HELD = 4;

/** An image to tell of. */
interface Told {
  readonly axes: Axes;
  /** Gives back its memory, where reads of it came from there. */
  readonly letGo: () => void;
}

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
  /** Axes alone but for a few, so that any number may wait for a slow callback. */
  readonly #callbacks = new Channel<Told>(Number.POSITIVE_INFINITY);
  #held = 0;
  #callFailed = false;
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
    const letGo = await this.#write(image);
    this.#writing--;
    this.#writes.release();
    await before;
    // a later image may be on the disk although an earlier one is not: nobody is told of it
    this.#hasGap ||= letGo === undefined;
    if (letGo === undefined || this.#hasGap) return letGo?.();
    const { axes } = image;
    this.#context.onSaved(axes);
    const isTaken = this.#context.imageSaved !== undefined && (await this.#callbacks.push({ axes, letGo }));
    if (!isTaken) letGo();
  }

  /** Writes an image; gives what lets go of its memory, undefined where it could not be written. */
  async #write(image: SharedImage): Promise<(() => void) | undefined> {
    const { limitMs, onFailure } = this.#context;
    const { axes, metadata } = image;
    const what = { axes, image: image.image, metadata: metadata as JsonObject, ...bitDepthOf(image) };
    const putting = this.#put(what, image);
    try {
      const letGo = await withTimeout(putting, `saving ${describeAxes(axes)}`, limitMs);
      this.#counter.count();
      return letGo;
    } catch (error) {
      // it may be written after all
      putting.then(
        (letGo) => letGo(),
        () => {},
      );
      this.#failed = true;
      onFailure(error);
      return undefined;
    } finally {
      image.release();
    }
  }

  /** Writes an image; where a callback may read it soon, its memory is held, and reads come from there until it is let go. */
  async #put(what: DatasetImage, image: SharedImage): Promise<() => void> {
    const { writer, imageSaved } = this.#context;
    const nothing = () => {};
    if (imageSaved === undefined || writer.putHeld === undefined) return writer.put(what).then(() => nothing);
    const letGo = await writer.putHeld(what);
    // one that was written too late has given its memory back
    if (this.#failed || this.#held >= MOST_HELD || this.#callbacks.size >= MOST_HELD) {
      letGo();
      return nothing;
    }
    image.hold();
    this.#held++;
    return () => {
      letGo();
      this.#held--;
      image.release();
    };
  }

  /** Calls one after the other; after one that fails the others are not made. */
  async #runCallbacks(): Promise<void> {
    for (let told = await this.#callbacks.next(); told !== undefined; told = await this.#callbacks.next()) {
      try {
        if (!this.#callFailed) await this.#callback(told.axes);
      } catch (error) {
        this.#callFailed = true;
        this.#callbacks.close();
        this.#context.onFailure(error);
      } finally {
        told.letGo();
      }
    }
  }

  async #callback(axes: Axes): Promise<void> {
    const { imageSaved, writer, eventQueue, limitMs } = this.#context;
    const call = Promise.resolve(imageSaved?.(axes, writer.dataset, eventQueue));
    await withTimeout(call, `imageSaved for ${describeAxes(axes)}`, limitMs);
    this.#callbackCounter.count();
  }
}

/** Bits that the camera uses, where the pixels are still of its type. */
function bitDepthOf({ metadata, image }: SharedImage): { bitDepth?: number } {
  const { BitDepth } = metadata;
  const isKnown =
    typeof BitDepth === "number" && BitDepth > 0 && BitDepth <= image.data.BYTES_PER_ELEMENT * 8;
  return isKnown ? { bitDepth: BitDepth } : {};
}
