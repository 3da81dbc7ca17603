import { describe, expect, test } from "vitest";
import {
  acquireWell,
  expectUsable,
  exposures,
  framesOf,
  openStampMicroscope,
  openThreadMicroscope,
  pause,
  processorModule,
  snaps,
  timePoints,
} from "../../../test/support/acquire.ts";
import { collectGarbage } from "../../../test/support/collectGarbage.ts";
import { isLong } from "../../../test/support/long.ts";
import { createSimulatedClock, systemClock } from "../clock.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { ImageProcessor } from "../processors/processor.ts";
import { Acquisition } from "./acquisition.ts";
import type { EventSource } from "./eventQueue.ts";
import type { AcquisitionFuture } from "./future.ts";
import type { AcquisitionNotification } from "./notification.ts";

const inOrder = (count: number) => timePoints(count).map(({ axes }) => axes);

describe("an acquisition that feeds itself is opened, given one event, and ends at null", () => {
  const next = (time: number) => ({ axes: { time: time + 1 } });
  const forms: [string, (time: number) => EventSource][] = [
    ["an event", next],
    ["an array", (time) => [next(time)]],
    [
      "a generator",
      function* (time) {
        yield next(time);
      },
    ],
    [
      "an async generator",
      async function* (time) {
        await pause(0);
        yield next(time);
      },
    ],
  ];
  test.each(forms)("its processor puts %s at a time", async (_, eventsAfter) => {
    await using microscope = await openStampMicroscope();
    const imageProcessor: ImageProcessor = (image, metadata, queue) => {
      const { time } = metadata.Axes as { time: number };
      queue.put(time === 9 ? null : eventsAfter(time));
      return [image, metadata];
    };
    const acquisition = await Acquisition.open({ microscope, imageProcessor, save: "memory" });
    acquisition.acquire({ axes: { time: 0 } });
    await acquisition.finished;
    expect(acquisition.dataset!.imageCoordinates()).toEqual(inOrder(10));
    expect(await framesOf(acquisition.dataset!)).toEqual(inOrder(10).map(({ time }) => time));
    expect(() => acquisition.acquire({ axes: { time: 11 } })).toThrow(/expected events before its end/);
    await expectUsable(microscope);
  });

  test("its processor puts events in a thread", async () => {
    await using microscope = await openStampMicroscope();
    const imageProcessor = processorModule("feed");
    const acquisition = await Acquisition.open({ microscope, imageProcessor, save: "memory" });
    acquisition.acquire({ axes: { time: 0 } });
    await acquisition.finished;
    expect(acquisition.dataset!.imageCoordinates()).toEqual(inOrder(5));
  });

  test("hooks and imageSaved put them", async () => {
    await using microscope = await openStampMicroscope();
    const added: number[] = [];
    const acquisition = await Acquisition.open({
      microscope,
      save: "memory",
      hooks: {
        preHardware: (event, queue) => {
          const { time } = (event as AcquisitionEvent).axes as { time: number };
          if (time < 3) queue.put({ axes: { time: time + 1 } });
          return event;
        },
      },
      imageSaved: ({ time }, _, queue) => {
        added.push(Number(time));
        if (time === 3) queue.put([{ axes: { time: 10 } }]);
        if (time === 10) queue.put(null);
      },
    });
    acquisition.acquire({ axes: { time: 0 } });
    await acquisition.finished;
    expect(added).toEqual([0, 1, 2, 3, 10]);
  });
});

test("null while images are queued: they are still processed, and events before it acquired", async () => {
  await using microscope = await openThreadMicroscope({ slots: 4 });
  let seen = 0;
  const imageProcessor: ImageProcessor = async (image, metadata, queue) => {
    if (seen++ === 0) {
      queue.put({ axes: { time: 100 } });
      queue.put(null);
    }
    await pause(1);
    return [image, metadata];
  };
  const acquisition = await Acquisition.open({ microscope, imageProcessor, save: "memory" });
  acquisition.acquire(timePoints(30));
  await acquisition.finished;
  expect(acquisition.dataset!.imageCoordinates()).toEqual([...inOrder(30), { time: 100 }]);
});

test("special events end the acquisition, or a hardware sequence", async () => {
  await using microscope = await openStampMicroscope();
  const events: AcquisitionEvent[] = [
    ...timePoints(2),
    { axes: {}, special: "sequence-end" },
    ...timePoints(4).slice(2),
    { axes: {}, special: "acquisition-end" },
    { axes: { time: 99 } },
  ];
  const notes: AcquisitionNotification[] = [];
  const acquisition = await Acquisition.open({
    microscope,
    save: "memory",
    onNotification: (note) => notes.push(note),
  });
  acquisition.acquire(events);
  acquisition.acquire({ axes: { time: 100 } });
  await acquisition.finished;
  expect(acquisition.dataset!.imageCoordinates()).toEqual(inOrder(4));
  expect(exposures(notes)).toEqual(["0,1", "2,3"]);
  expect(() => acquisition.acquire({ axes: {} })).toThrow(/before its end/);
});

test("a generator whose next event depends on the processed image: no dead-lock, each by itself", async () => {
  await using microscope = await openStampMicroscope();
  let tell: (time: number) => void = () => {};
  const imageProcessor: ImageProcessor = async (image, metadata) => {
    await pause(1);
    tell((metadata.Axes as { time: number }).time);
    return [image, metadata];
  };
  async function* dependent() {
    for (let time = 0; time < 8; time++) {
      const processed = new Promise<number>((resolve) => {
        tell = resolve;
      });
      yield { axes: { time } };
      expect(await processed).toBe(time);
    }
  }
  const { dataset, notes } = await acquireWell({ microscope, imageProcessor }, dependent());
  expect(dataset.imageCoordinates()).toEqual(inOrder(8));
  expect(exposures(notes)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
});

test("a generator that waits for its own image through the future", async () => {
  await using microscope = await openStampMicroscope();
  await using acquisition = await Acquisition.open({ microscope, save: "memory" });
  const sums: number[] = [];
  const own: { future?: AcquisitionFuture } = {};
  own.future = acquisition.acquire(
    (async function* () {
      for (let time = 0; time < 5; time++) {
        yield { axes: { time } };
        const { image } = await own.future!.awaitImageSaved({ time });
        sums.push(image!.data[0]!);
      }
    })(),
  );
  await acquisition.done();
  expect(sums).toEqual([0, 1, 2, 3, 4]);
});

/** Bytes that are in use, without garbage. */
function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** `.ci/run` tries as many as an acquisition of a night has. */
const EVENTS = isLong ? 100_000 : 20_000;

test(`${EVENTS} events of a generator take no memory that grows`, { timeout: 6 * EVENTS }, async () => {
  const tiny = { Camera: { OnCameraCCDXSize: 2, OnCameraCCDYSize: 2 } };
  await using microscope = await openStampMicroscope({ properties: tiny });
  let [images, at1000, pulled, ahead] = [0, 0, 0, 0];
  function* events() {
    for (let time = 0; time < EVENTS; time++) {
      ahead = Math.max(ahead, pulled++ - images);
      yield { axes: { time }, z: time % 2 };
    }
  }
  const onImage = () => {
    if (++images === 1000) at1000 = heapInUse();
  };
  await using acquisition = await Acquisition.open({ microscope, onImage });
  acquisition.acquire(events());
  await acquisition.done();
  expect(images).toBe(EVENTS);
  expect(ahead).toBeLessThan(1100); // the stage's longest sequence is 1024
  expect(heapInUse() - at1000).toBeLessThan(8e6 + 40 * EVENTS); // what is remembered of the last events
});

describe("abort", () => {
  const why = new Error("the user had enough");

  test.each<[Error | undefined, string]>([
    [undefined, "resolves"],
    [why, "rejects with it"],
  ])("during a sequence, with %s: finished %s, images that were taken are saved", async (error) => {
    await using microscope = await openThreadMicroscope({ slots: 4 });
    const imageProcessor: ImageProcessor = async (image, metadata) => {
      await pause(1);
      if (metadata.FrameNumber === 10) acquisition.abort(error);
      return [image, metadata];
    };
    const acquisition = await Acquisition.open({ microscope, imageProcessor, save: "memory" });
    acquisition.acquire(timePoints(5000));
    acquisition.acquire({ axes: { time: 9999 } });
    if (error === undefined) await acquisition.finished;
    else await expect(acquisition.finished).rejects.toBe(why);
    const frames = await framesOf(acquisition.dataset!);
    expect(frames).toEqual(frames.map((_, i) => i));
    expect(frames.length).toBeGreaterThan(10);
    expect(frames.length).toBeLessThan(100);
    const camera = acquisition.report().find(({ stage }) => stage === "camera");
    expect(camera?.done).toBe(frames.length);
    expect(() => acquisition.acquire({ axes: {} })).toThrow(error ?? /before its end/);
    await expectUsable(microscope);
  });

  test("while it waits for min_start_time, in real time", async () => {
    await using microscope = await openStampMicroscope({ clock: systemClock, cameraThread: false });
    const acquisition = await Acquisition.open({ microscope, save: "memory" });
    const events = snaps(3).map((event, i) => ({ ...event, min_start_time: 3600 * i }));
    const future = acquisition.acquire(events);
    await future.awaitImageSaved({ time: 0 });
    await pause(5);
    acquisition.abort();
    await acquisition.finished;
    expect(acquisition.dataset!.imageCoordinates()).toEqual([{ time: 0 }]);
    await expectUsable(microscope);
  });

  test("with a camera that stalls", async () => {
    await using microscope = await openThreadMicroscope({ faults: [{ kind: "cameraStall", frame: 4 }] });
    const acquisition = await Acquisition.open({ microscope, save: "memory" });
    const future = acquisition.acquire(timePoints(10).map((event, z) => ({ ...event, z })));
    await future.awaitImageSaved({ time: 3 });
    // the stage moves on when frame 4 is exposed: the camera has stalled, and the next exposure begins behind the fault
    while ((await microscope.core.getPosition("Z")) < 4) await pause(1);
    acquisition.abort();
    await acquisition.finished;
    expect(await framesOf(acquisition.dataset!)).toEqual([0, 1, 2, 3]);
    await expectUsable(microscope);
  });

  test("with a generator that waits, and before anything began", async () => {
    await using microscope = await openStampMicroscope();
    const waiting = await Acquisition.open({ microscope, save: "memory" });
    const future = waiting.acquire(
      (async function* () {
        yield { axes: { time: 0 } };
        await new Promise(() => {});
      })(),
    );
    await future.awaitImageSaved({ time: 0 });
    waiting.abort();
    await waiting.finished;
    const idle = await Acquisition.open({ microscope });
    idle.abort();
    await idle.finished;
    await idle.done();
    await expectUsable(microscope);
  });

  test("events that a processor puts after it are nobody's", async () => {
    await using microscope = await openStampMicroscope();
    const acquisition = await Acquisition.open({
      microscope,
      save: "memory",
      imageProcessor: (image, metadata, queue) => {
        const { time } = metadata.Axes as { time: number };
        if (time === 3) acquisition.abort();
        queue.put({ axes: { time: time + 1 } });
        return [image, metadata];
      },
    });
    acquisition.acquire({ axes: { time: 0 } });
    await acquisition.finished;
    expect(acquisition.dataset!.imageCoordinates()).toEqual(inOrder(4));
  });
});

test("a simulated clock passes hours in no time", async () => {
  const clock = createSimulatedClock();
  await using microscope = await openStampMicroscope({ clock });
  const events = snaps(50).map((event, i) => ({ ...event, min_start_time: 3600 * i }));
  const { dataset } = await acquireWell({ microscope, clock }, events);
  expect(dataset.imageCoordinates().length).toBe(50);
  expect(clock.now()).toBeGreaterThan(49 * 3600_000);
});
