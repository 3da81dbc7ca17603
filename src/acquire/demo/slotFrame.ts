import { VitrineError } from "../../core/index.ts";
import type { ImageLayout, JsonObject, PixelArray } from "../../io/index.ts";
import type { Frame, RingSlot } from "../frames/frame.ts";
import type { MemoryRing } from "../frames/ring.ts";
import { type ExposureProgram, type FrameSettings, frameSettings, pointOf } from "./exposureProgram.ts";
import type { MadeFrame } from "./exposureRun.ts";

/** What a frame needs to know of its exposure. */
export interface FrameOrigin {
  readonly program: ExposureProgram;
  readonly ring: MemoryRing;
  /** Date of the start of the exposure, ms since 1970. */
  readonly startedAt: number;
  /** Called before a slot is freed. */
  readonly beforeRelease?: () => void;
}

/** A frame of the demo camera in its slot. */
export class SlotFrame implements Frame {
  readonly layout: ImageLayout;
  readonly bitDepth: number;
  readonly camera: string;
  readonly index: number;
  readonly #settings: FrameSettings;
  readonly #origin: FrameOrigin;
  readonly #made: MadeFrame;
  #isReleased = false;

  constructor(origin: FrameOrigin, made: MadeFrame) {
    this.#origin = origin;
    this.#made = made;
    this.#settings = frameSettings(origin.program, made.frame);
    const { camera } = this.#settings;
    this.layout = camera.layout;
    this.bitDepth = camera.sensor.bitDepth;
    this.camera = camera.label;
    this.index = pointOf(origin.program, made.frame);
  }

  /** MMCore's tags with its keys, numbers as numbers, and `FrameNumber`, counted over the life of the microscope. */
  get metadata(): JsonObject {
    const { camera, frameNumber, exposureMs } = this.#settings;
    const { roi, layout } = camera;
    return {
      Camera: camera.label,
      Width: layout.width,
      Height: layout.height,
      PixelType: layout.channels === 3 ? "RGB32" : layout.dtype === "uint8" ? "GRAY8" : "GRAY16",
      BitDepth: camera.sensor.bitDepth,
      Binning: camera.binning,
      ROI: `${roi.x}-${roi.y}-${roi.width}-${roi.height}`,
      "ROI-X-start": roi.x,
      "ROI-Y-start": roi.y,
      Exposure: exposureMs,
      ImageNumber: this.index,
      FrameNumber: frameNumber,
      "ElapsedTime-ms": this.#made.timeMs,
      TimeReceivedByCore: new Date(this.#origin.startedAt + this.#made.timeMs).toISOString(),
    };
  }

  get slot(): RingSlot {
    return { ring: this.#origin.ring.description, slot: this.#made.slot };
  }

  copy(into?: PixelArray): PixelArray {
    this.#check();
    return this.#origin.ring.copy(this.#made.slot, this.layout, into);
  }

  borrow(): PixelArray {
    this.#check();
    return this.#origin.ring.view(this.#made.slot, this.layout);
  }

  #check(): void {
    if (!this.#isReleased) return;
    throw new VitrineError({
      code: "missing",
      at: `frame ${this.index} of ${this.camera}`,
      expected: "a frame in its slot",
      found: "that it was released",
      hint: "Copy or read it before release()",
    });
  }

  /** A second call does nothing: the slot may be another frame's by then. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#origin.beforeRelease?.();
    this.#origin.ring.release(this.#made.slot);
  }
}
