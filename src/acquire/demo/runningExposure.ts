import type { Frame } from "../frames/frame.ts";
import type { Exposure } from "../microscope.ts";

/** An exposure as its microscope sees it. */
export interface RunningExposure extends Exposure {
  /** Frames that were exposed so far, lost ones included. */
  readonly exposed: number;
  /** Resolves when the camera has stopped, for whatever reason. Never rejects. */
  readonly ended: Promise<void>;
  /** Stops the camera and frees all frames that nobody took. */
  discard(): Promise<void>;
}

/** A promise that is resolved from outside. */
export class Signal {
  readonly promise: Promise<void>;
  resolve: () => void = () => {};

  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }
}

interface FrameSource {
  /** The next frame; nothing at the end. */
  take(): Promise<Frame | undefined>;
  /** Called at the end, at a failure, and when the consumer leaves. */
  discard(): Promise<void>;
}

/** Frames to loop over. Not a generator: leaving one before its first frame would leave the camera running. */
export function iterateFrames({ take, discard }: FrameSource): AsyncIterable<Frame> {
  const end = async (): Promise<IteratorResult<Frame>> => {
    await discard();
    return { done: true, value: undefined };
  };
  const next = async (): Promise<IteratorResult<Frame>> => {
    try {
      const value = await take();
      return value === undefined ? await end() : { done: false, value };
    } catch (error) {
      await discard();
      throw error;
    }
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
}
