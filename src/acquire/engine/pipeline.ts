import { describeAxes } from "../../io/index.ts";
import type { Frame } from "../frames/frame.ts";
import type { FrameProcessor, ProcessedImage } from "../processors/processor.ts";
import { axesOf } from "../processors/results.ts";
import { Channel } from "./channel.ts";
import type { ImageMetadata } from "./metadata.ts";
import { StageCounter, type StageReport } from "./report.ts";
import { watched } from "./watchdog.ts";

/** A frame with its metadata, or something to be done once all before it went through. */
export type PipelineItem =
  | { readonly kind: "frame"; readonly frame: Frame; readonly metadata: ImageMetadata }
  | { readonly kind: "marker"; readonly act: () => void };

/** A result that is on its way, in the place of its frame. */
type Outcome =
  | { readonly kind: "images"; readonly images: Promise<readonly ProcessedImage[]> }
  | { readonly kind: "marker"; readonly act: () => void };

/** What the pipeline needs of its acquisition. */
export interface PipelineContext {
  readonly processor: FrameProcessor;
  readonly limitMs: number;
  /** Takes the processed images, in order; a slow one holds the pipeline up. */
  readonly deliver: (image: ProcessedImage) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/** Frames that wait for the processor; each holds a slot of the ring. */
const WAITING_FRAMES = 8;

/** Takes frames through the processor, in order, and their images on; a slow stage holds up the one before it. */
export class Pipeline {
  readonly #context: PipelineContext;
  readonly #frames = new Channel<PipelineItem>(WAITING_FRAMES);
  readonly #outcomes: Channel<Outcome>;
  readonly #counter = new StageCounter();
  /** Calls of the processor that have not ended. */
  #running: Promise<unknown>[] = [];
  #failed = false;

  constructor(context: PipelineContext) {
    this.#context = context;
    this.#outcomes = new Channel(context.processor.concurrency);
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
    return this.#counter.report("processor", this.#frames.size);
  }

  async #process(): Promise<void> {
    for (let item = await this.#frames.next(); item !== undefined; item = await this.#frames.next()) {
      if (item.kind === "frame") await this.#waitForTurn();
      if (item.kind === "marker") await this.#outcomes.push(item);
      else if (this.#failed) item.frame.release();
      else await this.#outcomes.push({ kind: "images", images: this.#start(item.frame, item.metadata) });
      this.#counter.noteQueued(this.#frames.peak);
    }
    this.#outcomes.close();
  }

  /** Waits until the processor may be given one more frame. */
  async #waitForTurn(): Promise<void> {
    while (this.#running.length >= this.#context.processor.concurrency) await this.#running.shift();
  }

  #start(frame: Frame, metadata: ImageMetadata): Promise<readonly ProcessedImage[]> {
    const what = `image processor for ${describeAxes(axesOf(metadata, "metadata"))}`;
    const images = watched(this.#context.processor.process(frame, metadata), what, this.#context.limitMs);
    // a failure is seen in its turn
    this.#running.push(images.catch(() => {}));
    return images;
  }

  async #deliverAll(): Promise<void> {
    for (let next = await this.#outcomes.next(); next !== undefined; next = await this.#outcomes.next()) {
      try {
        if (next.kind === "marker") next.act();
        else await this.#deliver(await next.images);
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  async #deliver(images: readonly ProcessedImage[]): Promise<void> {
    this.#counter.count();
    for (const image of images) {
      if (this.#failed) image.release?.();
      else await this.#context.deliver(image);
    }
  }

  /** The first failure ends the pipeline: frames that wait are released, results that are on their way are dropped. */
  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#frames.close();
    this.#context.onFailure(error);
  }
}
