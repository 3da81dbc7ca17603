import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  axesOf,
  imageRoot,
  omeGroup,
  scaledDataset,
  storeMaker,
  zarr2Files,
  zarr3Array,
} from "../../../../test/support/zarrStores.ts";
import type { PixelArray } from "../../../core/index.ts";
import { VitrineError } from "../../../core/index.ts";
import { createOmeZarrImage } from "../../omezarr/multiscale/writer.ts";
import { createOmeZarr } from "../../omezarr/writer.ts";
import { sourceAxis } from "../axes.ts";
import type { ImageSource } from "../source.ts";
import { openZarrImages } from "./open.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-zarrsource-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const golden = (name: string) =>
  fileURLToPath(new URL(`../../../../test/golden/cases/zarr/${name}`, import.meta.url));

function sumOf(values: PixelArray): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

const store = storeMaker(scratch);

async function openOne(folder: string, name?: string): Promise<ImageSource> {
  return (await openZarrImages(folder)).open(name);
}

const zarr2Store = (...image: Parameters<typeof zarr2Files>) => store(zarr2Files(...image));

describe("stores from the field", () => {
  test("a unit that is null is unknown, with a word", async () => {
    const source = await openOne(golden("unit_null.zarr"));
    expect(source.axes.map(({ name, unit }) => [name, unit])).toEqual([
      ["time", undefined],
      ["channel", undefined],
      ["z", "micrometer"],
      ["y", "micrometer"],
      ["x", "micrometer"],
    ]);
    expect(source.warnings).toEqual(["multiscales[0].axes[0].unit is null: unknown"]);
    const { data } = await source.read({ region: { time: 0, channel: 1, z: 2 } });
    expect([source.dtype, sumOf(data), ...data.subarray(77, 81)]).toEqual([
      "uint16",
      14_527_347,
      16197,
      42343,
      2545,
      59996,
    ]);
  });

  test("float16 is read as float32", async () => {
    const source = await openOne(golden("float16.v2.zarr"));
    const { data } = await source.read({ region: { time: 0, channel: 1, z: 2 } });
    expect([source.dtype, sumOf(data), ...data.subarray(77, 81)]).toEqual([
      "float32",
      14_527_312,
      16200,
      42336,
      2544,
      60000,
    ]);
  });

  test("labels of channels that are null or a number, colours and windows that are none", async () => {
    const channels = [
      { label: null, color: "ff0000", window: { start: 1, end: 2, min: null, max: "x" } },
      { label: 405, color: "red", window: { start: 0 } },
    ];
    const multiscales = [{ axes: axesOf("cyx"), datasets: [scaledDataset("0", [1, 1, 1])] }];
    const ome = { multiscales, omero: { channels } };
    const source = await openOne(store({ "zarr.json": omeGroup(ome), "0/zarr.json": zarr3Array([2, 2, 2]) }));
    expect(source.channels).toEqual([{ color: "FF0000", window: { start: 1, end: 2 } }, { name: "405" }]);
    expect(source.warnings).toEqual([
      "omero.channels[0].label is null: unknown",
      "omero.channels[1].label is the number 405, no text",
      'omero.channels[1].color is "red", no six hexadecimal digits: left out',
      'omero.channels[1].window is {"start":0}, no start below an end: left out',
    ]);
    expect(source.axes[0]).toEqual({ name: "channel", kind: "channel" });
  });

  test.each([
    ["<c8", "complex64 (<c8)"],
    ["<U4", "<U4"],
  ])("%s is refused by its name", async (dtype, name) => {
    await expect(openOne(zarr2Store(dtype))).rejects.toMatchObject({
      code: "unsupported",
      fault: { at: expect.stringMatching(/0 data type$/), found: name },
    });
  });
});

describe("versions", () => {
  const zarray = (shape: readonly number[], more: object = {}) => ({
    zarr_format: 2,
    shape,
    chunks: shape.map(() => 2),
    dtype: ">u2",
    compressor: null,
    fill_value: 9,
    filters: null,
    order: "C",
    ...more,
  });

  test("0.1 has neither axes nor scales: a level's is told by its shape; names of chunks with dots", async () => {
    const datasets = [{ path: "0" }, { path: "1" }];
    const source = await openOne(
      store({
        ".zgroup": { zarr_format: 2 },
        ".zattrs": { multiscales: [{ version: "0.1", datasets }] },
        "0/.zarray": zarray([1, 1, 1, 5, 4]),
        "1/.zarray": zarray([1, 1, 1, 3, 2]),
        "0/0.0.0.1.0": new Uint8Array(64).map((_, i) => i),
      }),
    );
    expect(source.axes.map(({ name }) => name)).toEqual(["time", "channel", "z", "y", "x"]);
    expect(source.levels[1]).toMatchObject({ scale: [1, 1, 1, 2, 2], translation: [0, 0, 0, 0.5, 0.5] });
    expect([...(await source.read({ region: { y: [1, 3], x: [0, 3] } })).data]).toEqual([
      9, 9, 9, 1, 0x203, 9,
    ]);
  });

  test("0.3 has names alone; columns first; the place of a level is that of the dataset and of the whole", async () => {
    const common = [
      { type: "scale", scale: [2, 2] },
      { type: "translation", translation: [1, 0] },
    ];
    const own = [
      { type: "scale", scale: [3, 4] },
      { type: "translation", translation: [5, 6] },
    ];
    const datasets = [{ path: "a/b", coordinateTransformations: own }];
    const source = await openOne(
      store({
        ".zattrs": {
          multiscales: [{ version: "0.3", axes: ["y", "x"], datasets, coordinateTransformations: common }],
        },
        "a/b/.zarray": zarray([2, 3], { order: "F", dtype: "|i1", dimension_separator: "/" }),
        "a/b/0/0": Uint8Array.of(1, 2, 255, 4),
      }),
    );
    expect(source.levels).toEqual([
      { shape: [2, 3], chunkShape: [2, 2], scale: [6, 8], translation: [11, 12] },
    ]);
    expect([...(await source.read()).data]).toEqual([1, -1, 9, 2, 4, 9]);
  });

  test.each(["start", "end"])(
    "shards with their index at the %s, whose chunks may be missing",
    async (location) => {
      const chunk = Uint8Array.of(1, 2, 3, 4);
      const index = new BigUint64Array([
        location === "start" ? 64n : 0n,
        4n,
        ...Array(6).fill(2n ** 64n - 1n),
      ]);
      const parts = location === "start" ? [index, chunk] : [chunk, index];
      const bytes = Buffer.concat(parts.map(({ buffer }) => Buffer.from(buffer)));
      const configuration = {
        chunk_shape: [2, 2],
        codecs: ["bytes"],
        index_codecs: [{ name: "bytes", configuration: { endian: "little" } }],
        index_location: location,
      };
      const more = {
        chunk_grid: { name: "regular", configuration: { chunk_shape: [4, 4] } },
        codecs: [{ name: "sharding_indexed", configuration }],
      };
      const source = await openOne(
        store({ "zarr.json": imageRoot(), "0/zarr.json": zarr3Array([4, 3], more), "0/c/0/0": bytes }),
      );
      expect([...(await source.read()).data]).toEqual([1, 2, 7, 3, 4, 7, 7, 7, 7, 7, 7, 7]);
    },
  );

  test("stores that Vitrine's acquisitions write", async () => {
    const directory = join(scratch, "acquired.zarr");
    await using writer = await createOmeZarr({ directory, summaryMetadata: { PixelSize_um: 0.5 } });
    for (const position of [0, 1]) {
      const data = new Uint16Array(12).fill(position + 3);
      const pixels = { data, width: 4, height: 3, channels: 1 };
      await writer.put({ axes: { position, channel: "GFP" }, image: pixels, metadata: {} });
    }
    await writer.finish();
    const images = await openZarrImages(directory);
    expect(images.images).toEqual(["0", "1"]);
    const source = await images.open("1");
    expect([source.channels[0].name, source.levels[0].scale[4], (await source.read()).data[11]]).toEqual([
      "GFP",
      0.5,
      4,
    ]);
    await expect(images.open("2")).rejects.toMatchObject({ code: "missing" });
  });

  test("a well, a group of labels, and wells whose indices say another place than their path", async () => {
    const field = (path: string) => ({
      [`${path}/zarr.json`]: imageRoot(),
      [`${path}/0/zarr.json`]: zarr3Array([2, 2]),
    });
    const plate = {
      rows: [{ name: "A" }],
      columns: [{ name: 1 }],
      wells: [{ path: "A/1", rowIndex: 3, columnIndex: 0 }],
    };
    const folder = store({
      "zarr.json": omeGroup({ plate }),
      "A/1/zarr.json": omeGroup({ well: { images: [{ path: "0" }, { path: "1" }] } }),
      ...field("A/1/0"),
      ...field("A/1/1"),
      "A/1/1/labels/zarr.json": omeGroup({ labels: ["n"] }),
      ...field("A/1/1/labels/n"),
    });
    const images = await openZarrImages(folder);
    expect([images.images, images.labels]).toEqual([["A/1/0", "A/1/1"], ["A/1/1/labels/n"]]);
    expect(images.warnings).toEqual(["plate.wells: rowIndex of A/1 is 3, its path says 0"]);
    expect((await openZarrImages(join(folder, "A/1"))).images).toEqual(["0", "1"]);
    const labels = await openZarrImages(join(folder, "A/1/1/labels"));
    expect([labels.images, (await labels.open()).isLabels]).toEqual([["n"], true]);
  });
});

describe("what is broken or contradicts says what and where", () => {
  const good = { "zarr.json": imageRoot(), "0/zarr.json": zarr3Array([4, 4]) };
  const two = imageRoot({ datasets: [scaledDataset("0", [1, 1]), scaledDataset("1", [2, 2])] });
  const shards = (configuration: object) => ({
    ...good,
    "0/zarr.json": zarr3Array([4, 4], { codecs: [{ name: "sharding_indexed", configuration }] }),
  });
  const sharding = { chunk_shape: [2, 2], codecs: ["bytes"], index_codecs: ["bytes"] };
  test.each([
    ["no store", {}, "missing", /neither zarr\.json nor \.zgroup/],
    ["an array", { "zarr.json": zarr3Array([2, 2]) }, "unsupported", /an array/],
    ["half a zarr.json", { "zarr.json": '{"zarr_format"' }, "format", /zarr\.json: expected JSON/],
    ["a group of nothing", { "zarr.json": omeGroup({}) }, "format", /without multiscales/],
    [
      "a level that is not there",
      { ...good, "zarr.json": two },
      "missing",
      /\/1: expected the array of level 1/,
    ],
    [
      "a group without its array",
      { ...good, "0/zarr.json": omeGroup({}) },
      "missing",
      /level 0.*a group without it/,
    ],
    [
      "a level larger than the one before",
      { ...good, "zarr.json": two, "1/zarr.json": zarr3Array([4, 5]) },
      "format",
      /level 1 shape/,
    ],
    [
      "a level of another type",
      { ...good, "zarr.json": two, "1/zarr.json": zarr3Array([2, 2], { data_type: "int8" }) },
      "format",
      /level 1 data type/,
    ],
    [
      "more axes than dimensions",
      { ...good, "zarr.json": imageRoot({ axes: axesOf("zyx"), datasets: [{ path: "0" }] }) },
      "format",
      /axes z, y, x/,
    ],
    [
      "a scale of another length",
      { ...good, "zarr.json": imageRoot({ datasets: [scaledDataset("0", [1, 1, 1])] }) },
      "format",
      /datasets\[0\] scale/,
    ],
    [
      "an axis twice",
      { ...good, "zarr.json": imageRoot({ axes: axesOf("yyx") }) },
      "format",
      /different names/,
    ],
    [
      "x before y",
      { ...good, "zarr.json": imageRoot({ axes: axesOf("xy") }) },
      "unsupported",
      /end with y, x/,
    ],
    [
      "a y of time",
      { ...good, "zarr.json": imageRoot({ axes: [{ name: "y", type: "time" }, { name: "x" }] }) },
      "format",
      /axes\[0\]\.type/,
    ],
    [
      "dimensions of other names",
      { ...good, "0/zarr.json": zarr3Array([4, 4], { dimension_names: ["x", "y"] }) },
      "format",
      /dimension_names/,
    ],
    [
      "a path out of the store",
      { ...good, "zarr.json": imageRoot({ datasets: [{ path: "../../0" }] }) },
      "format",
      /within the store/,
    ],
    [
      "a codec that nobody knows",
      { ...good, "0/zarr.json": zarr3Array([4, 4], { codecs: ["bytes", "lossy"] }) },
      "unsupported",
      /found lossy/,
    ],
    [
      "a chunk of 2^40 values",
      {
        ...good,
        "0/zarr.json": zarr3Array([2 ** 20, 2 ** 20], {
          chunk_grid: { name: "regular", configuration: { chunk_shape: [2 ** 20, 2 ** 20] } },
        }),
      },
      "range",
      /GiB a chunk/,
    ],
    [
      "shards that chunks do not divide",
      shards({ ...sharding, chunk_shape: [3, 2] }),
      "format",
      /divides the shard/,
    ],
    ["a packed index", shards({ ...sharding, index_codecs: ["bytes", "gzip"] }), "unsupported", /index/],
    [
      "a fill that is no value",
      { ...good, "0/zarr.json": zarr3Array([4, 4], { fill_value: "NaN" }) },
      "format",
      /fill_value: expected a value of uint8/,
    ],
    [
      "a plate without its rows",
      { "zarr.json": omeGroup({ plate: { columns: [], wells: [] } }) },
      "missing",
      /plate rows/,
    ],
  ] as const)("%s", async (_, files, code, message) => {
    const folder = store({ "readme.txt": "", ...files });
    const error: unknown = await openOne(folder).catch((caught) => caught);
    expect(error).toBeInstanceOf(VitrineError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error).toMatchObject({ fault: { at: expect.stringContaining(folder) } });
  });

  test("a shard that is cut in the middle, and a chunk that is cut: the others are read", async () => {
    const layout = {
      axes: ["y", "x"].map((name) => sourceAxis(name)),
      shape: [8, 8],
      dtype: "uint16",
      threads: 0,
    } as const;
    const data = new Uint16Array(64).fill(5);
    for (const more of [
      { chunkShape: [2, 2], shardShape: [4, 4] },
      { chunkShape: [4, 4], compression: "blosc" },
      { chunkShape: [4, 4], compression: "gzip" },
    ] as const) {
      const directory = join(mkdtempSync(join(scratch, "whole-")), "a.zarr");
      await using writer = await createOmeZarrImage({ ...layout, ...more, directory });
      await writer.write({}, data);
      await writer.finish();
      const path = join(directory, "0/c/1/0");
      truncateSync(path, Math.floor(readFileSync(path).length / 2));
      const source = await openOne(directory);
      expect((await source.read({ region: { y: [0, 4] } })).data).toEqual(data.slice(32));
      const error: unknown = await source.read().catch((caught) => caught);
      expect(error).toMatchObject({
        code: "format",
        message: expect.stringMatching(/0\/c\/1\/0|chunk [123]\/[01]/),
      });
    }
  });

  test("a packed chunk that claims to be far larger than a chunk", async () => {
    const codecs = [
      "bytes",
      { name: "blosc", configuration: { cname: "lz4", clevel: 5, shuffle: "noshuffle", blocksize: 0 } },
    ];
    const bytes = Uint8Array.of(2, 1, 33, 1, 255, 255, 255, 127, 0, 0, 0, 0, 16, 0, 0, 0);
    const source = await openOne(
      store({ ...good, "0/zarr.json": zarr3Array([4, 4], { codecs }), "0/c/0/0": bytes }),
    );
    await expect(source.read()).rejects.toThrow(/2147483647 bytes packed by blosc/);
  });
});

test("a golden store that is copied without its chunks reads as its fill value", async () => {
  const folder = join(scratch, "empty.zarr");
  cpSync(golden("unit_null.zarr"), folder, { recursive: true, filter: (path) => !/0\/c$/.test(path) });
  const source = await openOne(folder);
  expect([...(await source.read({ region: { time: 1, channel: 1, z: 2, y: 0, x: [0, 2] } })).data]).toEqual([
    0, 0,
  ]);
});
