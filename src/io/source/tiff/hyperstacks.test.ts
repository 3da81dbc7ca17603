import { copyFile, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeTiff, textTag } from "../../../../test/support/tiff.ts";
import { convertDataset } from "../../convert/convert.ts";
import { openTiffImages } from "./open.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../../test/golden/tiff-others/${name}`, import.meta.url));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-hyperstacks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("positions of planes are the place of the first pixel, of every level, and stay in the next file", async () => {
  const path = join(folder, "again.ome.tif");
  await convertDataset(golden("positions.ome.tif"), path, { image: "s1" });
  for (const [file, name] of [
    [golden("positions.ome.tif"), "s1"],
    [path, undefined],
  ] as const) {
    await using images = await openTiffImages(file);
    const image = await images.open(name);
    // the second level's first pixel stands for 2 x 2 of 0.5 µm
    expect(image.levels.map(({ translation }) => translation).slice(0, 2)).toEqual(
      file === path
        ? [[0, -20.25, 11.5]]
        : [
            [0, -20.25, 11.5],
            [0, -20, 11.75],
          ],
    );
    expect([image.significantBits, image.warnings]).toEqual([12, []]);
  }
});

test("positions without unit or pixel size, or that differ, are told", async () => {
  const planes = (unit: string) =>
    [0, 1]
      .map((t) => `<Plane TheT="${t}" TheZ="0" TheC="0" PositionX="${10 + t}" ${unit} PositionY="0"/>`)
      .join("");
  const xml = (size: string, unit: string) =>
    `<OME><Image><Pixels ID="P" DimensionOrder="XYZCT" Type="uint8" SizeX="3" SizeY="2" SizeZ="1" SizeC="1" SizeT="2" ${size}><TiffData/>${planes(unit)}</Pixels></Image></OME>`;
  const microns = 'PhysicalSizeX="0.5" PhysicalSizeY="0.5"';
  const found = [];
  for (const [size, unit] of [
    [microns, ""],
    ["", 'PositionXUnit="mm"'],
    [microns, 'PositionXUnit="mm"'],
  ]) {
    const page = (more: string) => ({
      pixels: new Uint8Array(6),
      tags: (at: number) => [...bytes(at), ...(more ? [textTag(270, more)] : [])],
    });
    const file = new File([Uint8Array.from(makeTiff([page(xml(size, unit)), page("")]))], "x.ome.tif");
    await using images = await openTiffImages(file);
    const image = await images.open();
    found.push([
      image.levels[0].translation.at(-1),
      ...image.warnings.map((line) => line.replace(/^.*?: /, "")),
    ]);
  }
  expect(found).toMatchInlineSnapshot(`
    [
      [
        0,
        "PositionX 10 reference frame is left out of the image's place: this is no unit of length",
      ],
      [
        0,
        "PositionX 10 mm is left out of the image's place: the size of its pixels along x is not known",
      ],
      [
        10000,
        "PositionX of its planes differ by up to 1000 micrometer: that of the first is taken",
      ],
    ]
  `);
});

const bytes = (at: number) =>
  [
    [256, 3, [3]],
    [257, 3, [2]],
    [258, 3, [8]],
    [259, 3, [1]],
    [262, 3, [1]],
    [273, 4, [at]],
    [277, 3, [1]],
    [278, 3, [2]],
    [279, 4, [6]],
  ] as const;

test("ImageJ's tables of colours and ranges are the channels' colours and windows", async () => {
  await using images = await openTiffImages(golden("luts.imagej.tif"));
  const image = await images.open();
  expect(image.channels).toEqual([
    { name: "GFP", color: "00FF00", window: { start: 10, end: 200 } },
    { name: "RFP", color: "FF00FF", window: { start: 100, end: 900 } },
  ]);
  // value of t, z, c counts on
  const { data } = await image.read({ region: { time: 1, channel: 1, z: 2, y: 0, x: 0 } });
  expect(data[0]).toBe(((1 * 3 + 2) * 2 + 1) * 80);
});

test("a stack of Micro-Manager: axes, units, colours, place and bits", async () => {
  const path = join(folder, "cells_1_MMStack_Pos0.ome.tif");
  await copyFile(golden("cells_1_MMStack_Pos0.ome.tif"), path);
  await using images = await openTiffImages(path);
  expect(images.images).toEqual(["cells_1_MMStack_Pos0"]);
  const image = await images.open();
  expect(image.axes.map(({ name, unit }) => [name, unit])).toEqual([
    ["time", "millisecond"],
    ["channel", undefined],
    ["z", "micrometer"],
    ["y", "micrometer"],
    ["x", "micrometer"],
  ]);
  expect(image.levels[0]).toMatchObject({
    scale: [100, 1, 0.5, 0.65, 0.65],
    translation: [0, 0, 50, 800.25, -1250.5],
  });
  expect(image.channels.map(({ name, color }) => [name, color])).toEqual([
    ["Cy5", "FF0000"],
    ["DAPI", "0000FF"],
  ]);
  expect([image.significantBits, image.warnings]).toEqual([12, []]);
  const { data } = await image.read({ region: { time: 0, channel: 1, z: 2, y: 0, x: 0 } });
  expect(data[0]).toBe((2 * 2 + 1) * 80);
});

test("ImageJ above 4 GiB: one directory, whose 3,000 images follow one another", async () => {
  const path = join(folder, "large.tif");
  const [side, count] = [1024, 3000];
  const description = `ImageJ=1.54f\nimages=${count}\nchannels=3\nframes=1000\nhyperstack=true\n`;
  const header = makeTiff([
    {
      pixels: new Uint8Array(),
      tags: () => [
        [256, 3, [side]],
        [257, 3, [side]],
        [258, 3, [16]],
        [259, 3, [1]],
        [262, 3, [1]],
        textTag(270, description),
        [273, 4, [4096]],
        [277, 3, [1]],
        [278, 3, [side]],
        [279, 4, [side * side * 2]],
      ],
    },
  ]);
  const file = await open(path, "w");
  const last = 4096 + (count - 2) * side * side * 2;
  await file.write(header, 0, header.length, 0);
  await file.truncate(4096 + count * side * side * 2); // sparse
  await file.write(Uint8Array.from([0x34, 0x12]), 0, 2, last);
  await file.close();
  expect(last).toBeGreaterThan(2 ** 32);
  await using images = await openTiffImages(path);
  const image = await images.open();
  expect([image.levels[0].shape, images.warnings]).toEqual([[1000, 3, side, side], []]);
  const { data } = await image.read({ region: { time: 999, channel: 1, y: 0, x: [0, 2] } });
  expect(Array.from(data)).toEqual([0x1234, 0]);
});
