import { describeAxes, VitrineError } from "../../core/index.ts";
import type { Axes, ImageLayout, JsonObject, JsonValue, PixelArray } from "../../io/index.ts";
import type { Frame } from "../frames/frame.ts";
import { processorError } from "./faults.ts";

import { MMCoreFrame } from "./mmcoreFrame.ts";
import type { FromChild, OutputNote } from "./protocol.ts";
import type { PythonEventQueue, PythonImage, PythonProcessor } from "./pythonProcessor.ts";
import type { Request } from "./requestQueue.ts";

/** A frame where the child finds it. */
export interface PlacedFrame {
  /** The number of its ring. */
  readonly ring: number;
  readonly slot: number;
  /** The child has done with it. */
  release(): void;
}

/** What the processor needs of whoever holds its process. */
export interface ProcessorHost {
  ask(request: Request): Promise<JsonValue>;
  /** Sees that a frame is in a ring of the child, in the order of the calls. @throws {VitrineError} unsupported */
  place(frame: Frame): Promise<PlacedFrame>;
  takeOutput(note: OutputNote, layout: ImageLayout): PixelArray;
}

/** The image processor of the child. */
export class ChildProcessor implements PythonProcessor {
  readonly name: string;
  readonly takesQueue: boolean;
  readonly #host: ProcessorHost;
  readonly #outputs = new Map<number, PythonImage[]>();
  #queue: PythonEventQueue | undefined;
  #jobs = 0;

  constructor(name: string, takesQueue: boolean, host: ProcessorHost) {
    this.name = name;
    this.takesQueue = takesQueue;
    this.#host = host;
  }

  async process(
    frame: Frame,
    metadata: JsonObject,
    queue: PythonEventQueue,
  ): Promise<readonly PythonImage[]> {
    const placed = await this.#host.place(frame);
    this.#queue = queue;
    const job = ++this.#jobs;
    const images: PythonImage[] = [];
    this.#outputs.set(job, images);
    const { width, height, channels, dtype } = frame.layout;
    const { ring, slot } = placed;
    const shape = [height, width, channels] as const;
    try {
      const what = describeAxes((metadata.Axes ?? {}) as Axes);
      await this.#ask({ kind: "process", job, ring, slot, shape, dtype, metadata }, what);
    } finally {
      this.#outputs.delete(job);
      placed.release();
    }
    return images;
  }

  /** An image that came before the answer to its call. */
  take(note: OutputNote): void {
    const [height, width, channels] = note.shape;
    const data = this.#host.takeOutput(note, { width, height, channels, dtype: note.dtype });
    this.#outputs.get(note.job)?.push({ image: { data, width, height, channels }, metadata: note.metadata });
  }

  /** Events, at any time. */
  put(message: Extract<FromChild, { kind: "put" }>): void {
    if ("generator" in message) this.#queue?.put(this.#generated(message.generator));
    else if (message.events === null) this.#queue?.put(null);
    else if (isEvents(message.events)) this.#queue?.put(message.events);
  }

  async *#generated(generator: number): AsyncGenerator<JsonObject, void> {
    try {
      for (;;) {
        const next = await this.#ask({ kind: "pull", generator });
        if (next === null) return;
        if (isEvents(next)) yield* Array.isArray(next) ? next : [next];
      }
    } finally {
      await this.#ask({ kind: "forget", generator });
    }
  }

  /** @param image  the axes of the image that errors are about */
  #ask(message: Request["message"], image?: string): Promise<JsonValue> {
    return this.#host.ask({
      message,
      at: this.name,
      failure: (fault, at) => processorError(fault, at, image),
    });
  }
}

/** The child puts only events; this tells the types so. */
function isEvents(value: JsonValue): value is JsonObject | JsonObject[] {
  return typeof value === "object" && value !== null;
}

/** A frame that the child itself has put into its ring. @throws {VitrineError} unsupported: it is another microscope's, or released */
export function placedByChild(frame: Frame, ring: number | undefined, at: string): PlacedFrame {
  if (ring !== undefined && frame instanceof MMCoreFrame && frame.isHeld)
    return { ring, slot: frame.slot.slot, release: () => {} };
  throw new VitrineError({
    code: "unsupported",
    at,
    expected: "a frame of the microscope that holds the image processor, not released",
    found: "another",
    hint: "Open the processor by openPythonProcessor for frames of other microscopes",
  });
}
