import { describe, expect, test } from "vitest";
import {
  acquireAll,
  acquireWell,
  expectUsable,
  framesOf,
  openStampMicroscope,
  snaps,
  timePoints,
} from "../../../test/support/acquire.ts";
import { createSimulatedClock } from "../clock.ts";
import type { DemoMicroscopeOptions } from "../demo/options.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import { Acquisition } from "./acquisition.ts";
import type { ImageMetadata } from "./metadata.ts";

/** When the images of events came, ms after the first, on a clock that only waiting moves. */
async function timesOf(events: AcquisitionEvent[], options: Partial<Parameters<typeof acquireWell>[0]> = {}) {
  const clock = createSimulatedClock();
  await using microscope = await openStampMicroscope({ clock, properties: { Camera: { Exposure: 0 } } });
  const times: number[] = [];
  // a clock that has gone on for a while: times count from the first image
  await clock.sleep(12_345);
  const onImage = (_: unknown, metadata: ImageMetadata) => {
    times.push(clock.now());
    expect(metadata["ElapsedTime-ms"]).toBe(clock.now() - times[0]!);
  };
  await acquireWell({ microscope, clock, onImage, ...options }, events);
  return times.map((time) => time - times[0]!);
}

describe("min_start_time", () => {
  test("counts from the first image, which does not wait; what is late does not wait either", async () => {
    const starts = [7, 2, 3, 3, 1, 10];
    const events = snaps(6).map((event, i) => ({ ...event, min_start_time: starts[i]! }));
    expect(await timesOf(events)).toEqual([0, 2000, 3000, 3000, 3000, 10_000]);
  });

  test("may be changed by a hook, before the hardware and after it", async () => {
    const events = snaps(3).map((event, i) => ({ ...event, min_start_time: i }));
    for (const name of ["eventGeneration", "postHardware"]) {
      const hook = (event: AcquisitionEvent | readonly AcquisitionEvent[]) => {
        const { min_start_time: s = 0, ...rest } = event as AcquisitionEvent;
        return { ...rest, min_start_time: 10 * s };
      };
      expect(await timesOf(events, { hooks: { [name]: hook } })).toEqual([0, 10_000, 20_000]);
    }
  });

  test("begins again where an event asks for it, once", async () => {
    const events = snaps(4).map((event, i) => ({ ...event, min_start_time: i }));
    events[2] = { ...events[2]!, min_start_time: 1, reset_event_timer: true };
    // reset at 1 s, waits 1 s; the clock of the fourth event counts from there
    expect(await timesOf(events)).toEqual([0, 1000, 2000, 4000]);
  });
});

test("a frame that does not come within timeout_ms is left out and the acquisition goes on", async () => {
  await using microscope = await openStampMicroscope({ faults: [{ kind: "cameraStall", frame: 2 }] });
  // the others may take as long as they like
  const events = snaps(5).map((event, i) => (i === 2 ? { ...event, timeout_ms: 30 } : event));
  const { dataset, acquisition } = await acquireWell({ microscope }, events);
  expect(dataset.imageCoordinates().map(({ time }) => time)).toEqual([0, 1, 3, 4]);
  expect(acquisition.report().find(({ stage }) => stage === "camera")).toMatchObject({ done: 4, dropped: 1 });
  await expectUsable(microscope);
});

test("of a sequence, all that is missing is lost, and devices are set anew", async () => {
  await using microscope = await openStampMicroscope({ faults: [{ kind: "cameraStall", frame: 2 }] });
  const zs = [0, 1, 2, 3, 4].map((z) => ({ axes: { z }, z: 10 * z, timeout_ms: 1000 }));
  const stood: number[] = [];
  const { dataset, acquisition } = await acquireWell(
    {
      microscope,
      hooks: {
        postHardware: async (event) => {
          stood.push(await microscope.core.getPosition("Z"));
          return event;
        },
      },
    },
    [...zs, { axes: { z: 5 }, z: 40, properties: [] }],
  );
  expect(await framesOf(dataset)).toEqual([0, 1, 3]);
  expect(stood.at(-1)).toBe(40);
  expect(acquisition.report().find(({ stage }) => stage === "camera")).toMatchObject({ done: 3, dropped: 3 });
});

test("a frame that comes after its timeout goes back to the camera", async () => {
  const { systemClock } = await import("../clock.ts");
  const slow: DemoMicroscopeOptions = {
    clock: systemClock,
    slots: 2,
    properties: { Camera: { Exposure: 150 } },
  };
  await using microscope = await openStampMicroscope(slow);
  const pairs = [0, 2, 4, 6].map((time) => [{ axes: { time }, timeout_ms: 5 }, { axes: { time: time + 1 } }]);
  const acquisition = await Acquisition.open({ microscope, save: "memory" });
  for (const pair of pairs) acquisition.acquire(pair);
  await acquisition.done();
  const { done, dropped } = acquisition.report().find(({ stage }) => stage === "camera")!;
  expect(dropped).toBeGreaterThan(2); // more than there are slots
  expect(done + dropped).toBe(8);
  await microscope.core.setExposure(0);
  await expectUsable(microscope);
});

test("the shutter stays open across events that ask for it, and is as before in the end", async () => {
  await using microscope = await openStampMicroscope();
  const { core } = microscope;
  const state = async () => [
    await core.getProperty("White Light Shutter", "State"),
    await core.getProperty("Core", "AutoShutter"),
  ];
  for (const auto of ["1", "0"]) {
    await core.setProperty("Core", "AutoShutter", auto);
    const seen: string[][] = [];
    const hooks = {
      postHardware: async (event: AcquisitionEvent | readonly AcquisitionEvent[]) => {
        seen.push(await state());
        return event;
      },
    };
    const open = snaps(1, { keep_shutter_open: true })[0]!;
    const events = [open, open, snaps(1)[0]!, snaps(1)[0]!, open].map((event, i) => ({
      ...event,
      axes: { i },
    }));
    await acquireWell({ microscope, hooks }, events);
    expect(seen).toEqual([
      ["1", "0"],
      ["1", "0"],
      ["1", "0"],
      ["0", auto],
      ["1", "0"],
    ]);
    expect(await state()).toEqual(["0", auto]);
  }
});

describe("settings of events reach their devices", () => {
  test("tags, other stages, properties, a region", async () => {
    await using microscope = await openStampMicroscope();
    const { dataset } = await acquireWell({ microscope }, [
      {
        axes: { i: 0 },
        tags: { operator: "Ada" },
        stage_positions: [["Z", 33]],
        properties: [["Camera", "Binning", "2"]],
      },
      { axes: { i: 1 }, properties: [["Camera", "Binning", "1"]] },
      { axes: { i: 2 }, roi: { x: 8, y: 4, width: 16, height: 12 } },
    ]);
    const metadata = await Promise.all([0, 1, 2].map((i) => dataset.readMetadata({ i })));
    expect(metadata[0]).toMatchObject({
      tags: { operator: "Ada" },
      ZPosition_um_Intended: 33,
      Width: 32,
      Binning: 2,
    });
    expect(await microscope.core.getPosition("Z")).toBe(33);
    expect(metadata[1]).toMatchObject({ Width: 64, Height: 48 });
    expect(metadata[2]).toMatchObject({ Width: 16, Height: 12, "ROI-X-start": 8 });
    expect((await dataset.readImage({ i: 2 })).data.length).toBe(16 * 12);
  });

  test("the event's own camera, with its own exposure", async () => {
    await using microscope = await openStampMicroscope({
      cameras: ["Camera", "Second"],
      properties: { Second: { OnCameraCCDXSize: 32, OnCameraCCDYSize: 16, Pattern: "Stamp" } },
    });
    const { dataset } = await acquireWell({ microscope }, [
      { axes: { i: 0 }, exposure: 20 },
      { axes: { i: 1 }, exposure: 20, camera: "Second" },
      { axes: { i: 2 }, exposure: 30, camera: "Second", properties: [] },
      { axes: { i: 3 }, exposure: 20 },
    ]);
    const metadata = await Promise.all([0, 1, 2, 3].map((i) => dataset.readMetadata({ i })));
    expect(metadata.map(({ Camera, Width }) => [Camera, Width])).toEqual([
      ["Camera", 64],
      ["Second", 32],
      ["Second", 32],
      ["Camera", 64],
    ]);
    expect(await microscope.core.getCameraDevice()).toBe("Camera");
    expect(await microscope.core.getProperty("Second", "Exposure")).toBe("30.0000");
    expect(await microscope.core.getProperty("Camera", "Exposure")).toBe("20.0000");
  });
});

describe("autofocus", () => {
  const focus = { kind: "cells" } as const;
  const event: AcquisitionEvent = {
    axes: { position: 0 },
    x: 3000,
    y: 0,
    z: 100,
    autofocus: { maxRetries: 2 },
  };
  const image = (z: number): AcquisitionEvent => ({ axes: { position: 0, z }, x: 3000, y: 0, z: 100 + z });

  test("makes no image; images at its position follow what it found", async () => {
    await using microscope = await openStampMicroscope({ specimen: focus, focus: { offsetUm: 7 } });
    const stood: number[] = [];
    const { dataset } = await acquireWell(
      {
        microscope,
        onImage: async () => void stood.push(await microscope.core.getPosition("Z")),
      },
      [
        event,
        ...[0, 5].map((z) => ({ ...image(z), properties: [] })),
        { axes: { position: 1 }, z: 100, properties: [] },
      ],
    );
    expect(dataset.imageCoordinates()).toEqual([
      { position: 0, z: 0 },
      { position: 0, z: 5 },
      { position: 1 },
    ]);
    await microscope.core.fullFocus();
    const sharp = await microscope.core.getPosition("Z");
    expect(Math.abs(sharp - 100)).toBeGreaterThan(1);
    expect(stood[0]).toBeCloseTo(sharp, 6);
    expect(stood[1]).toBeCloseTo(sharp + 5, 6);
    expect(stood[2]).toBe(100);
  });

  test("is tried as often as the event says, and fails the acquisition then", async () => {
    for (const times of [2, 3]) {
      await using microscope = await openStampMicroscope({
        faults: [{ kind: "autofocusError", run: 0, times }],
      });
      const { error, dataset } = await acquireAll({ microscope }, [event, image(0)]);
      expect(dataset.imageCoordinates().length).toBe(times === 2 ? 1 : 0);
      if (times === 3)
        expect(error).toMatchObject({ code: "device", message: expect.stringContaining("Autofocus") });
      else expect(error).toBeUndefined();
    }
    await using microscope = await openStampMicroscope();
    const { error } = await acquireAll({ microscope }, { ...event, autofocus: { device: "PFS" } });
    expect(error).toMatchObject({ code: "unsupported", message: expect.stringContaining("found PFS") });
  });
});

test("images know what was intended and what the camera says", async () => {
  const clock = createSimulatedClock();
  await using microscope = await openStampMicroscope({ clock });
  const { dataset } = await acquireWell(
    { microscope, clock },
    timePoints(2).map((event, i) => ({
      ...event,
      x: 1,
      y: 2,
      z: 3,
      exposure: 10,
      config_group: ["Channel", ["DAPI", "FITC"][i]!] as const,
    })),
  );
  for (const time of [0, 1])
    expect(await dataset.readMetadata({ time })).toMatchObject({
      Axes: { time },
      Channel: ["DAPI", "FITC"][time],
      Exposure: 10,
      XPosition_um_Intended: 1,
      YPosition_um_Intended: 2,
      ZPosition_um_Intended: 3,
      ImageNumber: time,
      PixelSize_um: 0.65,
      Camera: "Camera",
      Width: 64,
      Height: 48,
      PixelType: "GRAY16",
    });
});
