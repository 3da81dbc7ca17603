import { closeSync, openSync, writeSync } from "node:fs";
import { type Axes, describeAxes, pixelBytes, Semaphore, VitrineError } from "../../core/index.ts";
import { type JsonObject, parseWithSchema } from "../../io/index.ts";
import type { Frame } from "../frames/frame.ts";
import { deviceError } from "./faults.ts";
import type { ChildProcessor, PlacedFrame } from "./processor.ts";
import type { FromChild } from "./protocol.ts";
import { PythonChild, pythonProgram } from "./python.node.ts";
import { loadFunction, pythonFile } from "./pythonFile.node.ts";
import {
  type OpenPythonProcessor,
  type PythonEventQueue,
  type PythonImage,
  type PythonProcessorOptions,
  pythonProcessorOptions,
} from "./pythonProcessor.ts";
import { makeRing, removeRingFiles, removeStaleRings, ringName } from "./ringFile.node.ts";
import { FileRings, OUTPUT_SLOTS } from "./rings.node.ts";

/** Frames that are with the process: one is processed, one waits there, and others are on their way. */
const INPUT_SLOTS = 4;

/** An image that takes so long may never end. */
const SLOW_MS = 60_000;

type Options = ReturnType<typeof pythonProcessorOptions.parse>;

/** A ring that frames are written into from here. */
interface InputRing {
  readonly number: number;
  readonly file: number;
  readonly slotBytes: number;
  readonly free: number[];
}

/**
 * Opens an image processor in Python for frames of any microscope, the simulated one too: a process of its own with numpy, whose frames
 * and images go through a ring in a file, in memory where the system has a memory file system. For Micro-Manager's devices,
 * `openMMCoreMicroscope({ processor })` saves a copy of each frame.
 *
 * @throws {VitrineError} missing: no Python, no numpy, no such file or function; worker: the file raises; timeout; format, type: options
 * @example
 * await using imageProcessor = await openPythonProcessor({ processor: "mine.py" });
 * await using acquisition = await Acquisition.open({ microscope, imageProcessor, directory: "data", name: "run" });
 */
export async function openPythonProcessor(options: PythonProcessorOptions): Promise<OpenPythonProcessor> {
  const parsed = parseWithSchema(options, pythonProcessorOptions, "openPythonProcessor options");
  const file = pythonFile(parsed.processor);
  const processor = new OwnProcess(parsed);
  try {
    await processor.open(file);
    return processor;
  } catch (error) {
    await processor.close();
    throw error;
  }
}

class OwnProcess implements OpenPythonProcessor {
  readonly #options: Options;
  readonly #ringName = ringName();
  readonly #rings = new FileRings((notice) => this.#child?.tell(notice));
  readonly #slots = new Semaphore(INPUT_SLOTS);
  #child: PythonChild | undefined;
  #function: ChildProcessor | undefined;
  #input: InputRing | undefined;
  /** The frames so far are in their slots. */
  #placed: Promise<unknown> = Promise.resolve();
  #lost: VitrineError | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  get name(): string {
    return this.#function?.name ?? this.#options.processor;
  }

  get takesQueue(): boolean {
    return this.#function?.takesQueue ?? false;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async open(file: ReturnType<typeof pythonFile>): Promise<void> {
    const { python, ringFolder, commandTimeoutMs: limitMs } = this.#options;
    removeStaleRings(ringFolder);
    const start = { python: pythonProgram(python), task: "processor", limitMs } as const;
    this.#child = await PythonChild.start(start, {
      onMessage: (message) => this.#receive(message),
      onOutput: (line) => this.#options.onOutput?.(line),
      onEnd: (reason) => {
        this.#lost = reason;
        this.#rings.unlink();
      },
    });
    const child = this.#child;
    this.#function = await loadFunction(file, limitMs, {
      ask: (request) => child.ask(request),
      place: (frame) => this.#place(frame),
      takeOutput: (note, layout) => this.#rings.takeOutput(note, layout),
    });
  }

  async process(
    frame: Frame,
    metadata: JsonObject,
    queue: PythonEventQueue,
  ): Promise<readonly PythonImage[]> {
    if (this.#lost !== undefined) throw this.#lost;
    const image = describeAxes((metadata.Axes ?? {}) as Axes);
    const slow = setInterval(() => this.#tellSlow(image), SLOW_MS);
    try {
      return (await this.#function?.process(frame, metadata, queue)) ?? [];
    } catch (error) {
      throw this.#named(error, image);
    } finally {
      clearInterval(slow);
    }
  }

  /** Nobody knows how long an image may take: what hangs is told, and ended by whoever waits. */
  #tellSlow(image: string): void {
    const line = `${this.name} has had the image ${image} for another ${SLOW_MS / 1000} s, and may hang; Ctrl-C ends the acquisition`;
    this.#options.onOutput?.(line);
  }

  /** The end of the process as that of the function that was at work. */
  #named(error: unknown, image: string): unknown {
    if (!(error instanceof VitrineError) || error !== this.#lost) return error;
    const { fault } = error;
    const found = `${fault.found} (image ${image})`;
    return new VitrineError({ ...fault, at: this.name, found });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const at = this.name;
    const expected = "an open image processor";
    await this.#child?.close(
      new VitrineError({ code: "aborted", at, expected, found: "one that was closed" }),
    );
    if (this.#input !== undefined) closeSync(this.#input.file);
    this.#rings.close();
  }

  /** One after the other, so that frames keep their order where one has to wait for a larger ring. */
  #place(frame: Frame): Promise<PlacedFrame> {
    const placed = this.#placed.then(() => this.#placeNow(frame));
    this.#placed = placed.catch(() => {});
    return placed;
  }

  async #placeNow(frame: Frame): Promise<PlacedFrame> {
    await this.#slots.acquire();
    try {
      const bytes = pixelBytes(frame.borrow());
      const ring = await this.#ringFor(bytes.length);
      const slot = ring.free.pop() ?? 0; // there is one: the semaphore counts them
      writeWhole(ring.file, bytes, slot * ring.slotBytes);
      this.#rings.hold(ring.number);
      return { ring: ring.number, slot, release: () => this.#release(ring, slot) };
    } catch (error) {
      this.#slots.release();
      throw error;
    }
  }

  #release(ring: InputRing, slot: number): void {
    ring.free.push(slot);
    this.#rings.letGo(ring.number);
    this.#slots.release();
  }

  async #ringFor(frameBytes: number): Promise<InputRing> {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#input !== undefined && this.#input.slotBytes >= frameBytes) return this.#input;
    const { ringFolder: folder, commandTimeoutMs: limitMs } = this.#options;
    const number = this.#rings.nextNumber;
    const size = { slots: INPUT_SLOTS, outputs: OUTPUT_SLOTS, frameBytes, folder };
    const { description, shape: ring } = await makeRing(`${this.#ringName}-${number}`, size);
    if (this.#lost !== undefined) {
      removeRingFiles(ring.path); // the child ended while the file was made
      throw this.#lost;
    }
    this.#rings.add(number, description);
    const message = { kind: "ring", number, ring } as const;
    await this.#child?.ask({ message, at: "the ring of frames", limitMs, failure: deviceError });
    if (this.#input !== undefined) closeSync(this.#input.file);
    const free = Array.from({ length: INPUT_SLOTS }, (_, slot) => slot);
    this.#input = { number, file: openSync(ring.path, "r+"), slotBytes: ring.slot_bytes, free };
    return this.#input;
  }

  #receive(message: FromChild): void {
    if (message.kind === "output") this.#function?.take(message);
    else if (message.kind === "put") this.#function?.put(message);
  }
}

function writeWhole(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
}
