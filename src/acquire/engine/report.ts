/** One stage of an acquisition in numbers. */
export interface StageReport {
  readonly stage: "events" | "camera" | "processor" | "saving" | "imageSaved" | "subscribers";
  /** What waits in front of it now, and the most that ever did. */
  readonly queued: number;
  readonly peakQueued: number;
  /** What it has done: events, frames, images. */
  readonly done: number;
  /** What it lost: frames that the camera could not deliver, images that a subscriber missed. */
  readonly dropped: number;
  /** Done per second between its first and its last. */
  readonly perSecond: number;
}

/** Counts what a stage does, with the times of the first and the last. */
export class StageCounter {
  done = 0;
  dropped = 0;
  peakQueued = 0;
  #first = 0;
  #last = 0;

  /** One more done. */
  count(): void {
    this.#last = performance.now();
    if (this.done++ === 0) this.#first = this.#last;
  }

  /** Notes how many wait. */
  noteQueued(queued: number): void {
    this.peakQueued = Math.max(this.peakQueued, queued);
  }

  report(stage: StageReport["stage"], queued: number): StageReport {
    const seconds = (this.#last - this.#first) / 1000;
    const perSecond = seconds > 0 ? (this.done - 1) / seconds : 0;
    const peakQueued = Math.max(this.peakQueued, queued);
    return { stage, queued, peakQueued, done: this.done, dropped: this.dropped, perSecond };
  }
}
