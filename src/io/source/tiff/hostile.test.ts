import { expect, test } from "vitest";
import { type MadeTag, makeTiff, textTag } from "../../../../test/support/tiff.ts";
import { parseOmeXml } from "../../tiff/ome/parse.ts";
import { placeOmePlanes } from "./omePlanes.ts";
import { openTiffImages } from "./open.ts";

// Files that promise much more than they hold: refused, or read, in the time and memory that their size allows.

const image = (sizes: string, inside: string) =>
  `<OME><Image><Pixels Type="uint8" SizeX="1" SizeY="1" ${sizes}>${inside}</Pixels></Image></OME>`;

const page = (extra: readonly MadeTag[], pixels = new Uint8Array(1)) => ({
  pixels,
  tags: (at: number): MadeTag[] => [
    [256, 3, [1]],
    [257, 3, [1]],
    [258, 3, [8]],
    [273, 4, [at]],
    [278, 3, [1]],
    [279, 4, [1]],
    ...extra,
  ],
});
const openMade = (tags: readonly MadeTag[], pixels?: Uint8Array<ArrayBuffer>) =>
  openTiffImages(new Blob([makeTiff([page(tags, pixels)]).slice()]));

test("many TiffData that each name all pages: refused, not placed one by one", async () => {
  const xml = image('SizeZ="100000" SizeC="1" SizeT="1"', "<TiffData/>".repeat(2_000));
  const model = parseOmeXml(xml, "a.ome.tif");
  const context = { name: "a.ome.tif", model, samples: 1, isOwn: () => true, pagesOf: async () => undefined };
  await expect(placeOmePlanes(model.images[0], { ...context, pages: 10_000 })).rejects.toThrow(
    "a.ome.tif TiffData: expected each of 10000 pages once, found 190000 planes and more. The OME-XML is damaged.",
  );
});

test("a channel for every number that there is: as many names as are said", async () => {
  const sizes = `SizeZ="1" SizeC="${2 ** 40}" SizeT="1"`;
  await using images = await openMade([textTag(270, image(sizes, "<TiffData/>"))]);
  await using found = await images.open();
  expect(found.levels[0].shape).toEqual([2 ** 40, 1, 1]);
  await expect(found.read()).rejects.toMatchObject({ code: "range" });
  expect((await found.read({ region: { channel: 0 } })).data).toEqual(Uint8Array.of(0));
});

test("sizes whose product is no number: said, and its pages are read without it", async () => {
  const most = Number.MAX_SAFE_INTEGER;
  await using images = await openMade([
    textTag(270, image(`SizeZ="${most}" SizeC="${most}" SizeT="2"`, "<TiffData/>")),
  ]);
  expect(images.warnings.join()).toContain("SizeX, Y, Z, C, T: expected sizes of an image");
});

test("a hundred thousand directories of lower resolution, all of them the page itself", async () => {
  await using images = await openMade([[330, 4, Array(100_000).fill(8)]]).catch(() => undefined);
  expect(images?.images.length ?? 1).toBe(1);
});

test("bits of a hundred thousand samples where the page has one", async () => {
  await using images = await openMade([[339, 3, Array(100_000).fill(1)]]);
  await using found = await images.open();
  expect(found.dtype).toBe("uint8");
});

test("a page of one pixel that stands for more images than memory has places", async () => {
  const text = "ImageJ=1.53\nimages=4000000000\nslices=4000000000\n";
  await using images = await openMade([textTag(270, text)], new Uint8Array(1_100_000));
  await using found = await images.open();
  expect(found.levels[0].shape).toEqual([2 ** 20, 1, 1]);
  expect(images.warnings.join()).toContain("its description promises 4000000000 images, 1048576 are there");
});
