import { VitrineError } from "../../core/index.ts";
import type { MemoryRing } from "../frames/ring.ts";
import { type ExposureProgram, exposureAt, frameCount, frameSettings, pointOf } from "./exposureProgram.ts";
import type { DemoFault, DemoSettings } from "./options.ts";
import type { Scene } from "./scene.ts";

/** A frame that lies in the ring. */
export interface MadeFrame {
  readonly slot: number;
  /** Which of the program's frames, over all its cameras. */
  readonly frame: number;
  /** When it was there, ms since the start of the exposure. */
  readonly timeMs: number;
}

/** What a camera did when it was asked to go on. */
export type Step =
  | { readonly kind: "made"; readonly made: MadeFrame }
  /** A frame was exposed and lost. */
  | { readonly kind: "lost" }
  /** Nothing to do before this time after the start. */
  | { readonly kind: "wait"; readonly untilMs: number }
  /** A free-running camera waits for a slot. */
  | { readonly kind: "full" }
  /** Nothing will come any more, and nobody is told. */
  | { readonly kind: "stalled" }
  | { readonly kind: "done" };

/** Where the camera's frames go. */
export interface Slots {
  /** A free slot, now taken. */
  tryTake(): number | undefined;
  readonly ring: MemoryRing;
}

interface Parts {
  readonly scene: Scene;
  readonly slots: Slots;
  readonly faults: FrameFaults;
  readonly onOverflow: DemoSettings["onOverflow"];
}

/** Faults of frames by the frame's number. */
export type FrameFaults = ReadonlyMap<number, "dropFrame" | "cameraError" | "cameraStall">;

/** Picks the faults of frames. */
export function frameFaults(faults: readonly DemoFault[]): FrameFaults {
  return new Map(faults.flatMap((fault) => ("frame" in fault ? [[fault.frame, fault.kind] as const] : [])));
}

/** One exposure, frame by frame; the same on the calling thread and on a camera's own. Whoever drives it keeps the time. */
export class ExposureRun {
  /** Frames that were exposed, lost ones included. */
  exposed = 0;
  dropped = 0;
  readonly #program: ExposureProgram;
  readonly #parts: Parts;
  readonly #isPaced: boolean;
  /** When the exposure of the present time point began, ms. */
  #beganMs = 0;
  #isStalled = false;

  constructor(program: ExposureProgram, parts: Parts) {
    this.#program = program;
    this.#parts = parts;
    this.#isPaced = program.intervalMs > 0;
  }

  get isDone(): boolean {
    return this.exposed === frameCount(this.#program) && !this.#isStalled;
  }

  /** When the next frame's exposure ends, ms since the start. */
  get dueMs(): number {
    return this.#beganMs + this.#exposureMs();
  }

  /**
   * Goes on, one frame at most.
   *
   * @param nowMs  time since the start
   * @throws {VitrineError} device: the camera failed or had no room for a frame
   */
  step(nowMs: number): Step {
    if (this.#isStalled) return { kind: "stalled" };
    if (this.isDone) return { kind: "done" };
    if (nowMs < this.dueMs) return { kind: "wait", untilMs: this.dueMs };
    const fault = this.#parts.faults.get(this.#program.firstFrame + this.exposed);
    if (fault !== undefined) return this.#fail(fault, nowMs);
    const slot = this.#parts.slots.tryTake();
    if (slot !== undefined) return this.#make(slot, nowMs);
    if (!this.#isPaced) return { kind: "full" };
    if (this.#parts.onOverflow === "drop") return this.#lose(nowMs);
    throw this.#failure("a free slot of the ring", "Sequence buffer overflow");
  }

  #fail(fault: "dropFrame" | "cameraError" | "cameraStall", nowMs: number): Step {
    if (fault === "dropFrame") return this.#lose(nowMs);
    const failure = this.#failure("a frame", "that the camera failed");
    this.#parts.scene.expose(frameSettings(this.#program, this.exposed));
    this.#advance(nowMs);
    if (fault === "cameraError") throw failure;
    this.#isStalled = true;
    return { kind: "stalled" };
  }

  #make(slot: number, nowMs: number): Step {
    const { scene, slots } = this.#parts;
    const settings = frameSettings(this.#program, this.exposed);
    scene.render(settings, slots.ring.view(slot, settings.camera.layout));
    scene.expose(settings);
    const made = { slot, frame: this.exposed, timeMs: nowMs };
    this.#advance(nowMs);
    return { kind: "made", made };
  }

  #lose(nowMs: number): Step {
    this.#parts.scene.expose(frameSettings(this.#program, this.exposed));
    this.dropped++;
    this.#advance(nowMs);
    return { kind: "lost" };
  }

  #advance(nowMs: number): void {
    const exposureMs = this.#exposureMs();
    this.exposed++;
    if (this.exposed % this.#program.cameras.length !== 0) return;
    const periodMs = Math.max(exposureMs, this.#program.intervalMs);
    // free-running, the next exposure begins when this frame is out of the way
    this.#beganMs = this.#isPaced ? this.#beganMs + periodMs : nowMs;
  }

  /** Of the present time point: the cameras begin together and the longest counts. */
  #exposureMs(): number {
    const point = pointOf(this.#program, this.exposed);
    return this.#program.cameras.reduce((most, camera) => Math.max(most, exposureAt(camera, point)), 0);
  }

  #failure(expected: string, found: string): VitrineError {
    const { cameras, firstFrame } = this.#program;
    const camera = cameras[this.exposed % cameras.length];
    const at = `${camera.label} frame ${firstFrame + this.exposed}`;
    const isOverflow = found.startsWith("Sequence");
    const hint = "Take and release frames faster, give the ring more slots, or let onOverflow be drop";
    return new VitrineError({ code: "device", at, expected, found, ...(isOverflow ? { hint } : {}) });
  }
}
