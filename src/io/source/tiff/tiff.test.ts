import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MadeTag, makeTiff, textTag } from "../../../../test/support/tiff.ts";
import { openTiffImages } from "./open.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../../test/golden/cases/tiff/${name}`, import.meta.url));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-tiff-source-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** 3 x 2 bytes a page, all of them `value`. */
const page = (value: number, extra: readonly MadeTag[] = [], width = 3, height = 2) => ({
  pixels: new Uint8Array(width * height).fill(value),
  tags: (at: number): MadeTag[] => [
    [256, 3, [width]],
    [257, 3, [height]],
    [258, 3, [8]],
    [259, 3, [1]],
    [262, 3, [1]],
    [273, 4, [at]],
    [277, 3, [1]],
    [278, 3, [height]],
    [279, 4, [width * height]],
    ...extra,
  ],
});

const ome = (inside: string, attributes = "") =>
  `<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" ${attributes}>${inside}</OME>`;
const pixels = (sizes: string, inside = "<TiffData/>") =>
  `<Pixels ID="Pixels:0" Type="uint8" SizeX="3" SizeY="2" ${sizes}>${inside}</Pixels>`;

/** Writes pages of growing values, the first one with OME-XML. */
async function omeFile(name: string, xml: string, pages: number, from = 0): Promise<string> {
  const made = Array.from({ length: pages }, (_, i) => page(from + i, i === 0 ? [textTag(270, xml)] : []));
  await writeFile(join(folder, name), makeTiff(made));
  return join(folder, name);
}

test.each(["axes_t2_z3_c4.ome.tif", "axes_t2_z3_c4.imagej.tif", "imagej_24_one_directory.tif"])(
  "%s: 2 times, 4 channels, 3 planes, each where it belongs",
  async (name) => {
    await using images = await openTiffImages(golden(name));
    await using image = await images.open();
    expect(image.axes.map((axis) => axis.name)).toEqual(["time", "channel", "z", "y", "x"]);
    expect(image.levels[0].shape).toEqual([2, 4, 3, 5, 6]);
    const { data } = await image.read();
    // T, Z, C, Y, X of the file count on
    const value = (t: number, c: number, z: number) => PLANE(t, z, c);
    for (const [t, c, z] of [
      [0, 0, 0],
      [1, 0, 1],
      [1, 3, 2],
      [0, 2, 1],
    ])
      expect(data[((t * 4 + c) * 3 + z) * 30]).toBe(value(t, c, z));
    const part = await image.read({ region: { time: 1, channel: 2, z: [1, 3], y: [1, 4], x: 5 } });
    expect(part.shape).toEqual([1, 1, 2, 3, 1]);
    expect(part.data[0]).toBe(data[((1 * 4 + 2) * 3 + 1) * 30 + 6 + 5]);
    expect(images.warnings).toEqual([]);
  },
);
const PLANE = (t: number, z: number, c: number) => ((t * 3 + z) * 4 + c) * 30;

test("units and names: of OME-XML and of ImageJ", async () => {
  await using a = await openTiffImages(golden("axes_t2_z3_c4.ome.tif"));
  await using image = await a.open();
  expect([a.format, a.images]).toEqual(["ome-tiff", ["Image0"]]);
  expect(image.levels[0].scale).toEqual([1.5, 1, 0.5, 0.1, 0.1]);
  expect(image.axes.map(({ unit }) => unit)).toEqual([
    "second",
    undefined,
    "micrometer",
    "micrometer",
    "micrometer",
  ]);
  expect(image.axes[1].values).toEqual(["DAPI", "FITC", "Cy3", "Cy5"]);
  expect(image.channels.map(({ name }) => name)).toEqual(["DAPI", "FITC", "Cy3", "Cy5"]);
  await using b = await openTiffImages(golden("axes_t2_z3_c4.imagej.tif"));
  await using hyperstack = await b.open();
  expect([b.format, hyperstack.levels[0].scale.slice(0, 3)]).toEqual(["imagej", [1.5, 1, 0.5]]);
  expect(hyperstack.axes.map(({ unit }) => unit).slice(0, 3)).toEqual(["second", undefined, "micrometer"]);
});

test("reduced copies are levels of the three images", async () => {
  await using images = await openTiffImages(golden("thumbnails.tif"));
  await using image = await images.open();
  expect(image.levels.map(({ shape }) => shape)).toEqual([
    [3, 40, 50],
    [3, 8, 10],
  ]);
  expect(image.levels[1].scale.slice(1)).toEqual([5, 5]);
  expect((await image.read({ level: 1, region: { time: 2 } })).data).toHaveLength(80);
});

test("series stay apart", async () => {
  const series = (id: number, ifd: number, sizes: string) =>
    `<Image ID="Image:${id}" Name="s${id}">${pixels(`DimensionOrder="XYZCT" ${sizes}`, `<TiffData IFD="${ifd}" PlaneCount="2"/>`)}</Image>`;
  const xml = ome(
    series(0, 0, 'SizeZ="2" SizeC="1" SizeT="1"') + series(1, 2, 'SizeZ="1" SizeC="1" SizeT="2"'),
  );
  await using images = await openTiffImages(await omeFile("series.ome.tif", xml, 4));
  expect(images.images).toEqual(["s0", "s1"]);
  await using second = await images.open("s1");
  expect(second.axes.map(({ name }) => name)).toEqual(["time", "y", "x"]);
  expect(Array.from((await second.read({ region: { y: 0, x: 0 } })).data)).toEqual([2, 3]);
  await expect(images.open("s2")).rejects.toThrow('expected one of "s0", "s1", found "s2"');
});

test.each([
  ["XYCZT", [0, 2, 4, 1, 3, 5]],
  ["XYZCT", [0, 1, 2, 3, 4, 5]],
])("planes in the order %s", async (order, expected) => {
  const sizes = `DimensionOrder="${order}" SizeZ="3" SizeC="2" SizeT="1"`;
  const path = await omeFile(`${order}.ome.tif`, ome(`<Image>${pixels(sizes)}</Image>`), 6);
  await using images = await openTiffImages(path);
  await using image = await images.open();
  expect(Array.from((await image.read({ region: { y: 0, x: 0 } })).data)).toEqual(expected);
});

test("planes in several files; one that is not there is an error that names it", async () => {
  const uuid = (n: number) => `urn:uuid:0000000${n}-0000-0000-0000-000000000000`;
  const data = [0, 1, 2].map(
    (n) =>
      `<TiffData FirstC="${n}" IFD="0" PlaneCount="1"><UUID FileName="c${n}.ome.tif">${uuid(n)}</UUID></TiffData>`,
  );
  const image = `<Image Name="all">${pixels('DimensionOrder="XYZCT" SizeZ="1" SizeC="3" SizeT="1"', data.join(""))}</Image>`;
  for (const n of [0, 1]) await omeFile(`c${n}.ome.tif`, ome(image, `UUID="${uuid(n)}"`), 1, 10 * (n + 1));
  await using images = await openTiffImages(join(folder, "c1.ome.tif"));
  await using all = await images.open();
  const one = (channel: number) => all.read({ region: { channel, y: 0, x: 0 } });
  expect([(await one(0)).data[0], (await one(1)).data[0]]).toEqual([10, 20]);
  expect(all.warnings.join()).toContain("c2.ome.tif of its planes are not beside it");
  await expect(one(2)).rejects.toThrow('expected the file "c2.ome.tif" beside it');
});

test("a file that was renamed is itself", async () => {
  const data = '<TiffData IFD="0"><UUID FileName="old.ome.tif">urn:uuid:1</UUID></TiffData>';
  const image = `<Image>${pixels('SizeZ="1" SizeC="1" SizeT="1"', data)}</Image>`;
  await using images = await openTiffImages(await omeFile("new.ome.tif", ome(image), 1, 7));
  await using only = await images.open();
  expect(only.axes.map(({ name }) => name)).toEqual(["y", "x"]);
  expect((await only.read()).data[0]).toBe(7);
  expect(only.warnings.join()).toContain("old.ome.tif is not there");
});

test("companions: a file that tells of others, and what is missing", async () => {
  await mkdir(join(folder, "plate"));
  const binary = ome('<BinaryOnly MetadataFile="all.companion.ome" UUID="urn:uuid:9"/>', 'UUID="urn:uuid:1"');
  await omeFile("plate/a.ome.tif", binary, 1, 5);
  await expect(openTiffImages(join(folder, "plate/a.ome.tif"))).rejects.toThrow(
    'expected the file "all.companion.ome" with its OME-XML beside it, found none',
  );
  const data = '<TiffData IFD="0"><UUID FileName="a.ome.tif">urn:uuid:1</UUID></TiffData>';
  const well =
    '<Well Row="1" Column="2"><WellSample ID="W:0" Index="0"><ImageRef ID="Image:0"/></WellSample></Well>';
  const plate = `<Plate ID="Plate:0" Name="P" Rows="4" Columns="6" ColumnNamingConvention="number" RowNamingConvention="letter">${well}<PlateAcquisition ID="A:0"><WellSampleRef ID="W:0"/></PlateAcquisition></Plate>`;
  const image = `<Image ID="Image:0" Name="B3 field 1">${pixels('SizeZ="1" SizeC="1" SizeT="1"', data)}</Image>`;
  await writeFile(join(folder, "plate/all.companion.ome"), ome(plate + image, 'UUID="urn:uuid:9"'));
  await using images = await openTiffImages(join(folder, "plate/a.ome.tif"));
  expect(images.plate).toMatchObject({
    name: "P",
    rows: ["A", "B", "C", "D"],
    columns: ["1", "2", "3", "4", "5", "6"],
    fields: [{ image: "B3 field 1", well: "B03", rowIndex: 1, columnIndex: 2, field: 0, acquisition: 0 }],
  });
  await using field = await images.open("B3 field 1");
  expect((await field.read()).data[0]).toBe(5);
});

test("what contradicts is said: fewer planes, other sizes, no distances, XML that is none", async () => {
  const sizes =
    'DimensionOrder="XYZCT" SizeZ="2" SizeC="2" SizeT="1" PhysicalSizeX="0" PhysicalSizeY="2" PhysicalSizeYUnit="reference frame"';
  const wrong = pixels(sizes).replace('SizeX="3"', 'SizeX="30"').replace("uint8", "uint16");
  await using images = await openTiffImages(await omeFile("few.ome.tif", ome(`<Image>${wrong}</Image>`), 3));
  await using image = await images.open();
  expect(image.warnings.map((warning) => warning.replace(/^.*few.ome.tif: /, ""))).toMatchInlineSnapshot(`
    [
      "1 of 4 planes are in no file; they read as zeros",
      "OME-XML says 30 x 2 x 1, its pages are 3 x 2 x 1",
      "OME-XML says uint16, its pages are uint8",
      "PhysicalSizeX is 0, which is no distance; it is left out",
      "the unit "reference frame" of PhysicalSizeY is not known",
    ]
  `);
  expect(Array.from((await image.read({ region: { y: 0, x: 0 } })).data)).toEqual([0, 1, 2, 0]);
  const broken = await omeFile("broken.ome.tif", "<?xml version='1.0'?><OME><Image></OME>", 2);
  await using pages = await openTiffImages(broken);
  expect([pages.format, pages.warnings.length]).toEqual(["tiff", 1]);
  expect(pages.warnings[0]).toContain("expected well-formed XML");
});

test("pages alike are one stack, others images of their own", async () => {
  const path = join(folder, "plain.tif");
  await writeFile(path, makeTiff([page(1), page(2), page(3, [], 5, 4)]));
  await using images = await openTiffImages(path);
  expect([images.format, images.images]).toEqual(["tiff", ["0", "1"]]);
  await using first = await images.open();
  expect([first.axes.map(({ name }) => name), first.levels[0].shape]).toEqual([
    ["time", "y", "x"],
    [2, 2, 3],
  ]);
  await using second = await images.open("1");
  expect(second.levels[0].shape).toEqual([4, 5]);
  expect((await second.read()).data[0]).toBe(3);
});
