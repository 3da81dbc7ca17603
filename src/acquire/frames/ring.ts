import { fillWith } from "#image-memory";
import { pixelBytes, pixelView } from "../../core/index.ts";
import type { ImageLayout, PixelArray } from "../../io/index.ts";

/** A ring in memory, which threads share where the platform has shared memory. */
export interface MemoryRingDescription {
  readonly kind: "memory";
  readonly slots: number;
  readonly slotBytes: number;
  readonly bytes: ArrayBufferLike;
  /** One Int32 a slot: 0 free, 1 taken. */
  readonly states: ArrayBufferLike;
}

/** A ring in an ordinary file, which processes share. */
export interface FileRingDescription {
  readonly kind: "file";
  readonly slots: number;
  readonly slotBytes: number;
  readonly path: string;
}

/** What another thread needs to find a ring's pixels; survives structured clone. */
export type RingDescription = MemoryRingDescription | FileRingDescription;

/** Slots start on a page, so that every pixel type is aligned. */
const SLOT_ALIGNMENT = 4096;

/** Memory that threads share; a page without isolation has none, and gets ordinary memory. */
export function threadMemory(bytes: number): ArrayBufferLike {
  return typeof SharedArrayBuffer === "function" ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

const FREE = 0;
const TAKEN = 1;

/**
 * Slots that a camera fills in turn and consumers free in any order. The camera may be on another thread; frames are released
 * on the thread that made the ring.
 */
export class MemoryRing {
  readonly description: MemoryRingDescription;
  readonly #states: Int32Array;
  #waiting: (() => void)[] = [];

  constructor(description: MemoryRingDescription) {
    this.description = description;
    this.#states = new Int32Array(description.states);
  }

  /** A ring with room for `slots` frames of `frameBytes`. */
  static create(slots: number, frameBytes: number): MemoryRing {
    const slotBytes = Math.ceil(frameBytes / SLOT_ALIGNMENT) * SLOT_ALIGNMENT;
    const bytes = threadMemory(slots * slotBytes);
    const states = threadMemory(slots * Int32Array.BYTES_PER_ELEMENT);
    return new MemoryRing({ kind: "memory", slots, slotBytes, bytes, states });
  }

  /** The pixels of a slot. */
  view(slot: number, layout: ImageLayout): PixelArray {
    return pixelView(layout, this.description.bytes, slot * this.description.slotBytes);
  }

  /** The pixels of a slot in memory of their own, in `into` if it is given. */
  copy(slot: number, layout: ImageLayout, into?: PixelArray): PixelArray {
    const pixels = this.view(slot, layout);
    if (into === undefined) return pixels.slice();
    fillWith(pixelBytes(into).subarray(0, pixels.byteLength), pixelBytes(pixels));
    return into;
  }

  /** Takes a slot for a frame if it is free. */
  tryTake(slot: number): boolean {
    return Atomics.compareExchange(this.#states, slot, FREE, TAKEN) === FREE;
  }

  /** Blocks a camera's thread until the slot is free, `timeoutMs` at most, and takes it. */
  take(slot: number, timeoutMs: number): boolean {
    if (this.tryTake(slot)) return true;
    Atomics.wait(this.#states, slot, TAKEN, timeoutMs);
    return this.tryTake(slot);
  }

  /** Resolves at the next release of any slot on this thread. */
  nextRelease(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Frees a slot and wakes a camera that waits for it. */
  release(slot: number): void {
    Atomics.store(this.#states, slot, FREE);
    Atomics.notify(this.#states, slot);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
