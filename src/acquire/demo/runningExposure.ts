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
