import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openTiffImages } from "./open.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../../test/golden/tiff-others/${name}`, import.meta.url));

/** Axes, shape and first value of each array; those of the second begin with 1000, of the third with 2000. */
const SERIES = [
  [
    "shaped.twice.tif",
    [
      ["z,y,x", [2, 6, 8], 0],
      ["z,y,x", [2, 6, 8], 0],
    ],
  ],
  [
    "shaped.sizes.tif",
    [
      ["channel,z,y,x", [2, 3, 8, 8], 0],
      ["y,x", [4, 4], 1000],
      ["z,y,x", [2, 8, 8], 2000],
    ],
  ],
  [
    "shaped.twice.truncated.tif",
    [
      ["z,y,x", [3, 6, 8], 0],
      ["time,y,x", [2, 6, 8], 1000],
    ],
  ],
] as const;

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

test("the axes of tifffile's arrays are those that it was told, in the order of all sources", async () => {
  await using file = await openTiffImages(golden("shaped.zcyx.tif"));
  const image = await file.open();
  expect(image.axes.map(({ name }) => name)).toEqual(["channel", "z", "y", "x"]);
  expect(image.levels[0].shape).toEqual([2, 3, 6, 8]);
  // value i of (z, c, y, x) is i
  const { data } = await image.read({ region: { channel: 1, z: 2 } });
  expect([data[0], data[47]]).toEqual([(2 * 2 + 1) * 48, (2 * 2 + 1) * 48 + 47]);
  expect(image.warnings).toEqual([]);
});

test("axes without names are called as those of .npy files; samples stay samples", async () => {
  await using unnamed = await openTiffImages(golden("shaped.unnamed.tif"));
  const image = await unnamed.open();
  expect(image.axes.map(({ name }) => name)).toEqual(["time", "channel", "z", "y", "x"]);
  const { data } = await image.read();
  expect(data.every((value, i) => value === i)).toBe(true);
  await using colours = await openTiffImages(golden("shaped.rgb.tif"));
  const rgb = await colours.open();
  expect(rgb.axes.map(({ name }) => name)).toEqual(["time", "z", "y", "x", "sample"]);
  expect(rgb.levels[0].shape).toEqual([2, 3, 6, 8, 3]);
});

test("planes that tifffile wrote behind one page have their axes too", async () => {
  await using file = await openTiffImages(golden("shaped.truncated.tif"));
  const image = await file.open();
  expect(image.axes.map(({ name }) => name)).toEqual(["z", "y", "x"]);
  expect([image.levels[0].shape, image.warnings]).toEqual([[4, 6, 8], []]);
});

test.each(SERIES)("arrays that tifffile wrote one after another stay apart: %s", async (name, expected) => {
  await using file = await openTiffImages(golden(name));
  const found: unknown[] = [];
  for (const series of file.images) {
    await using image = await file.open(series);
    const { data } = await image.read();
    found.push([image.axes.map((axis) => axis.name).join(), image.levels[0].shape, data[0]]);
    expect(image.warnings).toEqual([]);
  }
  expect([found, file.warnings]).toEqual([expected, []]);
});

test("MetaMorph's stacks: planes, calibration and where the stage was, in either direction", async () => {
  await using stack = await openTiffImages(golden("stack.stk"));
  const image = await stack.open();
  expect(image.levels[0].shape).toEqual([2, 2, 3]);
  expect([...(await image.read()).data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(image.axes[2]).toMatchObject({ name: "x", unit: "micrometer" });
  expect(image.levels[0].scale[2]).toBeCloseTo(0.325, 9);
  const place = [-120.5, 45.25];
  expect(image.metadata.MetaMorph).toEqual({
    ...{ xCalibration: 0.325, calibrationUnits: "um" },
    stagePositions: [place, place],
  });
  await using single = await openTiffImages(golden("single.stk"));
  expect((await single.open()).metadata.MetaMorph).toMatchObject({ stagePositions: [[1500, -2.5]] });
});

test("tags of MetaMorph that lead nowhere cost no pixels", async () => {
  const bytes = readFileSync(golden("stack.stk"));
  for (let at = 8; at < bytes.length - 160; at += 4) {
    const damaged = new Uint8Array(bytes);
    damaged.fill(0xff, at, at + 4);
    await using file = await openTiffImages(new Blob([damaged]));
    expect((await (await file.open()).read()).data).toHaveLength(12);
  }
});
