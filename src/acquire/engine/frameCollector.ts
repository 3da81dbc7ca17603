import { VitrineError } from "../../core/index.ts";
import { describeAxes } from "../../io/index.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { Frame } from "../frames/frame.ts";
import type { Exposure } from "../microscope.ts";
import type { ExecutorContext } from "./executor.ts";
import { frameMetadata } from "./metadata.ts";
import { StageCounter, type StageReport } from "./report.ts";
import { watched } from "./watchdog.ts";

/** The loop of events gives way to timers and messages at least this often, ms. */
const LONGEST_TURN_MS = 20;

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
  #startMs: number | undefined;
  #turnStartedAt = performance.now();

  constructor(context: ExecutorContext) {
    this.#context = context;
  }

  report(): StageReport {
    return this.#counter.report("camera", 0);
  }

  /** Waits until an event may start; the times of events count from the first image, which never waits. */
  async waitForStart(event: AcquisitionEvent): Promise<void> {
    const { clock, signal } = this.#context;
    if (event.reset_event_timer === true && this.#startMs !== undefined) this.#startMs = clock.now();
    if (this.#startMs === undefined || event.min_start_time === undefined) return;
    const start = this.#startMs + event.min_start_time * 1000;
    for (let wait = start - clock.now(); wait > 0 && !signal.aborted; wait = start - clock.now())
      await clock.sleep(wait, signal);
  }

  /** How long a frame of this event may take, ms. */
  async longestWaitMs({ exposure }: AcquisitionEvent): Promise<number> {
    const { microscope, watchdogMs } = this.#context;
    return (exposure ?? (await microscope.core.getExposure())) + watchdogMs.camera;
  }

  /** Passes on the frames of an exposure, each with the event of its index. */
  async collect(exposure: Exposure, events: readonly AcquisitionEvent[]): Promise<void> {
    const { clock } = this.#context;
    this.#startMs ??= clock.now();
    const run = await this.#describe(events);
    const frames = exposure.frames[Symbol.asyncIterator]();
    const received = new Map<string, number>();
    let ended: Ending | undefined;
    try {
      while (ended === undefined) {
        const next = await this.#next(frames, run);
        if (typeof next === "string") ended = next;
        else if (await this.#pass(next, run)) received.set(next.camera, (received.get(next.camera) ?? 0) + 1);
        else ended = "refused";
      }
    } finally {
      if (ended !== "complete") await exposure.stop();
      await frames.return?.();
    }
    this.#counter.dropped += exposure.dropped;
    const most = Math.max(0, ...received.values());
    if (ended === "complete" && !this.#context.signal.aborted && most + exposure.dropped < events.length)
      throw missingFrames(events, most);
  }

  /** What all frames of an exposure share. */
  async #describe(events: readonly AcquisitionEvent[]): Promise<Run> {
    const { core } = this.#context.microscope;
    const exposureMs = await core.getExposure();
    const pixelSizeUm = await core.getPixelSizeUm();
    const cameras = await core.getNumberOfCameraChannels();
    return { events, exposureMs, pixelSizeUm, cameras, limitMs: await this.longestWaitMs(events[0]!) };
  }

  /** The next frame; an event's own limit does not end the acquisition when it has passed. */
  async #next(frames: AsyncIterator<Frame>, { events, limitMs }: Run): Promise<Frame | Ending> {
    const { axes, timeout_ms } = events[0]!;
    try {
      const { done, value } = await watched(
        frames.next(),
        `frame of ${describeAxes(axes)}`,
        timeout_ms ?? limitMs,
      );
      return done === true ? "complete" : value;
    } catch (error) {
      if (!(error instanceof VitrineError && error.code === "timeout" && timeout_ms !== undefined))
        throw error;
      this.#counter.dropped++;
      return "late";
    }
  }

  async #pass(frame: Frame, { events, exposureMs, pixelSizeUm, cameras }: Run): Promise<boolean> {
    const { clock, emit } = this.#context;
    const event = events[frame.index] ?? events[events.length - 1]!;
    const elapsedMs = clock.now() - (this.#startMs ?? 0);
    this.#counter.count();
    const metadata = frameMetadata(frame, event, { elapsedMs, pixelSizeUm, exposureMs });
    if (cameras > 1 && event.axes.camera === undefined)
      metadata.Axes = { ...event.axes, camera: frame.camera };
    if (performance.now() - this.#turnStartedAt > LONGEST_TURN_MS) await this.#giveWay();
    return emit({ kind: "frame", frame, metadata });
  }

  async #giveWay(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#turnStartedAt = performance.now();
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
