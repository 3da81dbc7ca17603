import { existsSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  demoConfig,
  resetCamera,
  scratchFolder,
  type TakenFrame,
  takeAll,
} from "../../../test/support/mmcore.ts";
import { requirement } from "../../../test/support/require.ts";
import { openFileRing } from "../frames/fileRing.node.ts";
import type { Frame } from "../frames/frame.ts";
import { openMMCoreMicroscope } from "./mmcore.node.ts";
import type { MMCoreMicroscope } from "./mmcore.ts";

const { available } = requirement("readers");
const ringFolder = scratchFolder();
const spread = (pixels: ArrayLike<number>) => new Set(Array.from(pixels)).size;

describe.skipIf(!available)("exposures of MMCore's demonstration camera", () => {
  let microscope: MMCoreMicroscope;
  beforeAll(async () => {
    microscope = await openMMCoreMicroscope({ config: demoConfig(), ringFolder, ringSlots: 4 });
  });
  beforeEach(() => resetCamera(microscope));
  afterAll(() => microscope.close());

  test("a snap gives its pixels and says what it is", async () => {
    const exposure = await microscope.startExposure({ frames: 1 });
    const [frame, ...others] = await takeAll(exposure);
    expect(others).toEqual([]);
    expect(frame).toMatchObject({
      layout: { width: 96, height: 64, channels: 1, dtype: "uint16" },
      bitDepth: 16,
      camera: "Camera",
      index: 0,
    });
    expect(frame.pixels).toBeInstanceOf(Uint16Array);
    expect(spread(frame.pixels)).toBeGreaterThan(50);
    expect(frame.metadata).toMatchObject({
      Width: 96,
      Height: 64,
      PixelType: "GRAY16",
      Binning: 1,
      BitDepth: 16,
    });
    expect(frame.metadata).toMatchObject({
      Camera: "Camera",
      "ROI-X-start": 0,
      "ROI-Y-start": 0,
      ImageNumber: 0,
    });
    expect(frame.metadata["ElapsedTime-ms"]).toBeGreaterThan(0);
    expect(frame.metadata.Exposure).toBe(1);
    expect(frame.metadata.TimeReceivedByCore).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
  });

  test("a sequence gives every frame in order with its own metadata", async () => {
    await microscope.core.setProperty("Camera", "Mode", "Noise");
    const frames = await takeAll(await microscope.startExposure({ frames: 20, intervalMs: 0 }));
    expect(frames.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(frames.map(({ metadata }) => metadata.ImageNumber)).toEqual(frames.map(({ index }) => index));
    const times = frames.map(({ metadata }) => Number(metadata["ElapsedTime-ms"]));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(frames.every(({ pixels }) => spread(pixels) > 50)).toBe(true);
    // new noise in each: no frame is another's copy
    expect(new Set(frames.map(({ pixels }) => pixels.join())).size).toBe(20);
  });

  test.each([
    ["8bit", "uint8", 1, 8],
    ["16bit", "uint16", 1, 16],
    ["32bit", "uint32", 1, 32],
    ["32bitRGB", "uint8", 3, 8],
    ["64bitRGB", "uint16", 3, 16],
  ] as const)("%s frames are %s of %i values", async (pixelType, dtype, channels, bits) => {
    await microscope.core.setProperty("Camera", "PixelType", pixelType);
    await microscope.core.setExposure(20);
    const snap = await takeAll(await microscope.startExposure({ frames: 1 }));
    const sequence = await takeAll(await microscope.startExposure({ frames: 3 }));
    for (const { layout, bitDepth, pixels } of [...snap, ...sequence]) {
      expect({ ...layout, bitDepth }).toEqual({ width: 96, height: 64, channels, dtype, bitDepth: bits });
      expect(pixels.length).toBe(96 * 64 * channels);
      expect(spread(pixels)).toBeGreaterThan(10);
    }
    expect(sequence).toHaveLength(3);
  });

  test("colours come as red, green, blue", async () => {
    const { core } = microscope;
    await core.setProperty("Camera", "PixelType", "32bitRGB");
    await core.setProperty("Camera", "Mode", "Color Test Pattern");
    const raw = (await takeAll(await microscope.startExposure({ frames: 1 })))[0].pixels;
    // the pattern's eight bands from the top: bytes 0 to 3 of a pixel, which MMCore takes as blue, green, red and none, then
    // all but each of them
    const lit = (band: number) =>
      ["red", "green", "blue"].filter((_, channel) => raw[((band * 8 + 4) * 96 + 48) * 3 + channel] > 0);
    expect([0, 1, 2, 3].map(lit)).toEqual([["blue"], ["green"], ["red"], []]);
    expect([4, 5, 6].map(lit)).toEqual([
      ["red", "green"],
      ["red", "blue"],
      ["green", "blue"],
    ]);
  });

  test("sizes change between exposures, larger than the slots as well", async () => {
    const { core } = microscope;
    const sizeOf = async (frames: number) =>
      (await takeAll(await microscope.startExposure({ frames }))).map(sizeText);
    const sizeText = ({ layout, pixels }: TakenFrame) =>
      `${layout.width} x ${layout.height}, ${pixels.length}, ${spread(pixels) > 10}`;
    await core.setROI(10, 20, 30, 40);
    expect(await sizeOf(2)).toEqual(Array(2).fill("30 x 40, 1200, true"));
    await core.clearROI();
    await core.setProperty("Camera", "Binning", 2);
    expect(await sizeOf(1)).toEqual(["48 x 32, 1536, true"]);
    await core.setProperty("Camera", "Binning", 1);
    await core.setProperty("Camera", "OnCameraCCDXSize", 300);
    await core.setProperty("Camera", "OnCameraCCDYSize", 200);
    expect(await sizeOf(3)).toEqual(Array(3).fill("300 x 200, 60000, true"));
    expect(readdirSync(ringFolder)).toHaveLength(1);
  });

  test("a key of a request that nobody knows is refused", async () => {
    const request = { frames: 2, intervalms: 10 };
    await expect(microscope.startExposure(request)).rejects.toThrow(/intervalms.*did you mean "intervalMs"/);
  });

  test("a frame outlives the ring that it is in", async () => {
    const { core } = microscope;
    const exposure = await microscope.startExposure({ frames: 1 });
    const { value: held } = await exposure.frames[Symbol.asyncIterator]().next();
    const before = held.copy();
    for (const side of ["X", "Y"]) await core.setProperty("Camera", `OnCameraCCD${side}Size`, 512);
    await takeAll(await microscope.startExposure({ frames: 8 }));
    expect(held.copy()).toEqual(before);
    expect(held.borrow()).toEqual(before);
    const path = held.slot.ring.path;
    expect(existsSync(path)).toBe(true);
    held.release();
    expect(existsSync(path)).toBe(false);
    expect(() => held.copy()).toThrow(/released/);
  });

  test("whoever has the ring's description reads a frame from its slot", async () => {
    const exposure = await microscope.startExposure({ frames: 2 });
    for await (const frame of exposure.frames) {
      const { ring, slot } = frame.slot;
      if (ring.kind !== "file") throw new Error("not a file");
      const reader = openFileRing(structuredClone(ring));
      expect(reader.copy(slot, frame.layout)).toEqual(frame.copy());
      expect(reader.borrow(slot, frame.layout)).toEqual(frame.borrow());
      const into = new Uint16Array(frame.layout.width * frame.layout.height);
      expect(frame.copy(into)).toBe(into);
      expect(into).toEqual(frame.copy());
      expect(() => frame.copy(into.subarray(1))).toThrow(/memory of \d+ bytes/);
      expect(() => reader.copy(slot + 99, frame.layout)).toThrow(/one of 4 slots/);
      expect(() => openFileRing({ ...ring, slots: 999 })).toThrow(/too small/);
      expect(() => openFileRing({ ...ring, path: `${ring.path}-absent` })).toThrow(/no such file/);
      reader.close();
      expect(() => reader.copy(slot, frame.layout)).toThrow(/closed/);
      frame.release();
    }
  });

  test("a full ring makes the camera's frames wait in MMCore's buffer; none is lost", async () => {
    const exposure = await microscope.startExposure({ frames: 40 });
    const held: Frame[] = [];
    const indices: number[] = [];
    for await (const frame of exposure.frames) {
      indices.push(frame.index);
      held.push(frame);
      if (held.length === 4) {
        // while nothing is free, commands are obeyed
        expect(await microscope.core.getProperty("Camera", "Gain")).toBeTypeOf("string");
        for (const each of held.splice(0)) each.release();
      }
    }
    expect(indices).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(exposure.dropped).toBe(0);
  });

  test("stopped in the middle, it gives what was made and is ready again", async () => {
    const exposure = await microscope.startExposure({ frames: 1_000_000 });
    const indices: number[] = [];
    for await (const frame of exposure.frames) {
      indices.push(frame.index);
      frame.release();
      if (indices.length === 10) await exposure.stop();
    }
    expect(indices.length).toBeGreaterThanOrEqual(10);
    expect(indices).toEqual(indices.map((_, i) => i));
    expect(await microscope.core.call("isSequenceRunning")).toBe(false);
    await exposure.stop();
    expect(await takeAll(await microscope.startExposure({ frames: 1 }))).toHaveLength(1);
  });

  test("an abort, or leaving the loop, stops the camera and frees every slot", async () => {
    const controller = new AbortController();
    const aborted = await microscope.startExposure({ frames: 1_000_000, signal: controller.signal });
    let count = 0;
    for await (const frame of aborted.frames) {
      frame.release();
      if (++count === 5) controller.abort();
    }
    const left = await microscope.startExposure({ frames: 1_000_000 });
    for await (const frame of left.frames) {
      frame.release();
      break;
    }
    expect(await takeAll(await microscope.startExposure({ frames: 10 }))).toHaveLength(10);
    const late = microscope.startExposure({ frames: 1, signal: AbortSignal.abort() });
    await expect(late).rejects.toMatchObject({ code: "aborted" });
    expect(await takeAll(await microscope.startExposure({ frames: 1 }))).toHaveLength(1);
  });

  test("an exposure that follows at once waits for the one before", async () => {
    const [first, second] = await Promise.all([
      microscope.startExposure({ frames: 3 }),
      microscope.startExposure({ frames: 1 }),
    ]);
    expect(await takeAll(second)).toHaveLength(1);
    expect(await takeAll(first)).toHaveLength(3);
  });

  test("no camera, an unknown one and no frames are errors", async () => {
    const start = (request: Parameters<MMCoreMicroscope["startExposure"]>[0]) =>
      microscope.startExposure(request);
    await expect(start({ frames: 1, cameras: ["Cam9"] })).rejects.toMatchObject({ code: "missing" });
    await expect(start({ frames: 2, cameras: ["XY"] })).rejects.toMatchObject({ code: "device" });
    await expect(start({ frames: 0 })).rejects.toMatchObject({ code: "range" });
    await microscope.core.setCameraDevice("");
    await expect(start({ frames: 1 })).rejects.toThrow(/no camera|a camera that is there/);
    await microscope.core.setCameraDevice("Camera");
    expect(await takeAll(await start({ frames: 1 }))).toHaveLength(1);
  });

  test("when MMCore's buffer overflows, its frames come and then the error", async () => {
    const { core } = microscope;
    for (const side of ["X", "Y"]) await core.setProperty("Camera", `OnCameraCCD${side}Size`, 256);
    await core.setProperty("Camera", "FastImage", 1);
    await core.call("setCircularBufferMemoryFootprint", 1);
    await core.setExposure(0);
    const exposure = await microscope.startExposure({ frames: 100_000 });
    while ((await core.call("isSequenceRunning")) === true);
    const indices: number[] = [];
    const taking = (async () => {
      for await (const frame of exposure.frames) {
        indices.push(frame.index);
        frame.release();
      }
    })();
    await expect(taking).rejects.toMatchObject({
      code: "device",
      message: expect.stringMatching(/Sequence buffer overflow after \d+ of 100000 frames.*bufferMb/),
    });
    expect(indices.length).toBeGreaterThan(4);
    expect(indices).toEqual(indices.map((_, i) => i));
    expect(exposure.dropped).toBeGreaterThan(0);
    await core.call("setCircularBufferMemoryFootprint", 100);
    expect(await takeAll(await microscope.startExposure({ frames: 5 }))).toHaveLength(5);
  });

  test("a camera that stops early, or gives no frame, is an error", async () => {
    const { core } = microscope;
    const early = await microscope.startExposure({ frames: 100_000 });
    await core.call("stopSequenceAcquisition");
    await expect(takeAll(early)).rejects.toThrow(
      /all frames of the sequence, found \d+ of 100000, then the camera stopped/,
    );
    await using impatient = await openMMCoreMicroscope({
      config: demoConfig(),
      ringFolder,
      bufferMb: 100,
      commandTimeoutMs: 2_000,
    });
    await resetCamera(impatient);
    // more frames than can have come before the camera becomes slow
    const slow = await impatient.startExposure({ frames: 1_000_000 });
    const taking = expect(takeAll(slow)).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringMatching(
        /expected a frame within 2001 ms, found none; \d+ of 1000000 frames had come/,
      ),
    });
    await impatient.core.setExposure(9_000);
    await taking;
  });

  test("a change of the camera's size while frames wait is an error, not other pixels", async () => {
    const { core } = microscope;
    const exposure = await microscope.startExposure({ frames: 12 });
    while ((await core.call("isSequenceRunning")) === true);
    await core.setProperty("Camera", "Binning", 2);
    await expect(takeAll(exposure)).rejects.toThrow(
      /size of the camera's images was changed|then the camera stopped/,
    );
    expect(await takeAll(await microscope.startExposure({ frames: 2 }))).toHaveLength(2);
  });

  test("several cameras expose together", async () => {
    const { core } = microscope;
    await core.call("loadDevice", "Cam2", "DemoCamera", "DCam");
    await core.call("setParentLabel", "Cam2", "DHub");
    await core.call("initializeDevice", "Cam2");
    for (const side of ["X", "Y"])
      await core.setProperty("Cam2", `OnCameraCCD${side}Size`, side === "X" ? 96 : 64);
    await core.setProperty("Cam2", "PixelType", "16bit");
    const cameras = ["Camera", "Cam2"];
    const snapped = await takeAll(await microscope.startExposure({ frames: 1, cameras }));
    expect(snapped.map(({ camera, index }) => [camera, index])).toEqual([
      ["Camera", 0],
      ["Cam2", 0],
    ]);
    expect(await core.getCameraDevice()).toBe("Camera");
    const frames = await takeAll(await microscope.startExposure({ frames: 6, cameras }));
    for (const label of cameras)
      expect(frames.filter(({ camera }) => camera === label).map(({ index }) => index)).toEqual([
        0, 1, 2, 3, 4, 5,
      ]);
    await core.setProperty("Cam2", "PixelType", "8bit");
    const mixed = microscope.startExposure({ frames: 2, cameras });
    await expect(mixed).rejects.toMatchObject({ code: "unsupported" });
    const snaps = await takeAll(await microscope.startExposure({ frames: 1, cameras }));
    expect(snaps.map(({ layout }) => layout.dtype)).toEqual(["uint16", "uint8"]);
    expect(await core.getCameraDevice()).toBe("Camera");
    await core.call("unloadDevice", "Cam2");
  });

  test("a camera of several channels gives a frame of each", async () => {
    const { core } = microscope;
    await core.call("loadDevice", "Cam2", "DemoCamera", "DCam");
    await core.call("setParentLabel", "Cam2", "DHub");
    await core.call("loadDevice", "Both", "Utilities", "Multi Camera");
    for (const label of ["Cam2", "Both"]) await core.call("initializeDevice", label);
    await core.setProperty("Cam2", "OnCameraCCDXSize", 96);
    await core.setProperty("Cam2", "OnCameraCCDYSize", 64);
    await core.setProperty("Cam2", "PixelType", "16bit");
    await core.setProperty("Both", "Physical Camera 1", "Camera");
    await core.setProperty("Both", "Physical Camera 2", "Cam2");
    await core.setCameraDevice("Both");
    expect(await core.getNumberOfCameraChannels()).toBe(2);
    const sources = (frames: readonly TakenFrame[]) =>
      frames.map(({ camera, index }) => `${camera} ${index}`);
    const snapped = await takeAll(await microscope.startExposure({ frames: 1 }));
    expect(sources(snapped)).toEqual(["Camera 0", "Cam2 0"]);
    expect(snapped[1].metadata).toMatchObject({ Camera: "Cam2", CameraChannelIndex: 1 });
    const frames = await takeAll(await microscope.startExposure({ frames: 3 }));
    expect(sources(frames).sort()).toEqual([
      "Cam2 0",
      "Cam2 1",
      "Cam2 2",
      "Camera 0",
      "Camera 1",
      "Camera 2",
    ]);
    await core.setCameraDevice("Camera");
    for (const label of ["Both", "Cam2"]) await core.call("unloadDevice", label);
  });
});
