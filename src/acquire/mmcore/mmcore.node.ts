import { basename, dirname } from "node:path";
import { abortError, plainJson, raceAbort, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { type JsonValue, parseWithSchema } from "../../io/index.ts";
import { withUnknownMethods } from "../knownMethods.ts";
import { type Exposure, type ExposureRequest, REQUEST_KEYS } from "../microscope.ts";
import { sequenceMethods } from "../sequences.ts";
import { snapMethods } from "../snapping.ts";
import { createCore, type MMCoreCore } from "./core.ts";
import { RunningExposure } from "./exposure.ts";
import { deviceError } from "./faults.ts";
import { type MMCoreMicroscope, type MMCoreOptions, mmcoreOptions } from "./mmcore.ts";
import { MMCoreFrame } from "./mmcoreFrame.ts";
import { type ChildProcessor, placedByChild } from "./processor.ts";
import type { FrameNote, FromChild } from "./protocol.ts";
import { PythonChild, pythonProgram } from "./python.node.ts";
import { existingPath, loadFunction, type PythonFile, pythonFile } from "./pythonFile.node.ts";
import type { PythonProcessor } from "./pythonProcessor.ts";
import { makeRing, removeRingFiles, removeStaleRings, ringName } from "./ringFile.node.ts";
import { FileRings, OUTPUT_SLOTS } from "./rings.node.ts";

export { openPythonProcessor } from "./pythonProcessor.node.ts";

type Options = ReturnType<typeof mmcoreOptions.parse>;

/** What takes long by its nature may take this many times the limit. */
const SLOW = 10;
const SLOW_METHODS =
  /^(wait|setConfig$|fullFocus$|incrementalFocus$|home$|load|initialize|reset$|unload|setSystemState|detect)/;

/**
 * Opens real devices: a Python process with the user's pymmcore holds MMCore and loads `config`; frames come through a ring in a
 * file, which is in memory where the system has a memory file system. The process ends with this one, in whatever way that ends.
 *
 * @throws {VitrineError} missing: no Python, no pymmcore, no such configuration, processor or function; device: the configuration
 *   does not load; worker: the processor's file raises; timeout; format, type, range: options
 * @example
 * await using microscope = await openMMCoreMicroscope({ config: "MMConfig_demo.cfg" });
 * await microscope.core.setExposure(10);
 * const exposure = await microscope.startExposure({ frames: 100 });
 * for await (const frame of exposure.frames) {
 *   const pixels = frame.copy(); // Uint16Array of frame.layout.width x frame.layout.height
 *   frame.release();
 * }
 */
export async function openMMCoreMicroscope(options: MMCoreOptions = {}): Promise<MMCoreMicroscope> {
  const parsed = parseWithSchema(options, mmcoreOptions, "openMMCoreMicroscope options");
  const microscope = new OpenMicroscope(parsed);
  await microscope.open();
  return microscope;
}

class OpenMicroscope implements MMCoreMicroscope {
  readonly name: string;
  readonly core: MMCoreCore;
  processor: PythonProcessor | undefined;
  readonly #options: Options;
  readonly #ringName = ringName();
  readonly #rings = new FileRings((notice) => this.#child?.tell(notice));
  readonly #exposures = new Map<number, RunningExposure>();
  #child: PythonChild | undefined;
  #childProcessor: ChildProcessor | undefined;
  #lost: VitrineError | undefined;
  #last: RunningExposure | undefined;
  #count = 0;
  #closed: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.name = options.config === undefined ? "MMCore" : basename(options.config);
    const core = createCore((kind, method, args) => {
      const at = `${method}(${args.map(shortened).join(", ")})`;
      const factor = SLOW_METHODS.test(method) ? SLOW : 1;
      return this.#ask({ kind, method, args }, { at, factor });
    });
    const { methods, requireIdle } = sequenceMethods({
      startExposure: (request) => this.startExposure(request),
      cameraLabel: async (...[label]) => {
        if (label === undefined) return core.getCameraDevice();
        await core.call("isSequenceRunning", label); // refuses what is no camera
        return label;
      },
    });
    const known = { ...core, ...methods, ...snapMethods(this, requireIdle) };
    this.core = withUnknownMethods(known, (name, args) =>
      core.call(
        name,
        ...args.map((value, i) => plainJson(value, `argument ${i + 1} of ${name}`) as JsonValue),
      ),
    );
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async open(): Promise<void> {
    const { python, config, adapterPaths, bufferMb, processor, ringFolder, commandTimeoutMs } = this.#options;
    const configPath = config === undefined ? undefined : existingPath(config, "a configuration file");
    const file = processor === undefined ? undefined : pythonFile(processor);
    removeStaleRings(ringFolder);
    const start = {
      python: pythonProgram(python),
      task: "mmcore",
      limitMs: commandTimeoutMs * SLOW,
    } as const;
    this.#child = await PythonChild.start(start, {
      onMessage: (message) => this.#receive(message),
      onOutput: (line) => this.#options.onOutput?.(line),
      onEnd: (reason) => this.#lose(reason),
    });
    try {
      const paths = adapterPaths ?? defaultAdapterPaths(configPath);
      await this.#ask(
        { kind: "open", config: configPath ?? null, adapterPaths: paths, bufferMb: bufferMb ?? null },
        { at: "openMMCoreMicroscope", factor: SLOW },
      );
      if (file !== undefined) await this.#load(file);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async startExposure(request: ExposureRequest): Promise<Exposure> {
    requireKnownOptions("startExposure", request, REQUEST_KEYS);
    checkFrames(request);
    const { signal } = request;
    const number = ++this.#count;
    const exposure = new RunningExposure({
      stop: (discard) => this.#child?.tell({ kind: "stop", exposure: number, discard }),
      limitMs: this.#options.commandTimeoutMs,
    });
    const previous = this.#last;
    this.#last = exposure;
    try {
      await untilFree(previous, signal);
      this.#exposures.set(number, exposure);
      await this.#expose(number, request);
    } catch (error) {
      this.#exposures.delete(number);
      // an exposure that never began is in nobody's way, but the one before it may be
      void (previous?.ended ?? Promise.resolve()).then(() => exposure.end());
      throw error;
    }
    const abort = () => exposure.discard();
    signal?.addEventListener("abort", abort, { once: true });
    void exposure.ended.then(() => signal?.removeEventListener("abort", abort));
    if (signal?.aborted) abort();
    return exposure;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#child?.close(
      new VitrineError({
        code: "aborted",
        at: this.name,
        expected: "an open microscope",
        found: "one that was closed",
      }),
    );
    this.#rings.close();
  }

  async #load(file: PythonFile): Promise<void> {
    const child = this.#live();
    const limitMs = this.#options.commandTimeoutMs * SLOW;
    const loaded = await loadFunction(file, limitMs, {
      ask: (request) => child.ask(request),
      place: async (frame) =>
        placedByChild(frame, this.#rings.numberOf(frame.slot.ring), this.processor?.name ?? this.name),
      takeOutput: (note, layout) => this.#rings.takeOutput(note, layout),
    });
    this.processor = this.#childProcessor = loaded;
  }

  /** Starts the camera; where its frames are larger than the slots, the ring is made anew first. */
  async #expose(exposure: number, { frames, intervalMs = 0, cameras = [] }: ExposureRequest): Promise<void> {
    const timeoutMs = this.#options.commandTimeoutMs;
    const message = { kind: "expose", exposure, frames, intervalMs, cameras, timeoutMs } as const;
    for (;;) {
      const result = await this.#ask(message, { at: `startExposure of ${frames} frames` });
      const needs = neededBytes(result);
      if (needs === undefined) return;
      await this.#makeRing(needs);
    }
  }

  async #makeRing(frameBytes: number): Promise<void> {
    const { ringSlots: slots, maxFrameBytes, ringFolder: folder, processor } = this.#options;
    const outputs = processor === undefined ? 0 : OUTPUT_SLOTS;
    const number = this.#rings.nextNumber;
    const size = { slots, outputs, frameBytes: Math.max(frameBytes, maxFrameBytes), folder };
    const { description, shape: ring } = await makeRing(`${this.#ringName}-${number}`, size);
    if (this.#lost !== undefined) {
      removeRingFiles(ring.path); // the child ended while the file was made
      throw this.#lost;
    }
    this.#rings.add(number, description);
    await this.#ask({ kind: "ring", number, ring }, { at: "the ring of frames" });
  }

  #receive(message: FromChild): void {
    switch (message.kind) {
      case "frames":
        for (const note of message.frames) this.#push(message, note);
        return;
      case "stopped":
        this.#exposures.get(message.exposure)?.markStopped();
        return;
      case "end":
        this.#end(message);
        return;
      case "output":
        this.#childProcessor?.take(message);
        return;
      case "put":
        this.#childProcessor?.put(message);
        return;
    }
  }

  #push({ exposure, ring: number }: { exposure: number; ring: number }, note: FrameNote): void {
    const { reader, description } = this.#rings.hold(number);
    const frame = new MMCoreFrame(note, description, {
      copy: (slot, layout, into) => reader.copy(slot, layout, into),
      borrow: (slot, layout) => reader.borrow(slot, layout),
      release: () => this.#rings.release(number, note[0]),
    });
    const running = this.#exposures.get(exposure);
    if (running === undefined) frame.release();
    else running.push(frame);
  }

  #end({ exposure, error }: Extract<FromChild, { kind: "end" }>): void {
    const running = this.#exposures.get(exposure);
    this.#exposures.delete(exposure);
    if (running === undefined) return;
    if (error?.overflow === true) running.dropped++; // one at least: the camera stops at the first
    running.end(error === undefined ? undefined : deviceError(error, "the camera's sequence"));
  }

  /** The child is gone: frames that have come can still be read, everything else ends with the reason. */
  #lose(reason: VitrineError): void {
    this.#lost = reason;
    this.#rings.unlink();
    for (const exposure of this.#exposures.values()) exposure.end(reason);
    this.#exposures.clear();
  }

  #ask(
    message: Parameters<PythonChild["ask"]>[0]["message"],
    { at, factor = 1 }: { at: string; factor?: number },
  ): Promise<JsonValue> {
    const limitMs = this.#options.commandTimeoutMs * factor;
    return this.#live().ask({ message, at, limitMs, failure: deviceError });
  }

  #live(): PythonChild {
    if (this.#child !== undefined) return this.#child;
    throw new VitrineError({ code: "device", at: this.name, expected: "an open microscope", found: "none" });
  }
}

/** An argument for messages; a picture or a long sequence is cut. */
function shortened(argument: JsonValue): string {
  const text = JSON.stringify(argument);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function checkFrames({ frames, intervalMs = 0 }: ExposureRequest): void {
  const whole = Number.isInteger(frames) && frames >= 1 && frames < 2 ** 31;
  if (whole && intervalMs >= 0) return;
  throw new VitrineError({
    code: "range",
    at: "startExposure",
    expected: "at least one frame, at intervals of at least 0 ms",
    found: `${frames} frames, ${intervalMs} ms`,
  });
}

function neededBytes(result: JsonValue): number | undefined {
  if (typeof result !== "object" || result === null || !("needs" in result)) return undefined;
  return typeof result.needs === "number" ? result.needs : undefined;
}

/** Waits until the exposure before has ended. @throws {VitrineError} aborted */
async function untilFree(
  previous: RunningExposure | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const aborted = (reason: unknown) => abortError("startExposure", reason, "an exposure that is wanted");
  if (previous !== undefined)
    await raceAbort(previous.ended, signal, (reason) => {
      throw aborted(reason);
    });
  if (signal?.aborted) throw aborted(signal.reason);
}

function defaultAdapterPaths(config: string | undefined): string[] {
  const installed = process.env.MICROMANAGER_PATH;
  if (installed !== undefined) return [installed];
  return config === undefined ? [] : [dirname(config)];
}
