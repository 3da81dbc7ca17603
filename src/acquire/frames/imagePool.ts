import { imageBytes, pixelView } from "../../core/index.ts";
import type { ImageLayout, PixelArray } from "../../io/index.ts";

/** Smaller images come from the engine's own heap, where memory is warm. */
const SMALLEST_BLOCK = 2 ** 17;

/** Memory for an image, shared by those who hold it; whoever took it holds it first. */
export interface PooledImage {
  /** The pixels, until the last holder has released them. */
  readonly pixels: PixelArray;
  /** The block that they are in; undefined for small images, whose memory is not used again. */
  readonly block: { readonly id: number; readonly memory: ArrayBufferLike } | undefined;
  /** One more holder, who will call `release`. */
  hold(): void;
  /** One holder less. */
  release(): void;
}

interface Block {
  readonly id: number;
  readonly memory: ArrayBufferLike;
  holders: number;
}

/**
 * Memory for images that stay within the engine, used again when their last holder has released it. Fresh memory costs more than
 * the copy into it: the system clears every page of it at its first touch (2.2 against 11 GB/s of 8 MB frames). There are never
 * more blocks than images were under way at one time.
 */
export class ImagePool {
  readonly #allocate: (bytes: number) => ArrayBufferLike;
  #blocks = new Map<number, Block>();
  #free: Block[] = [];
  #blockBytes = 0;
  #nextId = 0;

  /** @param allocate  makes a block's memory: shared where another thread reads it */
  constructor(allocate: (bytes: number) => ArrayBufferLike) {
    this.#allocate = allocate;
  }

  /** Memory for an image of this layout; its values are whatever was there. */
  take(layout: ImageLayout): PooledImage {
    const bytes = imageBytes(layout);
    if (bytes < SMALLEST_BLOCK) return smallImage(layout, bytes);
    if (bytes > this.#blockBytes) this.#startOver(bytes);
    const block = this.#free.pop() ?? this.#grow();
    block.holders = 1;
    return {
      pixels: pixelView(layout, block.memory),
      block,
      hold: () => void block.holders++,
      release: () => this.#release(block),
    };
  }

  /** One holder less of a block, which another thread was told of. */
  release(id: number): void {
    const block = this.#blocks.get(id);
    if (block !== undefined) this.#release(block);
  }

  /** Larger images need larger blocks; the old ones go with their holders. */
  #startOver(bytes: number): void {
    this.#blocks = new Map();
    this.#free = [];
    this.#blockBytes = bytes;
  }

  #grow(): Block {
    const block = { id: this.#nextId++, memory: this.#allocate(this.#blockBytes), holders: 0 };
    this.#blocks.set(block.id, block);
    return block;
  }

  #release(block: Block): void {
    if (--block.holders === 0 && this.#blocks.get(block.id) === block) this.#free.push(block);
  }
}

function smallImage(layout: ImageLayout, bytes: number): PooledImage {
  const pixels = pixelView(layout, new ArrayBuffer(bytes));
  return { pixels, block: undefined, hold: () => {}, release: () => {} };
}
