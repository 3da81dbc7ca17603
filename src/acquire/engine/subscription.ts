import { VitrineError } from "../../core/index.ts";
import type { Axes, PixelImage } from "../../io/index.ts";
import type { ImageMetadata } from "./metadata.ts";
import type { SharedImage } from "./sharedImage.ts";

/** An image as it passes by; the pixels are also the savers': not to be changed. */
export interface LiveImage {
  readonly axes: Axes;
  readonly image: PixelImage;
  readonly metadata: ImageMetadata;
}

/** Images as they pass by, the newest ones: who is slow misses some and holds nothing up. */
export interface Subscription extends AsyncIterable<LiveImage> {
  /** Images that were missed. */
  readonly dropped: number;
  /** Ends the iteration. */
  close(): void;
}

/** The queue of one subscriber. */
export class LiveQueue implements Subscription {
  readonly #capacity: number;
  readonly #onClose: (queue: LiveQueue) => void;
  #waiting: SharedImage[] = [];
  #closed = false;
  #wake: (() => void) | undefined;
  dropped = 0;

  constructor(capacity: number, onClose: (queue: LiveQueue) => void) {
    if (!(capacity >= 1)) throw noRoom(capacity);
    this.#capacity = capacity;
    this.#onClose = onClose;
  }

  /** Images that wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Offers an image; the oldest one makes room for it. */
  offer(image: SharedImage): void {
    if (this.#waiting.length >= this.#capacity) {
      this.#waiting.shift()?.release();
      this.dropped++;
    }
    this.#waiting.push(image.hold());
    this.#wake?.();
  }

  /** No image will come any more; those that wait are still given. */
  end(): void {
    this.#closed = true;
    this.#wake?.();
  }

  close(): void {
    this.end();
    for (const image of this.#waiting.splice(0)) image.release();
    this.#onClose(this);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LiveImage> {
    try {
      while (true) {
        const next = this.#waiting.shift();
        if (next !== undefined) yield taken(next);
        else if (this.#closed) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.close();
    }
  }
}

function noRoom(found: number): VitrineError {
  return new VitrineError({
    code: "range",
    at: "subscribe(options) queue",
    expected: "1 or more",
    found: String(found),
  });
}

function taken(shared: SharedImage): LiveImage {
  const image = shared.toKeep();
  shared.release();
  return { axes: shared.axes, image, metadata: structuredClone(shared.metadata) };
}
