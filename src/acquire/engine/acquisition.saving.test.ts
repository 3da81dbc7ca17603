import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  acquireAll,
  expectUsable,
  framesOf,
  openStampMicroscope,
  timePoints,
} from "../../../test/support/acquire.ts";
import { openNdtiff } from "../../io/index.ts";
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
