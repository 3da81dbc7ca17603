import type { ImageLayout, JsonObject, PixelArray } from "../../io/index.ts";
import type { RingDescription } from "./ring.ts";

/** One frame of a camera, still in its slot of the ring. Whoever took it releases it, once. */
export interface Frame {
  readonly layout: ImageLayout;
  /** Bits of a value that the camera uses. */
  readonly bitDepth: number;
  /** The label of its camera. */
  readonly camera: string;
  /** Which of the frames of this camera in this exposure it is, from 0; frames that were dropped leave a gap. */
  readonly index: number;
  /** What the camera says of this frame, numbers as numbers. */
  readonly metadata: JsonObject;
  /** Where another thread that opened the same ring finds the pixels. */
  readonly slot: RingSlot;
  /** The pixels in memory of their own, in `into` if it is given: the one copy. */
  copy(into?: PixelArray): PixelArray;
  /** The pixels in the slot: to read, until `release`. */
  borrow(): PixelArray;
  /** Gives the slot back to the camera. */
  release(): void;
}

/** A slot of a ring. */
export interface RingSlot {
  readonly ring: RingDescription;
  readonly slot: number;
}
