import { describe, expect, test } from "vitest";
import {
  acquireWell,
  expectUsable,
  framesOf,
  openStampMicroscope,
  pause,
  snaps,
  timePoints,
  told,
} from "../../../test/support/acquire.ts";
import type { Axes } from "../../io/index.ts";
import { checkStamp } from "../demo/stamp.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import { Acquisition } from "./acquisition.ts";
import type { AcquisitionOptions } from "./options.ts";
import type { LiveImage, Subscription } from "./subscription.ts";

const inOrder = (count: number) => timePoints(count).map(({ axes }) => axes);

describe("futures", () => {
  test("of one image, of several, of the next one; with pixels and metadata as asked for", async () => {
    await using microscope = await openStampMicroscope();
    const acquisition = await Acquisition.open({ microscope, save: "memory" });
    const future = acquisition.acquire(timePoints(10));
    const next = future.awaitImageSaved();
    const one = await future.awaitImageSaved({ time: 4 }, { returnMetadata: true });
    checkStamp(one.image!, 4);
    expect(one).toMatchObject({ axes: { time: 4 }, metadata: { FrameNumber: 4, Axes: { time: 4 } } });
    const several = await future.awaitImageSaved([{ time: 7 }, { time: 2 }], { returnImage: false });
    expect(several).toEqual([{ axes: { time: 7 } }, { axes: { time: 2 } }]);
    expect((await next).axes).toEqual({ time: 0 });
    await acquisition.done();
    checkStamp((await future.awaitImageSaved({ time: 9 })).image!, 9);
    await expect(future.awaitImageSaved()).rejects.toMatchObject({ code: "aborted" });
  });

  test("of every milestone, before and after the fact", async () => {
    await using microscope = await openStampMicroscope();
    const acquisition = await Acquisition.open({ microscope, save: "memory" });
    const future = acquisition.acquire([...snaps(2), { axes: { z: 0 } }, { axes: { z: 1 } }]);
    const ofSnap = [
      "pre_hardware",
      "pre_z_drive",
      "post_hardware",
      "pre_snap",
      "post_snap",
      "image_saved",
    ] as const;
    const ofSequence = [
      "pre_hardware",
      "pre_sequence_started",
      "image_saved",
      "post_sequence_stopped",
    ] as const;
    const all = () => [
      ...ofSnap.map((milestone) => future.awaitExecution(milestone, { time: 1 })),
      ...ofSequence.map((milestone) => future.awaitExecution(milestone, { z: 1 })),
    ];
    const before = all();
    await Promise.all(before);
    await Promise.all(all());
    await acquisition.done();
    await Promise.all(all());
    await expect(future.awaitExecution("pre_sequence_started", { time: 1 })).rejects.toMatchObject({
      code: "aborted",
    });
  });

  test("of axes that no event of the call has: an error that names them", async () => {
    await using microscope = await openStampMicroscope();
    await using acquisition = await Acquisition.open({ microscope, save: "memory" });
    const future = acquisition.acquire(timePoints(2));
    const message = "acquisition future: expected axes of an event of this call of acquire, found time 2.";
    await expect(future.awaitImageSaved({ time: 2 })).rejects.toMatchObject({ code: "range", message });
    await expect(future.awaitExecution("pre_snap", { time: 2 })).rejects.toMatchObject({ message });
  });

  test("of a generator's events, which nobody knows before", async () => {
    await using microscope = await openStampMicroscope();
    const acquisition = await Acquisition.open({ microscope, save: "memory" });
    const future = acquisition.acquire(timePoints(6).values());
    checkStamp((await future.awaitImageSaved({ time: 5 })).image!, 5);
    checkStamp((await future.awaitImageSaved({ time: 0 })).image!, 0);
    await expect(future.awaitImageSaved({ time: 6 })).rejects.toMatchObject({ code: "aborted" });
    await acquisition.done();
  });

  test.each<[string, Partial<AcquisitionOptions>]>([
    ["a hook cancelled", { hooks: { preHardware: () => null } }],
    ["the processor dropped", { imageProcessor: () => null }],
  ])("of an image that %s: they reject while the acquisition goes on", async (_, options) => {
    await using microscope = await openStampMicroscope();
    await using acquisition = await Acquisition.open({ microscope, save: "memory", ...options });
    const future = acquisition.acquire({ axes: { time: 0 } });
    const rejection = {
      code: "aborted",
      message: expect.stringMatching(/^event time 0: expected image_saved, found/),
    };
    await expect(future.awaitImageSaved({ time: 0 })).rejects.toMatchObject(rejection);
    await expect(future.awaitImageSaved({ time: 0 })).rejects.toMatchObject(rejection);
  });

  test("after a failure they say what it was; without saving they say so", async () => {
    await using microscope = await openStampMicroscope();
    const failure = new Error("dust");
    const failing = await Acquisition.open({
      microscope,
      save: "memory",
      imageProcessor: () => {
        throw failure;
      },
    });
    const future = failing.acquire(timePoints(3));
    await expect(future.awaitImageSaved({ time: 2 })).rejects.toMatchObject({
      code: "aborted",
      cause: failure,
      message: expect.stringContaining("it failed: dust"),
    });
    await failing.finished.catch(() => {});
    await using unsaved = await Acquisition.open({ microscope });
    expect(unsaved.dataset).toBeUndefined();
    const second = unsaved.acquire(timePoints(3));
    await expect(second.awaitImageSaved({ time: 0 })).rejects.toMatchObject({
      code: "missing",
      message: expect.stringContaining('save: "memory"'),
    });
    await second.awaitExecution("post_sequence_stopped", { time: 0 });
  });

  test("of axes that are acquired again wait for the new image", async () => {
    await using microscope = await openStampMicroscope();
    const acquisition = await Acquisition.open({ microscope, save: "memory" });
    await acquisition.acquire({ axes: { time: 0 } }).awaitImageSaved({ time: 0 });
    const again = await acquisition.acquire({ axes: { time: 0 } }).awaitImageSaved({ time: 0 });
    checkStamp(again.image!, 1);
    await acquisition.done();
    expect(acquisition.duplicates).toBe(1);
  });
});

describe("notifications", () => {
  const events: AcquisitionEvent[] = [...snaps(1), ...[1, 2].map((time) => ({ axes: { time } }))];
  const hardware = ["pre_hardware", "pre_z_drive", "post_hardware"];

  test("of a snap and a sequence that are saved: all, in order, with their axes", async () => {
    await using microscope = await openStampMicroscope();
    const { notes } = await acquireWell({ microscope }, events);
    const ofCamera = told(notes).filter((note) => !note.startsWith("image_saved"));
    expect(ofCamera).toEqual([
      "acq_started",
      ...hardware.map((note) => `${note} 0`),
      "pre_snap 0",
      "post_snap 0",
      ...hardware.map((note) => `${note} 1,2`),
      "pre_sequence_started 1,2",
      "post_sequence_stopped 1,2",
      "acq_events_finished",
      "data_sink_finished",
    ]);
    const all = told(notes);
    expect(all.filter((note) => note.startsWith("image_saved"))).toEqual(
      [0, 1, 2].map((i) => `image_saved ${i}`),
    );
    expect(all.indexOf("image_saved 0")).toBeGreaterThan(all.indexOf("post_snap 0"));
    expect(all.indexOf("image_saved 2")).toBe(all.indexOf("post_sequence_stopped 1,2") - 1);
    expect(notes.find(({ milestone }) => milestone === "pre_snap")?.type).toBe("camera");
    expect(notes[0]).toEqual({ type: "global", milestone: "acq_started", payload: null });
  });

  test("without saving: nothing of images", async () => {
    await using microscope = await openStampMicroscope();
    const notes: string[] = [];
    await using acquisition = await Acquisition.open({
      microscope,
      onNotification: ({ milestone }) => notes.push(milestone),
    });
    acquisition.acquire(events.slice(1));
    await acquisition.done();
    const ofSequence = ["pre_sequence_started", "post_sequence_stopped"];
    expect(notes).toEqual(["acq_started", ...hardware, ...ofSequence, "acq_events_finished"]);
  });
});

test("imageSaved is called for each image, in order, when it can be read; the end waits for all calls", async () => {
  await using microscope = await openStampMicroscope({ slots: 4 });
  const calls: Axes[] = [];
  const notes: string[] = [];
  let running = 0;
  const { dataset } = await acquireWell(
    {
      microscope,
      onNotification: ({ milestone, payload }) =>
        notes.push(`${milestone} ${(payload as Axes | null)?.time ?? ""}`),
      imageSaved: async (axes, saved) => {
        expect(++running).toBe(1);
        expect(notes).toContain(`image_saved ${axes.time}`);
        checkStamp(await saved.readImage(axes), Number(axes.time));
        expect((await saved.readMetadata(axes)).Axes).toEqual(axes);
        if (Number(axes.time) % 50 === 0) await pause(2);
        calls.push(axes);
        running--;
      },
    },
    timePoints(500),
  );
  expect(calls).toEqual(inOrder(500));
  expect(dataset.isFinished).toBe(true);
  expect(notes.at(-1)).toBe("data_sink_finished ");
});

/** Takes what a subscription gives until it ends. */
async function takeAll(subscription: Subscription, each: (image: LiveImage) => unknown = () => {}) {
  const seen: LiveImage[] = [];
  for await (const image of subscription) {
    seen.push(image);
    await each(image);
  }
  return seen;
}

test("subscribers see the newest images; a slow one misses some and holds nothing up", async () => {
  await using microscope = await openStampMicroscope();
  const onImage = () => pause(1);
  const acquisition = await Acquisition.open({ microscope, save: "memory", onImage });
  const [quick, slow, left] = [
    acquisition.subscribe({ queue: 100 }),
    acquisition.subscribe(),
    acquisition.subscribe(),
  ];
  const taking = [
    takeAll(quick),
    takeAll(slow, () => acquisition.finished),
    takeAll(left, () => left.close()),
  ] as const;
  acquisition.acquire(timePoints(60));
  await acquisition.done();
  const [all, some, one] = await Promise.all(taking);
  expect(all.map(({ axes }) => axes)).toEqual(inOrder(60));
  for (const { image, metadata } of [...all, ...some]) checkStamp(image, Number(metadata.FrameNumber));
  expect(some.length).toBeLessThan(30);
  expect(some.at(-1)?.axes).toEqual({ time: 59 });
  expect([quick.dropped, slow.dropped, one.length]).toEqual([0, 60 - some.length, 1]);
  const report = acquisition.report().find(({ stage }) => stage === "subscribers");
  expect(report).toMatchObject({ done: 60, queued: 0, dropped: slow.dropped + left.dropped });
  left.close();
  expect(acquisition.report().find(({ stage }) => stage === "subscribers")).toEqual(report);
  expect(await takeAll(acquisition.subscribe())).toEqual([]);
  expect(() => acquisition.subscribe({ queue: 0 })).toThrow(/queue: expected 1 or more, found 0/);
});

test("every stage reports what it did, how fast, and what it lost", async () => {
  await using microscope = await openStampMicroscope({ faults: [{ kind: "dropFrame", frame: 3 }] });
  const acquisition = await Acquisition.open({ microscope, save: "memory", imageSaved: () => pause(1) });
  acquisition.acquire(snaps(3));
  acquisition.acquire(timePoints(7).map(({ axes }) => ({ axes: { z: axes.time } })));
  await acquisition.done();
  const report = acquisition.report();
  expect(report.map(({ stage, done, dropped, queued }) => [stage, done, dropped, queued])).toEqual([
    ["events", 10, 0, 0],
    ["camera", 9, 1, 0],
    ["processor", 9, 0, 0],
    ["saving", 9, 0, 0],
    ["imageSaved", 9, 0, 0],
    ["subscribers", 9, 0, 0],
  ]);
  for (const { stage, perSecond } of report) {
    expect(Number.isFinite(perSecond)).toBe(true);
    if (stage === "imageSaved") expect(perSecond).toBeGreaterThan(0);
  }
  expect((await framesOf(acquisition.dataset!)).length).toBe(9);
  await expectUsable(microscope);
});
