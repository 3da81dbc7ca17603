import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openTiffImages } from "./open.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../../test/golden/tiff-others/${name}`, import.meta.url));

test("SubIFDs of a BigTIFF are its levels", async () => {
  await using file = await openTiffImages(golden("subifds.bigtiff.tif"));
  const image = await file.open();
  expect(image.levels.map(({ shape }) => shape)).toEqual([
    [64, 48],
    [32, 24],
    [16, 12],
  ]);
  const { data } = await image.read({ level: 2 });
  expect([data[1], data[12]]).toEqual([4, 4 * 48]);
});

test("colours in planes of their own become samples of a pixel", async () => {
  await using file = await openTiffImages(golden("planar.tif"));
  const { data } = await (await file.open()).read();
  expect(Array.from(data.slice(0, 6))).toEqual([0, 100, 200, 1, 101, 201]);
});

test("the second series of an OME-TIFF at its second level", async () => {
  await using file = await openTiffImages(golden("positions.ome.tif"));
  expect(file.images).toEqual(["s0", "s1"]);
  const image = await file.open("s1");
  expect(image.channels.map(({ name }) => name)).toEqual(["DAPI", "GFP"]);
  const { data } = await image.read({ level: 1 });
  expect([data[0], data[1], data[3], data[12]]).toEqual([1000, 1002, 1012, 1100]);
});
