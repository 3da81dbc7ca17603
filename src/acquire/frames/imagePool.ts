import { collectGarbage } from "#collect";
import { imageBytes, pixelView } from "../../io/dataset/pixels.ts";
import type { ImageLayout, PixelArray } from "../../io/index.ts";

/** Share of the time that the pool may spend on finding out which memory is free. */
const COLLECTION_SHARE = 0.15;

/** Smaller images come from the engine's own heap, where memory is warm. */
const SMALLEST_BLOCK = 2 ** 17;

/** Bytes that a pool has, beyond twice what is in use, before it looks for free ones; and before it does so at any cost. */
const SOFT_LIMIT = 2 ** 28;
const HARD_LIMIT = 2 ** 29;

/** A block, and whether somebody still holds pixels in it. */
interface Block {
  readonly id: number;
  readonly memory: SharedArrayBuffer;
  /** The holder's view of the memory; dead once nothing refers to any array in it. */
  lent: WeakRef<SharedArrayBuffer> | undefined;
  /** How often another thread holds it. */
  away: number;
}

/** Memory for one image. */
export interface Loan {
  /** The pixels: the receiver's own, for as long as it refers to them. */
  readonly pixels: PixelArray;
  /** The block, for another thread; undefined where the platform has no pool. */
  readonly block: { readonly id: number; readonly memory: SharedArrayBuffer } | undefined;
}

/**
 * Memory for images that their receivers may keep for ever, used again once they do not.
 *
 * Fresh memory costs more than the copy into it: the system clears every page of it at its first touch (2.2 against 11 GB/s of
 * 8 MB frames). So each image is lent a new SharedArrayBuffer object over an old block; when that object is garbage, nothing
 * can refer to the block. While it has more than 256 MiB to spare, the pool asks the collector, for 15 % of the time at most; up
 * to 512 MiB it takes more blocks instead.
 */
export class ImagePool {
  #blocks = new Map<number, Block>();
  #free: Block[] = [];
  #blockBytes = 0;
  #nextId = 0;
  #liveAfterCollection = 0;
  #collectedAt = Number.NEGATIVE_INFINITY;
  #collectionMs = 0;

  /** Memory for an image of this layout; its values are whatever was there. */
  lend(layout: ImageLayout): Loan {
    const bytes = imageBytes(layout);
    const block = this.#take(bytes);
    if (block === undefined) return { pixels: pixelView(layout, new ArrayBuffer(bytes)), block: undefined };
    const view = structuredClone(block.memory);
    block.lent = new WeakRef(view);
    return { pixels: pixelView(layout, view), block };
  }

  /** Notes that another thread refers to a block, once more, until `back`. */
  away(id: number): void {
    const block = this.#blocks.get(id);
    if (block !== undefined) block.away++;
  }

  /** The other thread has let go of a block. */
  back(id: number): void {
    const block = this.#blocks.get(id);
    if (block !== undefined) block.away--;
  }

  #take(bytes: number): Block | undefined {
    if (bytes < SMALLEST_BLOCK || typeof SharedArrayBuffer !== "function") return undefined;
    if (bytes > this.#blockBytes) this.#startOver(bytes);
    if (this.#free.length === 0 && this.#mayCollect()) this.#collect();
    return this.#free.pop() ?? this.#grow();
  }

  /** Larger images need larger blocks; the old ones go when their holders let go of them. */
  #startOver(bytes: number): void {
    this.#blocks = new Map();
    this.#free = [];
    this.#blockBytes = bytes;
    this.#liveAfterCollection = 0;
  }

  #grow(): Block {
    const memory = new SharedArrayBuffer(this.#blockBytes);
    const block = { id: this.#nextId++, memory, lent: undefined, away: 0 };
    this.#blocks.set(block.id, block);
    return block;
  }

  /** Whether there is enough to find, and the last time is long enough ago for what it took. */
  #mayCollect(): boolean {
    const spare = (this.#blocks.size - 2 * this.#liveAfterCollection) * this.#blockBytes;
    const isDue = performance.now() - this.#collectedAt > this.#collectionMs / COLLECTION_SHARE;
    return spare >= (isDue ? SOFT_LIMIT : HARD_LIMIT);
  }

  #collect(): void {
    const start = performance.now();
    if (!collectGarbage()) return;
    this.#collectedAt = performance.now();
    this.#collectionMs = this.#collectedAt - start;
    for (const block of this.#blocks.values()) if (block.lent?.deref() === undefined) block.lent = undefined;
    this.#free = [...this.#blocks.values()].filter((block) => block.lent === undefined && block.away === 0);
    this.#liveAfterCollection = this.#blocks.size - this.#free.length;
  }
}
