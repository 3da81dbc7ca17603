import type { MemoryRing } from "../frames/ring.ts";
import type { Slots } from "./exposureRun.ts";

/** Takes the slots of a ring in turn and skips those that are still held. */
export class SlotTaker implements Slots {
  readonly ring: MemoryRing;
  #next = 0;
  #kept: number | undefined;

  constructor(ring: MemoryRing) {
    this.ring = ring;
  }

  tryTake(): number | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) return this.#took(kept);
    const { slots } = this.ring.description;
    for (let i = 0; i < slots; i++) {
      const slot = (this.#next + i) % slots;
      if (this.ring.tryTake(slot)) return this.#took(slot);
    }
    return undefined;
  }

  /** Blocks a camera's thread until the slot whose turn it is becomes free, `timeoutMs` at most. */
  waitForTurn(timeoutMs: number): void {
    if (this.#kept === undefined && this.ring.take(this.#next, timeoutMs)) this.#kept = this.#next;
  }

  /** Frees a slot that `waitForTurn` got and no frame came to. */
  giveBack(): void {
    if (this.#kept !== undefined) this.ring.release(this.#kept);
    this.#kept = undefined;
  }

  #took(slot: number): number {
    this.#next = (slot + 1) % this.ring.description.slots;
    return slot;
  }
}
