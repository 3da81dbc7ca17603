import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { python, requirement } from "../../../test/support/require.ts";
import type { Axes, PixelArray, PixelType } from "../../core/index.ts";
import { pixelBytes, pixelView } from "../../core/index.ts";
import { openNdtiff } from "../ndtiff/open.ts";
import type { Dataset, JsonObject } from "./dataset.ts";
import { createMemoryDataset } from "./memory.ts";

const golden = fileURLToPath(new URL("../../../test/golden/acquire", import.meta.url));

interface Listing {
  readonly dataset: string;
  readonly summary_metadata: JsonObject;
  readonly images?: readonly {
    readonly axes: Axes;
    readonly shape: readonly [number, number];
    readonly dtype: PixelType;
    readonly index_entry: { readonly filename: string; readonly pixel_offset: number };
  }[];
  readonly as_array?: {
    readonly axis_order: readonly string[];
    readonly shape: readonly number[];
    readonly dtype: PixelType;
    readonly sha256: string;
  };
}

const listings: Listing[] = JSON.parse(readFileSync(`${golden}/ndtiff_listing.json`, "utf8"));
const withArray = listings.filter(({ as_array }) => as_array !== undefined);
const sha256 = (data: PixelArray) => createHash("sha256").update(pixelBytes(data)).digest("hex");

/** The dataset of a listing, its pixels taken from where the listing says that they lie. */
async function fill({ dataset: name, summary_metadata, images = [] }: Listing): Promise<Dataset> {
  const writer = createMemoryDataset({ name, summaryMetadata: summary_metadata });
  for (const { axes, shape, dtype, index_entry } of images) {
    const layout = { width: shape[1], height: shape[0], channels: 1, dtype };
    const file = new Uint8Array(readFileSync(`${golden}/${name}/${index_entry.filename}`));
    const data = pixelView(layout, file.slice(index_entry.pixel_offset).buffer);
    await writer.put({ axes, image: { ...layout, data }, metadata: {} });
  }
  await writer.finish();
  return writer.dataset;
}

/** A dataset of 2 x 3 pixels, whose values tell which image they are of. */
async function counted(images: readonly Axes[], summaryMetadata: JsonObject = {}): Promise<Dataset> {
  const writer = createMemoryDataset({ summaryMetadata });
  for (const [i, axes] of images.entries()) {
    const data = Uint16Array.from({ length: 6 }, (_, pixel) => 10 * (i + 1) + pixel);
    await writer.put({ axes, image: { data, width: 3, height: 2, channels: 1 }, metadata: {} });
  }
  return writer.dataset;
}

describe("arrays of ndstorage's datasets have its order, shape and values", () => {
  test.each(withArray)("$dataset", async (listing) => {
    const dataset = await fill(listing);
    const { axis_order, shape, dtype, sha256: expected } = listing.as_array!;
    const array = dataset.asArray(axis_order);
    expect([array.axes, array.shape, array.dtype]).toEqual([[...axis_order, "y", "x"], shape, dtype]);
    const whole = await array.read();
    expect([whole.shape, sha256(whole.data)]).toEqual([shape, expected]);
    const places = shape.slice(0, -2).reduce((product, count) => product * count, 1);
    expect(array.missing.length).toBe(places - listing.images!.length);
    const standard = axis_order.every((name) =>
      ["row", "column", "position", "time", "channel", "z"].includes(name),
    );
    if (standard) expect(dataset.asArray().axes).toEqual(array.axes);
  });
});

test.each(withArray)(
  "the NDTiff dataset $dataset gives the same array",
  async ({ dataset: name, as_array }) => {
    await using dataset = await openNdtiff(`${golden}/${name}`);
    const { data } = await dataset.asArray(as_array!.axis_order).read();
    expect(sha256(data)).toBe(as_array!.sha256);
  },
);

describe.skipIf(!requirement("readers").available)("slices and joined tiles equal ndstorage's", () => {
  const code = `
import sys, json, hashlib, io, contextlib
with contextlib.redirect_stdout(io.StringIO()):
    import numpy as np
    from ndstorage.ndtiff_dataset import NDTiffDataset
    out = []
    for name, kwargs in json.loads(sys.argv[2]):
        d = NDTiffDataset(sys.argv[1] + "/" + name)
        d._full_resolution = True
        a = np.asarray(d.as_array(**kwargs))
        out.append([list(a.shape), hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()])
print(json.dumps(out))`;
  const cases = [
    ["tcz_u16", ["z", "time"], { channel: "FITC" }, false],
    ["tcz_u16", ["channel"], { time: 2, z: 1 }, false],
    ["strpos_u16_sparse", ["time"], { position: "B2-µ" }, false],
    ["rowcol_u16_overlap", ["channel"], {}, true],
    ["rowcol_u16_overlap", [], { channel: "BF" }, true],
  ] as const;
  test("in order, shape and values", async () => {
    const asked = cases.map(([name, axes, slice, stitched]) => [name, { axes, stitched, ...slice }]);
    const { stdout } = spawnSync(python, ["-c", code, golden, JSON.stringify(asked)], { encoding: "utf8" });
    const ours = cases.map(async ([name, axes, slice, stitched]) => {
      const dataset = await fill(listings.find((listing) => listing.dataset === name)!);
      const { shape, data } = await dataset.asArray(axes, { slice, stitched }).read();
      return [shape, sha256(data)];
    });
    expect(await Promise.all(ours)).toEqual(JSON.parse(stdout));
  });
});

test("a part of an array is that part of the whole", async () => {
  const images = [0, 1, 2].flatMap((time) => ["a", "b"].map((channel) => ({ channel, time })));
  const array = (await counted(images)).asArray();
  expect(array.coordinates).toEqual({ time: [0, 1, 2], channel: ["a", "b"] });
  const whole = await array.read();
  const range = (count: number) =>
    fc.tuple(fc.nat(count), fc.nat(count)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const chosen = fc.tuple(range(3), range(2), range(2), range(3));
  await fc.assert(
    fc.asyncProperty(chosen, async ([time, channel, y, x]) => {
      const part = await array.read({ time, channel, y, x });
      const expected = [];
      for (let t = time[0]; t < time[1]; t++)
        for (let c = channel[0]; c < channel[1]; c++)
          for (let i = y[0]; i < y[1]; i++)
            for (let j = x[0]; j < x[1]; j++) expected.push(whole.data[((t * 2 + c) * 2 + i) * 3 + j]);
      expect([...part.data]).toEqual(expected);
    }),
  );
  const plane = await array.read({ time: 2, channel: 0, x: [1, 3] });
  expect(plane).toEqual({ axes: ["y", "x"], shape: [2, 2], data: Uint16Array.of(51, 52, 54, 55) });
});

test("tiles with an odd overlap lose the smaller half first; gaps are fill and listed", async () => {
  const images = [
    { row: -1, column: 4 },
    { row: -1, column: 6 },
  ];
  const dataset = await counted(images, { GridPixelOverlapX: 1, GridPixelOverlapY: 0 });
  const array = dataset.asArray(undefined, { stitched: true, fill: 7 });
  expect([array.axes, array.shape, array.missing]).toEqual([["y", "x"], [2, 6], [{ row: -1, column: 5 }]]);
  expect([...(await array.read()).data]).toEqual([10, 11, 7, 7, 20, 21, 13, 14, 7, 7, 23, 24]);
  expect([...(await array.read({ y: 1, x: [1, 5] })).data]).toEqual([14, 7, 7, 23]);
});

test("colour is the last dimension", async () => {
  const writer = createMemoryDataset();
  const data = Uint8Array.from({ length: 12 }, (_, i) => i);
  await writer.put({ axes: { time: 0 }, image: { data, width: 2, height: 2, channels: 3 }, metadata: {} });
  const array = writer.dataset.asArray();
  expect([array.axes, array.shape]).toEqual([
    ["time", "y", "x", "sample"],
    [1, 2, 2, 3],
  ]);
  expect((await array.read()).data).toEqual(data);
  expect([...(await array.read({ sample: 1, time: 0 })).data]).toEqual([1, 4, 7, 10]);
});

test("an array keeps its shape while the dataset grows, and sees images that fill its places", async () => {
  const writer = createMemoryDataset();
  const put = (axes: Axes) =>
    writer.put({ axes, image: { data: Uint8Array.of(5), width: 1, height: 1, channels: 1 }, metadata: {} });
  await put({ time: 0, z: 1 });
  await put({ time: 1, z: 0 });
  const array = writer.dataset.asArray();
  expect(array.missing).toEqual([
    { time: 0, z: 0 },
    { time: 1, z: 1 },
  ]);
  await put({ time: 0, z: 0 });
  await put({ time: 2, z: 0 });
  expect([array.shape, array.missing]).toEqual([[2, 2, 1, 1], [{ time: 1, z: 1 }]]);
  expect([...(await array.read()).data]).toEqual([5, 5, 5, 0]);
});

test("images of another size are an error once they are read, and can be chosen with slice", async () => {
  const dataset = await fill(listings.find((listing) => listing.dataset === "oddsize_u8")!);
  await expect(dataset.asArray().read()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: oddsize_u8 at time 1: expected 47 x 31 pixels of uint8, as the first image has, found 17 x 33 pixels of uint8. Choose images of one size and type with slice.]`,
  );
  const array = dataset.asArray(undefined, { slice: { time: 3 } });
  expect([array.axes, array.shape]).toEqual([
    ["y", "x"],
    [7, 3],
  ]);
});

test("what cannot be an array is an error that says why", async () => {
  const dataset = await counted([
    { time: 0, channel: "a" },
    { time: 1, channel: "a" },
  ]);
  const messages = [
    () => dataset.asArray(["z"]),
    () => dataset.asArray(["time", "time"]),
    () => dataset.asArray(["channel"]),
    () => dataset.asArray(undefined, { slice: { channel: "b" } }),
    () => dataset.asArray(undefined, { stitched: true }),
    () => createMemoryDataset().dataset.asArray(),
  ].map((make) => {
    try {
      return make().axes;
    } catch (error) {
      return String(error);
    }
  });
  expect(messages).toMatchInlineSnapshot(`
    [
      "VitrineError: memory asArray: expected axes among time, channel, found "z".",
      "VitrineError: memory asArray: expected each axis once, found time twice.",
      "VitrineError: memory asArray: expected the axis time among the dimensions or in slice, found it has 2 values. Add it to axes, or choose one value: { slice: { time: 0 } }.",
      "VitrineError: memory asArray: expected images with channel b, found none.",
      "VitrineError: memory asArray stitched: expected GridPixelOverlapX and GridPixelOverlapY, found a dataset or slice without them.",
      "VitrineError: memory asArray: expected images, found none.",
    ]
  `);
  expect(dataset.asArray(["time"]).shape).toEqual([2, 2, 3]);
  await expect(dataset.asArray().read({ z: 0 })).rejects.toMatchObject({ code: "missing" });
  await expect(dataset.asArray().read({ time: 2 })).rejects.toMatchObject({ code: "range" });
  await expect(dataset.asArray().read({ x: [2, 1] })).rejects.toMatchObject({ code: "range" });
});
