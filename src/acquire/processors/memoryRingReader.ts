import { MemoryRing, type MemoryRingDescription } from "../frames/ring.ts";
import { ownImage } from "./ownImages.ts";
import type { RingReader } from "./worker.ts";

/** Reads the slots of a ring in shared memory. */
export function createMemoryRingReader(description: MemoryRingDescription): RingReader {
  const ring = new MemoryRing(description);
  return {
    copy: ({ slot: { slot }, layout }, pool) =>
      ownImage({ layout, copy: (into) => ring.copy(slot, layout, into) }, pool),
    borrow: ({ slot: { slot }, layout }) => {
      const { width, height, channels } = layout;
      return { data: ring.view(slot, layout), width, height, channels };
    },
  };
}
