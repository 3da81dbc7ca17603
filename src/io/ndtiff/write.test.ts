import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mountSmallDisk } from "../../../test/support/smallDisk.ts";
import type { Axes, PixelImage } from "../../core/index.ts";
import { pixelBytes } from "../../core/index.ts";
import type { DatasetImage, JsonObject } from "../dataset/dataset.ts";
import { nextDatasetFolder } from "./folders.ts";
import { parseIfd } from "./ifd.ts";
import { openNdtiff } from "./open.ts";
import { StackWriter } from "./stackWriter.ts";
import { createNdtiff } from "./writer.ts";

let folder = "";
let count = 0;
const fresh = () => join(folder, `set${count++}`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-ndtiff-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const smallDisk = mountSmallDisk();

/** An image whose values tell which one it is. */
function grey(number: number, { width = 8, height = 4 } = {}): PixelImage {
  const data = Uint16Array.from({ length: width * height }, (_, i) => (number * 1000 + i) % 65_536);
  return { data, width, height, channels: 1 };
}

const image = (number: number, axes: Axes = { time: number }): DatasetImage => ({
  axes,
  image: grey(number),
  metadata: { number, text: "µm ✓" },
});

const pixelType = fc.constantFrom(
  { bits: 8, channels: 1 },
  ...[10, 11, 12, 14, 16].map((bits) => ({ bits, channels: 1 })),
  { bits: 8, channels: 3 },
);
const side = fc.integer({ min: 1, max: 9 });
const someImage = fc
  .record({
    type: pixelType,
    width: side,
    height: side,
    seed: fc.nat(),
    note: fc.string({ unit: "grapheme" }),
  })
  .map(({ type: { bits, channels }, width, height, seed, note }) => {
    const values = Array.from({ length: width * height * channels }, (_, i) => (seed + 31 * i) % 2 ** bits);
    const data = bits === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
    return { image: { data, width, height, channels }, metadata: { note, seed }, bitDepth: bits };
  });
const someAxes = fc.record(
  {
    time: fc.integer({ min: -2, max: 3 }),
    channel: fc.constantFrom("DAPI", "µ ✓", ""),
    "other axis": fc.nat(2),
  },
  { requiredKeys: [] },
);

/** Offsets of the pixels that a reader of TIFF finds. */
async function chainOf(path: string): Promise<number[]> {
  const bytes = await readFile(path);
  const found: number[] = [];
  for (let at = bytes.readUInt32LE(4); at !== 0; ) {
    const ifd = parseIfd(bytes.subarray(at), false);
    expect(ifd).toBeDefined();
    if (ifd === undefined) break;
    expect(ifd.metadataOffset + ifd.metadataBytes).toBeLessThanOrEqual(bytes.length);
    found.push(ifd.pixelOffset);
    at = ifd.next;
  }
  return found;
}

describe("writing", () => {
  test("what was written reads alike: from the writer, from disk, and by walking the stacks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(someAxes, someImage), { maxLength: 8 }),
        fc.object(),
        fc.constantFrom("power", "process"),
        async (items, summary, durability) => {
          const directory = fresh();
          const summaryMetadata = JSON.parse(JSON.stringify(summary)) as JsonObject;
          const writer = await createNdtiff({ directory, summaryMetadata, name: "µ", durability });
          const chain: number[] = [];
          const expected = new Map<string, (typeof items)[number]>();
          const duplicates = items.length;
          await Promise.all(items.map(([axes, rest]) => writer.put({ axes, ...rest })));
          for (const item of items) expected.set(JSON.stringify(Object.entries(item[0]).sort()), item);
          expect(writer.duplicates).toBe(duplicates - expected.size);
          await writer.finish();
          for (const file of await readdir(directory))
            if (file.endsWith(".tif")) chain.push(...(await chainOf(join(directory, file))));
          expect(chain).toHaveLength(items.length);
          const walked = fresh();
          await cp(directory, walked, { recursive: true });
          await rm(join(walked, "NDTiff.index"));
          for (const dataset of [writer.dataset, await openNdtiff(directory), await openNdtiff(walked)]) {
            expect(dataset.imageCoordinates()).toHaveLength(expected.size);
            expect(dataset.summaryMetadata).toEqual(summaryMetadata);
            expect(dataset.isFinished).toBe(true);
            for (const [axes, { image, metadata, bitDepth }] of expected.values()) {
              expect(await dataset.readImage(axes)).toEqual(image);
              expect(await dataset.readMetadata(axes)).toEqual({ ...metadata, Axes: axes });
              if (dataset.recovered === 0) expect(dataset.imageBitDepth(axes)).toBe(bitDepth);
            }
            await dataset.close();
          }
        },
      ),
      { numRuns: 25, seed: 4 },
    );
  });
});

test("images that were written together but not all saved: the chain ends with the last one that was", async () => {
  const name = "stack.tif";
  const options = {
    maxFileBytes: 2 ** 20,
    resolution: 1,
    durability: "process",
    summary: new Uint8Array(2),
  } as const;
  await mkdir(folder, { recursive: true });
  const stack = new StackWriter({ ...options, folder, name });
  const layout = { width: 4, height: 2, channels: 1, dtype: "uint16" } as const;
  const bytes = { layout, pixels: new Uint8Array(16), metadata: new TextEncoder().encode("{} ") };
  const spans = Array.from({ length: 5 }, () => stack.reserve(layout, 3));
  await Promise.all(spans.map((span) => stack.write(span, bytes)));
  for (const i of [0, 1, 3]) await stack.link(spans[i]);
  await stack.finish();
  await (await stack.file).close();
  expect(await chainOf(join(folder, name))).toEqual([0, 1, 3].map((i) => spans[i].pixelOffset));
});

describe("a folder", () => {
  test("a new stack begins where the limit would be passed; all are read", async () => {
    const directory = fresh();
    // Micro-Manager's reserve of 5 MB counts: about three images of 500 bytes each fit
    const writer = await createNdtiff({ directory, name: "n", maxFileBytes: 5_001_000 });
    await Promise.all(Array.from({ length: 10 }, (_, i) => writer.put(image(i))));
    await writer.finish();
    const stacks = (await readdir(directory)).filter((name) => name.endsWith(".tif")).sort();
    expect(stacks).toEqual([
      "n_NDTiffStack.tif",
      "n_NDTiffStack_1.tif",
      "n_NDTiffStack_2.tif",
      "n_NDTiffStack_3.tif",
    ]);
    await using opened = await openNdtiff(directory);
    for (const dataset of [writer.dataset, opened])
      for (let i = 0; i < 10; i++) expect(await dataset.readImage({ time: i })).toEqual(grey(i));
    await writer.dataset.close();
  });

  test("images are saved in the order of the calls, and are there when the call resolves", async () => {
    const directory = fresh();
    const writer = await createNdtiff({ directory });
    const next = writer.dataset.awaitNewImage();
    const puts = [5, 3, 4, 1].map(async (time) => {
      await writer.put(image(time));
      await using other = await openNdtiff(directory);
      return [await other.readImage({ time }), await writer.dataset.readMetadata({ time })] as const;
    });
    expect(await next).toEqual({ time: 5 });
    for (const [i, time] of [5, 3, 4, 1].entries()) {
      const [pixels, metadata] = await puts[i];
      expect(pixels).toEqual(grey(time));
      expect(metadata).toEqual({ number: time, text: "µm ✓", Axes: { time } });
    }
    expect(writer.dataset.imageCoordinates().map(({ time }) => time)).toEqual([5, 3, 4, 1]);
    const last = writer.dataset.awaitNewImage();
    await writer.finish();
    await writer.finish();
    expect([await last, writer.dataset.isFinished]).toEqual([null, true]);
    await expect(writer.put(image(6))).rejects.toMatchObject({ code: "missing" });
    await writer.dataset.close();
  });

  test("pixels may lie in shared memory, in the middle of an array", async () => {
    const writer = await createNdtiff({ directory: fresh() });
    const shared = new Uint16Array(new SharedArrayBuffer(200), 20, 32).map((_, i) => i);
    const data = new Uint16Array(new SharedArrayBuffer(200), 20, 32);
    data.set(shared);
    await writer.put({ axes: {}, image: { data, width: 8, height: 4, channels: 1 }, metadata: {} });
    await writer.finish();
    expect((await writer.dataset.readImage({})).data).toEqual(shared);
    await writer.dataset.close();
  });

  test("names stand for numbers and numbers for names", async () => {
    const writer = await createNdtiff({ directory: fresh() });
    await writer.put(image(0, { channel: "DAPI", camera: 0 }));
    await writer.put(image(1, { channel: "FITC", camera: 0 }));
    const { dataset } = writer;
    expect(dataset.channelNames).toEqual(["DAPI", "FITC"]);
    expect(await dataset.readImage({ channel: 1, camera: 0 })).toEqual(grey(1));
    expect(dataset.hasImage({ channel: 2, camera: 0 })).toBe(false);
    await writer.finish();
    await dataset.close();
    const numbered = await createNdtiff({ directory: fresh() });
    await numbered.put({ ...image(0, { channel: 3 }), metadata: { Channel: "Cy5" } });
    expect(numbered.dataset.channelNames).toEqual(["Cy5"]);
    expect(await numbered.dataset.readImage({ channel: "Cy5" })).toEqual(grey(0));
    await numbered.finish();
    await numbered.dataset.close();
  });

  test("what the format cannot hold is refused, and the rest is saved", async () => {
    const directory = fresh();
    const writer = await createNdtiff({ directory });
    await writer.put(image(0, { time: 0, channel: "DAPI" }));
    const put = (change: Partial<DatasetImage>) => writer.put({ ...image(1, { time: 1 }), ...change });
    const float = { data: new Float32Array(4), width: 2, height: 2, channels: 1 };
    await expect(put({ image: float })).rejects.toThrow(
      "image at time 1: expected uint8 or uint16, or three channels of uint8 for NDTiff, found 1 x float32. Save it with --format ome-zarr.",
    );
    const rgb16 = { data: new Uint16Array(12), width: 2, height: 2, channels: 3 };
    await expect(put({ image: rgb16 })).rejects.toMatchObject({ code: "unsupported" });
    await expect(put({ image: { ...float, data: new Uint8Array(5) } })).rejects.toMatchObject({
      code: "shape",
    });
    await expect(put({ axes: { time: "one" } })).rejects.toMatchObject({ code: "type" });
    await expect(put({ axes: { time: 1.5 } })).rejects.toMatchObject({ code: "type" });
    await writer.finish();
    await writer.dataset.close();
    await using opened = await openNdtiff(directory);
    expect(opened.imageCoordinates()).toEqual([{ time: 0, channel: "DAPI" }]);
  });

  test("a dataset is never written over another one", async () => {
    const directory = fresh();
    await using writer = await createNdtiff({ directory, displaySettings: { DAPI: { min: 3 } } });
    await expect(createNdtiff({ directory })).rejects.toMatchObject({ code: "exists" });
    await writer.put(image(0));
    await writer.finish();
    await writer.dataset.close();
    await using opened = await openNdtiff(directory);
    expect([opened.imageCoordinates(), opened.displaySettings]).toEqual([
      [{ time: 0 }],
      { DAPI: { min: 3 } },
    ]);
    await expect(createNdtiff({ directory: fresh(), name: "a/b" })).rejects.toMatchObject({ code: "range" });
    await expect(createNdtiff({ directory: fresh(), maxFileBytes: 2 ** 33 })).rejects.toMatchObject({
      code: "range",
    });
  });

  test("a dataset without images opens, with its summary metadata", async () => {
    const directory = fresh();
    const writer = await createNdtiff({ directory, summaryMetadata: { a: "µ" } });
    await writer.finish();
    await writer.dataset.close();
    await using opened = await openNdtiff(directory);
    expect([opened.imageCoordinates(), opened.summaryMetadata]).toEqual([[], { a: "µ" }]);
    expect([opened.isFinished, opened.axes, opened.channelNames]).toEqual([true, {}, []]);
  });
});

test("the next folder has the largest number and one, also for callers at the same time", async () => {
  const directory = fresh();
  const names = await Promise.all([1, 2, 3].map(() => nextDatasetFolder(directory, "cells")));
  expect(names.sort()).toEqual([1, 2, 3].map((n) => join(directory, `cells_${n}`)));
  await mkdir(join(directory, "CELLS_11 copy"));
  await mkdir(join(directory, "cells_x"));
  expect(await nextDatasetFolder(directory, "cells")).toBe(join(directory, "cells_12"));
  expect(await nextDatasetFolder(directory, "cel")).toBe(join(directory, "cel_1"));
  await expect(nextDatasetFolder(directory, "../x")).rejects.toMatchObject({ code: "range" });
});

test.skipIf(smallDisk === undefined).each(["power", "process"] as const)(
  "a full disk refuses images; those before it stay, and the dataset ends well (%s)",
  async (durability) => {
    const directory = join(smallDisk ?? "", "full");
    const writer = await createNdtiff({ directory, durability });
    const big = (i: number) => ({ ...image(i), image: grey(i, { width: 256, height: 128 }) });
    const puts = await Promise.allSettled(Array.from({ length: 24 }, (_, i) => writer.put(big(i))));
    const saved = puts.flatMap(({ status }, i) => (status === "fulfilled" ? [i] : []));
    const refused = puts.find((put) => put.status === "rejected");
    expect(refused?.reason).toMatchObject({
      code: "storage",
      fault: { hint: expect.stringContaining("disk is full") },
    });
    expect(saved.length).toBeGreaterThan(8);
    await writer.finish();
    await writer.dataset.close();
    await using opened = await openNdtiff(directory);
    expect([opened.recovered, opened.isFinished]).toEqual([0, true]);
    expect(opened.imageCoordinates()).toEqual(saved.map((time) => ({ time })));
    for (const i of saved) {
      const { data } = await opened.readImage({ time: i });
      expect(Buffer.compare(pixelBytes(data), pixelBytes(big(i).image.data))).toBe(0);
    }
    await rm(join(directory, "NDTiff.index"));
    await using walked = await openNdtiff(directory);
    expect(walked.imageCoordinates()).toEqual(opened.imageCoordinates());
    await rm(directory, { recursive: true });
  },
);
