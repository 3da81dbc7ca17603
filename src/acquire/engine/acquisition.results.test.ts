import { expect, test } from "vitest";
import {
  acquireAll,
  acquireWell,
  expectUsable,
  framesOf,
  openStampMicroscope,
  pause,
  processorModule,
  timePoints,
} from "../../../test/support/acquire.ts";
import type { PixelArray, PixelImage } from "../../io/index.ts";
import { checkStamp } from "../demo/stamp.ts";
import type { ImageAndMetadata, ImageProcessor, ProcessorResult } from "../processors/processor.ts";
import { Acquisition } from "./acquisition.ts";
import type { ImageMetadata } from "./metadata.ts";
import type { LiveImage } from "./subscription.ts";

const channelEvent = { axes: { time: 0, channel: "DAPI" }, config_group: ["Channel", "DAPI"] } as const;

/** A copy of metadata with other axes. */
function at(metadata: ImageMetadata, axes: Record<string, string | number>): ImageMetadata {
  return { ...structuredClone(metadata), Axes: axes };
}

test("Pycro-Manager's example: two images, of which the second has a channel of its own", async () => {
  await using microscope = await openStampMicroscope();
  const imageProcessor: ImageProcessor = (image, metadata) => {
    const image2 = { ...image, data: image.data.slice() };
    const metadata2 = structuredClone(metadata);
    metadata2.Channel = "A_new_channel";
    return [
      [image, metadata],
      [image2, metadata2],
    ];
  };
  const { dataset } = await acquireWell({ microscope, imageProcessor }, [channelEvent]);
  expect(dataset.imageCoordinates()).toEqual([
    { time: 0, channel: "DAPI" },
    { time: 0, channel: "A_new_channel" },
  ]);
  expect(await framesOf(dataset)).toEqual([0, 0]);
  expect((await dataset.readMetadata({ time: 0, channel: "A_new_channel" })).Channel).toBe("A_new_channel");
});

test("Pycro-Manager's example: new metadata, and pixels that were changed in place", async () => {
  await using microscope = await openStampMicroscope();
  const imageProcessor: ImageProcessor = (image, metadata) => {
    metadata.a_new_metadata_key = "a new value";
    for (let row = 0; row < 10; row++) image.data.fill(0, row * image.width, row * image.width + 10);
    return [image, metadata];
  };
  const { dataset } = await acquireWell({ microscope, imageProcessor }, timePoints(3));
  const { data, width } = await dataset.readImage({ time: 2 });
  expect(data[9 * width + 9]).toBe(0);
  expect([data[10 * width], data[9 * width + 10]]).toEqual([2, data[10 * width + 10]]);
  expect((await dataset.readMetadata({ time: 2 })).a_new_metadata_key).toBe("a new value");
});

test("any number of images, each of its own shape and type, in order", async () => {
  await using microscope = await openStampMicroscope();
  const many = [
    { data: new Float32Array([0.5, 1.5]), width: 2, height: 1, channels: 1 },
    { data: new Uint8Array(12).fill(9), width: 2, height: 2, channels: 3 },
    { data: new Int32Array([-5]), width: 1, height: 1, channels: 1 },
  ];
  const imageProcessor: ImageProcessor = (image, metadata) => {
    const { time } = metadata.Axes as { time: number };
    const all: ImageAndMetadata[] = [image, ...many, image].map((each, part) => [
      each,
      at(metadata, { time, part }),
    ]);
    return all.slice(0, [0, 1, 2, 5][time]);
  };
  const { dataset, acquisition } = await acquireWell({ microscope, imageProcessor }, timePoints(4));
  expect(dataset.imageCoordinates()).toEqual([
    { time: 1, part: 0 },
    { time: 2, part: 0 },
    { time: 2, part: 1 },
    ...[0, 1, 2, 3, 4].map((part) => ({ time: 3, part })),
  ]);
  expect(await dataset.readImage({ time: 3, part: 2 })).toEqual(many[1]);
  const kinds = await Promise.all([0, 1, 2, 3].map((part) => dataset.readMetadata({ time: 3, part })));
  expect(kinds.map(({ Width, Height, PixelType, BitDepth }) => [Width, Height, PixelType, BitDepth])).toEqual(
    [
      [64, 48, "GRAY16", 16],
      [2, 1, "float32", 32],
      [2, 2, "RGB32", 8],
      [1, 1, "int32", 32],
    ],
  );
  const done = Object.fromEntries(acquisition.report().map((stage) => [stage.stage, stage.done]));
  expect(done).toMatchObject({ camera: 4, processor: 4, saving: 8 });
});

test("nothing for all images: nothing is saved, and all ends well", async () => {
  await using microscope = await openStampMicroscope();
  for (const nothing of [null, undefined, []]) {
    const ended = await acquireWell({ microscope, imageProcessor: () => nothing }, timePoints(40));
    expect(ended.dataset.imageCoordinates()).toEqual([]);
    expect(ended.dataset.isFinished).toBe(true);
  }
});

test("changed axes name the image that is saved", async () => {
  await using microscope = await openStampMicroscope();
  const imageProcessor: ImageProcessor = (image, metadata) => {
    const { time } = metadata.Axes as { time: number };
    return [image, at(metadata, { well: "B2", shot: time + 10 })];
  };
  const { dataset } = await acquireWell({ microscope, imageProcessor }, timePoints(2));
  expect(dataset.imageCoordinates()).toEqual([
    { well: "B2", shot: 10 },
    { well: "B2", shot: 11 },
  ]);
});

test("two images of one call with equal axes end the acquisition; images before them are saved", async () => {
  await using microscope = await openStampMicroscope();
  const imageProcessor: ImageProcessor = (image, metadata) => {
    const pair: ImageAndMetadata = [image, metadata];
    return metadata.FrameNumber === 2 ? [pair, pair] : pair;
  };
  const { dataset, error } = await acquireAll({ microscope, imageProcessor }, timePoints(5));
  expect(error).toMatchObject({ code: "exists", message: expect.stringContaining("found two with time 2") });
  expect(await framesOf(dataset)).toEqual([0, 1]);
  await expectUsable(microscope);
});

test("a later image of equal axes takes the place of the earlier one and is counted", async () => {
  await using microscope = await openStampMicroscope();
  const imageProcessor: ImageProcessor = (image, metadata) => [image, at(metadata, { only: 1 })];
  const { dataset, acquisition } = await acquireWell({ microscope, imageProcessor }, timePoints(5));
  expect(acquisition.duplicates).toBe(4);
  expect(dataset.imageCoordinates()).toEqual([{ only: 1 }]);
  expect(await framesOf(dataset)).toEqual([4]);
});

test("what is no image and no list of images is refused, with what was expected", async () => {
  await using microscope = await openStampMicroscope();
  const wrong = (image: PixelImage) => image as never;
  const { error, dataset } = await acquireAll({ microscope, imageProcessor: wrong }, timePoints(3));
  expect(error).toMatchObject({
    code: "type",
    message: expect.stringContaining("image processor, what it returned: expected [image, metadata]"),
  });
  expect(dataset.imageCoordinates()).toEqual([]);
});

test("a thread's images may change in place, in number, shape and type", async () => {
  await using microscope = await openStampMicroscope();
  const { dataset } = await acquireWell(
    { microscope, imageProcessor: processorModule("change") },
    timePoints(3),
  );
  expect(dataset.imageCoordinates()).toEqual([
    { time: 0 },
    { time: 1 },
    { time: 1, channel: "half" },
    { time: 2 },
  ]);
  const half = await dataset.readImage({ time: 1, channel: "half" });
  expect(half).toEqual({ data: new Float32Array(4).fill(0.5), width: 2, height: 2, channels: 1 });
  for (const time of [0, 1, 2]) {
    const image = await dataset.readImage({ time });
    expect(image.data[5]).toBe(7);
    checkStamp(image, time);
  }
});

const large = { Camera: { OnCameraCCDXSize: 512, OnCameraCCDYSize: 512 } };

test("images that a processor keeps stay what they are, whatever the camera does", async () => {
  await using microscope = await openStampMicroscope({ properties: large, slots: 4 });
  const kept: { readonly image: PixelImage; readonly number: number }[] = [];
  const imageProcessor: ImageProcessor = (image, metadata) => {
    kept.push({ image, number: Number(metadata.FrameNumber) });
    return [image, metadata];
  };
  const { dataset } = await acquireWell({ microscope, imageProcessor }, timePoints(60));
  await expectUsable(microscope);
  expect(kept.map(({ number }) => number)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  for (const { image, number } of kept) checkStamp(image, number);
  expect(new Set(kept.map(({ image }) => image.data.buffer)).size).toBe(60);
  await framesOf(dataset);
});

test("the same in a thread", async () => {
  await using microscope = await openStampMicroscope({ properties: large, slots: 4 });
  const { dataset } = await acquireWell(
    { microscope, imageProcessor: processorModule("stack") },
    timePoints(60),
  );
  expect(await dataset.readMetadata({ time: 59 })).toMatchObject({ kept: 60, changed: [] });
  expect((await framesOf(dataset)).length).toBe(60);
});

// images as large as a camera makes them
const huge = { Camera: { OnCameraCCDXSize: 2048, OnCameraCCDYSize: 2048 } };

test("images that are kept stay what they are while the memory of others is used again", async () => {
  await using microscope = await openStampMicroscope({ properties: huge, slots: 2 });
  const kept: { readonly image: PixelImage; readonly number: number }[] = [];
  const imageProcessor: ImageProcessor = (image, metadata) => {
    const number = Number(metadata.FrameNumber);
    if (number % 5 === 0) kept.push({ image, number });
    return [image, metadata];
  };
  const onImage = (image: PixelImage, metadata: ImageMetadata) =>
    checkStamp(image, Number(metadata.FrameNumber));
  await using acquisition = await Acquisition.open({ microscope, imageProcessor, onImage });
  acquisition.acquire(timePoints(60));
  await acquisition.done();
  expect(kept.length).toBe(12);
  for (const { image, number } of kept) checkStamp(image, number);
});

test("the same where a thread keeps some, and a subscriber others", async () => {
  await using microscope = await openStampMicroscope({ properties: huge, slots: 2 });
  let last: ImageMetadata = { Axes: {} };
  const onImage = async (image: PixelImage, metadata: ImageMetadata) => {
    const number = Number(metadata.FrameNumber);
    // the thread is ahead when its pool is first full, at the 33rd image
    await pause(number > 25 && number < 40 ? 15 : 0);
    checkStamp(image, number);
    last = metadata;
  };
  const imageProcessor = processorModule("stack");
  await using acquisition = await Acquisition.open({ microscope, imageProcessor, onImage });
  const live = acquisition.subscribe({ queue: 4 });
  acquisition.acquire(timePoints(60, { tags: { every: "5" } }));
  const ended = acquisition.done();
  const seen: LiveImage[] = [];
  for await (const image of live) {
    seen.push(image);
    // now and then behind, and at last by so much that it misses some, however long an image takes
    await (seen.length === 10 ? ended : pause(40));
  }
  await ended;
  expect(seen.length).toBeLessThan(60);
  for (const { image, metadata } of seen) checkStamp(image, Number(metadata.FrameNumber));
  expect(last).toMatchObject({ FrameNumber: 59, kept: 12, changed: [] });
});

test("the memory of a processor that keeps nothing is used again once its images are saved", async () => {
  await using microscope = await openStampMicroscope({ properties: large, slots: 4 });
  const used = new Set<ArrayBufferLike>();
  const stateless: ImageProcessor = Object.assign(
    (...[image, metadata]: Parameters<ImageProcessor>): ProcessorResult => {
      used.add(image.data.buffer);
      if (Number(metadata.FrameNumber) % 3 === 0) return null;
      return [image, metadata];
    },
    { stateless: true },
  );
  const onImage = (image: PixelImage, { FrameNumber }: ImageMetadata) =>
    checkStamp(image, Number(FrameNumber));
  const { dataset } = await acquireWell({ microscope, imageProcessor: stateless, onImage }, timePoints(60));
  expect((await framesOf(dataset)).length).toBe(40);
  expect(used.size).toBeLessThan(20);
});

test("an image that a processor gives later than it got it is the one that it got", async () => {
  await using microscope = await openStampMicroscope({ properties: large, slots: 4 });
  let last: ImageAndMetadata | undefined;
  const late: ImageProcessor = (image, metadata) => {
    const before = last;
    last = [image, metadata];
    return before;
  };
  const { dataset } = await acquireWell({ microscope, imageProcessor: late }, timePoints(30));
  expect(await framesOf(dataset)).toEqual(Array.from({ length: 29 }, (_, i) => i));
});

test("a processor that borrows gets the slot itself; what is saved is a copy of it", async () => {
  await using microscope = await openStampMicroscope({ slots: 1 });
  const slots = new Set<ArrayBufferLike>();
  let given: PixelArray | undefined;
  const peek: ImageProcessor = Object.assign(
    (...[image, metadata]: Parameters<ImageProcessor>) => {
      slots.add(image.data.buffer);
      given ??= image.data;
      return [image, metadata] as const;
    },
    { borrow: true },
  );
  const onImage = () => pause(0); // meanwhile the camera fills the slot again
  const { dataset } = await acquireWell({ microscope, imageProcessor: peek, onImage }, timePoints(20));
  expect(await framesOf(dataset)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(slots.size).toBe(1);
  // the first image's slot has had another frame since
  expect(given?.[0]).not.toBe(0);
});

test("the same in a thread", async () => {
  await using microscope = await openStampMicroscope({ slots: 4 });
  const { dataset } = await acquireWell(
    { microscope, imageProcessor: processorModule("borrow") },
    timePoints(20),
  );
  expect(await framesOf(dataset)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  const { bytes } = await dataset.readMetadata({ time: 0 });
  expect(bytes).toBe(4 * Math.ceil((64 * 48 * 2) / 4096) * 4096); // the ring's
});
