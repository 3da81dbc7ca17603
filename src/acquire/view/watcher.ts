import type { SharedImage } from "../engine/sharedImage.ts";
import { channelOf, frameToSend, type SentFrame } from "./frame.ts";
import type { AcquisitionView } from "./view.ts";

/** Time for which another channel than the last one is waited for, ms. */
const OTHER_CHANNEL_MS = 300;
/** Time between two frames at least, ms: a copy takes the acquisition's thread a millisecond or two. */
const BETWEEN_MS = 60;

/** Takes an image now and then, when somebody is free for it; all others pass it untouched. */
export class Watcher {
  readonly #send: (frame: SentFrame) => void;
  /** Since when somebody is free. */
  #freeSince: number | undefined;
  #sentAt = 0;
  #lastChannel: string | undefined;

  constructor(send: (frame: SentFrame) => void) {
    this.#send = send;
  }

  /** Somebody has room for a frame. */
  free(): void {
    this.#freeSince ??= performance.now();
  }

  /** An image passes by. */
  offer(image: SharedImage): void {
    if (this.#freeSince === undefined) return;
    const now = performance.now();
    if (now - this.#sentAt < BETWEEN_MS) return;
    const channel = channelOf(image);
    // a camera in step with us would show one channel for ever
    if (channel === this.#lastChannel && now - this.#freeSince < OTHER_CHANNEL_MS && this.#lastChannel !== "")
      return;
    this.#freeSince = undefined;
    this.#sentAt = now;
    this.#lastChannel = channel;
    this.#send(frameToSend(image));
  }
}

/** A view that was opened, and who takes its images. */
export interface OpenedView {
  readonly view: AcquisitionView;
  readonly watcher: Watcher;
}
