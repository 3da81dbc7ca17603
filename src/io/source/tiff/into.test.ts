import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeTiff } from "../../../../test/support/tiff.ts";
import { COMPRESSIONS, packTile, type TiffCompression } from "../../tiff/encode.ts";
import type { ImageSource } from "../source.ts";
import { openTiffImages } from "./open.ts";

const GOLDEN = ["cases/tiff", "cases/tiff/rows", "tiff-slides"];

let written = "";
beforeAll(async () => {
  written = await mkdtemp(join(tmpdir(), "vitrine-into-"));
});
afterAll(() => rm(written, { recursive: true, force: true }));

/** Every plane of an image: read as it comes, then into an array that holds something else. */
async function comparePlanes(image: ImageSource): Promise<number> {
  const outer = image.axes.slice(
    0,
    image.axes.findIndex(({ name }) => name === "y"),
  );
  let planes = 0;
  for (const level of image.levels.keys()) {
    const [first, last] = [0, -1].map((at) =>
      Object.fromEntries(outer.map(({ name }, i) => [name, at < 0 ? image.levels[level].shape[i] - 1 : 0])),
    );
    for (const region of [first, last]) {
      const { data } = await image.read({ level, region });
      const into = data.slice().fill(77);
      expect((await image.read({ level, region, into })).data).toBe(into);
      expect(into).toEqual(data);
      planes++;
    }
  }
  return planes;
}

async function compareFile(path: string): Promise<number> {
  let planes = 0;
  await using collection = await openTiffImages(path);
  for (const image of collection.images) {
    await using source = await collection.open(image);
    planes += await comparePlanes(source);
  }
  return planes;
}

test.each(GOLDEN)(
  "%s: whole planes into an array of the caller's are those in new memory",
  async (folder) => {
    const path = fileURLToPath(new URL(`../../../../test/golden/${folder}`, import.meta.url));
    const files = (await readdir(path)).filter((name) => /\.(tiff?|svs|bif|qptiff)$/.test(name));
    let planes = 0;
    for (const name of files) planes += await compareFile(join(path, name));
    expect(planes).toBeGreaterThanOrEqual(2 * files.length);
  },
);

/** A page of strips of 7 rows, the last one shorter. */
async function striped(compression: TiffCompression, data: Uint16Array, width: number): Promise<Uint8Array> {
  const height = data.length / width;
  const strips: Uint8Array[] = [];
  for (let y = 0; y < height; y += 7)
    strips.push(
      (await packTile(data.slice(y * width, (y + 7) * width), { width, samples: 1, compression })).slice(),
    );
  const starts = strips.map((_, i) => strips.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  return makeTiff([
    {
      pixels: Uint8Array.from(strips.flatMap((strip) => [...strip])),
      tags: (at) => [
        [256, 3, [width]],
        [257, 3, [height]],
        [258, 3, [16]],
        [259, 3, [COMPRESSIONS[compression]]],
        [262, 3, [1]],
        [273, 4, starts.map((start) => at + start)],
        [277, 3, [1]],
        [278, 3, [7]],
        [279, 4, strips.map(({ length }) => length)],
        [317, 3, [compression === "none" ? 1 : 2]],
      ],
    },
  ]);
}

test.each(["none", "lzw", "deflate"] as const)("strips, compression %s", async (compression) => {
  const data = Uint16Array.from({ length: 61 * 43 }, (_, i) => (i * 7919) % 5000);
  const path = join(written, `${compression}.tif`);
  await writeFile(path, await striped(compression, data, 43));
  expect(await compareFile(path)).toBe(2);
  await using collection = await openTiffImages(path);
  await using source = await collection.open();
  const into = new Uint16Array(data.length);
  await source.read({ into });
  expect(into).toEqual(data);
});
