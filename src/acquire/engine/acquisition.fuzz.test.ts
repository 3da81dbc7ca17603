import fc from "fast-check";
import { expect, test } from "vitest";
import {
  acquireAll,
  expectUsable,
  framesOf,
  openStampMicroscope,
  openThreadMicroscope,
} from "../../../test/support/acquire.ts";
import type { DemoFault } from "../demo/options.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { ImageProcessor } from "../processors/processor.ts";
import type { AcquisitionOptions } from "./options.ts";

const PLACES = [
  "nowhere",
  "processor",
  "eventGeneration",
  "preHardware",
  "preZ",
  "postHardware",
  "postCamera",
  "imageSaved",
  "onImage",
  "onNotification",
  "generator",
  "dropFrame",
  "cameraError",
  "cameraStall",
  "stageError",
] as const;

const event = fc.record(
  { z: fc.constantFrom(0, 5), exposure: fc.constantFrom(0, 1), properties: fc.constant([]) },
  { requiredKeys: [] },
);

const plan = fc.record({
  place: fc.constantFrom(...PLACES),
  /** At which call it fails. */
  at: fc.nat({ max: 20 }),
  later: fc.boolean(),
  slots: fc.integer({ min: 1, max: 5 }),
  borrow: fc.boolean(),
  hasThread: fc.constantFrom(false, false, false, false, true),
  form: fc.constantFrom("array", "generator", "async generator"),
  settings: fc.array(event, { minLength: 1, maxLength: 30 }),
  /** Images of each call of the processor. */
  copies: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 5 }),
});

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

const failure = new Error("planned");

/** A function that throws at its `at`-th call, or later in a promise. */
function failing({ at, later }: Plan): () => void | Promise<void> {
  let calls = 0;
  return () => {
    if (calls++ !== at) return;
    if (later) return Promise.reject(failure);
    throw failure;
  };
}

function faultsOf({ place, at, settings }: Plan): DemoFault[] {
  if (at >= settings.length) return []; // another acquisition would meet it
  if (place === "dropFrame" || place === "cameraError" || place === "cameraStall")
    return [{ kind: place, frame: at }];
  return place === "stageError" ? [{ kind: place, move: at, times: 9 }] : [];
}

/** What fails, as options of the acquisition. */
function failingOptions(made: Plan): Partial<AcquisitionOptions> {
  const { place } = made;
  const act = failing(made);
  if (place === "imageSaved" || place === "onImage" || place === "onNotification") return { [place]: act };
  const isHook = /^(pre|post|event)/.test(place);
  const hook = async (event: AcquisitionEvent | readonly AcquisitionEvent[]) => {
    await act();
    return event;
  };
  return isHook ? { hooks: { [place]: hook } } : {};
}

function processorOf(made: Plan): ImageProcessor {
  const act = made.place === "processor" ? failing(made) : () => {};
  const run = async (...[image, metadata]: Parameters<ImageProcessor>) => {
    await act();
    const { i } = metadata.Axes as { i: number };
    const count = made.copies[i % made.copies.length]!;
    return Array.from({ length: count }, (_, copy) => [image, { ...metadata, Axes: { i, copy } }] as const);
  };
  return Object.assign(run, { borrow: made.borrow });
}

function eventsOf(made: Plan) {
  const events = made.settings.map((setting, i) => ({ ...setting, axes: { i } }));
  const act = made.place === "generator" ? failing(made) : () => {};
  if (made.form === "array") return events;
  if (made.form === "async generator")
    return (async function* () {
      for (const each of events) {
        await act();
        yield each;
      }
    })();
  return (function* () {
    for (const each of events) {
      void act()?.catch(() => {});
      yield each;
    }
  })();
}

/** What must be there: all copies of the frames that came, in order, up to the first that is not. */
function expectedAxes({ copies, settings }: Plan): { i: number; copy: number }[] {
  return settings.flatMap((_, i) =>
    Array.from({ length: copies[i % copies.length]! }, (_, copy) => ({ i, copy })),
  );
}

test("whatever fails, wherever: it ends with that error, what was saved is right, and the microscope is free", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (made) => {
      const isStalled = made.place === "cameraStall";
      const open = made.hasThread && !isStalled ? openThreadMicroscope : openStampMicroscope;
      await using microscope = await open({ slots: made.slots, faults: faultsOf(made) });
      const options = {
        microscope,
        imageProcessor: processorOf(made),
        watchdogMs: { camera: isStalled ? 500 : 60_000 },
      };
      const { dataset, error, acquisition } = await acquireAll(
        { ...options, ...failingOptions(made) },
        eventsOf(made),
      );
      await framesOf(dataset);
      const axes = dataset.imageCoordinates();
      const all = expectedAxes(made);
      const lost = acquisition.report().find(({ stage }) => stage === "camera")!.dropped;
      if (error === undefined && lost === 0) expect(axes).toEqual(all);
      else if (lost === 0) expect(axes).toEqual(all.slice(0, axes.length));
      else expect(axes).toEqual(all.filter(({ i }) => i !== made.at));
      if (error !== undefined && error !== failure)
        expect(error).toMatchObject({ code: isStalled ? "timeout" : "device" });
      if (made.place === "nowhere") expect(error).toBeUndefined();
      expect(dataset.isFinished).toBe(true);
      await expectUsable(microscope);
    }),
    { numRuns: 60, seed: 11 },
  );
});
