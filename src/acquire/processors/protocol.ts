import type { PackedError } from "../../core/index.ts";
import type { ImageLayout, PixelArray } from "../../io/index.ts";
import type { EventSource } from "../engine/eventQueue.ts";
import type { ImageMetadata } from "../engine/metadata.ts";
import type { RingSlot } from "../frames/frame.ts";

/** What a processor's thread is told. */
export type ToProcessor =
  | { readonly kind: "load"; readonly module: string; readonly workers: number }
  | {
      readonly kind: "process";
      readonly id: number;
      readonly layout: ImageLayout;
      readonly slot: RingSlot;
      /** The image may be changed where it lies, and be returned there: the slot is held until nobody needs it. */
      readonly isLent: boolean;
      readonly metadata: ImageMetadata;
    }
  /** Blocks that the receiver of their images has done with. */
  | { readonly kind: "back"; readonly blocks: readonly number[] };

/** An image that comes back: in the slot that its frame came in, in a block of shared memory, or, where it is small, copied. */
export interface SentImage {
  readonly layout: ImageLayout;
  readonly metadata: ImageMetadata;
  readonly pixels:
    | { readonly kind: "slot" }
    | { readonly kind: "block"; readonly id: number; readonly memory: SharedArrayBuffer }
    | { readonly kind: "copy"; readonly data: PixelArray };
}

/** What a processor's thread tells. */
export type FromProcessor =
  | {
      readonly kind: "loaded";
      readonly borrow: boolean;
      readonly stateless: boolean;
      readonly takesQueue: boolean;
    }
  | { readonly kind: "event"; readonly events: EventSource | null }
  | { readonly kind: "done"; readonly id: number; readonly images: readonly SentImage[] }
  | { readonly kind: "failed"; readonly id: number | undefined; readonly error: PackedError };
