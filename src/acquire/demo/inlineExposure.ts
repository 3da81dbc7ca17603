import { createYield } from "../../core/index.ts";
import type { Clock } from "../clock.ts";
import type { Frame } from "../frames/frame.ts";
import type { MemoryRing } from "../frames/ring.ts";
import type { ExposureRun, Step } from "./exposureRun.ts";
import { iterateFrames, type RunningExposure, Signal } from "./runningExposure.ts";
import { type FrameOrigin, SlotFrame } from "./slotFrame.ts";

interface Parts {
  readonly run: ExposureRun;
  readonly origin: Omit<FrameOrigin, "beforeRelease">;
  readonly clock: Clock;
}

/** Why waits end; without a reason each exposure would make an error, stack and all, that nobody sees. */
const STOPPED = "stopped";

/** A wait that is not lost when it is added to the time of a clock, ms. */
const SHORTEST_WAIT_MS = 1e-3;

/**
 * An exposure whose frames are made on the calling thread: each when somebody pulls, and, where frames have their times, all
 * that have become due before a slot is freed. So the ring fills and overflows as if the camera had run by itself.
 */
export class InlineExposure implements RunningExposure {
  readonly frames: AsyncIterable<Frame>;
  readonly #run: ExposureRun;
  readonly #clock: Clock;
  readonly #ring: MemoryRing;
  readonly #origin: FrameOrigin;
  readonly #startMs: number;
  readonly #isPaced: boolean;
  readonly #queue: SlotFrame[] = [];
  readonly #end = new Signal();
  readonly #stopping = new AbortController();
  readonly #yieldIfDue = createYield();
  #last: Step = { kind: "lost" };
  #failure: { readonly error: unknown } | undefined;

  constructor({ run, origin, clock }: Parts) {
    this.#run = run;
    this.#clock = clock;
    this.#ring = origin.ring;
    this.#startMs = clock.now();
    this.#isPaced = origin.program.intervalMs > 0;
    this.#origin = { ...origin, beforeRelease: () => this.#isPaced && this.#catchUp() };
    this.frames = iterateFrames({ take: () => this.#take(), discard: () => this.discard() });
  }

  get exposed(): number {
    return this.#run.exposed;
  }

  get dropped(): number {
    return this.#run.dropped;
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** Waits until the first frame's exposure has ended. */
  async expose(): Promise<void> {
    await this.#clock.sleep(this.#run.dueMs - this.#nowMs(), this.#stopping.signal);
    this.#catchUp();
  }

  async stop(): Promise<void> {
    if (this.#isPaced) this.#catchUp();
    this.#stopping.abort(STOPPED);
    this.#end.resolve();
  }

  async discard(): Promise<void> {
    await this.stop();
    for (const frame of this.#queue.splice(0)) frame.release();
  }

  #nowMs(): number {
    return this.#clock.now() - this.#startMs;
  }

  /** Makes what is due by now. */
  #catchUp(): void {
    while (!this.#isOver() && (this.#isPaced || this.#queue.length === 0)) {
      const step = this.#step();
      if (step?.kind === "made") this.#queue.push(new SlotFrame(this.#origin, step.made));
      if (step === undefined || this.#run.isDone) this.#end.resolve();
      else if (step.kind !== "made" && step.kind !== "lost") return;
    }
  }

  /** Goes on; nothing where the camera failed. */
  #step(): Step | undefined {
    try {
      this.#last = this.#run.step(this.#nowMs());
      return this.#last;
    } catch (error) {
      this.#failure = { error };
      return undefined;
    }
  }

  #isOver(): boolean {
    return this.#stopping.signal.aborted || this.#failure !== undefined || this.#run.isDone;
  }

  async #take(): Promise<Frame | undefined> {
    for (;;) {
      await this.#yieldIfDue();
      this.#catchUp();
      const frame = this.#queue.shift();
      if (frame !== undefined) return frame;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#isOver()) return undefined;
      await this.#wait(this.#last);
    }
  }

  async #wait(step: Step): Promise<void> {
    if (step.kind === "wait") {
      const waitMs = Math.max(SHORTEST_WAIT_MS, step.untilMs - this.#nowMs());
      await this.#clock.sleep(waitMs, this.#stopping.signal);
    } else if (step.kind === "full") await Promise.race([this.#ring.nextRelease(), this.#end.promise]);
    else await this.#end.promise;
  }
}
