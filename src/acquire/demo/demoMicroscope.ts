import { hasThreads } from "#demo-threads";
import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import { imageBytes, parseWithSchema } from "../../io/index.ts";
import { type Clock, systemClock } from "../clock.ts";
import { MemoryRing } from "../frames/ring.ts";
import { methodNames, withUnknownMethods } from "../knownMethods.ts";
import { type Exposure, type ExposureRequest, type Microscope, REQUEST_KEYS } from "../microscope.ts";
import type { ScriptCore } from "../scriptCore.ts";
import { sequenceMethods } from "../sequences.ts";
import { snapMethods } from "../snapping.ts";
import { type CoreParts, DemoCore } from "./core.ts";
import { notThere } from "./devices.ts";
import { type ExposureProgram, frameSettings } from "./exposureProgram.ts";
import { ExposureRun, type FrameFaults, frameFaults } from "./exposureRun.ts";
import { DeviceFaults } from "./faults.ts";
import { DemoHardware } from "./hardware.ts";
import { InlineExposure } from "./inlineExposure.ts";
import {
  type DemoMicroscopeOptions,
  type DemoSettings,
  demoMicroscopeOptions,
  type PlantedSpecimen,
} from "./options.ts";
import type { RunningExposure } from "./runningExposure.ts";
import { Scene, type SceneDescription } from "./scene.ts";
import { scriptMethods } from "./scriptMethods.ts";
import type { FrameOrigin } from "./slotFrame.ts";
import { SlotTaker } from "./slots.ts";
import type { Specimen } from "./specimen.ts";
import { ThreadCamera } from "./threadExposure.ts";

/** Dates of clocks that are not the system's begin here. */
const SIMULATED_START = Date.UTC(2000, 0, 1);

/**
 * Opens a simulated microscope: a seeded plane of fluorescent cells (or images of one's own) under devices that have the names
 * of Micro-Manager's demo configuration. Equal options and equal calls give equal bytes.
 *
 * @throws {VitrineError} an option that cannot be meant, see {@link parseWithSchema}; device, missing: a property of
 *   `properties` that the device refuses or does not have; unsupported: `cameraThread` with a specimen of one's own, with a
 *   clock that is not the system's, or where there are no threads with shared memory
 *
 * @example
 * await using microscope = await openDemoMicroscope({ seed: 7, specimen: { plate: { wells: 96 } } });
 */
export async function openDemoMicroscope(options: DemoMicroscopeOptions = {}): Promise<DemoMicroscope> {
  const { clock = systemClock, specimen, ...json } = options;
  const own = specimen !== undefined && isOwn(specimen) ? specimen : undefined;
  const value = own !== undefined || specimen === undefined ? json : { ...json, specimen };
  const settings = parseWithSchema(value, demoMicroscopeOptions, "openDemoMicroscope(options)");
  const { seed, bleachingMs, focus } = settings;
  const description = { seed, bleachingMs, focus, specimen: own ?? settings.specimen };
  const microscope = new DemoMicroscope(settings, description, clock);
  for (const [device, properties] of Object.entries(settings.properties))
    for (const [property, value] of Object.entries(properties))
      await microscope.core.setProperty(device, property, value);
  return microscope;
}

function isOwn(
  specimen: NonNullable<DemoMicroscopeOptions["specimen"]>,
): specimen is PlantedSpecimen | Specimen {
  return "render" in specimen || specimen.kind === "planted";
}

/** A simulated microscope, made by {@link openDemoMicroscope}. */
export class DemoMicroscope implements Microscope {
  readonly name = "demo";
  readonly core: ScriptCore;
  readonly #settings: DemoSettings;
  readonly #clock: Clock;
  readonly #hardware: DemoHardware;
  readonly #scene: Scene;
  readonly #frameFaults: FrameFaults;
  readonly #thread: ThreadCamera | undefined;
  #slots: SlotTaker | undefined;
  #running: { readonly exposure?: RunningExposure; readonly program: ExposureProgram } | undefined;
  #nextFrame = 0;
  #isClosed = false;
  /** The thread does not know all light that the specimen got. */
  #hasNewDose = false;

  constructor(settings: DemoSettings, description: SceneDescription, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#hardware = new DemoHardware(settings, clock);
    this.#scene = new Scene(description);
    this.#frameFaults = frameFaults(settings.faults);
    const usesThread = chooseThread(settings, description, clock);
    this.#thread = usesThread ? new ThreadCamera({ scene: description, faults: settings.faults }) : undefined;
    for (const camera of this.#hardware.cameras) camera.refuseWhile(() => this.#running !== undefined);
    const parts: CoreParts = {
      hardware: this.#hardware,
      clock,
      faults: new DeviceFaults(settings.faults),
      timeoutMs: settings.deviceTimeoutMs,
      focusUm: (xUm, yUm) => this.#scene.specimen.focusUm(xUm, yUm),
      enter: () => this.#enter(),
    };
    const core = new DemoCore(parts);
    const { methods, requireIdle } = sequenceMethods({
      startExposure: (request) => this.startExposure(request),
      cameraLabel: async (...[label]) => this.#hardware.camera(label ?? (await core.getCameraDevice())).label,
    });
    const known = Object.assign(core, scriptMethods(core, parts), methods, snapMethods(this, requireIdle));
    this.core = withUnknownMethods(known, async (name) => {
      throw noSuchMethod(name, methodNames(known));
    });
  }

  /** @throws {VitrineError} busy: an exposure runs; range: `frames`, `intervalMs`; device: not a camera; missing: no such label */
  async startExposure(request: ExposureRequest): Promise<Exposure> {
    requireKnownOptions("startExposure", request, REQUEST_KEYS);
    this.#enter();
    checkRequest(request);
    if (this.#running !== undefined) throw busy();
    const program = this.#hardware.program(request, this.#nextFrame);
    this.#running = { program };
    try {
      const exposure = await this.#start(program);
      watchSignal(exposure, request.signal);
      if (exposure instanceof InlineExposure && request.frames === 1) await exposure.expose();
      return exposure;
    } catch (error) {
      this.#running = undefined;
      throw error;
    }
  }

  /** Stops the camera; frames that nobody took are freed, those that somebody holds stay readable. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#running?.exposure?.discard();
    await this.#thread?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(program: ExposureProgram): Promise<RunningExposure> {
    const slots = this.#slotsFor(program);
    const startedAt = this.#clock === systemClock ? Date.now() : SIMULATED_START + this.#clock.now();
    const origin = { program, ring: slots.ring, startedAt };
    const exposure =
      this.#thread !== undefined && program.frames > 1
        ? await this.#startThread(this.#thread, origin)
        : new InlineExposure({ run: this.#run(program, slots), origin, clock: this.#clock });
    this.#running = { exposure, program };
    exposure.ended.then(() => this.#finish(program, exposure));
    return exposure;
  }

  #run(program: ExposureProgram, slots: SlotTaker): ExposureRun {
    const { onOverflow } = this.#settings;
    return new ExposureRun(program, { scene: this.#scene, slots, faults: this.#frameFaults, onOverflow });
  }

  #startThread(thread: ThreadCamera, origin: FrameOrigin): Promise<RunningExposure> {
    const { onOverflow } = this.#settings;
    const knowsDose = thread.isRunning && !this.#hasNewDose;
    this.#hasNewDose = false;
    return thread.expose({ origin, onOverflow, ...(knowsDose ? {} : { dose: this.#scene.snapshot() }) });
  }

  /** The ring, made anew where frames have outgrown its slots; frames in the old one keep it. */
  #slotsFor({ cameras }: ExposureProgram): SlotTaker {
    const frameBytes = Math.max(...cameras.map(({ layout }) => imageBytes(layout)));
    if (this.#slots === undefined || this.#slots.ring.description.slotBytes < frameBytes)
      this.#slots = new SlotTaker(MemoryRing.create(this.#settings.slots, frameBytes));
    return this.#slots;
  }

  #finish(program: ExposureProgram, exposure: RunningExposure): void {
    this.#follow(program, exposure);
    this.#running = undefined;
    this.#nextFrame = program.firstFrame + exposure.exposed;
    if (exposure instanceof InlineExposure) this.#hasNewDose = true;
    else for (let i = 0; i < exposure.exposed; i++) this.#scene.expose(frameSettings(program, i));
  }

  #follow(program: ExposureProgram, { exposed }: RunningExposure): void {
    this.#hardware.follow(program, Math.ceil(exposed / program.cameras.length));
  }

  #enter(): void {
    if (this.#isClosed) {
      const hint = "Open another";
      throw new VitrineError({
        code: "device",
        at: "demo microscope",
        expected: "to be open",
        found: "closed",
        hint,
      });
    }
    if (this.#running?.exposure !== undefined) this.#follow(this.#running.program, this.#running.exposure);
  }
}

/** Whether sequences get a thread. @throws {VitrineError} unsupported: asked for and impossible */
function chooseThread({ cameraThread }: DemoSettings, { specimen }: SceneDescription, clock: Clock): boolean {
  if (cameraThread === false) return false;
  const obstacle = threadObstacle("render" in specimen, clock);
  if (obstacle === undefined || cameraThread === undefined) return obstacle === undefined;
  throw new VitrineError({
    code: "unsupported",
    at: "openDemoMicroscope(options) cameraThread",
    expected: "the system's clock, threads with shared memory, and no specimen of one's own",
    found: obstacle,
    hint: "Leave cameraThread out",
  });
}

function threadObstacle(hasOwnSpecimen: boolean, clock: Clock): string | undefined {
  if (hasOwnSpecimen) return "a specimen of one's own";
  if (clock !== systemClock) return "another clock";
  return hasThreads() ? undefined : "no threads with shared memory";
}

function checkRequest({ frames, intervalMs = 0, cameras }: ExposureRequest): void {
  const at = "startExposure(request)";
  if (!Number.isInteger(frames) || frames < 1)
    throw new VitrineError({
      code: "range",
      at: `${at} frames`,
      expected: "a whole number from 1",
      found: `${frames}`,
    });
  if (!(intervalMs >= 0 && intervalMs < Number.POSITIVE_INFINITY))
    throw new VitrineError({
      code: "range",
      at: `${at} intervalMs`,
      expected: "0 or more",
      found: `${intervalMs}`,
    });
  if (cameras?.length === 0)
    throw new VitrineError({
      code: "range",
      at: `${at} cameras`,
      expected: "at least one label",
      found: "none",
    });
}

function watchSignal(exposure: RunningExposure, signal: AbortSignal | undefined): void {
  const stop = () => void exposure.stop();
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  exposure.ended.then(() => signal?.removeEventListener("abort", stop));
}

function busy(): VitrineError {
  const hint = "Take its frames to the end, or stop it";
  return new VitrineError({
    code: "busy",
    at: "startExposure",
    expected: "an idle camera",
    found: "one that exposes",
    hint,
  });
}

function noSuchMethod(name: string, known: readonly string[]): VitrineError {
  const found = notThere("method", name, known);
  const hint =
    "The simulated microscope has those of ScriptCore; Micro-Manager's devices (openMMCoreMicroscope) have all of CMMCore";
  return new VitrineError({
    code: "missing",
    at: `core.${name}`,
    expected: "a method that is there",
    found,
    hint,
  });
}
