import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createNdtiff } from "../ndtiff/writer.ts";
import { openImage } from "../source/open.ts";
import { convertDataset } from "./convert.ts";
import { openDataset } from "./open.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-tiles-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** 2 x 3 tiles of 12 x 10 pixels, from row -1 on. */
const tiles = [-1, 0].flatMap((row) => [2, 3, 4].map((column) => ({ row, column, channel: "DAPI" })));

async function writeTiles(directory: string, summaryMetadata: Record<string, number>) {
  const writer = await createNdtiff({ directory, summaryMetadata });
  for (const [i, axes] of tiles.entries()) {
    const data = Uint16Array.from({ length: 120 }, (_, pixel) => 1000 * i + pixel);
    await writer.put({ axes, image: { data, width: 12, height: 10, channels: 1 }, metadata: { i } });
  }
  await writer.finish();
  await writer.dataset.close();
}

test("tiles of NDTiff that overlap become one image, and are kept whole beside it", async () => {
  const [from, to] = [join(scratch, "tiles"), join(scratch, "tiles.zarr")];
  await writeTiles(from, { GridPixelOverlapX: 4, GridPixelOverlapY: 2 });
  await convertDataset(from, to);
  await using joined = await openImage(to);
  expect(joined.levels[0].shape.slice(-2)).toEqual([2 * 8, 3 * 8]);
  const [before, after] = await Promise.all([from, to].map((path) => openDataset(path)));
  for (const axes of tiles)
    expect((await after.dataset.readImage(axes)).data).toEqual((await before.dataset.readImage(axes)).data);
  await Promise.all([before.dataset.close(), after.dataset.close()]);
});

test("tiles whose overlap is not known stay images", async () => {
  const [from, to] = [join(scratch, "apart"), join(scratch, "apart.zarr")];
  await writeTiles(from, {});
  await convertDataset(from, to);
  await using one = await openImage(to);
  expect(one.levels[0].shape.slice(-2)).toEqual([10, 12]);
});
