import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { storeMaker } from "../../../test/support/zarrStores.ts";
import { VitrineError } from "../../core/index.ts";
import { parseZarrImage } from "../source/zarr/imageMetadata.ts";
import { openOmeZarr } from "./open.ts";
import { parseHeader, parseRecords } from "./records.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-omezarr-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const store = storeMaker(scratch);

const group = (attributes: object) => ({ zarr_format: 3, node_type: "group", attributes });
const multiscale = (axes: readonly string[], path = "0") => ({
  axes: axes.map((name) => ({ name })),
  datasets: [{ path }],
});
const image = (axes: readonly string[]) =>
  group({ ome: { version: "0.5", multiscales: [multiscale(axes)] } });
const array = (shape: readonly unknown[], more: object = {}) => ({
  zarr_format: 3,
  node_type: "array",
  shape,
  data_type: "uint8",
  chunk_grid: { name: "regular", configuration: { chunk_shape: shape.map(() => 2) } },
  chunk_key_encoding: { name: "default" },
  fill_value: 7,
  codecs: [{ name: "bytes" }],
  ...more,
});

test("several images are positions: numbers where they are numbered, else names", async () => {
  const root = group({ ome: { version: "0.5", "bioformats2raw.layout": 3 } });
  const one = { "0/zarr.json": image(["y", "x"]), "0/0/zarr.json": array([2, 2]) };
  const two = { "1/zarr.json": image(["c", "y", "x"]), "1/0/zarr.json": array([2, 1, 3]) };
  const numbered = await openOmeZarr(store({ "zarr.json": root, ...one, ...two }));
  expect(numbered.imageCoordinates()).toEqual([
    { position: 0 },
    { position: 1, channel: 0 },
    { position: 1, channel: 1 },
  ]);
  const series = { "OME/zarr.json": group({ ome: { version: "0.5", series: ["1", "0"] } }) };
  const named = await openOmeZarr(store({ "zarr.json": root, ...series, ...one, ...two }));
  expect(named.axes.position).toEqual(["0", "1"]);
  expect((await named.readImage({ position: "1", channel: 1 })).data).toEqual(Uint8Array.of(7, 7, 7));
});

test("fields of a plate are positions by their paths", async () => {
  const plate = {
    columns: [{ name: "1" }],
    rows: [{ name: "A" }],
    wells: [{ path: "A/1", rowIndex: 0, columnIndex: 0 }],
  };
  const images = [{ path: "0" }, { path: "1" }];
  const fields = ["A/1/0", "A/1/1"].flatMap((field) => [
    [`${field}/zarr.json`, image(["y", "x"])],
    [`${field}/0/zarr.json`, array([2, 3])],
  ]);
  const files = {
    "zarr.json": group({ ome: { plate } }),
    "A/1/zarr.json": group({ ome: { well: { images } } }),
  };
  await using dataset = await openOmeZarr(store({ ...files, ...Object.fromEntries(fields) }));
  expect(dataset.imageCoordinates()).toEqual([{ position: "A/1/0" }, { position: "A/1/1" }]);
});

test("version 0.1 without axes, Zarr 2, chunks that are there and chunks that are not", async () => {
  const zarray = {
    zarr_format: 2,
    shape: [2, 1, 1, 2, 2],
    chunks: [1, 1, 1, 2, 2],
    dtype: ">u2",
    compressor: null,
    fill_value: 9,
    filters: null,
    order: "C",
    dimension_separator: "/",
  };
  const folder = store({
    ".zgroup": { zarr_format: 2 },
    ".zattrs": { multiscales: [{ version: "0.1", datasets: [{ path: "0" }] }] },
    "0/.zarray": zarray,
    "0/1/0/0/0/0": Uint8Array.of(0, 1, 1, 0, 0, 2, 2, 0),
  });
  await using dataset = await openOmeZarr(folder);
  const read = async (time: number) => [...(await dataset.readImage({ time, channel: 0, z: 0 })).data];
  expect([await read(0), await read(1), await read(1)]).toEqual([
    [9, 9, 9, 9],
    [1, 256, 2, 512],
    [1, 256, 2, 512],
  ]);
});

describe("what is damaged or no image says what and where", () => {
  const yx = { "zarr.json": image(["y", "x"]) };
  test.each([
    ["plate without wells", { "zarr.json": group({ ome: { plate: {} } }) }, "missing"],
    ["group without images", { "zarr.json": group({}) }, "format"],
    ["group without attributes", { "zarr.json": { zarr_format: 3, node_type: "group" } }, "format"],
    ["half a zarr.json", { "zarr.json": '{"zarr_format"' }, "format"],
    ["no metadata", { "readme.txt": "?" }, "missing"],
    ["image without array", yx, "missing"],
    ["array of nothing", { ...yx, "0/zarr.json": array([0, 3]) }, "range"],
    ["shape of words", { ...yx, "0/zarr.json": array(["a", 2]) }, "type"],
    ["other rank", { ...yx, "0/zarr.json": array([2, 2, 2]) }, "format"],
    ["array too long", { "zarr.json": image(["t", "y", "x"]), "0/zarr.json": array([1e9, 2, 2]) }, "format"],
    ["complex values", { ...yx, "0/zarr.json": array([2, 2], { data_type: "complex64" }) }, "unsupported"],
    ["x before y", { "zarr.json": image(["x", "y"]), "0/zarr.json": array([2, 2]) }, "unsupported"],
    [
      "two series, one there",
      {
        "zarr.json": group({ ome: { "bioformats2raw.layout": 3 } }),
        "OME/zarr.json": group({ ome: { series: ["0"] } }),
      },
      "missing",
    ],
  ] as const)("%s", async (_, files, code) => {
    const folder = store(files);
    const error = await openOmeZarr(folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(VitrineError);
    expect(error).toMatchObject({ code, fault: { at: expect.stringContaining(folder) } });
  });

  test("a codec that nobody knows; a chunk that unfolds too far", async () => {
    const codecs = [{ name: "bytes" }, { name: "lossy" }];
    const folder = store({ ...yx, "0/zarr.json": array([2, 2], { codecs }), "0/c/0/0": "1234" });
    await expect(openOmeZarr(folder)).rejects.toThrow("0 codecs: expected one of");
    const gzip = [{ name: "bytes" }, { name: "gzip" }];
    // the last bytes say how long it is unpacked
    const bomb = Uint8Array.of(31, 139, 8, 0, 255, 255, 255, 255);
    const packed = store({ ...yx, "0/zarr.json": array([2, 2], { codecs: gzip }), "0/c/0/0": bomb });
    const dataset = await openOmeZarr(packed);
    await expect(dataset.readImage({})).rejects.toThrow(
      "expected a chunk of 4 bytes, found 4294967295 bytes packed",
    );
  });
});

test("whatever metadata and records hold, they are read or refused with a place", () => {
  const refused = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      expect(error).toBeInstanceOf(VitrineError);
    }
  };
  const bytes = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  const anyRecord = fc.record(
    {
      axes: fc.anything(),
      image: fc.oneof(fc.constant("0"), fc.anything()),
      at: fc.anything(),
      metadata: fc.anything(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), anyRecord), fc.jsonValue(), (value, axes) => {
      refused(() => parseZarrImage({ ...Object(value) }, "a"));
      refused(() => parseZarrImage(Object({ multiscales: [{ axes, datasets: value }] }), "a"));
      refused(() => parseHeader(bytes(value), "a"));
      refused(() => parseRecords(bytes(value), "a", 0));
    }),
    { seed: 4 },
  );
});
