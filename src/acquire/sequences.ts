import { createYield, imageBytes, VitrineError } from "../core/index.ts";
import type { PixelImage } from "../io/index.ts";
import { systemClock } from "./clock.ts";
import type { Frame } from "./frames/frame.ts";
import type { Exposure, ExposureRequest, Microscope } from "./microscope.ts";
import type { OptionalLabel } from "./scriptCore.ts";
import { type TaggedImage, taggedImage } from "./snapping.ts";

/** MMCore's own default size of its sequence buffer. */
const DEFAULT_BUFFER_MB = 250;
const MB = 2 ** 20;
/** What a continuous sequence asks for; cameras count in 32 bits. */
const ENDLESS = 2 ** 31 - 1;

/**
 * MMCore's methods for a camera that runs by itself while its images wait in a buffer. What the camera failed with is thrown by the
 * next of these calls, once.
 */
export interface SequenceCore {
  /**
   * Starts the current camera, or the one of a label, and returns. When the buffer is full, `stopOnOverflow` stops the camera;
   * else all that wait in it are lost and the camera goes on, as in MMCore.
   *
   * @throws {VitrineError} busy: a sequence runs; range: `frames`, `intervalMs`
   */
  startSequenceAcquisition(
    ...request:
      | readonly [frames: number, intervalMs: number, stopOnOverflow: boolean]
      | readonly [camera: string, frames: number, intervalMs: number, stopOnOverflow: boolean]
  ): Promise<void>;
  /** Starts the current camera until it is stopped; a full buffer loses what waits in it. @throws {VitrineError} busy */
  startContinuousSequenceAcquisition(intervalMs: number): Promise<void>;
  /** Stops the camera, and waits until the images that it made are in the buffer. Does nothing where none runs. */
  stopSequenceAcquisition(...camera: OptionalLabel): Promise<void>;
  isSequenceRunning(...camera: OptionalLabel): Promise<boolean>;
  /** Images that wait in the buffer. */
  getRemainingImageCount(): Promise<number>;
  /** Takes the oldest image. @throws {VitrineError} missing: none waits */
  popNextImage(): Promise<PixelImage>;
  /** The same with the camera's tags. @throws {VitrineError} missing */
  popNextTaggedImage(): Promise<TaggedImage>;
  /** The newest image, which stays in the buffer. @throws {VitrineError} missing: none waits */
  getLastImage(): Promise<PixelImage>;
  /** The same with the camera's tags. @throws {VitrineError} missing */
  getLastTaggedImage(): Promise<TaggedImage>;
  /** Forgets the images that wait. */
  clearCircularBuffer(): Promise<void>;
  /** Whether the buffer was full, so that the camera was stopped or images were lost, since the last start. */
  isBufferOverflowed(): Promise<boolean>;
  getCircularBufferMemoryFootprint(): Promise<number>;
  /** The size of the buffer, which loses what it holds. @param mb  MB of 2²⁰ bytes, from 1; 250 at first */
  setCircularBufferMemoryFootprint(mb: number): Promise<void>;
}

interface Running {
  readonly exposure: Exposure;
  readonly camera: string;
  readonly ended: Promise<void>;
}

/** What sequences need of a microscope. */
export interface SequenceMicroscope extends Pick<Microscope, "startExposure"> {
  /** The label of a camera that is there; of the current one if left out. @throws {VitrineError} missing; device: not a camera */
  cameraLabel(...camera: OptionalLabel): Promise<string>;
}

/** The images of a camera's sequence, which come on while nobody asks for them. */
class SequenceBuffer {
  readonly #microscope: SequenceMicroscope;
  #images: TaggedImage[] = [];
  #bytes = 0;
  #limitMb = DEFAULT_BUFFER_MB;
  #running: Running | undefined;
  #isStarting = false;
  #hasOverflowed = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(microscope: SequenceMicroscope) {
    this.#microscope = microscope;
  }

  requireIdle(at: string): void {
    if (this.#running === undefined && !this.#isStarting) return;
    const hint = "Call stopSequenceAcquisition() first";
    throw new VitrineError({
      code: "busy",
      at,
      expected: "an idle camera",
      found: "that a sequence runs",
      hint,
    });
  }

  async start(
    request: Pick<ExposureRequest, "frames" | "intervalMs">,
    stopOnOverflow: boolean,
    label: OptionalLabel,
  ): Promise<void> {
    this.requireIdle("startSequenceAcquisition");
    this.#isStarting = true;
    try {
      const camera = await this.#microscope.cameraLabel(...label);
      const exposure = await this.#microscope.startExposure({ ...request, cameras: [camera] });
      this.clear();
      this.#hasOverflowed = false;
      this.#failure = undefined;
      const ended = this.#collect(exposure, stopOnOverflow);
      this.#running = { exposure, camera, ended };
    } finally {
      this.#isStarting = false;
    }
  }

  async stop(label: OptionalLabel): Promise<void> {
    const camera = await this.#microscope.cameraLabel(...label);
    const running = this.#running;
    if (running?.camera === camera) {
      await running.exposure.stop();
      await running.ended;
    }
    this.#throwFailure();
  }

  async isRunning(label: OptionalLabel): Promise<boolean> {
    const camera = await this.#microscope.cameraLabel(...label);
    await this.#look();
    return this.#running?.camera === camera;
  }

  async count(): Promise<number> {
    await this.#look();
    return this.#images.length;
  }

  async take(): Promise<TaggedImage> {
    await this.#look();
    const image = this.#images.shift();
    if (image === undefined) throw emptyBuffer("popNextImage");
    this.#bytes -= image.pix.data.byteLength;
    return image;
  }

  async last(): Promise<TaggedImage> {
    await this.#look();
    return this.#images.at(-1) ?? Promise.reject(emptyBuffer("getLastImage"));
  }

  clear(): void {
    this.#images = [];
    this.#bytes = 0;
  }

  get hasOverflowed(): boolean {
    return this.#hasOverflowed;
  }

  get limitMb(): number {
    return this.#limitMb;
  }

  resize(mb: number): void {
    this.requireIdle("setCircularBufferMemoryFootprint");
    if (!(Number.isInteger(mb) && mb >= 1)) {
      const at = "setCircularBufferMemoryFootprint";
      throw new VitrineError({ code: "range", at, expected: "a whole number of MB from 1", found: `${mb}` });
    }
    this.#limitMb = mb;
    this.clear();
  }

  async #collect(exposure: Exposure, stopOnOverflow: boolean): Promise<void> {
    const pause = createYield();
    try {
      for await (const frame of exposure.frames) {
        this.#keep(frame, stopOnOverflow, exposure);
        await pause();
      }
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#running = undefined;
    }
  }

  #keep(frame: Frame, stopOnOverflow: boolean, exposure: Exposure): void {
    try {
      const bytes = imageBytes(frame.layout);
      const isFull = this.#bytes + bytes > this.#limitMb * MB;
      if (isFull && stopOnOverflow) {
        this.#hasOverflowed = true;
        void exposure.stop();
        return;
      }
      if (isFull) {
        this.#hasOverflowed = true;
        this.clear();
      }
      this.#images.push(taggedImage(frame));
      this.#bytes += bytes;
    } finally {
      frame.release();
    }
  }

  /** Lets the camera get on, so that a loop that only asks does not keep it from working. */
  async #look(): Promise<void> {
    if (this.#running !== undefined && this.#images.length === 0) await systemClock.sleep(1);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const { error } = this.#failure;
    this.#failure = undefined;
    throw error;
  }
}

/** The methods of {@link SequenceCore} for a microscope. */
export function sequenceMethods(microscope: SequenceMicroscope): {
  readonly methods: SequenceCore;
  /** @throws {VitrineError} busy: a sequence runs */
  readonly requireIdle: (at: string) => void;
} {
  const buffer = new SequenceBuffer(microscope);
  const methods: SequenceCore = {
    startSequenceAcquisition: async (...request) => {
      const label: OptionalLabel = request.length === 4 ? [request[0]] : [];
      const values = request.slice(label.length);
      const [frames, intervalMs, stopOnOverflow] = values;
      const at = "startSequenceAcquisition(frames, intervalMs, stopOnOverflow)";
      if (
        typeof frames !== "number" ||
        typeof intervalMs !== "number" ||
        typeof stopOnOverflow !== "boolean"
      ) {
        const found = values.map((value) => JSON.stringify(value)).join(", ") || "none";
        throw new VitrineError({ code: "type", at, expected: "two numbers, and true or false", found });
      }
      await buffer.start({ frames, intervalMs }, stopOnOverflow, label);
    },
    startContinuousSequenceAcquisition: (intervalMs) =>
      buffer.start({ frames: ENDLESS, intervalMs }, false, []),
    stopSequenceAcquisition: (...camera) => buffer.stop(camera),
    isSequenceRunning: (...camera) => buffer.isRunning(camera),
    getRemainingImageCount: () => buffer.count(),
    popNextImage: async () => (await buffer.take()).pix,
    popNextTaggedImage: () => buffer.take(),
    getLastImage: async () => (await buffer.last()).pix,
    getLastTaggedImage: () => buffer.last(),
    clearCircularBuffer: async () => buffer.clear(),
    isBufferOverflowed: async () => buffer.hasOverflowed,
    getCircularBufferMemoryFootprint: async () => buffer.limitMb,
    setCircularBufferMemoryFootprint: async (mb) => buffer.resize(mb),
  };
  return { methods, requireIdle: (at) => buffer.requireIdle(at) };
}

function emptyBuffer(at: string): VitrineError {
  const hint = "Start a sequence with startSequenceAcquisition, and look at getRemainingImageCount()";
  return new VitrineError({ code: "missing", at, expected: "an image in the buffer", found: "none", hint });
}
