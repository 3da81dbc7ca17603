import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  acquireAll,
  expectUsable,
  framesOf,
  openStampMicroscope,
  pause,
  timePoints,
} from "../../../test/support/acquire.ts";
import { pixelBytes } from "../../core/index.ts";
import { openNdtiff, type PixelImage } from "../../io/index.ts";
import { checkStamp } from "../demo/stamp.ts";
import type { ImageProcessor } from "../processors/processor.ts";
import { Acquisition } from "./acquisition.ts";
import type { AcquisitionNotification } from "./notification.ts";

const directory = mkdtempSync(join(tmpdir(), "vitrine-acquire-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("on disk: each image can be read in imageSaved, in order, and all is told of before the sequence's end", async () => {
  await using microscope = await openStampMicroscope({ slots: 4 });
  const saved: number[] = [];
  const notes: string[] = [];
  const acquisition = await Acquisition.open({
    microscope,
    directory,
    name: "run",
    onNotification: ({ milestone }: AcquisitionNotification) => notes.push(milestone),
    imageSaved: async (axes, dataset) => {
      checkStamp(await dataset.readImage(axes), Number(axes.time));
      saved.push(Number(axes.time));
    },
  });
  acquisition.acquire(timePoints(200));
  await acquisition.done();
  expect(saved).toEqual(Array.from({ length: 200 }, (_, i) => i));
  for (const { stage, peakQueued } of acquisition.report())
    if (stage !== "imageSaved") expect(peakQueued, stage).toBeLessThanOrEqual(8);
  expect(notes.lastIndexOf("image_saved")).toBe(notes.indexOf("post_sequence_stopped") - 1);
  await acquisition.dataset!.close();
  await using again = await openNdtiff(join(directory, "run_1"));
  expect(await framesOf(again)).toEqual(saved);
});

// the camera goes on while images are read from the slots and blocks that they were written from
const large = { Camera: { OnCameraCCDXSize: 512, OnCameraCCDYSize: 512 } };

test("on disk: what imageSaved reads is the image, at once and when it lags behind, then and later", async () => {
  await using microscope = await openStampMicroscope({ properties: large, slots: 16 });
  let first: number | undefined;
  for (const lagMs of [0, 3]) {
    const kept: { readonly image: PixelImage; readonly time: number }[] = [];
    const into = new Uint16Array(512 * 512);
    const name = `read${lagMs}`;
    const acquisition = await Acquisition.open({
      microscope,
      directory,
      name,
      durability: "process",
      onImage: (_, metadata) => {
        first ??= Number(metadata.FrameNumber);
      },
      imageSaved: async (axes, dataset) => {
        if (Number(axes.time) % 3 === 0) await pause(lagMs);
        const time = Number(axes.time);
        kept.push({ image: await dataset.readImage(axes), time });
        checkStamp(await dataset.readImage(axes, { into }), first! + time);
      },
    });
    acquisition.acquire(timePoints(60));
    await acquisition.done();
    expect(kept.map(({ time }) => time)).toEqual(timePoints(60).map(({ axes }) => axes.time));
    for (const { image, time } of kept) checkStamp(image, first! + time);
    expect((await framesOf(acquisition.dataset!)).length).toBe(60);
    await acquisition.dataset!.close();
    await using again = await openNdtiff(join(directory, `${name}_1`));
    for (const { image, time } of kept) {
      const { data, ...layout } = await again.readImage({ time });
      expect({ ...layout, data: image.data }).toEqual(image);
      // an assertion looks at each of the 262,144 values, a second an image
      expect(Buffer.compare(pixelBytes(data), pixelBytes(image.data))).toBe(0);
    }
    first = undefined;
  }
  await expectUsable(microscope);
});

test("on disk: an imageSaved that fails leaves no slot taken, and is not called again", async () => {
  await using microscope = await openStampMicroscope({ properties: large, slots: 8 });
  const failure = new TypeError("no room for it");
  let calls = 0;
  const imageSaved = () => {
    if (++calls === 10) throw failure;
  };
  const options = { microscope, directory, name: "refuses", durability: "process", imageSaved } as const;
  const { error, dataset } = await acquireAll(options, timePoints(100));
  expect(error).toBe(failure);
  expect(calls).toBe(10);
  await framesOf(dataset);
  await dataset.close();
  await expectUsable(microscope);
});

test("on disk: after a processor's error all images before it are there, and the next folder is free", async () => {
  await using microscope = await openStampMicroscope({ slots: 4 });
  const failure = new TypeError("dust");
  const imageProcessor: ImageProcessor = (image, metadata) => {
    if (metadata.ImageNumber === 20) throw failure;
    return [image, metadata];
  };
  const { error, dataset } = await acquireAll(
    { microscope, directory, name: "fails", imageProcessor },
    timePoints(100),
  );
  expect(error).toBe(failure);
  await dataset.close();
  await using again = await openNdtiff(join(directory, "fails_1"));
  expect(await framesOf(again)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  await expectUsable(microscope);
  await using next = await Acquisition.open({ microscope, directory, name: "fails" });
  next.acquire({ axes: {} });
  await next.done();
  expect(readdirSync(directory).filter((name) => name.startsWith("fails"))).toEqual(["fails_1", "fails_2"]);
});

test("on disk: what the format cannot hold ends the acquisition with the format's error", async () => {
  await using microscope = await openStampMicroscope({ slots: 4 });
  const acquisition = await Acquisition.open({
    microscope,
    directory,
    name: "float",
    imageProcessor: (image, metadata) => [
      metadata.ImageNumber === 5 ? { ...image, data: Float32Array.from(image.data) } : image,
      metadata,
    ],
  });
  acquisition.acquire(timePoints(50));
  await expect(acquisition.done()).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("ome-zarr"),
  });
  const frames = await framesOf(acquisition.dataset!);
  expect(frames.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
  expect(frames).not.toContain(5);
  await expectUsable(microscope);
});
