import { createYield, VitrineError } from "../../core/index.ts";
import { describeAxes } from "../../io/index.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { Frame } from "../frames/frame.ts";
import type { Exposure } from "../microscope.ts";
import type { ExecutorContext } from "./executorContext.ts";
import { frameMetadata } from "./metadata.ts";
import { StageCounter, type StageReport } from "./report.ts";
import { withTimeout } from "./watchdog.ts";

/** What the frames of one exposure share. */
interface Run {
  readonly events: readonly AcquisitionEvent[];
  readonly exposureMs: number;
  readonly pixelSizeUm: number;
  readonly cameras: number;
  /** Longest wait for a frame, ms. */
  readonly limitMs: number;
}

/** Why an exposure gives no more frames: it had them all, one did not come in time, or nobody takes more. */
type Ending = "complete" | "late" | "refused";

/** Takes frames from the camera, gives each the event that it belongs to, and passes it on. */
export class FrameCollector {
  readonly #context: ExecutorContext;
  readonly #counter = new StageCounter();
  /** Time of the first image by the acquisition's clock. */
  #firstMs: number | undefined;
  /** What the times of events count from: the first image, or an event that began anew. */
  #startMs: number | undefined;
  /** Gives way to timers and messages, if that is due. */
  readonly yieldIfDue = createYield();

  constructor(context: ExecutorContext) {
    this.#context = context;
  }

  report(): StageReport {
    return this.#counter.report("camera", 0);
  }

  /** From here on the times of events count from an event that asks for it. */
  resetTimer(event: AcquisitionEvent): void {
    if (event.reset_event_timer === true && this.#startMs !== undefined)
      this.#startMs = this.#context.clock.now();
  }

  /** Waits until an event may start; the times of events count from the first image, which never waits. */
  async waitForStart(event: AcquisitionEvent): Promise<void> {
    const { clock, signal } = this.#context;
    if (this.#startMs === undefined || event.min_start_time === undefined) return;
    const start = this.#startMs + event.min_start_time * 1000;
    for (let wait = start - clock.now(); wait > 0 && !signal.aborted; wait = start - clock.now())
      await clock.sleep(wait, signal);
  }

  /** How long a frame of these events may take, ms. */
  async longestWaitMs(events: readonly AcquisitionEvent[]): Promise<number> {
    const { microscope, watchdogMs } = this.#context;
    const now = await microscope.core.getExposure();
    const longest = events.reduce((most, { exposure = now }) => Math.max(most, exposure), 0);
    return longest + watchdogMs.camera;
  }

  /** Passes on the frames of an exposure, each with the event of its index. Resolves with whether the camera gave all. */
  async collect(exposure: Exposure, events: readonly AcquisitionEvent[]): Promise<boolean> {
    const { clock, signal } = this.#context;
    this.#firstMs ??= clock.now();
    this.#startMs ??= this.#firstMs;
    const received = new Map<string, number>();
    let ended: Ending | undefined;
    try {
      ended = await this.#passAll(exposure, events, received);
    } finally {
      this.#counter.dropped += exposure.dropped;
    }
    const most = Math.max(0, ...received.values());
    const missing = events.length - most - exposure.dropped;
    if (ended === "late") this.#counter.dropped += missing;
    if (ended === "complete" && !signal.aborted && missing > 0) throw missingFrames(events, most);
    return ended === "complete" && !signal.aborted;
  }

  /** Passes frames on, counted by their cameras, and stops the camera where it has more to give. */
  async #passAll(
    exposure: Exposure,
    events: readonly AcquisitionEvent[],
    received: Map<string, number>,
  ): Promise<Ending> {
    const frames = exposure.frames[Symbol.asyncIterator]();
    let ended: Ending | undefined;
    try {
      const run = await this.#describe(events);
      while (ended === undefined) {
        const next = await this.#next(frames, run);
        if (typeof next === "string") ended = next;
        else if (await this.#pass(next, run)) received.set(next.camera, (received.get(next.camera) ?? 0) + 1);
        else ended = "refused";
      }
      return ended;
    } finally {
      const end = ended === "complete" ? Promise.resolve() : exposure.stop();
      await withTimeout(
        end.then(() => frames.return?.()),
        "stopping the camera",
        this.#context.watchdogMs.hardware,
      );
    }
  }

  /** What all frames of an exposure share. */
  async #describe(events: readonly AcquisitionEvent[]): Promise<Run> {
    const { core } = this.#context.microscope;
    const exposureMs = await core.getExposure();
    const pixelSizeUm = await core.getPixelSizeUm();
    const cameras = await core.getNumberOfCameraChannels();
    return { events, exposureMs, pixelSizeUm, cameras, limitMs: await this.longestWaitMs(events) };
  }

  /** The next frame; an event's own limit does not end the acquisition when it has passed. */
  async #next(frames: AsyncIterator<Frame>, { events, limitMs }: Run): Promise<Frame | Ending> {
    const { axes, timeout_ms } = events[0]!;
    const coming = frames.next();
    const frame = withTimeout(coming, `frame of ${describeAxes(axes)}`, timeout_ms ?? limitMs);
    try {
      const { done, value } = await frame;
      return done === true ? "complete" : value;
    } catch (error) {
      // nobody would release a frame that comes after all
      coming.then(({ done, value }) => done !== true && value.release()).catch(() => {});
      if (error instanceof VitrineError && error.code === "timeout" && timeout_ms !== undefined)
        return "late";
      throw error;
    }
  }

  async #pass(frame: Frame, { events, exposureMs, pixelSizeUm, cameras }: Run): Promise<boolean> {
    const { clock, emit } = this.#context;
    const event = events[frame.index] ?? events[events.length - 1]!;
    const elapsedMs = clock.now() - (this.#firstMs ?? 0);
    this.#counter.count();
    const metadata = frameMetadata(frame, event, { elapsedMs, pixelSizeUm, exposureMs });
    if (cameras > 1 && event.axes.camera === undefined)
      metadata.Axes = { ...event.axes, camera: frame.camera };
    await this.yieldIfDue();
    return emit({ kind: "frame", frame, metadata });
  }
}

function missingFrames(events: readonly AcquisitionEvent[], found: number): VitrineError {
  return new VitrineError({
    code: "device",
    at: `camera, from ${describeAxes(events[0]!.axes)} on`,
    expected: `${events.length} frames`,
    found: `${found}, and the camera has stopped`,
    hint: "See whether it was triggered, and whether its buffer is large enough",
  });
}
