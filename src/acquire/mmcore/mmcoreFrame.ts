import { VitrineError } from "../../core/index.ts";
import type { ImageLayout, JsonObject, PixelArray } from "../../io/index.ts";
import type { Frame, RingSlot } from "../frames/frame.ts";
import type { FrameNote } from "./protocol.ts";

/** What a frame needs of the ring that it is in. */
export interface FrameSource {
  copy(slot: number, layout: ImageLayout, into?: PixelArray): PixelArray;
  borrow(slot: number, layout: ImageLayout): PixelArray;
  release(): void;
}

/** A frame of the child, in a slot of a ring file. */
export class MMCoreFrame implements Frame {
  readonly layout: ImageLayout;
  readonly bitDepth: number;
  readonly camera: string;
  readonly index: number;
  readonly metadata: JsonObject;
  readonly slot: RingSlot;
  readonly #source: FrameSource;
  #held = true;

  constructor(note: FrameNote, ring: RingSlot["ring"], source: FrameSource) {
    const [slot, camera, index, width, height, channels, dtype, bitDepth, tags] = note;
    this.layout = { width, height, channels, dtype };
    this.bitDepth = bitDepth;
    this.camera = camera;
    this.index = index;
    this.metadata = { ...numericTags(tags), BitDepth: bitDepth };
    this.slot = { ring, slot };
    this.#source = source;
  }

  /** Nobody has released it. */
  get isHeld(): boolean {
    return this.#held;
  }

  copy(into?: PixelArray): PixelArray {
    this.#check();
    return this.#source.copy(this.slot.slot, this.layout, into);
  }

  borrow(): PixelArray {
    this.#check();
    return this.#source.borrow(this.slot.slot, this.layout);
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#source.release();
  }

  #check(): void {
    if (this.#held) return;
    const found = "one whose slot was released";
    throw new VitrineError({ code: "missing", at: "frame", expected: "a frame in its slot", found });
  }
}

/** A number as MMCore's adapters print one; `007` and long serial numbers are names. */
const NUMBER = /^-?(0|[1-9]\d{0,14})(\.\d+)?([eE][-+]?\d{1,2})?$/;

/** MMCore's tags are text; those that are numbers become numbers. */
export function numericTags(tags: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [name, NUMBER.test(value) ? Number(value) : value]),
  );
}
