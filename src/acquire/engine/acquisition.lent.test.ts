import { expect, test } from "vitest";
import {
  acquireWell,
  expectUsable,
  openStampMicroscope,
  pause,
  processorModule,
  timePoints,
} from "../../../test/support/acquire.ts";
import type { Dataset, PixelImage } from "../../io/index.ts";
import { checkStamp } from "../demo/stamp.ts";
import { Acquisition } from "./acquisition.ts";
import type { LiveImage } from "./subscription.ts";

const SIDE = 512;
const FRAME_BYTES = SIDE * SIDE * 2;
const properties = { Camera: { OnCameraCCDXSize: SIDE, OnCameraCCDYSize: SIDE } };
const COUNT = 60;

/** Checks an image that `crop` made of a part of a frame. */
function checkPart(image: PixelImage, frame: number, part: number): void {
  checkStamp(image, frame);
  expect(image.data[2]).toBe(frame);
  const lengths = [SIDE * SIDE, (SIDE * SIDE) / 2, (SIDE * SIDE) / 2, 4];
  expect(image.data.length).toBe(lengths[part]);
}

/** Checks all parts of all frames; gives the sizes of the memory that frames lay in. */
async function checkParts(dataset: Dataset): Promise<Set<unknown>> {
  const memories = new Set<unknown>();
  expect(dataset.imageCoordinates().length).toBe(4 * (COUNT - Math.floor(COUNT / 5)));
  for (const axes of dataset.imageCoordinates()) {
    checkPart(await dataset.readImage(axes), Number(axes.time), Number(axes.part));
    memories.add((await dataset.readMetadata(axes)).memory);
  }
  return memories;
}

test("a thread that keeps nothing has frames where they lie, and gives every slot back", async () => {
  await using microscope = await openStampMicroscope({ properties, slots: 16 });
  const imageProcessor = processorModule("crop");
  for (let run = 0; run < 2; run++) {
    const live: LiveImage[] = [];
    const acquisition = await Acquisition.open({ microscope, imageProcessor, save: "memory" });
    const watching = (async () => {
      for await (const image of acquisition.subscribe({ queue: 8 })) {
        live.push(image);
        await pause(2);
      }
    })();
    const first = run * COUNT;
    acquisition.acquire(timePoints(COUNT));
    await acquisition.done();
    await watching;
    // the camera's numbers go on
    if (run === 0) expect(await checkParts(acquisition.dataset)).toContain(16 * FRAME_BYTES);
    for (const { image, metadata } of live) {
      expect(metadata.FrameNumber).toBe(first + Number(metadata.Axes.time));
      checkStamp(image, Number(metadata.FrameNumber));
    }
  }
  await expectUsable(microscope);
});

test("several threads, and a ring too small to lend of", async () => {
  for (const [slots, workers] of [
    [16, 3],
    [3, 1],
  ] as const) {
    await using microscope = await openStampMicroscope({ properties, slots });
    const imageProcessor = processorModule("crop", workers);
    const { dataset } = await acquireWell({ microscope, imageProcessor }, timePoints(COUNT));
    const memories = await checkParts(dataset);
    expect(memories.has(slots * FRAME_BYTES)).toBe(slots === 16);
    await expectUsable(microscope);
  }
});

test("an acquisition that is stopped leaves no slot taken", async () => {
  await using microscope = await openStampMicroscope({ properties, slots: 8 });
  const imageProcessor = processorModule("crop");
  const acquisition = await Acquisition.open({ microscope, imageProcessor, save: "memory" });
  let seen = 0;
  const stopped = new Promise<void>((resolve) => {
    const watch = async () => {
      for await (const _ of acquisition.subscribe()) if (++seen === 5) resolve();
    };
    void watch();
  });
  acquisition.acquire(timePoints(10_000));
  await stopped;
  acquisition.abort();
  await acquisition.done();
  await expectUsable(microscope);
});
