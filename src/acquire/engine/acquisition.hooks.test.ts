import { describe, expect, test } from "vitest";
import {
  acquireAll,
  acquireWell,
  exposures,
  openStampMicroscope,
  snaps,
  timePoints,
  told,
} from "../../../test/support/acquire.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import { type AcquisitionHook, type AcquisitionHooks, type EventOrSequence, eachEvent } from "./hooks.ts";

const NAMES = ["eventGeneration", "preHardware", "preZ", "postHardware", "postCamera"] as const;

const single = (event: EventOrSequence) => event as AcquisitionEvent;
const z = (count: number) => Array.from({ length: count }, (_, i) => ({ axes: { z: i }, z: 5 * i }));

/** All hooks, each doing the same. */
function allHooks(act: (name: string, event: EventOrSequence) => EventOrSequence | null): AcquisitionHooks {
  return Object.fromEntries(
    NAMES.map((name) => [name, (event) => act(name, event)] as [string, AcquisitionHook]),
  );
}

test("hooks run in Pycro-Manager's order, between its notifications; a sequence comes as an array", async () => {
  await using microscope = await openStampMicroscope();
  const order: string[] = [];
  const hooks = allHooks((name, event) => {
    const all = [event].flat();
    order.push(`${name} ${all.map(({ axes }) => Object.values(axes)[0]).join(",")}`);
    expect(Array.isArray(event)).toBe(all.length > 1);
    return event;
  });
  const onNotification = (note: Parameters<typeof told>[0][number]) => order.push(told([note])[0]!);
  await acquireWell({ microscope, hooks, onNotification }, [...snaps(1), ...z(2)]);
  const withoutImages = order.filter((entry) => !entry.startsWith("image_saved"));
  expect(withoutImages).toEqual([
    "acq_started",
    "eventGeneration 0",
    "eventGeneration 0",
    "pre_hardware 0",
    "preHardware 0",
    "pre_z_drive 0",
    "preZ 0",
    "post_hardware 0",
    "postHardware 0",
    "pre_snap 0",
    "post_snap 0",
    "postCamera 0",
    "eventGeneration 1",
    "pre_hardware 0,1",
    "preHardware 0,1",
    "pre_z_drive 0,1",
    "preZ 0,1",
    "post_hardware 0,1",
    "postHardware 0,1",
    "pre_sequence_started 0,1",
    "postCamera 0,1",
    "post_sequence_stopped 0,1",
    "acq_events_finished",
    "data_sink_finished",
  ]);
});

describe("what a hook returns", () => {
  test.each(NAMES)(
    "%s: nothing, null or an empty list cancels the event, except after the camera",
    async (name) => {
      await using microscope = await openStampMicroscope();
      for (const nothing of [undefined, null, []]) {
        const hook: AcquisitionHook = (event) => (single(event).axes.time === 1 ? nothing : event);
        const { dataset } = await acquireWell({ microscope, hooks: { [name]: hook } }, snaps(3));
        const times = dataset.imageCoordinates().map(({ time }) => time);
        expect(times).toEqual(name === "postCamera" ? [0, 1, 2] : [0, 2]);
      }
    },
  );

  test("nothing for a sequence cancels all of it, and its devices do not play on", async () => {
    await using microscope = await openStampMicroscope();
    for (const name of ["preHardware", "preZ", "postHardware"]) {
      const hook: AcquisitionHook = (event) => (Array.isArray(event) ? null : event);
      const { dataset } = await acquireWell({ microscope, hooks: { [name]: hook } }, [...z(3), ...snaps(1)]);
      expect(dataset.imageCoordinates()).toEqual([{ time: 0 }]);
    }
    const { dataset } = await acquireWell({ microscope }, z(3));
    expect(dataset.imageCoordinates().length).toBe(3);
  });

  test.each(["eventGeneration", "preHardware"])("%s: several events in place of one", async (name) => {
    await using microscope = await openStampMicroscope();
    const hook: AcquisitionHook = (event) => {
      const { axes, ...rest } = single(event);
      return [0, 1, 2].map((shot) => ({ ...rest, axes: { ...axes, shot } }));
    };
    const { dataset } = await acquireWell({ microscope, hooks: { [name]: hook } }, snaps(2));
    const expected = [0, 1].flatMap((time) => [0, 1, 2].map((shot) => ({ time, shot })));
    expect(dataset.imageCoordinates()).toEqual(expected);
  });

  test("preHardware: parts of a sequence that no longer fit together are exposed apart", async () => {
    await using microscope = await openStampMicroscope();
    const hook: AcquisitionHook = (event) =>
      [event]
        .flat()
        .map((each, i) => (i === 2 ? { ...each, properties: [["Camera", "Offset", "7"]] } : each));
    const { notes, dataset } = await acquireWell({ microscope, hooks: { preHardware: hook } }, z(5));
    expect(exposures(notes)).toEqual(["0,1", "2", "3,4"]);
    expect(dataset.imageCoordinates().length).toBe(5);
  });

  test("preZ and postHardware: one event more is an error, since the hardware is set", async () => {
    await using microscope = await openStampMicroscope();
    for (const name of ["preZ", "postHardware"]) {
      const hook: AcquisitionHook = (event) => [single(event), { axes: { time: 9 } }];
      const { error } = await acquireAll({ microscope, hooks: { [name]: hook } }, snaps(2));
      expect(error).toMatchObject({ code: "range", fault: { at: `what hook ${name} returned` } });
    }
  });

  test("what is no event is an error that names the hook", async () => {
    await using microscope = await openStampMicroscope();
    const hook = (() => ({ axes: {}, expsoure: 3 })) as AcquisitionHook;
    const { error } = await acquireAll({ microscope, hooks: { preHardware: hook } }, snaps(2));
    expect(error).toMatchObject({ message: expect.stringMatching(/hook preHardware returned.*exposure/) });
  });
});

test("eventGeneration may end the acquisition; later hooks may not, and say what to do instead", async () => {
  await using microscope = await openStampMicroscope();
  const end: AcquisitionHook = (event) =>
    single(event).axes.time === 2 ? { axes: {}, special: "acquisition-end" } : event;
  const { dataset } = await acquireWell({ microscope, hooks: { eventGeneration: end } }, timePoints(5));
  expect(dataset.imageCoordinates()).toEqual([{ time: 0 }, { time: 1 }]);
  const { error } = await acquireAll({ microscope, hooks: { preHardware: end } }, snaps(5));
  expect(error).toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("eventQueue.put(null)"),
  });
});

test("changes of a hook reach the hardware, the metadata and the axes", async () => {
  await using microscope = await openStampMicroscope();
  const stood: unknown[] = [];
  const { dataset } = await acquireWell(
    {
      microscope,
      hooks: {
        preHardware: (event) => ({ ...single(event), x: 120, y: -30, exposure: 42 }),
        preZ: (event) => ({ ...single(event), z: 17 }),
        postHardware: async (event) => {
          const { core } = microscope;
          stood.push([await core.getXYPosition(), await core.getPosition("Z"), await core.getExposure()]);
          return { ...single(event), axes: { well: "C3" }, tags: { seen: "yes" } };
        },
      },
    },
    { axes: { time: 0 }, x: 1, y: 2, z: 3, exposure: 4 },
  );
  expect(stood).toEqual([[[120, -30], 17, 42]]);
  expect(dataset.imageCoordinates()).toEqual([{ well: "C3" }]);
  expect(await dataset.readMetadata({ well: "C3" })).toMatchObject({
    XPosition_um_Intended: 120,
    ZPosition_um_Intended: 17,
    Exposure: 42,
    tags: { seen: "yes" },
  });
});

test("the second argument takes events, which come after those that wait; asynchronous hooks are waited for", async () => {
  await using microscope = await openStampMicroscope();
  const hooks: AcquisitionHooks = {
    eventGeneration: async (event, queue) => {
      await null;
      if (single(event).axes.time === 0) queue.put({ axes: { extra: 0 } });
      return event;
    },
  };
  const { Acquisition } = await import("./acquisition.ts");
  const acquisition = await Acquisition.open({ microscope, hooks, save: "memory" });
  const future = acquisition.acquire(snaps(2));
  acquisition.acquire({ axes: { last: 0 } });
  await future.awaitImageSaved({ time: 1 });
  await acquisition.done();
  expect(acquisition.dataset!.imageCoordinates()).toEqual([
    { time: 0 },
    { time: 1 },
    { last: 0 },
    { extra: 0 },
  ]);
});

test("a hook of single events sees a sequence's one by one, and what it returns of them is acquired", async () => {
  await using microscope = await openStampMicroscope();
  const seen: unknown[] = [];
  const preHardware = eachEvent((event) => {
    seen.push(event.axes.z);
    if (event.axes.z === 1) return;
    return event.axes.z === 2 ? [event, { ...event, axes: { z: 20 } }] : event;
  });
  const { dataset } = await acquireWell({ microscope, hooks: { preHardware } }, z(4));
  expect(seen).toEqual([0, 1, 2, 3]);
  expect(dataset.imageCoordinates()).toEqual([{ z: 0 }, { z: 2 }, { z: 20 }, { z: 3 }]);
});
