import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import {
  Acquisition,
  type AcquisitionEvent,
  type AcquisitionNotification,
  type AcquisitionOptions,
  checkStamp,
  createSimulatedClock,
  type DemoMicroscopeOptions,
  type EventSource,
  type Microscope,
  openDemoMicroscope,
} from "../../src/acquire/index.ts";
import type { Axes, Dataset } from "../../src/io/index.ts";

/** A camera of 64 x 48 pixels whose rows carry the frame's number, and time that never waits. */
export function openStampMicroscope(options: DemoMicroscopeOptions = {}) {
  const { properties, ...rest } = options;
  const { Camera: camera, ...devices } = properties ?? {};
  const Camera = { OnCameraCCDXSize: 64, OnCameraCCDYSize: 48, Pattern: "Stamp", ...camera };
  return openDemoMicroscope({
    clock: createSimulatedClock(),
    properties: { Camera, ...devices },
    ...rest,
  });
}

/** The same with a real camera's behaviour in a sequence: its own thread, and as fast as it can. */
export function openThreadMicroscope(options: DemoMicroscopeOptions = {}) {
  const Camera = { OnCameraCCDXSize: 64, OnCameraCCDYSize: 48, Pattern: "Stamp", Exposure: 0 };
  return openDemoMicroscope({ properties: { Camera }, ...options });
}

/** A camera that keeps its own pace in sequences, whoever takes its frames. */
export function pacedMicroscope(microscope: Microscope, intervalMs: number): Microscope {
  return {
    name: microscope.name,
    core: microscope.core,
    startExposure: (request) => microscope.startExposure({ ...request, intervalMs }),
    close: () => microscope.close(),
    [Symbol.asyncDispose]: () => microscope.close(),
  };
}

/** Events of time points 0 to `count` - 1. */
export function timePoints(count: number, more: Partial<AcquisitionEvent> = {}): AcquisitionEvent[] {
  return Array.from({ length: count }, (_, time) => ({ axes: { time }, ...more }));
}

/** The same, each exposed by itself: setting a property is nothing that the hardware plays. */
export function snaps(count: number, more: Partial<AcquisitionEvent> = {}): AcquisitionEvent[] {
  return timePoints(count, { properties: [["Camera", "Offset", "100"]], ...more });
}

/** An acquisition that has ended, and what it told of. */
export interface EndedAcquisition {
  readonly acquisition: Acquisition;
  readonly dataset: Dataset;
  readonly notes: readonly AcquisitionNotification[];
  /** What `done` rejected with. */
  readonly error: unknown;
}

/** Acquires events to the end, whatever that is; into memory where no directory is named. */
export async function acquireAll(
  options: AcquisitionOptions,
  events: EventSource,
): Promise<EndedAcquisition> {
  const notes: AcquisitionNotification[] = [];
  const onNotification = (note: AcquisitionNotification) => {
    notes.push(note);
    return options.onNotification?.(note);
  };
  const saving = options.directory === undefined ? ({ save: "memory" } as const) : {};
  const acquisition = await Acquisition.open({ ...saving, ...options, onNotification });
  let error: unknown;
  try {
    acquisition.acquire(events);
    await acquisition.done();
  } catch (thrown) {
    error = thrown;
    await acquisition.finished.catch(() => {});
  }
  return { acquisition, dataset: acquisition.dataset!, notes, error };
}

/** The same where nothing may go wrong. */
export async function acquireWell(
  options: AcquisitionOptions,
  events: EventSource,
): Promise<EndedAcquisition> {
  const ended = await acquireAll(options, events);
  if (ended.error !== undefined) throw ended.error;
  return ended;
}

/** Checks that every image of a dataset still is the frame that its metadata name, and gives the frames' numbers. */
export async function framesOf(dataset: Dataset): Promise<number[]> {
  const numbers: number[] = [];
  for (const axes of dataset.imageCoordinates()) {
    const { FrameNumber } = await dataset.readMetadata(axes);
    checkStamp(await dataset.readImage(axes), Number(FrameNumber));
    numbers.push(Number(FrameNumber));
  }
  return numbers;
}

/** Checks that a microscope is free and gives frames: all its slots are back. */
export async function expectUsable(microscope: Microscope): Promise<void> {
  const { dataset } = await acquireWell({ microscope }, timePoints(40));
  expect(dataset.imageCoordinates()).toEqual(timePoints(40).map(({ axes }) => axes));
  const numbers = await framesOf(dataset);
  expect(numbers).toEqual(numbers.map((_, i) => numbers[0] + i));
}

/** Milestones, the axes of each as `time 0`, sequences as `time 0-2`. */
export function told(notes: readonly AcquisitionNotification[]): string[] {
  const short = (axes: Axes) => Object.values(axes).join(".");
  return notes.map(({ milestone, payload }) => {
    if (payload === null) return milestone;
    return `${milestone} ${Array.isArray(payload) ? payload.map(short).join(",") : short(payload as Axes)}`;
  });
}

/** How events were joined: the axes of each exposure. */
export function exposures(notes: readonly AcquisitionNotification[]): string[] {
  return told(notes).flatMap((note) => {
    const [milestone, axes] = note.split(" ");
    return milestone === "pre_snap" || milestone === "pre_sequence_started" ? [axes] : [];
  });
}

/** A module of a processor for threads, in `test/support/processors`. */
export function processorModule(name: string, workers = 1) {
  return { module: fileURLToPath(new URL(`processors/${name}.mjs`, import.meta.url)), workers };
}

/** Resolves after real time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
