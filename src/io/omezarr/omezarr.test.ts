import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Axes, PixelImage, PixelType } from "../../core/index.ts";
import { pixelTypeOf, pixelView } from "../../core/index.ts";
import type { DatasetImage, JsonObject } from "../dataset/dataset.ts";
import { openOmeZarr } from "./open.ts";
import { createOmeZarr, type OmeZarrOptions } from "./writer.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-omezarr-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let stores = 0;
const newStore = () => join(scratch, `${stores++}.zarr`);

const pixelTypes: PixelType[] = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"];

/** Images of every type and of sizes up to 5 x 4, grey or colour. */
const anyImage: fc.Arbitrary<PixelImage> = fc
  .record({
    dtype: fc.constantFrom(...pixelTypes),
    width: fc.integer({ min: 1, max: 5 }),
    height: fc.integer({ min: 1, max: 4 }),
    channels: fc.constantFrom(1, 1, 3),
    bytes: fc.uint8Array({ minLength: 480, maxLength: 480 }),
  })
  .map(({ bytes, ...layout }) => ({ ...layout, data: pixelView(layout, bytes.slice().buffer) }));

const anyAxes: fc.Arbitrary<Axes> = fc.dictionary(
  fc.constantFrom("time", "channel", "z", "position", "row", "laser power"),
  fc.oneof(fc.integer({ min: -2, max: 3 }), fc.constantFrom("DAPI", "µ/.. x", "1"), fc.constant(70_000)),
  { noNullPrototype: true },
);

const anyMetadata = fc.dictionary(
  fc.string({ maxLength: 6 }),
  fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<JsonObject[string]>,
  { noNullPrototype: true, maxKeys: 3 },
);

const anyImages: fc.Arbitrary<DatasetImage[]> = fc.array(
  fc.record({ axes: anyAxes, image: anyImage, metadata: anyMetadata }),
  { minLength: 1, maxLength: 6 },
);

/** Bytes of the pixels: NaN differs from itself, its bytes do not. */
const bytesOf = ({ data, ...sides }: PixelImage) => ({
  type: pixelTypeOf(data, "test"),
  bytes: [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  sides: [sides.width, sides.height, sides.channels],
});

async function write(images: readonly DatasetImage[], options: Partial<OmeZarrOptions> = {}) {
  const directory = newStore();
  const writer = await createOmeZarr({ directory, ...options });
  await Promise.all(images.map((image) => writer.put(image)));
  await writer.finish();
  return { directory, writer };
}

test("images of any type, size, axes and metadata come back exactly, whatever the compression and chunks", async () => {
  const options = fc.record({
    compression: fc.constantFrom("none" as const, "zstd" as const, "gzip" as const, "blosc" as const),
    largestChunkBytes: fc.constantFrom(1, 40, 2 ** 28),
    summaryMetadata: anyMetadata,
  });
  await fc.assert(
    fc.asyncProperty(anyImages, options, async (images, chosen) => {
      const { directory, writer } = await write(images, chosen);
      await using dataset = await openOmeZarr(directory);
      const last = new Map(images.map((image) => [JSON.stringify(Object.entries(image.axes).sort()), image]));
      for (const reader of [writer.dataset, dataset]) {
        expect(reader.imageCoordinates().length).toBe(last.size);
        expect(reader.summaryMetadata).toEqual(json(chosen.summaryMetadata));
        for (const { axes, image, metadata } of last.values()) {
          expect(bytesOf(await reader.readImage(axes))).toEqual(bytesOf(image));
          expect(await reader.readMetadata(axes)).toEqual(json(metadata));
        }
      }
      expect(writer.duplicates).toBe(images.length - last.size);
      expect(dataset.axes).toEqual(writer.dataset.axes);
      await writer.dataset.close();
    }),
    { numRuns: 15, seed: 4 },
  );
});

/** What JSON keeps: no -0. */
const json = (value: unknown) => JSON.parse(JSON.stringify(value));

const grey = (value: number, sides: { width?: number; height?: number } = {}): PixelImage => {
  const { width = 3, height = 2 } = sides;
  return { data: new Uint16Array(width * height).fill(value), width, height, channels: 1 };
};
const readJson = (...path: string[]) => JSON.parse(readFileSync(join(...path, "zarr.json"), "utf8"));

describe("the store", () => {
  test("has a group for each position, size and type, an array over time, channel and z, and scales", async () => {
    const summaryMetadata = { PixelSize_um: 0.65, Interval_ms: 500 };
    const metadata = (z: number) => ({ ZPosition_um_Intended: 10 + 1.5 * z });
    const images = ["A1", "B2"].flatMap((position) =>
      ["DAPI", "Cy5"].flatMap((channel) =>
        [0, 1, 2].map((z) => ({
          axes: { position, channel, z, time: 0 },
          image: grey(z),
          metadata: metadata(z),
        })),
      ),
    );
    images.push({ ...images[0], image: grey(9, { width: 5 }), axes: { ...images[0].axes, time: 1 } });
    const { directory } = await write(images, { name: "plate", summaryMetadata });
    expect(readJson(directory).attributes).toEqual({ ome: { version: "0.5", "bioformats2raw.layout": 3 } });
    expect(readJson(directory, "OME").attributes.ome).toEqual({ version: "0.5", series: ["0", "1", "2"] });
    const groups = ["0", "1", "2"].map((path) => readJson(directory, path).attributes);
    expect(groups.map(({ vitrine }) => vitrine.axes)).toEqual([
      { position: "A1" },
      { position: "B2" },
      { position: "A1" },
    ]);
    expect(groups[1].ome.multiscales[0]).toEqual({
      name: "plate, position B2",
      axes: [
        { name: "t", type: "time", unit: "second" },
        { name: "c", type: "channel" },
        { name: "z", type: "space", unit: "micrometer" },
        { name: "y", type: "space", unit: "micrometer" },
        { name: "x", type: "space", unit: "micrometer" },
      ],
      datasets: [
        { path: "0", coordinateTransformations: [{ type: "scale", scale: [0.5, 1, 1.5, 0.65, 0.65] }] },
      ],
    });
    expect(groups[1].ome.omero.channels).toMatchObject([
      { label: "DAPI", color: "0000FF" },
      { label: "Cy5", color: "FF0000" },
    ]);
    expect([0, 1, 2].map((i) => readJson(directory, String(i), "0").shape)).toEqual([
      [1, 2, 3, 2, 3],
      [1, 2, 3, 2, 3],
      [2, 1, 1, 2, 5],
    ]);
  });

  test("keeps gaps of counted axes, and begins anew where a value lies before or far beyond", async () => {
    const times = [0, 3, 1_000_000, -2, 1_000_001];
    const { directory } = await write(
      times.map((time) => ({ axes: { time }, image: grey(1), metadata: {} })),
    );
    expect(["0", "1", "2"].map((path) => readJson(directory, path, "0").shape[0])).toEqual([4, 2, 1]);
    await using dataset = await openOmeZarr(directory);
    expect(dataset.axes.time).toEqual([-2, 0, 3, 1_000_000, 1_000_001]);
    expect(dataset.asArray(undefined, { slice: { time: 3 } }).shape).toEqual([2, 3]);
  });

  test("takes a later image of the same axes, also one of another size", async () => {
    const [directory, axes, metadata] = [newStore(), { time: 0 }, {}];
    await using writer = await createOmeZarr({ directory });
    await writer.put({ axes, image: grey(1), metadata });
    await writer.put({ axes, image: grey(2), metadata: { again: true } });
    await writer.put({ axes, image: grey(3, { width: 7 }), metadata });
    expect(writer.duplicates).toBe(2);
    await using opened = await openOmeZarr(directory);
    for (const dataset of [writer.dataset, opened]) {
      expect(dataset.imageCoordinates()).toEqual([axes]);
      expect(await dataset.readImage(axes)).toEqual(grey(3, { width: 7 }));
    }
  });

  test("is followed while it grows, until it is finished", async () => {
    const directory = newStore();
    await using writer = await createOmeZarr({ directory });
    const put = (time: number, width = 3) =>
      writer.put({ axes: { time }, image: grey(time, { width }), metadata: { time } });
    await put(0);
    await using dataset = await openOmeZarr(directory);
    expect([dataset.axes.time, dataset.isFinished]).toEqual([[0], false]);
    const next = dataset.awaitNewImage();
    await put(1, 4);
    expect(await next).toEqual({ time: 1 });
    expect(await dataset.readImage({ time: 1 })).toEqual(grey(1, { width: 4 }));
    expect(await dataset.readMetadata({ time: 1 })).toEqual({ time: 1 });
    const stop = new AbortController();
    const stopped = dataset.awaitNewImage({ signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    const last = dataset.awaitNewImage();
    await writer.finish();
    expect([await last, dataset.isFinished]).toEqual([null, true]);
  });

  test("is refused where files are, and takes no image after its end or without finite axes", async () => {
    const { directory, writer } = await write([{ axes: {}, image: grey(1), metadata: {} }]);
    await expect(createOmeZarr({ directory })).rejects.toMatchObject({ code: "exists" });
    const late = writer.put({ axes: { time: 1 }, image: grey(1), metadata: {} });
    await expect(late).rejects.toMatchObject({ code: "missing" });
    await using open = await createOmeZarr({ directory: newStore() });
    const odd = open.put({ axes: { time: Number.NaN }, image: grey(1), metadata: {} });
    await expect(odd).rejects.toMatchObject({ code: "type" });
  });
});

describe("a store that was damaged", () => {
  const make = async () => {
    const images = [0, 1, 2].map((time) => ({ axes: { time }, image: grey(time), metadata: { time } }));
    return (await write(images)).directory;
  };
  const chunk = (store: string, time: number) => join(store, "0", "0", "c", `${time}`, "0", "0", "0", "0");

  test("a chunk that is gone: the image is missing, listed, and fill in arrays", async () => {
    const store = await make();
    rmSync(chunk(store, 1));
    await using dataset = await openOmeZarr(store);
    expect([dataset.hasImage({ time: 1 }), dataset.lostImages]).toEqual([false, [{ time: 1 }]]);
    await expect(dataset.readImage({ time: 1 })).rejects.toMatchObject({ code: "missing" });
    expect([...(await dataset.asArray().read({ y: 0, x: 0 })).data]).toEqual([0, 2]);
  });

  test.each([0, 11, 13])("a chunk of %i bytes instead of 12 is an error", async (bytes) => {
    const store = await make();
    writeFileSync(chunk(store, 1), new Uint8Array(bytes));
    await using dataset = await openOmeZarr(store);
    await expect(dataset.readImage({ time: 1 })).rejects.toMatchObject({
      code: "format",
      message: expect.stringContaining(`1/0/0/0/0: expected 12 bytes, found ${bytes}.`),
    });
  });

  test("a last record without its end does not count; a damaged one within is an error with its line", async () => {
    const store = await make();
    const records = join(store, "OME", "vitrine.jsonl");
    const text = readFileSync(records, "utf8");
    truncateSync(records, text.length - '{"end":true}\n'.length - 5);
    await using dataset = await openOmeZarr(store);
    expect(dataset.axes.time).toEqual([0, 1]);
    appendFileSync(records, "\n");
    await expect(openOmeZarr(store)).rejects.toMatchObject({
      code: "format",
      message: expect.stringMatching(/vitrine\.jsonl byte \d+: expected a line of JSON/),
    });
  });

  test("metadata that are no JSON, or not those of an array, are an error that names the file", async () => {
    const store = await make();
    const path = join(store, "0", "0", "zarr.json");
    const array = readFileSync(path, "utf8");
    writeFileSync(path, array.slice(0, 40));
    await expect(openOmeZarr(store)).rejects.toMatchObject({ code: "format" });
    writeFileSync(path, array.replace("uint16", "complex64"));
    await expect(openOmeZarr(store)).rejects.toThrow(/0\/0\/zarr\.json data_type: expected one of "uint8"/);
    writeFileSync(path, array.replace('"bytes"', '"blosc"'));
    await expect(openOmeZarr(store)).rejects.toMatchObject({ code: "unsupported" });
  });

  test("what is no store says so", async () => {
    await expect(openOmeZarr(newStore())).rejects.toMatchObject({ code: "missing" });
    const store = newStore();
    await (await createOmeZarr({ directory: store })).finish();
    await using empty = await openOmeZarr(store);
    expect(empty.imageCoordinates()).toEqual([]);
  });
});
