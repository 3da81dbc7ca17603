import { VitrineError } from "../../core/index.ts";
import type { Frame } from "../frames/frame.ts";
import type { Exposure } from "../microscope.ts";

/** What an exposure needs of its microscope. */
export interface ExposureControl {
  /** Tells the child to stop the camera; `discard`: frames that are not out yet are not wanted. */
  stop(discard: boolean): void;
  /** Longest time for the camera to stop, ms. */
  readonly limitMs: number;
}

/** An exposure of the child: frames come in as they are announced and go out as they are asked for. */
export class RunningExposure implements Exposure {
  readonly frames: AsyncGenerator<Frame, void>;
  /** Resolves when the camera is free for the next exposure. */
  readonly ended: Promise<void>;
  dropped = 0;
  readonly #control: ExposureControl;
  readonly #expected = new Map<string, number>();
  readonly #stopped: Promise<void>;
  #queue: Frame[] = [];
  #done = false;
  #discarded = false;
  #error: VitrineError | undefined;
  #wake: () => void = () => {};
  #resolveStopped: () => void = () => {};
  #resolveEnded: () => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(control: ExposureControl) {
    this.#control = control;
    this.#stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.frames = this.#iterate();
  }

  /** A frame has come. */
  push(frame: Frame): void {
    const expected = this.#expected.get(frame.camera) ?? 0;
    this.dropped += frame.index - expected;
    this.#expected.set(frame.camera, frame.index + 1);
    if (this.#discarded) {
      frame.release();
      return;
    }
    this.#queue.push(frame);
    this.#wake();
  }

  /** The camera stands still; frames may still come. */
  markStopped(): void {
    this.#resolveStopped();
  }

  /** No more frames come; an error is thrown after the last of them. */
  end(error?: VitrineError): void {
    if (this.#done) return;
    this.#done = true;
    if (!this.#discarded) this.#error = error;
    clearTimeout(this.#timer);
    this.#resolveStopped();
    this.#resolveEnded();
    this.#wake();
  }

  async stop(): Promise<void> {
    if (this.#done) return;
    this.#control.stop(false);
    this.#watch();
    await this.#stopped;
    if (this.#error !== undefined) throw this.#error;
  }

  /** Nobody wants its frames any more: stops the camera and gives back what has come. */
  discard(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const frame of queue) frame.release();
    if (this.#done || this.#discarded) return;
    this.#discarded = true;
    this.#control.stop(true);
    this.#watch();
    this.#wake();
  }

  #watch(): void {
    const { limitMs } = this.#control;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(notStopped(limitMs)), limitMs);
    void this.#stopped.then(() => clearTimeout(this.#timer));
  }

  async *#iterate(): AsyncGenerator<Frame, void> {
    try {
      for (;;) {
        const frame = this.#queue.shift();
        if (frame !== undefined) yield frame;
        else if (this.#error !== undefined) throw this.#error;
        else if (this.#done || this.#discarded) return;
        else await this.#nextChange();
      }
    } finally {
      this.discard();
    }
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function notStopped(limitMs: number): VitrineError {
  return new VitrineError({
    code: "timeout",
    at: "stop of an exposure",
    expected: `a camera that stops within ${limitMs} ms`,
    found: "one that goes on",
    hint: "Check the camera, or raise commandTimeoutMs",
  });
}
