import { MemoryRing, type MemoryRingDescription } from "../frames/ring.ts";
import type { RingReader } from "./worker.ts";

/** Reads the slots of a ring in shared memory. */
export function createMemoryRingReader(description: MemoryRingDescription): RingReader {
  const ring = new MemoryRing(description);
  return {
    copy: (slot, layout, into) => ring.copy(slot, layout, into),
    borrow: (slot, layout) => ring.view(slot, layout),
  };
}
