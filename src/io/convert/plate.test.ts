import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { python, requirement } from "../../../test/support/require.ts";
import { createOmeZarrPlate } from "../omezarr/multiscale/plate.ts";
import { sourceAxis } from "../source/axes.ts";
import { openImages } from "../source/open.ts";
import { convertDataset } from "./convert.ts";

const { available } = requirement("readers");
const scratch = mkdtempSync(join(tmpdir(), "vitrine-plates-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const AXES = [
  sourceAxis("channel"),
  sourceAxis("y", { unit: "micrometer" }),
  sourceAxis("x", { unit: "micrometer" }),
];
const SHAPE = [2, 300, 280] as const;
const plate = join(scratch, "plate.zarr");
const FIELDS = [
  ["B", "3", 0],
  ["B", "3", 140],
  ["H", "12", 0],
] as const;

beforeAll(async () => {
  const rows = [..."ABCDEFGH"];
  const columns = Array.from({ length: 12 }, (_, i) => `${i + 1}`);
  await using made = await createOmeZarrPlate({ directory: plate, name: "P7", rows, columns, threads: 0 });
  for (const [index, [row, column, xUm]] of FIELDS.entries()) {
    await using writer = await made.createField({
      ...{ row, column, axes: AXES, shape: SHAPE, dtype: "uint16" },
      ...{ scale: [1, 0.5, 0.5], translation: [0, 0, xUm], channels: [{ name: "DAPI" }, { name: "GFP" }] },
      ...{ chunkShape: [1, 128, 128], shardShape: [1, 256, 256] },
    });
    const data = Uint16Array.from({ length: 2 * 300 * 280 }, (_, i) => (i * (index + 7)) % 60_013);
    await writer.write({}, data);
    await writer.finish();
  }
});

/** Pixels of all levels, places and names of every field. */
async function contentOf(path: string) {
  await using images = await openImages(path);
  const fields = [];
  for (const { image, well, field } of images.plate?.fields ?? []) {
    await using source = await images.open(image);
    const levels = [];
    for (const level of source.levels.keys()) levels.push((await source.read({ level })).data);
    const [{ scale, translation }] = source.levels;
    const names = source.channels.map(({ name }) => name);
    fields.push({ well, field, levels, scale, translation, names });
  }
  return { rows: images.plate?.rows, columns: images.plate?.columns, name: images.plate?.name, fields };
}

test("a plate of OME-Zarr 0.5 becomes one of 0.4 and one OME-TIFF, field by field, with every level", async () => {
  const expected = await contentOf(plate);
  expect(expected.fields).toHaveLength(3);
  const older = join(scratch, "older.zarr");
  const said: string[] = [];
  const onLog = (message: string) => said.push(message);
  const report = await convertDataset(plate, older, { zarr: { version: "0.4" }, onLog });
  expect(report).toEqual({ from: "ome-zarr", to: "ome-zarr", images: 6, filled: 0 });
  expect(await contentOf(older)).toEqual(expected);
  const file = join(scratch, "plate.ome.tif");
  await convertDataset(plate, file, { onLog });
  expect(await contentOf(file)).toEqual(expected);
  expect(said).toEqual([]);
  const again = join(scratch, "again.zarr");
  await convertDataset(file, again, { zarr: { shardPx: 512 } });
  expect(await contentOf(again)).toEqual(expected);
});

test("one field is taken where it is named; fields of other sizes are no series of one file", async () => {
  const one = join(scratch, "one.ome.tif");
  await convertDataset(plate, one, { image: "H/12/0" });
  await using image = await openImages(one);
  expect([image.plate, image.images.length]).toEqual([undefined, 1]);
  const odd = join(scratch, "odd.zarr");
  await using made = await createOmeZarrPlate({ directory: odd, rows: ["A"], columns: ["1"], threads: 0 });
  for (const side of [8, 9]) {
    const shape = [1, side, side];
    await using writer = await made.createField({ row: "A", column: "1", axes: AXES, shape, dtype: "uint8" });
    await writer.finish();
  }
  await expect(convertDataset(odd, join(scratch, "odd.ome.tif"))).rejects.toThrow(
    /odd.zarr well A01 field 1: expected fields of one size and type \(channel 1, y 8, x 8, uint8\).*found channel 1, y 9, x 9, uint8/,
  );
});

test.skipIf(!available)("validators and tifffile open what was made of a plate", async () => {
  const older = join(scratch, "valid.zarr");
  await convertDataset(plate, older, { zarr: { version: "0.4" } });
  const file = join(scratch, "valid.ome.tif");
  await convertDataset(plate, file);
  const code = [
    "import sys, json, tifffile, yaozarrs, zarr, ome_zarr_models.v04 as v04",
    "yaozarrs.validate_zarr_store(sys.argv[1])",
    "v04.HCS.from_zarr(zarr.open_group(sys.argv[1], mode='r'))",
    "t = tifffile.TiffFile(sys.argv[2])",
    "xml = t.ome_metadata",
    "print(json.dumps([[s.name, s.axes, list(s.shape), len(s.levels), int(s.asarray().astype(int).sum())] for s in t.series]))",
  ].join("\n");
  const series = JSON.parse(execFileSync(python, ["-c", code, older, file], { encoding: "utf8" }));
  const sums = (await contentOf(plate)).fields.map(({ levels }) =>
    Array.from(levels[0], Number).reduce((sum, value) => sum + value, 0),
  );
  expect(series).toEqual(
    ["P7 B03 0", "P7 B03 1", "P7 H12 0"].map((name, i) => [name, "CYX", [...SHAPE], 2, sums[i]]),
  );
});
