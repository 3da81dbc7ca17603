import { Semaphore } from "../../core/index.ts";
import { type Axes, describeAxes } from "../../io/index.ts";
import type { Frame } from "../frames/frame.ts";
import type { FrameProcessor, ProcessedImage } from "../processors/processor.ts";
import { Channel } from "./channel.ts";
import type { ImageMetadata } from "./metadata.ts";
import { StageCounter, type StageReport } from "./report.ts";
import { type Limit, withTimeout } from "./watchdog.ts";

/** A frame with its metadata. */
export interface FrameItem {
  readonly kind: "frame";
  readonly frame: Frame;
  readonly metadata: ImageMetadata;
}

/** A frame, or something to be done once all before it went through. */
export type PipelineItem = FrameItem | { readonly kind: "marker"; readonly act: () => void };

/** A result that is on its way, in the place of its frame; `what` names it in messages. */
type Outcome =
  | { readonly kind: "images"; readonly images: Promise<readonly ProcessedImage[]>; readonly what: string }
  | { readonly kind: "marker"; readonly act: () => void };

/** What the pipeline needs of its acquisition. */
export interface PipelineContext {
  readonly processor: FrameProcessor;
  /** Longest time for an image, ms, from the end of the one before it. */
  readonly limitMs: number;
  /** Takes the processed images, in order; a slow one holds the pipeline up. */
  readonly deliver: (image: ProcessedImage) => Promise<void>;
  /** `what` was going on: which image the processor had. */
  readonly onFailure: (error: unknown, what: string) => void;
}

/** Frames that wait for the processor; each holds a slot of the ring. */
const WAITING_FRAMES = 8;

/** Takes frames through the processor, in order, and their images on; a slow stage holds up the one before it. */
export class Pipeline {
  readonly #context: PipelineContext;
  readonly #frames = new Channel<PipelineItem>(WAITING_FRAMES);
  readonly #outcomes: Channel<Outcome>;
  readonly #counter = new StageCounter();
  /** Calls of the processor. */
  readonly #calls: Semaphore;
  #failed = false;

  constructor(context: PipelineContext) {
    this.#context = context;
    this.#outcomes = new Channel(context.processor.concurrency);
    this.#calls = new Semaphore(context.processor.concurrency);
  }

  /** Adds a frame; waits while too many are before it. False, and the frame is released, once the pipeline has ended. */
  async push(item: PipelineItem): Promise<boolean> {
    const taken = await this.#frames.push(item);
    if (!taken && item.kind === "frame") item.frame.release();
    return taken;
  }

  /** No more frames. */
  close(): void {
    this.#frames.close();
  }

  /** Runs until it is closed and everything in it went through, or something failed. */
  async run(): Promise<void> {
    await Promise.all([this.#process(), this.#deliverAll()]);
  }

  report(): StageReport {
    this.#counter.noteQueued(this.#frames.peak);
    return this.#counter.report("processor", this.#frames.size);
  }

  async #process(): Promise<void> {
    for (let item = await this.#frames.next(); item !== undefined; item = await this.#frames.next()) {
      if (item.kind === "frame" && !this.#failed) await this.#calls.acquire();
      if (item.kind === "marker") await this.#outcomes.push(item);
      else if (this.#failed) item.frame.release();
      else await this.#outcomes.push(this.#start(item.frame, item.metadata));
    }
    this.#outcomes.close();
  }

  #start(frame: Frame, metadata: ImageMetadata): Outcome {
    // named before the processor may change it
    const { name } = this.#context.processor;
    const what = `image processor ${name === "" ? "" : `${name} `}for ${describeAxes(metadata.Axes as Axes)}`;
    const images = this.#call(frame, metadata);
    const end = () => this.#calls.release();
    // a failure is seen in its turn
    images.then(end, end);
    return { kind: "images", images, what };
  }

  /** A processor that throws instead of rejecting is no different. */
  async #call(frame: Frame, metadata: ImageMetadata): Promise<readonly ProcessedImage[]> {
    return this.#context.processor.process(frame, metadata);
  }

  get #limit(): Limit {
    return { ms: this.#context.limitMs, option: "watchdogMs.processor" };
  }

  async #deliverAll(): Promise<void> {
    for (let next = await this.#outcomes.next(); next !== undefined; next = await this.#outcomes.next()) {
      try {
        if (next.kind === "marker") next.act();
        else if (this.#failed) void next.images.then(releaseAll, () => {});
        else await this.#deliver(await withTimeout(next.images, next.what, this.#limit));
      } catch (error) {
        this.#fail(error, next.kind === "images" ? next.what : "image processor");
      }
    }
  }

  async #deliver(images: readonly ProcessedImage[]): Promise<void> {
    this.#counter.count();
    for (const [index, image] of images.entries()) {
      if (this.#failed) return releaseAll(images.slice(index));
      try {
        await this.#context.deliver(image);
      } catch (error) {
        releaseAll(images.slice(index + 1));
        throw error;
      }
    }
  }

  /** The first failure ends the pipeline: frames that wait are released, results that are on their way are dropped. */
  #fail(error: unknown, what: string): void {
    if (this.#failed) return;
    this.#failed = true;
    // a frame that waits for a call which may never end is released
    this.#calls.release();
    this.#frames.close();
    this.#context.onFailure(error, what);
  }
}

function releaseAll(images: readonly ProcessedImage[]): void {
  for (const image of images) image.release?.();
}
