import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Axes, PixelArray, PixelImage } from "../../core/index.ts";
import { pixelBytes } from "../../core/index.ts";
import type { DatasetImage } from "../dataset/dataset.ts";
import type { ImageSource } from "../source/source.ts";
import { openZarrImages } from "../source/zarr/open.ts";
import { openOmeZarr } from "./open.ts";
import { createOmeZarr } from "./writer.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-levels-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let stores = 0;
const newStore = () => join(scratch, `${stores++}.zarr`);

/** Nothing here waits for the disk. */
const QUICK = { durability: "process" } as const;

/** Pixels of a number sequence that neither repeats nor rises. */
function noise<T extends PixelArray>(data: T, seed: number): T {
  let state = seed + 1;
  for (let i = 0; i < data.length; i++) {
    state = (state * 48271) % 2147483647;
    data[i] = state % 60_000;
  }
  return data;
}

const grey = (width: number, height: number, seed: number): PixelImage => ({
  data: noise(new Uint16Array(width * height), seed),
  ...{ width, height, channels: 1 },
});

/** The level above halved, by the plainest loop: the mean of the pixels that are there, halves up. */
function halved<T extends PixelArray>(plane: T, height: number, width: number): T {
  const found = plane.slice(0, Math.ceil(height / 2) * Math.ceil(width / 2)) as T;
  let at = 0;
  for (let y = 0; y < height; y += 2)
    for (let x = 0; x < width; x += 2) {
      let [sum, count] = [0, 0];
      for (let row = y; row < Math.min(height, y + 2); row++)
        for (let column = x; column < Math.min(width, x + 2); column++, count++)
          sum += plane[row * width + column];
      found[at++] = plane instanceof Float32Array ? sum / count : Math.floor(sum / count + 0.5);
    }
  return found;
}

/** Every level of every plane is the one above it halved. */
async function expectHalved(source: ImageSource): Promise<void> {
  for (let level = 1; level < source.levels.length; level++) {
    const above = await source.read({ level: level - 1 });
    const below = await source.read({ level });
    const [height, width] = above.shape.slice(-2);
    const area = below.shape.slice(-2).reduce((product, side) => product * side, 1);
    for (let plane = 0; plane * area < below.data.length; plane++) {
      const values = above.data.subarray(plane * height * width, (plane + 1) * height * width);
      const found = below.data.slice(plane * area, (plane + 1) * area);
      expect(Buffer.compare(pixelBytes(found), pixelBytes(halved(values, height, width)))).toBe(0);
    }
  }
}

describe("levels of images that come one by one", () => {
  test("are there with each image: odd sides, grey and colour, several types, chunks of rows", async () => {
    const directory = newStore();
    const writer = await createOmeZarr({
      directory,
      summaryMetadata: { PixelSize_um: 0.5 },
      largestChunkBytes: 200_000,
      compression: "zstd",
      ...QUICK,
    });
    const colour = { data: noise(new Uint8Array(301 * 270 * 3), 5), width: 301, height: 270, channels: 3 };
    const float = { data: noise(new Float32Array(520 * 300), 9), width: 520, height: 300, channels: 1 };
    const images: DatasetImage[] = [
      { axes: { time: 0, z: 0 }, image: grey(601, 515, 1), metadata: {} },
      { axes: { time: 0, z: 1 }, image: grey(601, 515, 2), metadata: {} },
      { axes: { view: "colour" }, image: colour, metadata: {} },
      { axes: { view: "float" }, image: float, metadata: {} },
      { axes: { view: "small" }, image: grey(20, 10, 3), metadata: {} },
    ];
    const levels: number[][] = [];
    for (const image of images) {
      await writer.put(image);
      await using found = await openZarrImages(directory);
      levels.length = 0;
      for (const name of found.images) {
        await using source = await found.open(name);
        await expectHalved(source);
        levels.push(source.levels.map(({ shape }) => shape[4]));
      }
    }
    expect(levels).toEqual([[601, 301, 151], [301, 151], [520, 260, 130], [20]]);
    await writer.finish();
    await using dataset = await openOmeZarr(directory);
    for (const { axes, image } of images) {
      const { data, ...sides } = await dataset.readImage(axes);
      expect({ data: [], ...sides }).toEqual({ ...image, data: [] });
      expect(Buffer.compare(pixelBytes(data), pixelBytes(image.data))).toBe(0);
    }
    const { ome } = JSON.parse(readFileSync(join(directory, "0", "zarr.json"), "utf8")).attributes;
    expect(ome.multiscales[0].datasets[2].coordinateTransformations).toEqual([
      { type: "scale", scale: [1, 1, 1, 2, 2] },
      { type: "translation", translation: [0, 0, 0, 0.75, 0.75] },
    ]);
  });

  test("maxLevel says how many; an image of another size takes the levels of the one before away", async () => {
    const directory = newStore();
    await using writer = await createOmeZarr({ directory, maxLevel: 1 });
    await writer.put({ axes: { time: 0 }, image: grey(6, 3, 1), metadata: {} });
    await writer.put({ axes: { time: 0 }, image: grey(600, 300, 2), metadata: {} });
    await using images = await openZarrImages(directory);
    const [first, second] = [await images.open("0"), await images.open("1")];
    expect([first, second].map(({ levels }) => levels.length)).toEqual([2, 2]);
    for (const level of [0, 1])
      expect((await first.read({ level })).data.every((value) => value === 0)).toBe(true);
    await expectHalved(second);
    const wrong = createOmeZarr({ directory: newStore(), maxLevel: -1 });
    await expect(wrong).rejects.toMatchObject({ code: "range" });
  });
});

/** A tile of a plane whose pixels are told by place, so that a joined plane can be told too. */
const value = (y: number, x: number, plane: number) => (y * 7919 + x * 104_729 + plane * 31) % 65_536;

function tile<T extends Axes>(
  axes: T,
  { width, height, overlap }: { width: number; height: number; overlap: number },
) {
  const [row, column] = [Number(axes.row), Number(axes.column)];
  const data = new Uint16Array(width * height);
  const cut = overlap >> 1;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const place = [row * (height - overlap) + y - cut, column * (width - overlap) + x - cut] as const;
      data[y * width + x] = value(place[0] + 1000, place[1] + 1000, Number(axes.channel ?? 0));
    }
  return { axes, image: { data, width, height, channels: 1 }, metadata: { row } };
}

describe("tiles", () => {
  test("in any order, with any overlap, odd or even, become one image whose levels are halved after every tile", async () => {
    const anyGrid = fc.record({
      width: fc.integer({ min: 5, max: 40 }),
      height: fc.integer({ min: 5, max: 40 }),
      overlap: fc.integer({ min: 0, max: 4 }),
      places: fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 8 }),
      maxLevel: fc.integer({ min: 1, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(anyGrid, async ({ width, height, overlap, places, maxLevel }) => {
        const directory = newStore();
        const tiling = { overlapPx: { x: overlap, y: overlap } };
        const writer = await createOmeZarr({ directory, tiling, maxLevel, ...QUICK });
        const tiles = places.map((place) => {
          const axes = { row: place >> 3, column: (place >> 1) & 3, channel: place & 1 };
          return tile(axes, { width, height, overlap });
        });
        for (const one of tiles) {
          await writer.put(one);
          await using images = await openZarrImages(directory);
          await using source = await images.open();
          await expectHalved(source);
        }
        await writer.finish();
        await using dataset = await openOmeZarr(directory);
        for (const { axes, image } of tiles) expect(await dataset.readImage(axes)).toEqual(image);
        await using images = await openZarrImages(directory);
        await using source = await images.open();
        for (const { axes } of tiles) {
          const [high, wide] = [height - overlap, width - overlap];
          const [y, x] = [axes.row * high, axes.column * wide];
          const { data } = await source.read({
            region: { channel: axes.channel, y: [y, y + high], x: [x, x + wide] },
          });
          const wanted = data.map((_, i) =>
            value(y + Math.floor(i / wide) + 1000, x + (i % wide) + 1000, axes.channel),
          );
          expect(data).toEqual(wanted);
        }
      }),
      { numRuns: 12, seed: 3 },
    );
  });

  test("begin at a first row and column, whose place the image has", async () => {
    const directory = newStore();
    const tiling = { overlapPx: { x: 4, y: 2 }, first: { row: -2, column: 5 } };
    const summaryMetadata = { PixelSize_um: 2 };
    await using writer = await createOmeZarr({ directory, tiling, maxLevel: 1, summaryMetadata });
    const image = grey(12, 10, 1);
    await writer.put({ axes: { row: -1, column: 6, position: "A" }, image, metadata: {} });
    await using images = await openZarrImages(directory);
    await using source = await images.open();
    expect(source.levels.map(({ shape, translation }) => [shape.slice(3), translation.slice(3)])).toEqual([
      [
        [16, 16],
        [-32, 80],
      ],
      [
        [8, 8],
        [-31, 81],
      ],
    ]);
    const low = writer.put({ axes: { row: -3, column: 6 }, image, metadata: {} });
    await expect(low).rejects.toMatchObject({ code: "range", message: expect.stringContaining("first") });
  });

  test("what is no tile is refused before anything is written", async () => {
    const directory = newStore();
    const tiling = { overlapPx: { x: 2, y: 2 } };
    await using writer = await createOmeZarr({ directory, tiling });
    const put = (axes: Axes, image = grey(8, 8, 1)) => writer.put({ axes, image, metadata: {} });
    await expect(put({ row: 0 })).rejects.toMatchObject({ code: "missing" });
    await expect(put({ row: 0, column: "a" })).rejects.toMatchObject({ code: "missing" });
    await expect(put({ row: 0, column: 0 }, grey(2, 8, 1))).rejects.toMatchObject({ code: "shape" });
    await put({ row: 0, column: 0 });
    await expect(put({ row: 0, column: 1 }, grey(9, 8, 1))).rejects.toMatchObject({ code: "shape" });
    await expect(put({ row: 70_000, column: 1 })).rejects.toMatchObject({ code: "range" });
    expect(writer.dataset.imageCoordinates()).toEqual([{ row: 0, column: 0 }]);
    const wrong = createOmeZarr({ directory: newStore(), tiling: { overlapPx: { x: 0.5, y: 0 } } });
    await expect(wrong).rejects.toMatchObject({ code: "range" });
  });
});
