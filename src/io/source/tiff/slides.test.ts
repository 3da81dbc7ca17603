import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openTiffImages } from "./open.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../../test/golden/tiff-slides/${name}`, import.meta.url));

/** What tifffile calls a series: axes but colours, shapes and sums of its levels. */
interface Series {
  readonly name: string;
  readonly levels: readonly (readonly number[])[];
  readonly sums: readonly number[];
}

interface Slide {
  readonly file: string;
  readonly images: readonly string[];
  readonly pixel: number;
  readonly unit?: string;
}

const SLIDES: readonly Slide[] = [
  { file: "aperio.svs", images: ["0", "thumbnail", "label", "macro"], pixel: 0.499, unit: "micrometer" },
  { file: "philips.tiff", images: ["0", "macro", "label"], pixel: 0.25, unit: "micrometer" },
  { file: "ventana.bif", images: ["0", "label"], pixel: 0.465, unit: "micrometer" },
  {
    file: "perkinelmer.qptiff",
    images: ["0", "thumbnail", "overview", "label"],
    pixel: 0.5,
    unit: "micrometer",
  },
  { file: "tiles.tif", images: ["0"], pixel: 1 },
  { file: "strips.tif", images: ["0"], pixel: 1 },
  { file: "vips.tif", images: ["0"], pixel: 0.5, unit: "micrometer" },
];

test.each(SLIDES)(
  "$file: one image of the levels that tifffile finds, and the pictures beside",
  async ({ file, images, pixel, unit }) => {
    const all: Readonly<Record<string, readonly Series[]>> = JSON.parse(
      await readFile(golden("series.json"), "utf8"),
    );
    await using collection = await openTiffImages(golden(file));
    expect(collection.images).toEqual(images);
    for (const [i, name] of images.entries()) {
      const image = await collection.open(name);
      const series = all[file][i];
      expect(image.levels.map(({ shape }) => shape)).toEqual(series.levels);
      const sums = [];
      for (const level of image.levels.keys()) {
        const { data } = await image.read({ level });
        sums.push(Array.from(data).reduce((sum, value) => sum + value, 0));
      }
      expect(sums).toEqual(series.sums);
    }
    const image = await collection.open("0");
    const x = image.axes.findIndex(({ name }) => name === "x");
    expect([image.levels[0].scale[x], image.axes[x].unit]).toEqual([pixel, unit]);
  },
);

test("steps that are no whole numbers, planes of channels, heights of pictures", async () => {
  await using aperio = await openTiffImages(golden("aperio.svs"));
  const slide = await aperio.open();
  expect(slide.levels.map(({ scale }) => Number((scale[0] / 0.499).toFixed(6)))).toEqual([1, 4, 8]);
  const label = await aperio.open("label");
  expect([label.axes[0].unit, label.levels[0].scale]).toEqual([undefined, [1, 1, 1]]);
  await using perkinelmer = await openTiffImages(golden("perkinelmer.qptiff"));
  const stained = await perkinelmer.open();
  expect(stained.axes[0]).toEqual({ name: "channel", kind: "channel", values: ["DAPI", "FITC"] });
  expect(stained.channels).toEqual([
    { name: "DAPI", color: "0000FF" },
    { name: "FITC", color: "00FF00" },
  ]);
  const { data } = await stained.read({ level: 2, region: { channel: 1, y: 3, x: 5 } });
  expect(data[0]).toBe(12);
});

test("what is guessed is said; sizes that do not fit are images of their own", async () => {
  await using tiles = await openTiffImages(golden("tiles.tif"));
  expect(tiles.warnings[0]).toContain("pages of 48 x 32 x 1 uint16 are taken for a lower resolution");
  await using vips = await openTiffImages(golden("vips.tif"));
  expect(vips.warnings).toEqual([]);
  await using apart = await openTiffImages(golden("apart.tif"));
  expect(apart.images).toEqual(["0", "1", "thumbnail"]);
  expect((await apart.open("thumbnail")).levels.map(({ shape }) => shape)).toEqual([[10, 50]]);
});
