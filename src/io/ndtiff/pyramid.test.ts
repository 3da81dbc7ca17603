import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { python, requirement, sharedReal } from "../../../test/support/require.ts";
import type { Axes } from "../../core/index.ts";
import { axesKey } from "../../core/index.ts";
import type { DatasetImage } from "../dataset/dataset.ts";
import type { NdtiffDataset } from "./dataset.ts";
import { openNdtiff } from "./open.ts";
import { createNdtiffPyramid } from "./pyramidWriter.ts";

let folder = "";
let count = 0;
const fresh = () => join(folder, `set${count++}`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-pyramid-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SIDE = 12;

/** A plane that runs over all tiles, so that a stitched mean can be told; tiles overlap by `overlap` pixels. */
const plane = (y: number, x: number, channel: number) => 10_000 + 100 * channel + 40 * y + 3 * x;

function tile(axes: Axes, overlap: number): DatasetImage {
  const [row, column] = [Number(axes.row), Number(axes.column)];
  const channel = Number(axes.channel ?? 0);
  const step = SIDE - overlap;
  const data = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [y, x] = [Math.floor(i / SIDE), i % SIDE];
    return plane(row * step + y - overlap / 2, column * step + x - overlap / 2, channel);
  });
  const image = { data, width: SIDE, height: SIDE, channels: 1 };
  return { axes, image, metadata: { Width: SIDE, note: "µ" }, bitDepth: 14 };
}

/** Every pixel of a level that lies in a full-resolution tile must be the mean of its 2^n x 2^n pixels; others 0. */
async function expectMeans(dataset: NdtiffDataset, level: number, tiles: readonly Axes[]) {
  const factor = 2 ** level;
  const size = SIDE - (dataset.overlapPx?.x ?? 0);
  const has = new Set(tiles.map(axesKey));
  for (const axes of dataset.level(level).imageCoordinates()) {
    const { data, width, height } = await dataset.level(level).readImage(axes);
    expect([width, height]).toEqual([size, size]);
    data.forEach((value, i) => {
      const y = (Number(axes.row) * size + Math.floor(i / size)) * factor;
      const x = (Number(axes.column) * size + (i % size)) * factor;
      const from = { ...axes, row: Math.floor(y / size), column: Math.floor(x / size) };
      const middle = (factor - 1) / 2;
      const mean = has.has(axesKey(from)) ? plane(y + middle, x + middle, Number(axes.channel ?? 0)) : 0;
      // each level rounds down once
      if (mean - value > level || value > mean)
        expect([level, axes, i, value]).toEqual([level, axes, i, mean]);
    });
  }
}

describe("pyramids", () => {
  test("tiles with an overlap and negative indices become means at every level, which grow with the tiles", async () => {
    const overlapPx = { x: 4, y: 4 };
    const directory = fresh();
    const writer = await createNdtiffPyramid({ directory, overlapPx, name: "p", summaryMetadata: { a: 1 } });
    const tiles: Axes[] = [];
    for (const [row, column] of [
      [0, 0],
      [0, 1],
      [-1, 1],
      [1, 0],
      [-2, -1],
      [2, 2],
    ])
      for (const channel of [0, 1]) tiles.push({ row, column, channel });
    await Promise.all(tiles.slice(0, 4).map((axes) => writer.put(tile(axes, 4))));
    expect(writer.dataset.levels).toEqual([0, 1]);
    await expectMeans(writer.dataset, 1, tiles.slice(0, 4));
    for (const axes of tiles.slice(4)) await writer.put(tile(axes, 4));
    await writer.finish();
    await using opened = await openNdtiff(directory);
    for (const dataset of [writer.dataset, opened]) {
      // rows -2 to 2 are five, so 2^3
      expect([dataset.levels, dataset.isFinished, dataset.recovered]).toEqual([[0, 1, 2, 3], true, 0]);
      expect(dataset.summaryMetadata).toEqual({ a: 1, GridPixelOverlapX: 4, GridPixelOverlapY: 4 });
      for (const axes of tiles)
        expect((await dataset.readImage(axes)).data).toEqual(tile(axes, 4).image.data);
      for (const level of [1, 2, 3]) await expectMeans(dataset, level, tiles);
      expect(dataset.level(1).axes).toEqual({ row: [-1, 0, 1], column: [-1, 0, 1], channel: [0, 1] });
      expect(dataset.level(1).overlapPx).toEqual({ x: 0, y: 0 });
      const metadata = await dataset.level(1).readMetadata({ row: -1, column: 0, channel: 1 });
      expect(metadata).toMatchObject({ note: "µ", Width: 8, Axes: { row: -1, column: 0, channel: 1 } });
      expect(dataset.level(2).imageBitDepth({ row: 0, column: 0, channel: 0 })).toBe(14);
      expect(() => dataset.level(4)).toThrow("one of the levels 0, 1, 2, 3, found 4");
    }
    await writer.dataset.close();
  });

  test("a level whose index was lost is recovered with the axes of its own tiles", async () => {
    const directory = fresh();
    const writer = await createNdtiffPyramid({ directory, overlapPx: { x: 0, y: 0 }, maxLevel: 2 });
    const tiles = [3, 4, 5].flatMap((row) => [3, 4].map((column) => ({ row, column })));
    for (const axes of tiles) await writer.put(tile(axes, 0));
    await writer.finish();
    await writer.dataset.close();
    for (const name of ["Downsampled_x2", "Downsampled_x4"]) await rm(join(directory, name, "NDTiff.index"));
    await using dataset = await openNdtiff(directory);
    expect(dataset.recovered).toBe(dataset.level(1).recovered + dataset.level(2).recovered);
    expect([dataset.level(1).recovered, dataset.level(2).recovered]).toEqual([4, 4]);
    for (const level of [1, 2]) await expectMeans(dataset, level, tiles);
  });

  test("what is no tile is refused before anything is written", async () => {
    const writer = await createNdtiffPyramid({ directory: fresh(), overlapPx: { x: 2, y: 2 } });
    await expect(writer.put(tile({ row: 0 }, 2))).rejects.toMatchObject({ code: "missing" });
    await expect(writer.put(tile({ row: 0, column: "a" }, 2))).rejects.toMatchObject({ code: "missing" });
    await writer.put(tile({ row: 0, column: 0 }, 2));
    const smaller = { data: new Uint16Array(9), width: 3, height: 3, channels: 1 };
    const put = writer.put({ axes: { row: 0, column: 1 }, image: smaller, metadata: {} });
    await expect(put).rejects.toMatchObject({ code: "shape" });
    await writer.finish();
    expect(writer.dataset.imageCoordinates()).toEqual([{ row: 0, column: 0 }]);
    await writer.dataset.close();
    const wrong = { directory: fresh(), overlapPx: { x: -1, y: 0 } };
    await expect(createNdtiffPyramid(wrong)).rejects.toMatchObject({ code: "range" });
  });
});

/** Micro-Manager of that time added tiles that are none to a level that it made later, and their parents: none of these. */
function strays(ours: NdtiffDataset, theirs: NdtiffDataset): Set<string> {
  const found = new Set<string>();
  for (const level of theirs.levels.slice(1)) {
    const tiles = theirs.level(level).imageCoordinates();
    for (const axes of tiles) if (!ours.level(level).hasImage(axes)) found.add(`${level} ${axesKey(axes)}`);
    for (const axes of theirs.level(level - 1).imageCoordinates()) {
      if (!found.has(`${level - 1} ${axesKey(axes)}`)) continue;
      const [row, column] = [Math.floor(Number(axes.row) / 2), Math.floor(Number(axes.column) / 2)];
      found.add(`${level} ${axesKey({ ...axes, row, column })}`);
    }
  }
  return found;
}

const real = requirement("shared-real").available;
describe.skipIf(!real)("pyramids that Micro-Manager wrote (needs shared-real)", () => {
  test.each([
    ["v2/ndtiffv2.0_stitched_test", 6],
    ["v3/ndtiffv3.0_stitched_test", 6],
    ["v3/ndtiff3.2_magellan_explore_rgb", 8],
    ["v3/no_magellan_explore_multi_channel", 60],
    ["v3/no_magellan_explore_no_channel", 31],
  ])("%s: from the same tiles we make the same levels", async (name, tiles) => {
    await using theirs = await openNdtiff(join(sharedReal, "ndtiff", name));
    const { overlapPx = { x: 0, y: 0 }, levels } = theirs;
    const writer = await createNdtiffPyramid({ directory: fresh(), overlapPx, maxLevel: levels.length - 1 });
    await using ours = writer.dataset;
    for (const axes of theirs.imageCoordinates())
      await writer.put({
        axes,
        image: await theirs.readImage(axes),
        metadata: await theirs.readMetadata(axes),
      });
    await writer.finish();
    const left = strays(ours, theirs);
    let compared = 0;
    for (const level of levels) {
      for (const axes of ours.level(level).imageCoordinates()) {
        if (left.has(`${level} ${axesKey(axes)}`)) continue;
        expect(await ours.level(level).readImage(axes)).toEqual(await theirs.level(level).readImage(axes));
        compared++;
      }
    }
    expect(compared).toBe(tiles);
  });
});

const readers = requirement("readers").available;
test.skipIf(!readers)("ndstorage reads our pyramids and stitches them (needs readers)", async () => {
  const directory = fresh();
  const writer = await createNdtiffPyramid({ directory, overlapPx: { x: 4, y: 4 }, name: "p" });
  const tiles = [0, 1].flatMap((row) => [0, 1, 2].map((column) => ({ row, column })));
  for (const axes of tiles) await writer.put(tile(axes, 4));
  await writer.finish();
  await writer.dataset.close();
  const code = `import json, io, contextlib, sys, numpy as np, ndstorage
with contextlib.redirect_stdout(io.StringIO()):
    d = ndstorage.Dataset(${JSON.stringify(directory)})
one = d.read_image(row=0, column=0, resolution_level=1)
array = np.asarray(d.as_array(stitched=True, res_level=0))
print(json.dumps([type(d).__name__, sorted(d.res_levels), d.overlap.tolist(), one.tolist(), list(array.shape), int(array[9, 17])]))`;
  const found = JSON.parse(execFileSync(python, ["-W", "ignore", "-c", code], { encoding: "utf8" }));
  await using ours = await openNdtiff(directory);
  const { data } = await ours.level(1).readImage({ row: 0, column: 0 });
  expect(found.slice(0, 3)).toEqual(["NDTiffPyramidDataset", [0, 1, 2], [4, 4]]);
  expect(found[3].flat()).toEqual(Array.from(data));
  expect(found.slice(4)).toEqual([[16, 24], plane(9, 17, 0)]);
});
