import { describe, expect, test } from "vitest";
import {
  acquireAll,
  expectUsable,
  framesOf,
  openStampMicroscope,
  openThreadMicroscope,
  pause,
  processorModule,
  snaps,
  timePoints,
} from "../../../test/support/acquire.ts";
import { VitrineError } from "../../core/index.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { ImageProcessor } from "../processors/processor.ts";
import { Acquisition } from "./acquisition.ts";
import type { EventQueue } from "./eventQueue.ts";
import type { AcquisitionHooks } from "./hooks.ts";
import type { AcquisitionOptions } from "./options.ts";

class LensError extends Error {
  readonly lens = "40X";
}

const ours = new VitrineError({ code: "shape", at: "mine", expected: "this", found: "that" });

describe.each<[string, unknown]>([
  ["an error of a class of one's own", new LensError("own class")],
  ["a VitrineError", ours],
  ["text", "only text"],
  ["undefined", undefined],
])("thrown in a processor: %s", (_, thrown) => {
  test.each<[string, ImageProcessor]>([
    [
      "at once",
      (image, metadata) => {
        if (metadata.FrameNumber === 3) throw thrown;
        return [image, metadata];
      },
    ],
    [
      "later",
      async (image, metadata) => {
        await pause(0);
        if (metadata.FrameNumber === 3) throw thrown;
        return [image, metadata];
      },
    ],
  ])("%s: it is what done() rejects with, and images before it are saved", async (_, imageProcessor) => {
    await using microscope = await openStampMicroscope({ slots: 4 });
    const acquisition = await Acquisition.open({ microscope, imageProcessor, save: "memory" });
    acquisition.acquire(timePoints(60));
    const caught = await acquisition.done().then(
      () => "nothing",
      (error) => ({ error }),
    );
    expect(caught).toEqual({ error: thrown });
    if (caught !== "nothing") expect((caught as { error: unknown }).error).toBe(thrown);
    await expect(acquisition.finished).rejects.toBe(thrown);
    expect(await framesOf(acquisition.dataset!)).toEqual([0, 1, 2]);
    expect(acquisition.dataset!.isFinished).toBe(true);
    await expectUsable(microscope);
  });
});

test.each<[string, object]>([
  ["type", { name: "TypeError", message: "not this type" }],
  ["async", { name: "Error", message: "later", cause: expect.any(TypeError) }],
  ["custom", { name: "BrokenLensError", message: "own class" }],
  ["vitrine", { code: "shape", message: "mine: expected this, found that." }],
])("thrown in a thread in the way %s: type, message and stack are kept", async (way, expected) => {
  await using microscope = await openStampMicroscope({ slots: 4 });
  const { error, dataset } = await acquireAll(
    { microscope, imageProcessor: processorModule("throw") },
    timePoints(60, { tags: { way } }),
  );
  expect(error).toMatchObject(expected);
  expect((error as Error).stack).toMatch(/processors\/throw.mjs:\d+/);
  if (way === "type") expect(error).toBeInstanceOf(TypeError);
  if (way === "custom") expect(error).toBeInstanceOf(RangeError);
  if (way === "vitrine") expect(error).toBeInstanceOf(VitrineError);
  expect(await framesOf(dataset)).toEqual([0, 1, 2]);
  await expectUsable(microscope);
});

test.each<[string, unknown]>([
  ["text", "only text"],
  ["metadata", expect.objectContaining({ code: "type", message: expect.stringContaining("found function") })],
  ["exit", expect.objectContaining({ code: "worker", message: expect.stringContaining("exit code 3") })],
  [
    "never",
    expect.objectContaining({
      code: "timeout",
      message:
        "image processor throw.mjs for time 3: expected an end within 5 s, found none. Allow more with `watchdogMs.processor`, or see what holds it up.",
    }),
  ],
])("a thread that fails in the way %s", async (way, expected) => {
  await using microscope = await openStampMicroscope({ slots: 4 });
  const { error, dataset } = await acquireAll(
    {
      microscope,
      imageProcessor: processorModule("throw"),
      // also the limit of the module's loading, on a machine that does much else
      watchdogMs: { processor: way === "never" ? 5_000 : 60_000 },
    },
    timePoints(60, { tags: { way } }),
  );
  expect(error).toEqual(expected);
  expect(await framesOf(dataset)).toEqual(way === "exit" ? expect.any(Array) : [0, 1, 2]);
  await expectUsable(microscope);
});

test.each([
  ["broken", { name: "SyntaxError", message: "this module cannot be loaded" }],
  ["noFunction", { code: "type", message: expect.stringContaining("a default export that is a function") }],
  ["absent", { message: expect.stringContaining("absent.mjs") }],
])("a module that is %s is refused when the acquisition is opened", async (name, expected) => {
  await using microscope = await openStampMicroscope();
  const opening = Acquisition.open({ microscope, imageProcessor: processorModule(name) });
  await expect(opening).rejects.toMatchObject(expected);
  await expectUsable(microscope);
});

const lens = new LensError("in a callback");

/** Throws at the fourth call. */
function fourth(): () => void {
  let calls = 0;
  return () => {
    if (calls++ === 3) throw lens;
  };
}

type Failing = readonly [string, () => Partial<AcquisitionOptions>, number];
const hook = (name: keyof AcquisitionHooks, saved: number): Failing => {
  const make = () => {
    const act = fourth();
    const failing = (event: AcquisitionEvent | readonly AcquisitionEvent[]) => {
      act();
      return event;
    };
    return { hooks: { [name]: failing } };
  };
  return [`hook ${name}`, make, saved];
};

test.each<Failing>([
  hook("eventGeneration", 2), // the third event waits for its successor, which it may be joined with
  hook("preHardware", 3),
  hook("preZ", 3),
  hook("postHardware", 3),
  hook("postCamera", 3),
  ["onImage", () => ({ onImage: fourth() }), 3],
  [
    "onImage, later",
    () => {
      const act = fourth();
      return { onImage: async () => act() };
    },
    3,
  ],
])("thrown in %s: done() rejects with it, images before it are saved", async (_, make, saved) => {
  await using microscope = await openStampMicroscope({ slots: 1 });
  const { error, dataset } = await acquireAll({ microscope, ...make() }, snaps(30));
  expect(error).toBe(lens);
  expect(await framesOf(dataset)).toEqual(Array.from({ length: saved }, (_, i) => i));
  await expectUsable(microscope);
});

test.each<[string, () => Partial<AcquisitionOptions>]>([
  ["imageSaved", () => ({ imageSaved: fourth() })],
  [
    "imageSaved, later",
    () => {
      const act = fourth();
      return { imageSaved: async () => act() };
    },
  ],
  ["onNotification", () => ({ onNotification: fourth() })],
  [
    "onNotification, later",
    () => {
      const act = fourth();
      return { onNotification: async () => act() };
    },
  ],
])("thrown in %s: done() rejects with it, what was saved is readable", async (_, make) => {
  await using microscope = await openStampMicroscope({ slots: 4 });
  const { error, dataset } = await acquireAll({ microscope, ...make() }, snaps(30));
  expect(error).toBe(lens);
  const frames = await framesOf(dataset);
  expect(frames).toEqual(frames.map((_, i) => i));
  expect(frames.length).toBeLessThan(30);
  await expectUsable(microscope);
});

test("thrown in the generator of events, or a wrong event of it", async () => {
  await using microscope = await openStampMicroscope();
  function* failing() {
    yield* snaps(3);
    throw lens;
  }
  async function* later() {
    yield* snaps(3);
    throw lens;
  }
  for (const events of [failing(), later()]) {
    const { error, dataset } = await acquireAll({ microscope }, events);
    expect(error).toBe(lens);
    expect((await framesOf(dataset)).length).toBeGreaterThanOrEqual(2);
    await expectUsable(microscope);
  }
  function* wrong(): Generator<AcquisitionEvent> {
    yield* snaps(3);
    yield { axes: { time: 3 }, expsoure: 5 } as AcquisitionEvent;
  }
  const { error } = await acquireAll({ microscope }, wrong());
  expect(error).toMatchObject({ message: expect.stringMatching(/event 3.*expsoure.*exposure/) });
});

test("a generator that waits for an image that a failure took away does not hold the end up", async () => {
  await using microscope = await openStampMicroscope();
  const never = new Promise<void>(() => {});
  async function* waiting() {
    yield* snaps(1);
    await never;
  }
  const failing: ImageProcessor = () => {
    throw lens;
  };
  const { error } = await acquireAll({ microscope, imageProcessor: failing }, waiting());
  expect(error).toBe(lens);
  await expectUsable(microscope);
});

describe("nothing is waited for without end", () => {
  const never = () => new Promise<never>(() => {});
  test.each<[string, Partial<AcquisitionOptions>, string, number[]]>([
    [
      "a processor",
      { imageProcessor: (image, metadata) => (metadata.FrameNumber === 2 ? never() : [image, metadata]) },
      "image processor for time 2",
      [0, 1],
    ],
    [
      "imageSaved",
      { imageSaved: ({ time }) => (time === 2 ? never() : undefined) },
      "imageSaved for time 2",
      [0, 1, 2],
    ],
    ["a hook", { hooks: { postHardware: never } }, "hook postHardware", []],
    [
      "onImage",
      { onImage: (_, { FrameNumber }) => (FrameNumber === 2 ? never() : undefined) },
      "onImage for time 2",
      [0, 1],
    ],
    ["onNotification", { onNotification: never }, "onNotification", [0, 1, 2, 3, 4]],
  ])("%s that never ends", async (_, options, at, saved) => {
    await using microscope = await openStampMicroscope({ slots: 4 });
    const watchdogMs = { processor: 1_000, saving: 1_000, hook: 1_000 };
    const { error, dataset } = await acquireAll({ microscope, watchdogMs, ...options }, timePoints(5));
    expect(error).toMatchObject({ code: "timeout", fault: { at } });
    expect((await framesOf(dataset)).slice(0, saved.length)).toEqual(saved);
    await expectUsable(microscope);
  });

  test("a camera that stalls is named by the watchdog, and images before it are saved", async () => {
    await using microscope = await openStampMicroscope({ faults: [{ kind: "cameraStall", frame: 5 }] });
    const { error, dataset } = await acquireAll(
      { microscope, watchdogMs: { camera: 1_000 } },
      timePoints(10),
    );
    expect(error).toMatchObject({ code: "timeout", fault: { at: "frame of time 0" } });
    expect(await framesOf(dataset)).toEqual([0, 1, 2, 3, 4]);
    await expectUsable(microscope);
  });
});

test("a camera that starts after its time is stopped then, and gives its frames back", async () => {
  await using microscope = await openThreadMicroscope({ slots: 4 });
  const { error } = await acquireAll({ microscope, watchdogMs: { camera: 1 } }, timePoints(50));
  expect(error).toMatchObject({ code: "timeout", fault: { at: "exposure of time 0" } });
  for (let isBusy = true; isBusy; await pause(1))
    isBusy = (await acquireAll({ microscope }, timePoints(1))).error !== undefined;
  await expectUsable(microscope);
});

describe("devices that fail", () => {
  const zStack = Array.from({ length: 4 }, (_, z) => ({
    axes: { z },
    z: 10 * z,
    properties: [["Camera", "Offset", "100"]] as const,
  }));

  test("a stage that refuses five times is asked a sixth time; the sixth refusal ends the acquisition", async () => {
    for (const times of [5, 6]) {
      await using microscope = await openStampMicroscope({
        faults: [{ kind: "stageError", move: 2, times }],
      });
      const { error, dataset } = await acquireAll({ microscope }, zStack);
      if (times === 5) expect(error).toBeUndefined();
      else
        expect(error).toMatchObject({
          code: "device",
          message: expect.stringMatching(/^Z: expected to move/),
        });
      expect(dataset.imageCoordinates().length).toBe(times === 5 ? 4 : 2);
      await expectUsable(microscope);
    }
  });

  test("a stage that never arrives, a property that cannot be set", async () => {
    await using stuck = await openStampMicroscope({ faults: [{ kind: "stageTimeout", move: 1 }] });
    const late = await acquireAll({ microscope: stuck }, zStack);
    expect(late.error).toMatchObject({
      code: "timeout",
      message: expect.stringMatching(/^Z: expected to come to rest/),
    });
    expect(await framesOf(late.dataset)).toEqual([0]);
    await expectUsable(stuck);

    const fault = {
      kind: "propertyError",
      device: "Camera",
      property: "Offset",
      write: 1,
      times: 9,
    } as const;
    await using broken = await openStampMicroscope({ faults: [fault] });
    const { error } = await acquireAll({ microscope: broken }, snaps(3));
    expect(error).toMatchObject({ code: "device", message: expect.stringContaining("Camera Offset") });
    await expectUsable(broken);
  });

  test("a camera that fails ends it with its error", async () => {
    await using microscope = await openStampMicroscope({ faults: [{ kind: "cameraError", frame: 3 }] });
    const { error, dataset } = await acquireAll({ microscope }, timePoints(10));
    expect(error).toMatchObject({
      code: "device",
      message: expect.stringContaining("that the camera failed"),
    });
    expect(await framesOf(dataset)).toEqual([0, 1, 2]);
    await expectUsable(microscope);
  });

  test("a preset, a stage or a property that is not there is named, and not asked for again", async () => {
    await using microscope = await openStampMicroscope();
    for (const [event, message] of [
      [{ config_group: ["Channel", "Ultraviolet"] }, /Ultraviolet.*DAPI/],
      [{ stage_positions: [["W", 1]] }, /device W/],
      [{ properties: [["Camera", "Gaim", "1"]] }, /Camera Gaim/],
    ] as const) {
      const { error } = await acquireAll({ microscope }, { axes: {}, ...event });
      expect(error).toMatchObject({ code: "missing", message: expect.stringMatching(message) });
    }
    await expectUsable(microscope);
  });
});

test("a directory without a name, or a microscope that is in use, is an error", async () => {
  await using microscope = await openStampMicroscope();
  const nameless = Acquisition.open({ microscope, directory: "data" });
  await expect(nameless).rejects.toMatchObject({ code: "missing" });
  const first = await Acquisition.open({ microscope });
  await expect(Acquisition.open({ microscope })).rejects.toMatchObject({ code: "busy" });
  await first.done();
  await expectUsable(microscope);
});

test("a name without a directory saves nothing, and names what is kept in memory", async () => {
  await using microscope = await openStampMicroscope();
  const unsaved = await Acquisition.open({ microscope, name: "run" });
  unsaved.acquire({ axes: { time: 0 } });
  await unsaved.done();
  expect(unsaved.dataset).toBeUndefined();
  const { dataset } = await acquireAll({ microscope, name: "run" }, [{ axes: { time: 0 } }]);
  expect(dataset.summaryMetadata).toMatchObject({ Prefix: "run" });
});

test("events that a processor puts too late are an error that says what to do", async () => {
  await using microscope = await openStampMicroscope();
  const put = (queue: EventQueue) => queue.put({ axes: { time: 9 } });
  const { error, dataset } = await acquireAll(
    {
      microscope,
      imageProcessor: (image, metadata, queue) => {
        if (metadata.FrameNumber === 1) put(queue);
        return [image, metadata];
      },
    },
    timePoints(3),
  );
  expect(error).toMatchObject({
    code: "unsupported",
    message:
      "acquisition: expected events before its end, found events after done(), put(null), abort() or disposal. " +
      "An acquisition that its processor feeds is opened without `await using` and ends at put(null).",
  });
  expect(await framesOf(dataset)).toEqual([0]);
});
