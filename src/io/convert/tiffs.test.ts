import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { describeFile } from "../describe/describe.ts";
import { readMrcVolume } from "../mrcFile.ts";
import { formatMrc } from "../mrcWrite.ts";
import { readNpy } from "../npyFile.ts";
import { writeTiff } from "../tiff/write.ts";
import { convertDataset } from "./convert.ts";
import { openDataset } from "./open.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-tiffs-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

test("an MRC stack becomes a TIFF movie and comes back with its pixel size", async () => {
  const data = Float32Array.from({ length: 60 }, (_, i) => i / 2);
  writeFileSync(path("a.mrc"), formatMrc({ data, shape: [3, 4, 5], voxelSizeA: 1.06, kind: "stack" }));
  const report = { from: "mrc", to: "tiff", images: 3, filled: 0 };
  expect(await convertDataset(path("a.mrc"), path("a.tif"))).toEqual(report);
  expect(await describeFile(path("a.tif"))).toMatchObject({
    kind: "tiff",
    pages: 3,
    layouts: [{ width: 5, height: 4, channels: 1, dtype: "float32", images: 3 }],
    pixelSizeA: expect.closeTo(1.06, 6),
  });
  expect(await convertDataset(path("a.tif"), path("b.mrc"))).toMatchObject({ from: "tiff", images: 3 });
  const back = await readMrcVolume(path("b.mrc"));
  expect([back.data, back.shape, back.voxelSizeA]).toEqual([data, [3, 4, 5], expect.closeTo(1.06, 6)]);
});

test("between MRC and TIFF rows change their order, with a word, unless they are to be kept", async () => {
  const data = Float32Array.from({ length: 2 * 3 * 2 }, (_, i) => i);
  writeFileSync(path("rows.mrc"), formatMrc({ data, shape: [2, 3, 2], voxelSizeA: 1, kind: "stack" }));
  const said: string[] = [];
  const onLog = (line: string) => said.push(line);
  for (const name of ["rows.tif", "rows.ome.tif"]) {
    await convertDataset(path("rows.mrc"), path(name), { onLog });
    await convertDataset(path(name), path(`${name}.npy`));
    expect((await readNpy(path(`${name}.npy`))).data.slice(0, 12)).toEqual(
      Float32Array.of(4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7),
    );
    await convertDataset(path(name), path(`${name}.mrc`), { tiffRows: "flip" });
    expect((await readMrcVolume(path(`${name}.mrc`))).data).toEqual(data);
  }
  expect(said.filter((line) => line.includes("--tiff-rows"))).toHaveLength(2);
  await convertDataset(path("rows.mrc"), path("kept.tif"), { tiffRows: "keep" });
  await convertDataset(path("kept.tif"), path("kept.npy"));
  expect((await readNpy(path("kept.npy"))).data).toEqual(data);
});

test("pages are images along time, one page has no axes, colours stay", async () => {
  const page = { data: Uint8Array.from({ length: 24 }, (_, i) => i), width: 4, height: 2, channels: 3 };
  await writeTiff(path("two.tiff"), { pages: [page, page], pixelSizeA: 6500 });
  const { dataset } = await openDataset(path("two.tiff"));
  expect(dataset.imageCoordinates()).toEqual([{ time: 0 }, { time: 1 }]);
  expect(dataset.summaryMetadata).toEqual({ PixelSize_um: 0.65 });
  expect(await dataset.readImage({ time: 1 })).toEqual(page);
  await dataset.close();
  const said: string[] = [];
  await convertDataset(path("two.tiff"), path("two.zarr"), { onLog: (line) => said.push(line) });
  expect(said).toEqual([
    `${path("two.zarr")}: OME-Zarr has no place for colours of a pixel: they become channels; format (--format) tiff or npy keeps it`,
  ]);
  await convertDataset(path("two.zarr"), path("two.npy"));
  const colours = await readNpy(path("two.npy"));
  expect([colours.shape, colours.data.slice(0, 3)]).toEqual([[2, 3, 2, 4], Uint8Array.of(0, 3, 6)]);
  await convertDataset(path("two.tiff"), path("again.tif"));
  await convertDataset(path("again.tif"), path("again.npy"));
  expect((await readNpy(path("again.npy"))).shape).toEqual([2, 2, 4, 3]);
  await writeTiff(path("one.tif"), { pages: [{ ...page, channels: 1, width: 12 }] });
  const one = await openDataset(path("one.tif"));
  expect(one.dataset.imageCoordinates()).toEqual([{}]);
  await one.dataset.close();
});

test("an OME-TIFF as a dataset has the file's axes, names and bits; several images an axis `image`", async () => {
  const file = (name: string) =>
    fileURLToPath(new URL(`../../../test/golden/tiff-others/${name}`, import.meta.url));
  const { dataset, bitDepth } = await openDataset(file("cells_1_MMStack_Pos0.ome.tif"));
  expect(dataset.axes).toEqual({ time: [0, 1], channel: ["Cy5", "DAPI"], z: [0, 1, 2] });
  expect(dataset.summaryMetadata).toEqual({ PixelSize_um: 0.65, "z-step_um": 0.5, Interval_ms: 100 });
  const at = { time: 1, channel: "DAPI", z: 2 };
  expect([(await dataset.readImage(at)).data[0], bitDepth(at)]).toEqual([((1 * 3 + 2) * 2 + 1) * 80, 12]);
  await dataset.close();
  const { dataset: series } = await openDataset(file("positions.ome.tif"));
  expect(series.axes).toEqual({ image: ["s0", "s1"], channel: ["DAPI", "GFP"] });
  expect((await series.readImage({ image: "s1", channel: "GFP" })).data[1]).toBe(1101);
  await series.close();
});
