import { expect, test } from "vitest";
import {
  acquireAll,
  acquireWell,
  expectUsable,
  framesOf,
  openStampMicroscope,
  openThreadMicroscope,
  pacedMicroscope,
  pause,
  processorModule,
  timePoints,
} from "../../../test/support/acquire.ts";
import type { ImageProcessor } from "../processors/processor.ts";
import { Acquisition } from "./acquisition.ts";

const inOrder = (count: number) => timePoints(count).map(({ axes }) => axes);

/** Takes longer for earlier images. */
const uneven: ImageProcessor = async (image, metadata) => {
  const { time } = metadata.Axes as { time: number };
  await pause((7 - (time % 8)) / 2);
  return [image, metadata];
};

test("a slow processor sees the images in order, one at a time, and what it gives comes in order", async () => {
  await using microscope = await openStampMicroscope();
  const seen: unknown[] = [];
  let running = 0;
  const processor: ImageProcessor = async (image, metadata, queue) => {
    seen.push(metadata.Axes);
    expect(++running).toBe(1);
    const result = await uneven(image, metadata, queue);
    running--;
    return result;
  };
  const { dataset } = await acquireWell({ microscope, imageProcessor: processor }, timePoints(24));
  expect(seen).toEqual(inOrder(24));
  expect(dataset.imageCoordinates()).toEqual(inOrder(24));
  expect(await framesOf(dataset)).toEqual(seen.map((_, i) => i));
});

test.each([1, 3])("%i threads give the images in order, whichever ends first", async (workers) => {
  await using microscope = await openStampMicroscope();
  const imageProcessor = processorModule("slow", workers);
  const passing: unknown[] = [];
  const onImage = (_: unknown, metadata: { readonly Axes?: unknown }) => passing.push(metadata.Axes);
  const { dataset } = await acquireWell({ microscope, imageProcessor, onImage }, timePoints(24));
  expect(passing).toEqual(inOrder(24));
  expect(await framesOf(dataset)).toEqual(passing.map((_, i) => i));
  const all = await Promise.all(inOrder(24).map((axes) => dataset.readMetadata(axes)));
  expect(new Set(all.map(({ thread }) => thread)).size).toBe(workers);
});

test("several threads are for modules that say that they keep no state", async () => {
  await using microscope = await openStampMicroscope();
  const open = (workers: number) =>
    Acquisition.open({ microscope, imageProcessor: processorModule("count", workers) });
  await expect(open(2)).rejects.toMatchObject({
    code: "type",
    message: expect.stringMatching(
      /count.mjs: expected `export const stateless = true`, for 2 workers, found/,
    ),
  });
  await expect(open(0)).rejects.toMatchObject({ code: "range" });
  await expectUsable(microscope);
});

test("state of a function is its own, state of a module begins with the acquisition", async () => {
  await using microscope = await openStampMicroscope();
  const counting = Object.assign(
    (image: Parameters<ImageProcessor>[0], metadata: Parameters<ImageProcessor>[1]) => {
      const result = [image, { ...metadata, count: counting.count++ }] as const;
      return result;
    },
    { count: 0 },
  );
  for (const first of [0, 3]) {
    const { dataset } = await acquireWell({ microscope, imageProcessor: counting }, timePoints(3));
    expect((await dataset.readMetadata({ time: 2 })).count).toBe(first + 2);
  }
  for (let i = 0; i < 2; i++) {
    const imageProcessor = processorModule("count");
    const acquisition = await Acquisition.open({ microscope, imageProcessor, save: "memory" });
    acquisition.acquire(timePoints(3));
    acquisition.acquire({ axes: { time: 3 } });
    await acquisition.done();
    expect((await acquisition.dataset!.readMetadata({ time: 3 })).count).toBe(3);
  }
});

test("a slow processor holds up a camera that runs as fast as it can: nothing is lost or overwritten", async () => {
  await using microscope = await openThreadMicroscope({ slots: 4 });
  const imageProcessor = Object.assign(
    async (...[image, metadata]: Parameters<ImageProcessor>) => {
      // until the camera's thread has had its turn
      await pause(metadata.ImageNumber === 10 ? 500 : 0);
      return [image, metadata] as const;
    },
    { borrow: true },
  );
  const { dataset, acquisition } = await acquireWell({ microscope, imageProcessor }, timePoints(100));
  expect(await framesOf(dataset)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  const stages = new Map(acquisition.report().map((stage) => [stage.stage, stage]));
  expect(stages.get("camera")).toMatchObject({ done: 100, dropped: 0 });
  expect(stages.get("processor")).toMatchObject({ done: 100, queued: 0 });
  expect(stages.get("processor")!.peakQueued).toBeGreaterThan(0);
  expect(stages.get("processor")!.peakQueued).toBeLessThanOrEqual(8);
  expect(stages.get("saving")!.peakQueued).toBeLessThanOrEqual(8);
});

test("whoever takes the images slowly holds up the processor and the camera too", async () => {
  await using microscope = await openThreadMicroscope({ slots: 4 });
  let [processed, taken, ahead] = [0, 0, 0];
  const imageProcessor: ImageProcessor = (image, metadata) => {
    ahead = Math.max(ahead, ++processed - taken);
    return [image, metadata];
  };
  const onImage = async () => {
    await pause(1);
    taken++;
  };
  const { dataset } = await acquireWell({ microscope, imageProcessor, onImage }, timePoints(60));
  expect(await framesOf(dataset)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  expect(ahead).toBeLessThanOrEqual(4);
});

test("few frames wait for a slow processor, however large the camera's ring is", async () => {
  await using microscope = await openThreadMicroscope({ slots: 64 });
  const imageProcessor: ImageProcessor = async (image, metadata) => {
    await pause(metadata.ImageNumber === 10 ? 500 : 1);
    return [image, metadata];
  };
  const { acquisition } = await acquireWell({ microscope, imageProcessor }, timePoints(100));
  const { peakQueued } = acquisition.report().find(({ stage }) => stage === "processor")!;
  expect(peakQueued).toBeGreaterThan(1);
  expect(peakQueued).toBeLessThanOrEqual(8);
});

test("a camera with a pace of its own overflows: the device's error ends it, images before it are saved", async () => {
  await using camera = await openThreadMicroscope({ slots: 4 });
  const microscope = pacedMicroscope(camera, 1);
  const imageProcessor: ImageProcessor = async (image, metadata) => {
    await pause(metadata.ImageNumber === 0 ? 1000 : 10);
    return [image, metadata];
  };
  const { dataset, error, acquisition } = await acquireAll({ microscope, imageProcessor }, timePoints(1000));
  expect(error).toMatchObject({
    code: "device",
    message: expect.stringContaining("Sequence buffer overflow"),
  });
  const frames = await framesOf(dataset);
  expect(frames.length).toBeGreaterThan(3);
  expect(frames).toEqual(frames.map((_, i) => i));
  expect(frames.length).toBe(acquisition.report().find(({ stage }) => stage === "camera")?.done);
  await expectUsable(camera);
});

test("a camera that may lose frames does, they are counted, and the others have their own axes", async () => {
  await using camera = await openThreadMicroscope({ slots: 4, onOverflow: "drop" });
  const microscope = pacedMicroscope(camera, 1);
  const imageProcessor: ImageProcessor = async (image, metadata) => {
    await pause(metadata.ImageNumber === 0 ? 1000 : 5);
    return [image, metadata];
  };
  const { dataset, acquisition } = await acquireWell({ microscope, imageProcessor }, timePoints(80));
  const { done, dropped } = acquisition.report().find(({ stage }) => stage === "camera")!;
  expect(dropped).toBeGreaterThan(0);
  expect(done + dropped).toBe(80);
  const frames = await framesOf(dataset);
  expect(dataset.imageCoordinates()).toEqual(frames.map((time) => ({ time })));
});
