import { expect, test } from "vitest";
import type { Axes } from "../../core/index.ts";
import type { DatasetWriter } from "./dataset.ts";
import { createMemoryDataset } from "./memory.ts";

function put(writer: DatasetWriter, axes: Axes, value = 1): Promise<void> {
  const image = { data: Float32Array.of(value, 0), width: 2, height: 1, channels: 1 };
  return writer.put({ axes, image, metadata: { value } });
}

test("axes, their types and channel names are those of the images so far", async () => {
  const writer = createMemoryDataset({ name: "a", summaryMetadata: { Prefix: "lab" } });
  const { dataset } = writer;
  expect([dataset.axes, dataset.channelNames, dataset.imageCoordinates()]).toEqual([{}, [], []]);
  await put(writer, { time: 10, channel: "FITC" });
  await put(writer, { channel: "DAPI", time: 9 });
  await put(writer, { time: 9, channel: "FITC", well: "B2" });
  expect(dataset.axes).toEqual({ time: [9, 10], channel: ["DAPI", "FITC"], well: ["B2"] });
  expect(dataset.axesTypes).toEqual({ time: "int", channel: "string", well: "string" });
  expect(dataset.channelNames).toEqual(["FITC", "DAPI"]);
  expect(dataset.hasImage({ channel: "FITC", time: 10 })).toBe(true);
  expect(dataset.hasImage({ channel: "FITC", time: "10" })).toBe(false);
  expect([dataset.name, dataset.summaryMetadata]).toEqual(["a", { Prefix: "lab" }]);
});

test("a dataset owns what it was given and gives out copies", async () => {
  const writer = createMemoryDataset();
  const data = Uint16Array.of(1, 2);
  const metadata = { a: [1] };
  await writer.put({ axes: {}, image: { data, width: 2, height: 1, channels: 1 }, metadata });
  data[0] = 9;
  metadata.a[0] = 9;
  const image = await writer.dataset.readImage({});
  image.data[1] = 9;
  expect((await writer.dataset.readImage({})).data).toEqual(Uint16Array.of(1, 2));
  expect(await writer.dataset.readMetadata({})).toEqual({ a: [1] });
});

test("a later image of the same axes counts, at the first one's place", async () => {
  const writer = createMemoryDataset();
  await put(writer, { time: 0, z: 1 }, 1);
  await put(writer, { time: 1, z: 1 }, 2);
  await put(writer, { z: 1, time: 0 }, 3);
  expect(writer.duplicates).toBe(1);
  expect(writer.dataset.imageCoordinates()).toEqual([
    { time: 0, z: 1 },
    { time: 1, z: 1 },
  ]);
  expect((await writer.dataset.readImage({ time: 0, z: 1 })).data[0]).toBe(3);
});

test("who waits gets the next image, or null at the end, or the reason of an abort", async () => {
  const writer = createMemoryDataset();
  const { dataset } = writer;
  const both = [dataset.awaitNewImage(), dataset.awaitNewImage()];
  await put(writer, { time: 0 });
  expect(await Promise.all(both)).toEqual([{ time: 0 }, { time: 0 }]);
  const stop = new AbortController();
  const stopped = dataset.awaitNewImage({ signal: stop.signal });
  const last = dataset.awaitNewImage();
  stop.abort(new Error("enough"));
  await expect(stopped).rejects.toMatchObject({ code: "aborted", cause: new Error("enough") });
  await expect(dataset.awaitNewImage({ signal: stop.signal })).rejects.toMatchObject({ code: "aborted" });
  await writer.finish();
  expect([await last, await dataset.awaitNewImage(), dataset.isFinished]).toEqual([null, null, true]);
  await expect(put(writer, { time: 1 })).rejects.toMatchObject({ code: "missing" });
  expect((await dataset.readImage({ time: 0 })).data[0]).toBe(1);
});

test("images that are not there are named, with the axis at fault", async () => {
  const writer = createMemoryDataset({ name: "run_1" });
  await put(writer, { time: 0, z: 0 });
  const messages = [{ time: 5, z: 0 }, { time: 0 }, { time: 0, y: 2 }].map((axes) => {
    try {
      return writer.dataset.imageLayout(axes);
    } catch (error) {
      return String(error);
    }
  });
  expect(messages).toMatchInlineSnapshot(`
    [
      "VitrineError: run_1: expected an image at time 5, z 0, found none among 1 images. imageCoordinates() lists what there is.",
      "VitrineError: run_1: expected an image at time 0, found none among 1 images, whose axes are time, z. imageCoordinates() lists what there is.",
      "VitrineError: run_1: expected an image at time 0, y 2, found none among 1 images, which have no axis y. imageCoordinates() lists what there is.",
    ]
  `);
  await writer.dataset.close();
  await expect(writer.dataset.readImage({ time: 0, z: 0 })).rejects.toMatchObject({ code: "missing" });
});

test("pixels that do not fill their sides are refused", async () => {
  const writer = createMemoryDataset();
  const image = { data: new Uint8Array(5), width: 2, height: 2, channels: 1 };
  await expect(writer.put({ axes: {}, image, metadata: {} })).rejects.toMatchObject({ code: "shape" });
});
