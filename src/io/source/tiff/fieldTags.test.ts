import { expect, test } from "vitest";
import { type MadeTag, makeTiff, textTag } from "../../../../test/support/tiff.ts";
import type { ImageSource } from "../source.ts";
import { openTiffImages } from "./open.ts";

// What files of other programs say of their pixels in tags and descriptions: read, or told.

/** Pages of 3 x 2 bytes of grey, with further tags and a description each. */
function made(pages: readonly { readonly tags?: readonly MadeTag[]; readonly text?: string }[]): File {
  const bytes = makeTiff(
    pages.map(({ tags = [], text }, page) => ({
      pixels: Uint8Array.from([1, 2, 3, 4, 5, 6], (value) => value + 10 * page),
      tags: (at: number): MadeTag[] => {
        const usual: MadeTag[] = [
          [256, 3, [3]],
          [257, 3, [2]],
          [258, 3, [8]],
          [262, 3, [1]],
          [273, 4, [at]],
          [278, 3, [2]],
          [279, 4, [6]],
        ];
        const own = new Set(tags.map(([tag]) => tag));
        const said = text === undefined ? [] : [textTag(270, text)];
        return [...usual.filter(([tag]) => !own.has(tag)), ...tags, ...said];
      },
    })),
  );
  return new File([Uint8Array.from(bytes)], "a.tif");
}

/** A share of 1, as the eight bytes of numerator and denominator. */
const whole = (numerator: number) => numerator + 2 ** 32;

async function opened<T>(
  file: File,
  use: (image: ImageSource, warnings: string[]) => T | Promise<T>,
): Promise<T> {
  await using images = await openTiffImages(file);
  const image = await images.open();
  return use(image, [...images.warnings, ...image.warnings]);
}

const warningsOf = (file: File) => opened(file, (_, warnings) => warnings);

test("differences without compression are values, as libtiff and ImageJ have them", async () => {
  await opened(made([{ tags: [[317, 3, [2]]] }]), async (image, warnings) => {
    expect([...(await image.read()).data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(warnings.join()).toMatch(/Predictor 2 is left out: values without compression are as they are/);
  });
});

test.each([
  [5, "inks, as CMYK"],
  [6, "YCbCr"],
  [8, "CIE L*a*b*"],
  [32803, "a colour filter array"],
])("values that are no grey are told: PhotometricInterpretation %i", async (number, name) => {
  expect(await warningsOf(made([{ tags: [[262, 3, [number]]] }]))).toEqual([
    `PhotometricInterpretation ${number} (${name}) is left out: values are as they are, no red, green and blue`,
  ]);
});

test("colours of four pixels together are refused with the way out", async () => {
  const tags: MadeTag[] = [
    [262, 3, [6]],
    [530, 3, [2, 2]],
  ];
  await expect(opened(made([{ tags }]), (image) => image.read())).rejects.toThrow(
    "a.tif page 0: expected red, green and blue of every pixel, found YCbCr with colours of 2 x 2 pixels together (YCbCrSubSampling). Write it as RGB",
  );
});

test("a page that tells which pixels count is no image, and is told", async () => {
  await opened(made([{}, { tags: [[254, 4, [4]]] }]), (image, warnings) => {
    expect(image.levels[0].shape).toEqual([2, 3]);
    expect(warnings).toEqual([
      "a.tif: 1 page that tells which pixels count (NewSubfileType 4, transparency) is left out",
    ]);
  });
});

test("pixels that are no squares keep both sides, in the units of tifffile too", async () => {
  const tags = (unit: number): MadeTag[] => [
    [282, 5, [whole(100_000)]],
    [283, 5, [whole(50_000)]],
    [296, 3, [unit]],
  ];
  const scales: unknown[] = [];
  for (const unit of [3, 4])
    await opened(made([{ tags: tags(unit) }]), (image) =>
      scales.push([image.axes[0].unit, image.levels[0].scale]),
    );
  expect(scales).toEqual([
    ["micrometer", [0.2, 0.1]],
    ["angstrom", [200, 100]],
  ]);
});

test("ImageJ: units of rows, slices and time apart, places of the origin, the calibration of values", async () => {
  const text =
    "ImageJ=1.53t\nimages=4\nslices=2\nframes=2\nunit=um\nyunit=mm\nzunit=nm\nspacing=300\nfinterval=2.5\ntunit=min\nxorigin=5\nzorigin=1\ncf=0\nc0=-32768\nc1=1\nvunit=Gray Value\n";
  const tags: MadeTag[] = [
    [282, 5, [whole(10)]],
    [283, 5, [whole(4)]],
  ];
  await opened(made([{ text, tags }, { tags }, { tags }, { tags }]), (image, warnings) => {
    const [{ scale, translation }] = image.levels;
    expect(image.axes.map(({ name, unit }, i) => [name, unit, scale[i], translation[i]])).toEqual([
      ["time", "second", 150, 0],
      ["z", "nanometer", 300, -300],
      ["y", "millimeter", 0.25, 0],
      ["x", "micrometer", 0.1, -0.5],
    ]);
    expect(warnings).toEqual([
      "a.tif: ImageJ's calibration of values (cf=0, c0=-32768, c1=1, vunit=Gray Value) is left out: values are as they are stored",
    ]);
  });
});

test("ImageJ: units that nobody knows are told; pixels are none", async () => {
  const text = (unit: string) =>
    `ImageJ=1.53t\nimages=2\nframes=2\nunit=${unit}\nfinterval=3\ntunit=fortnight\n`;
  expect(await warningsOf(made([{ text: text("furlong") }, {}]))).toEqual([
    'a.tif: its unit "furlong" is no unit of length that is known: sizes in it are left out',
    'a.tif: its tunit "fortnight" is no unit of time that is known: finterval is left out',
  ]);
  expect((await warningsOf(made([{ text: text("pixel") }, {}]))).length).toBe(1);
});

const ome = (sizeZ: number, more = "") =>
  `<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="P" DimensionOrder="XYZCT" Type="uint8" SizeX="3" SizeY="2" SizeZ="${sizeZ}" SizeC="1" SizeT="1" ${more}><TiffData/></Pixels></Image></OME>`;

test("OME-XML that tells of fewer pages, sizes that are no numbers, text that is cut short", async () => {
  expect(await warningsOf(made([{ text: ome(2) }, {}, {}, {}]))).toEqual([
    "a.tif: its OME-XML tells of 2 of 4 pages: the others are left out",
  ]);
  expect(await warningsOf(made([{ text: ome(1, 'PhysicalSizeX="0,5"') }]))).toEqual([
    'a.tif: PhysicalSizeX is "0,5", which is no number: left out',
  ]);
  expect(await warningsOf(made([{ text: ome(1).slice(0, 120) }]))).toEqual([
    "a.tif: its OME-XML is cut short and left out: pages are read without it",
  ]);
  expect(await warningsOf(made([{ text: ome(2) }, {}]))).toEqual([]);
});
