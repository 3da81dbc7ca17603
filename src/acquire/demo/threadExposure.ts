import { startCameraThread } from "#demo-threads";
import { createYield, VitrineError } from "../../core/index.ts";
import type { Frame } from "../frames/frame.ts";
import type { DoseSnapshot } from "./bleaching.ts";
import { CameraControl, type FromCamera } from "./cameraProtocol.ts";
import type { DemoFault, DemoSettings } from "./options.ts";
import { iterateFrames, type RunningExposure, Signal } from "./runningExposure.ts";
import type { SceneDescription } from "./scene.ts";
import { type FrameOrigin, SlotFrame } from "./slotFrame.ts";
import type { CameraThread } from "./threads.ts";

interface Init {
  readonly scene: SceneDescription;
  readonly faults: readonly DemoFault[];
}

interface ThreadRequest {
  readonly origin: FrameOrigin;
  readonly onOverflow: DemoSettings["onOverflow"];
  readonly dose?: DoseSnapshot;
}

/** The camera's own thread; started with the first exposure and kept for the next ones. */
export class ThreadCamera {
  readonly #init: Init;
  #thread: CameraThread | undefined;
  #exposure: ThreadExposure | undefined;

  constructor(init: Init) {
    this.#init = init;
  }

  /** There is a thread, which has kept count of its own exposures. */
  get isRunning(): boolean {
    return this.#thread !== undefined;
  }

  /** Starts an exposure; resolves when the thread has begun it. */
  async expose(request: ThreadRequest): Promise<ThreadExposure> {
    const thread = this.#start();
    const exposure = new ThreadExposure(request.origin);
    this.#exposure = exposure;
    const { program, ring } = request.origin;
    const dose = request.dose === undefined ? {} : { dose: request.dose };
    const control = exposure.control.memory;
    thread.hold(true);
    thread.post({
      kind: "expose",
      program,
      ring: ring.description,
      control,
      onOverflow: request.onOverflow,
      ...dose,
    });
    exposure.ended.then(() => thread.hold(false));
    await exposure.begun;
    return exposure;
  }

  /** Ends the thread; an exposure that runs ends with an error. */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
    this.#exposure?.fail(threadDied("that the microscope was closed", undefined));
  }

  #start(): CameraThread {
    if (this.#thread !== undefined) return this.#thread;
    const thread = startCameraThread({
      onMessage: (message) => this.#exposure?.receive(message),
      onFailure: (found, cause) => {
        if (this.#thread === thread) this.#thread = undefined;
        this.#exposure?.fail(threadDied(found, cause));
      },
    });
    this.#thread = thread;
    thread.post({ kind: "init", ...this.#init });
    return thread;
  }
}

/** An exposure whose frames a thread makes. */
export class ThreadExposure implements RunningExposure {
  readonly frames: AsyncIterable<Frame>;
  readonly control: CameraControl;
  readonly #origin: FrameOrigin;
  readonly #begin = new Signal();
  readonly #end = new Signal();
  readonly #yieldIfDue = createYield();
  #frameReady = new Signal();
  #taken = 0;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(origin: FrameOrigin) {
    this.#origin = origin;
    this.control = CameraControl.create(origin.ring.description.slots);
    this.frames = iterateFrames({ take: () => this.#take(), discard: () => this.discard() });
  }

  get exposed(): number {
    return this.control.exposed;
  }

  get dropped(): number {
    return this.control.dropped;
  }

  get begun(): Promise<void> {
    return this.#begin.promise;
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  async stop(): Promise<void> {
    this.control.stop();
    await this.ended;
  }

  async discard(): Promise<void> {
    await this.stop();
    while (this.#taken < this.control.made) this.#nextFrame().release();
  }

  /** Takes a message of the thread. */
  receive(message: FromCamera): void {
    if (message.kind === "started") this.#begin.resolve();
    if (message.kind === "ended") this.#finish(message.fault && { error: new VitrineError(message.fault) });
    if (message.kind === "frame-ready") this.#frameReady.resolve();
  }

  /** The thread died; without effect where the exposure has ended. */
  fail(error: VitrineError): void {
    if (!this.#isOver) this.#finish({ error });
  }

  #finish(failure: { readonly error: unknown } | undefined): void {
    this.#failure = failure;
    this.#isOver = true;
    this.#begin.resolve();
    this.#end.resolve();
    this.#frameReady.resolve();
  }

  #nextFrame(): SlotFrame {
    return new SlotFrame(this.#origin, this.control.read(this.#taken++));
  }

  async #take(): Promise<Frame | undefined> {
    for (;;) {
      await this.#yieldIfDue();
      if (this.#taken < this.control.made) return this.#nextFrame();
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#isOver) return undefined;
      await this.#awaitFrame();
    }
  }

  async #awaitFrame(): Promise<void> {
    this.#frameReady = new Signal();
    this.control.wait();
    // a frame may have come before the camera could see that somebody waits
    if (this.#taken === this.control.made && !this.#isOver) await this.#frameReady.promise;
  }
}

function threadDied(found: string, cause: unknown): VitrineError {
  const fault = { code: "worker", at: "camera thread", expected: "to run", found } as const;
  return new VitrineError(fault, { cause });
}
