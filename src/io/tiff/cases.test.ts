import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type MadeTag, makeTiff } from "../../../test/support/tiff.ts";
import { convertDataset } from "../convert/convert.ts";
import { identifyFile } from "../identify.ts";
import { readNpy } from "../npyFile.ts";
import { openTiff, readTiffImage } from "./tiffFile.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../test/golden/cases/tiff/${name}`, import.meta.url));
const blob = (bytes: Uint8Array) => new Blob([bytes.slice()]);

test("FillOrder 2: the lowest bit comes first", async () => {
  expect(Array.from((await readTiffImage(golden("fill_order_2.tif"))).data)).toEqual([1, 2, 4, 200]);
});

test("thumbnails are reduced copies, not images", async () => {
  const file = await openTiff(golden("thumbnails.tif"));
  expect(file.pages.map(({ width, height }) => [width, height])).toEqual([
    [50, 40],
    [50, 40],
    [50, 40],
  ]);
  await file.close();
});

test("one directory with ImageJ's description: as many images as it says, one after the other", async () => {
  const one = await openTiff(golden("ij_one_ifd.tif"));
  expect(one.pages).toHaveLength(7);
  await one.close();
  const [many, single] = [golden("axes_t2_z3_c4.imagej.tif"), golden("imagej_24_one_directory.tif")];
  const [a, b] = [await openTiff(many), await openTiff(single)];
  expect([a.pages.length, b.pages.length, b.warnings]).toEqual([24, 24, []]);
  for (const index of a.pages.keys()) {
    const sum = (values: Iterable<number>) => Array.from(values).reduce((total, value) => total + value, 0);
    const [mine, theirs] = [(await b.readPage(index)).data, (await a.readPage(index)).data];
    expect(mine.length).toBe(30);
    if (index > 0) expect(sum(mine)).not.toBe(sum((await b.readPage(index - 1)).data));
    expect(theirs.length).toBe(30);
  }
  await a.close();
  await b.close();
});

test("a description that promises more than there is: what is there, and a word", async () => {
  const text = "ImageJ=1.54f\nimages=1000000000\nslices=1000000000\n";
  const description: MadeTag = [270, 2, [...new TextEncoder().encode(text), 0]];
  const file = await openTiff(blob(makeTiff([strips({ pixels: 4 * 5 * 3, extra: [description] })])));
  expect(file.pages.length).toBeGreaterThanOrEqual(3);
  expect(file.pages.length).toBeLessThan(30);
  expect(file.warnings[0]).toMatch(/promises 1000000000 images, \d+ are there/);
  await file.close();
});

/** 5 x 4 bytes. */
function strips({
  pixels = 20,
  extra = [],
}: {
  readonly pixels?: number;
  readonly extra?: readonly MadeTag[];
}) {
  return {
    pixels: Uint8Array.from({ length: pixels }, (_, i) => i + 1),
    tags: (at: number): MadeTag[] => [
      [256, 3, [5]],
      [257, 3, [4]],
      [258, 3, [8]],
      [259, 3, [1]],
      [262, 3, [1]],
      [273, 4, [at]],
      [277, 3, [1]],
      [278, 3, [4]],
      [279, 4, [20]],
      ...extra,
    ],
  };
}

test("tiles whose places stand in the tags of strips", async () => {
  const pixels = Uint8Array.from({ length: 512 }, (_, i) => i % 251);
  const tags = (at: number): MadeTag[] => [
    [256, 3, [20]],
    [257, 3, [16]],
    [258, 3, [8]],
    [259, 3, [1]],
    [262, 3, [1]],
    [273, 4, [at, at + 256]],
    [277, 3, [1]],
    [279, 4, [256, 256]],
    [322, 3, [16]],
    [323, 3, [16]],
  ];
  const { data } = await readTiffImage(blob(makeTiff([{ pixels, tags }])));
  expect([data[0], data[15], data[16], data[19], data[20]]).toEqual([0, 15, 256 % 251, 259 % 251, 16]);
});

test("a volume in one directory is refused: its other planes would be left out", async () => {
  const volume = blob(makeTiff([strips({ extra: [[32997, 4, [3]]] })]));
  await expect(readTiffImage(volume)).rejects.toThrow(
    "expected one plane, found ImageDepth 3. Write a page a plane: tifffile.imwrite(path, volume) without volumetric=True",
  );
});

test("strips that are left out are zeros; what is cut off is an error", async () => {
  const sparse = (offsets: (at: number) => number[], counts: number[]) =>
    blob(
      makeTiff([
        {
          pixels: Uint8Array.from([1, 2, 3, 4, 5, 6]),
          tags: (at) => [
            [256, 3, [3]],
            [257, 3, [4]],
            [258, 3, [8]],
            [259, 3, [1]],
            [262, 3, [1]],
            [273, 4, offsets(at)],
            [277, 3, [1]],
            [278, 3, [2]],
            [279, 4, counts],
          ],
        },
      ]),
    );
  const { data } = await readTiffImage(sparse((at) => [0, at], [0, 6]));
  expect(Array.from(data)).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6]);
  const cut = sparse((at) => [at, at], [6, 3]);
  await expect(readTiffImage(cut)).rejects.toThrow("strip 1: expected at least 6 bytes");
});

test("a TIFF file that gzip packed, in one member or in several, is read as the file", async () => {
  const plain = await readFile(golden("fill_order_2.tif"));
  const members = Buffer.concat([gzipSync(plain.subarray(0, 30)), gzipSync(plain.subarray(30))]);
  for (const packed of [gzipSync(plain), members]) {
    expect(Array.from((await readTiffImage(blob(packed))).data)).toEqual([1, 2, 4, 200]);
  }
  await expect(openTiff(blob(members.subarray(0, -9)))).rejects.toMatchObject({ code: "format" });
});

test("convert, info and openDataset take a .tif.gz", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-"));
  const path = join(folder, "a.tif.gz");
  await writeFile(path, gzipSync(await readFile(golden("fill_order_2.tif"))));
  expect(await identifyFile(path)).toBe("tiff");
  await convertDataset(path, join(folder, "a.npy"));
  expect(Array.from<unknown>((await readNpy(join(folder, "a.npy"))).data)).toEqual([1, 2, 4, 200]);
  await rm(folder, { recursive: true });
});

test.each([
  ["lerc_stored.tif", "LERC (34887): a block that is not packed"],
  ["lzma.tif", "LZMA (34925)"],
])("%s is refused by name, with the way out; headers of LERC were pixels", async (name, found) => {
  await expect(readTiffImage(golden(`../tiffRefused/${name}`))).rejects.toThrow(
    `expected a compression that can be read, found ${found}. Write it in another one, in Python with imagecodecs: tifffile.imwrite(`,
  );
});
