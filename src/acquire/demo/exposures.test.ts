import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { acquireAll, momentsOf, moveTo, snap, takeAll, takeFrame } from "../../../test/support/demo.ts";
import { type Clock, createSimulatedClock, systemClock } from "../clock.ts";
import type { Frame } from "../frames/frame.ts";
import type { Microscope } from "../microscope.ts";
import { openDemoMicroscope } from "./demoMicroscope.ts";
import type { DemoMicroscopeOptions } from "./options.ts";
import { hasThreads as pageHasThreads } from "./threads.browser.ts";

const TINY = { OnCameraCCDXSize: 24, OnCameraCCDYSize: 16 };

function open(options: DemoMicroscopeOptions = {}) {
  const properties = { Camera: { ...TINY, ...options.properties?.Camera } };
  return openDemoMicroscope({ clock: createSimulatedClock(), ...options, properties });
}

/** The two ways in which frames are made. */
const DRIVERS: readonly [string, { readonly clock: Clock; readonly cameraThread: boolean }][] = [
  ["inline", { clock: systemClock, cameraThread: false }],
  ["on a thread", { clock: systemClock, cameraThread: true }],
];

const numbersOf = (frames: readonly { readonly index: number }[]) => frames.map(({ index }) => index);

/** Plays 12 frames with every kind of hardware sequence, after a snap and before another. */
async function playSequences(microscope: Microscope) {
  const { core } = microscope;
  await core.setExposure(1);
  const before = await snap(microscope);
  await core.loadStageSequence("Z", [0, 4, 8]);
  await core.loadXYStageSequence("XY", [0, 50], [10, 20]);
  await core.loadPropertySequence("Dichroic", "Label", ["400DCLP", "Q505LP"]);
  await core.loadPropertySequence("Excitation", "State", ["0", "1"]);
  await core.loadPropertySequence("Emission", "Label", ["Chroma-D460", "Chroma-HQ535"]);
  await core.loadExposureSequence("Camera", [1, 2, 3, 4]);
  await core.startStageSequence("Z");
  await core.startXYStageSequence("XY");
  for (const wheel of ["Dichroic", "Excitation", "Emission"])
    await core.startPropertySequence(wheel, "Label");
  await core.startExposureSequence("Camera");
  const frames = await acquireAll(microscope, { frames: 12 });
  await core.stopStageSequence("Z");
  await core.stopXYStageSequence("XY");
  for (const wheel of ["Dichroic", "Excitation", "Emission"]) await core.stopPropertySequence(wheel, "Label");
  await core.stopExposureSequence("Camera");
  const after = await snap(microscope);
  const z = await core.getPosition("Z");
  return {
    before,
    frames,
    after,
    z,
    xy: await core.getXYPosition(),
    channel: await core.getCurrentConfig("Channel"),
  };
}

test("a frame says what MMCore's tags say, numbers as numbers", async () => {
  const clock = createSimulatedClock();
  await using microscope = await open({ clock, properties: { Camera: { BitDepth: 12 } } });
  await microscope.core.setROI(4, 2, 10, 8);
  await clock.sleep(1000);
  const [, frame] = await acquireAll(microscope, { frames: 2, intervalMs: 50 });
  expect(frame.metadata).toMatchInlineSnapshot(`
    {
      "Binning": 1,
      "BitDepth": 12,
      "Camera": "Camera",
      "ElapsedTime-ms": 60,
      "Exposure": 10,
      "FrameNumber": 1,
      "Height": 8,
      "ImageNumber": 1,
      "PixelType": "GRAY16",
      "ROI": "4-2-10-8",
      "ROI-X-start": 4,
      "ROI-Y-start": 2,
      "TimeReceivedByCore": "2000-01-01T00:00:01.060Z",
      "Width": 10,
    }
  `);
  const [snapped] = await acquireAll(microscope, { frames: 1 });
  expect(snapped.metadata).toMatchObject({ ImageNumber: 0, FrameNumber: 2, "ElapsedTime-ms": 10 });
});

test("inline and on a thread, the same acquisition gives the same bytes, and leaves the devices at the same places", async () => {
  const results = [];
  for (const [, driver] of DRIVERS) {
    await using microscope = await open({ ...driver, seed: 5, bleachingMs: 50 });
    const result = await playSequences(microscope);
    results.push({ ...result, frames: result.frames.map(({ index, pixels }) => ({ index, pixels })) });
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[0]).toMatchObject({ z: 8, xy: [50, 20], channel: "FITC" });
  expect(numbersOf(results[0].frames)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("a sequence shows what snaps at the same settings show", async () => {
  const options = { noise: false, bleachingMs: 0 };
  await using played = await open(options);
  const { frames } = await playSequences(played);
  await using stepped = await open(options);
  for (const [i, { pixels, metadata }] of frames.entries()) {
    await stepped.core.setPosition("Z", [0, 4, 8][i % 3]);
    await stepped.core.waitForDevice("Z");
    await moveTo(stepped, [0, 50][i % 2], [10, 20][i % 2]);
    await stepped.core.setConfig("Channel", ["DAPI", "FITC"][i % 2]);
    await stepped.core.setExposure([1, 2, 3, 4][i % 4]);
    expect(await snap(stepped)).toEqual(pixels);
    expect(metadata.Exposure).toBe([1, 2, 3, 4][i % 4]);
  }
});

test("devices say how long their sequences may be and refuse longer ones", async () => {
  await using microscope = await open({ sequenceMaxLength: { z: 3, exposure: 0 } });
  const { core } = microscope;
  expect(await core.getStageSequenceMaxLength("Z")).toBe(3);
  expect(await core.getXYStageSequenceMaxLength("XY")).toBe(1024);
  expect(await core.getExposureSequenceMaxLength("Camera")).toBe(0);
  expect(await core.getPropertySequenceMaxLength("Emission", "State")).toBe(1024);
  expect(await core.getPropertySequenceMaxLength("Camera", "Binning")).toBe(0);
  await expect(core.loadStageSequence("Z", [1, 2, 3, 4])).rejects.toThrow("expected 1 to 3 values, found 4");
  await expect(core.loadStageSequence("Z", [1, 5000])).rejects.toThrow(
    "Z position: expected -1000 to 1000 µm",
  );
  await expect(core.loadExposureSequence("Camera", [1])).rejects.toMatchObject({ code: "device" });
  await expect(core.startStageSequence("Z")).rejects.toThrow("expected values to be loaded");
});

test("while a sequence runs the stage is where its frames have brought it, and the camera's properties are fixed", async () => {
  await using microscope = await open();
  const { core } = microscope;
  await core.loadStageSequence("Z", [5, 6, 7]);
  await core.startStageSequence("Z");
  const exposure = await microscope.startExposure({ frames: 3 });
  const seen: number[] = [];
  for await (const frame of exposure.frames) {
    frame.release();
    seen.push(await core.getPosition("Z"));
    if (seen.length === 1)
      await expect(core.setProperty("Camera", "Binning", 2)).rejects.toThrow("to be idle");
    if (seen.length === 1)
      await expect(microscope.startExposure({ frames: 1 })).rejects.toMatchObject({ code: "busy" });
  }
  expect(seen).toEqual([5, 6, 7]);
  await core.setProperty("Camera", "Binning", 2);
});

test("frames come at their times", async () => {
  const clock = createSimulatedClock();
  await using microscope = await open({ clock });
  const times = async (intervalMs: number) => {
    const frames = await acquireAll(microscope, { frames: 3, intervalMs });
    return frames.map(({ metadata }) => metadata["ElapsedTime-ms"]);
  };
  expect(await times(100)).toEqual([10, 110, 210]);
  expect(await times(4)).toEqual([10, 20, 30]);
  expect(await times(0)).toEqual([10, 20, 30]);
});

test.each(DRIVERS)(
  "%s, a free-running camera waits for slots, and no slot is overwritten while it is held",
  async (_, driver) => {
    await using microscope = await open({
      ...driver,
      slots: 3,
      noise: true,
      properties: { Camera: { Exposure: 0, Pattern: "Stamp" } },
    });
    const exposure = await microscope.startExposure({ frames: 200 });
    const random = fc.sample(fc.boolean(), { numRuns: 200, seed: 2 });
    const held: Frame[] = [];
    const copies: string[] = [];
    let count = 0;
    for await (const frame of exposure.frames) {
      expect(frame.index).toBe(count);
      held.push(frame);
      copies.push(frame.copy().join());
      // frames are freed in any order, now this one, now an older one
      while (held.length > (random[count] ? 1 : 2)) {
        const which = random[count] ? 0 : held.length - 1;
        const [freed] = held.splice(which, 1);
        expect(freed.borrow().join()).toBe(copies.splice(which, 1)[0]);
        freed.release();
        freed.release();
        expect(() => freed.borrow()).toThrow("found that it was released");
      }
      count++;
    }
    expect([count, exposure.dropped]).toEqual([200, 0]);
    for (const frame of held) frame.release();
  },
);

test("a slow consumer of a paced camera: the ring fills, then frames are lost and counted", async () => {
  const clock = createSimulatedClock();
  await using microscope = await open({ clock, slots: 4, onOverflow: "drop" });
  const exposure = await microscope.startExposure({ frames: 12, intervalMs: 100 });
  const seen: number[] = [];
  for await (const frame of exposure.frames) {
    seen.push(frame.index);
    if (frame.index === 0) await clock.sleep(700);
    frame.release();
  }
  // frame 0 holds a slot while 1 to 7 come: 3 of them find one
  expect(seen).toEqual([0, 1, 2, 3, 8, 9, 10, 11]);
  expect(exposure.dropped).toBe(4);
  expect((await acquireAll(microscope, { frames: 1 }))[0].metadata.FrameNumber).toBe(12);
});

test("the same with onOverflow error: what was made is given, then MMCore's error", async () => {
  const clock = createSimulatedClock();
  await using microscope = await open({ clock, slots: 4 });
  const exposure = await microscope.startExposure({ frames: 12, intervalMs: 100 });
  const seen: number[] = [];
  const consume = async () => {
    for await (const frame of exposure.frames) {
      seen.push(frame.index);
      if (frame.index === 0) await clock.sleep(700);
      frame.release();
    }
  };
  await expect(consume()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: Camera frame 4: expected a free slot of the ring, found Sequence buffer overflow. Take and release frames faster, give the ring more slots, or let onOverflow be drop.]`,
  );
  expect(seen).toEqual([0, 1, 2, 3]);
  expect((await acquireAll(microscope, { frames: 2 })).length).toBe(2);
});

test("a thread's camera overflows too", async () => {
  const camera = { Exposure: 0, Pattern: "Stamp" };
  await using microscope = await open({ ...DRIVERS[1][1], slots: 4, properties: { Camera: camera } });
  const exposure = await microscope.startExposure({ frames: 50, intervalMs: 1 });
  const taken: Frame[] = [];
  const consume = async () => {
    for await (const frame of exposure.frames) taken.push(frame);
  };
  await expect(consume()).rejects.toThrow("Sequence buffer overflow");
  expect(numbersOf(taken)).toEqual([0, 1, 2, 3]);
  for (const frame of taken) frame.release();
});

test.each(DRIVERS)("%s, ordered failures of frames come at the frames' numbers", async (_, driver) => {
  await using microscope = await open({
    ...driver,
    properties: { Camera: { Exposure: 0 } },
    faults: [
      { kind: "dropFrame", frame: 2 },
      { kind: "dropFrame", frame: 4 },
      { kind: "cameraError", frame: 8 },
      { kind: "cameraStall", frame: 11 },
    ],
  });
  const first = await microscope.startExposure({ frames: 6 });
  expect(numbersOf(await takeAll(first))).toEqual([0, 1, 3, 5]);
  expect(first.dropped).toBe(2);

  const failing = await microscope.startExposure({ frames: 6 });
  const seen: number[] = [];
  const consume = async () => {
    for await (const frame of failing.frames) seen.push(takeFrame(frame).index);
  };
  await expect(consume()).rejects.toMatchObject({
    code: "device",
    message: "Camera frame 8: expected a frame, found that the camera failed.",
  });
  expect(seen).toEqual([0, 1]);

  const stalled = await microscope.startExposure({ frames: 6 });
  const frames = stalled.frames[Symbol.asyncIterator]();
  for (const index of [0, 1]) {
    const { value } = await frames.next();
    expect(takeFrame(value).index).toBe(index);
  }
  const never = frames.next();
  const winner = await Promise.race([never, systemClock.sleep(50).then(() => "silence")]);
  expect(winner).toBe("silence");
  await stalled.stop();
  expect(await never).toMatchObject({ done: true });
  expect((await acquireAll(microscope, { frames: 2 })).map(({ metadata }) => metadata.FrameNumber)).toEqual([
    12, 13,
  ]);
});

test.each(DRIVERS)(
  "%s, what cannot be rendered is that exposure's error, and the next one runs",
  async (_, driver) => {
    const camera = { OnCameraCCDXSize: 1, Pattern: "Stamp" };
    await using microscope = await open({ ...driver, properties: { Camera: camera } });
    const failure = acquireAll(microscope, { frames: 3 });
    await expect(failure).rejects.toThrow("Pattern Stamp: expected rows of at least 4 bytes, found 2 bytes");
    await microscope.core.setProperty("Camera", "OnCameraCCDXSize", 2);
    expect(numbersOf(await acquireAll(microscope, { frames: 3 }))).toEqual([0, 1, 2]);
  },
);

test("a snap that stalls ends its exposure, and its frame never comes", async () => {
  await using microscope = await open({ faults: [{ kind: "cameraStall", frame: 0 }] });
  const stop = new AbortController();
  const exposure = await microscope.startExposure({ frames: 1, signal: stop.signal });
  const frames = takeAll(exposure);
  stop.abort();
  expect(await frames).toEqual([]);
  expect((await acquireAll(microscope, { frames: 1 })).length).toBe(1);
});

test.each(DRIVERS)("%s, stop, abort, break and close end a sequence", async (_, driver) => {
  const properties = { Camera: { Exposure: 1 } };
  const microscope = await open({ ...driver, properties });
  const stopped = await microscope.startExposure({ frames: 1e6 });
  const seen: number[] = [];
  for await (const frame of stopped.frames) {
    seen.push(takeFrame(frame).index);
    if (seen.length === 3) await stopped.stop();
  }
  expect(seen.slice(0, 3)).toEqual([0, 1, 2]);
  expect(seen.length).toBeLessThanOrEqual(3 + 16);

  const abort = new AbortController();
  const aborted = await microscope.startExposure({ frames: 1e6, signal: abort.signal });
  for await (const frame of aborted.frames) {
    frame.release();
    abort.abort();
  }
  const given = await microscope.startExposure({ frames: 1e6, signal: AbortSignal.abort() });
  expect((await takeAll(given)).length).toBeLessThanOrEqual(16);

  const left = await microscope.startExposure({ frames: 1e6 });
  for await (const frame of left.frames) {
    frame.release();
    break;
  }
  const untouched = await microscope.startExposure({ frames: 1e6 });
  await untouched.frames[Symbol.asyncIterator]().return?.();
  // all slots are free again: as many frames as the ring has slots can be held
  const held: Frame[] = [];
  for await (const frame of (await microscope.startExposure({ frames: 16 })).frames) held.push(frame);
  expect(held.length).toBe(16);
  for (const frame of held) frame.release();

  const running = await microscope.startExposure({ frames: 1e6 });
  const frames = running.frames[Symbol.asyncIterator]();
  const { value } = await frames.next();
  const rest = takeAll({ ...running, frames: { [Symbol.asyncIterator]: () => frames } });
  await microscope.close();
  await microscope.close();
  await rest;
  const { pixels } = takeFrame(value);
  expect(pixels.length).toBe(24 * 16);
  await expect(microscope.startExposure({ frames: 1 })).rejects.toThrow("expected to be open, found closed");
  await expect(microscope.core.getExposure()).rejects.toMatchObject({ code: "device" });
});

test("without shared memory, as in a page that is not isolated, frames are made inline", async () => {
  vi.stubGlobal("SharedArrayBuffer", undefined);
  try {
    await using microscope = await open({ clock: systemClock, cameraThread: false, slots: 2 });
    const exposure = await microscope.startExposure({ frames: 5 });
    const buffers: unknown[] = [];
    for await (const frame of exposure.frames) {
      buffers.push(frame.borrow().buffer.constructor.name);
      frame.release();
    }
    expect(buffers).toEqual(new Array(5).fill("ArrayBuffer"));
  } finally {
    vi.unstubAllGlobals();
  }
  expect(pageHasThreads()).toBe(false);
});

test("two cameras expose together and take turns in the ring", async () => {
  const cameras = ["Left", "Right"];
  await using microscope = await openDemoMicroscope({ cameras, clock: createSimulatedClock() });
  const { core } = microscope;
  for (const camera of ["Left", "Right"]) {
    await core.setProperty(camera, "OnCameraCCDXSize", 20);
    await core.setProperty(camera, "OnCameraCCDYSize", camera === "Left" ? 10 : 12);
  }
  const frames = await acquireAll(microscope, { frames: 2, cameras: ["Left", "Right"] });
  expect(frames.map(({ camera, index, pixels }) => [camera, index, pixels.length])).toEqual([
    ["Left", 0, 200],
    ["Right", 0, 240],
    ["Left", 1, 200],
    ["Right", 1, 240],
  ]);
  await core.setCameraDevice("Right");
  expect((await acquireAll(microscope, { frames: 1 }))[0].camera).toBe("Right");
  await expect(microscope.startExposure({ frames: 1, cameras: ["Z"] })).rejects.toMatchObject({
    code: "device",
  });
  await expect(microscope.startExposure({ frames: 1, cameras: ["Up"] })).rejects.toMatchObject({
    code: "missing",
  });
});

test("a larger image gets a larger ring; frames in the old one stay as they are", async () => {
  await using microscope = await open();
  const exposure = await microscope.startExposure({ frames: 1 });
  const { value: frame } = await exposure.frames[Symbol.asyncIterator]().next();
  const copy = frame.copy();
  await microscope.core.setProperty("Camera", "OnCameraCCDXSize", 256);
  expect((await snap(microscope)).length).toBe(256 * 16);
  expect(frame.borrow()).toEqual(copy);
  frame.release();
});

test("36,000 frames in a simulated hour, ten a second", async () => {
  const clock = createSimulatedClock();
  await using microscope = await open({ clock, properties: { Camera: { Pattern: "Stamp" } } });
  const exposure = await microscope.startExposure({ frames: 36_000, intervalMs: 100 });
  let count = 0;
  for await (const frame of exposure.frames) {
    frame.release();
    count++;
  }
  expect([count, exposure.dropped, clock.now()]).toEqual([36_000, 0, 3_599_910]);
});

test("planted images travel to the camera's thread", async () => {
  const data = Float32Array.from({ length: 48 }, (_, i) => i);
  const image = { xUm: 0, yUm: 0, pixelSizeUm: 0.65, widthPx: 8, heightPx: 6, data };
  const specimen = { kind: "planted", background: 5, images: [image] } as const;
  const pixels = [];
  for (const [, driver] of DRIVERS) {
    await using microscope = await open({ ...driver, specimen, properties: { Camera: { Exposure: 1 } } });
    pixels.push((await acquireAll(microscope, { frames: 2 })).map((frame) => frame.pixels));
  }
  expect(pixels[1]).toEqual(pixels[0]);
});

test("a specimen of one's own gets place, focus, channel and time", async () => {
  const seen: unknown[] = [];
  const specimen = {
    focusUm: () => 0,
    render: (request: object, out: Float32Array) => {
      seen.push(request);
      out.fill(10);
    },
  };
  await using microscope = await open({ specimen, noise: false });
  await moveTo(microscope, 100, 200);
  expect(momentsOf(await snap(microscope)).mean).toBe(200);
  expect(seen).toMatchInlineSnapshot(`
    [
      {
        "channel": "DAPI",
        "heightPx": 16,
        "pixelSizeUm": 0.65,
        "timeMs": 5.590169943749474,
        "widthPx": 24,
        "xUm": 100,
        "yUm": 200,
        "zUm": 0,
      },
    ]
  `);
});
