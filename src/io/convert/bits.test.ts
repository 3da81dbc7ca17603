import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requirement, sharedReal } from "../../../test/support/require.ts";
import { renderPicture } from "../render/render.ts";
import { memorySource } from "../source/memory.ts";
import { openImage } from "../source/open.ts";
import { withBits } from "./bits.ts";
import { convertDataset } from "./convert.ts";

const golden = fileURLToPath(new URL("../../../test/golden/tiff-others/positions.ome.tif", import.meta.url));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-bits-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const row = (data: Uint16Array | Int16Array | Float32Array, significantBits?: number) => ({
  ...memorySource({ data, axes: ["y", "x"], shape: [1, data.length] }),
  ...(significantBits !== undefined && { significantBits }),
});

test("12 bits of 16 become 8: spread, rounded, and told", async () => {
  const said: string[] = [];
  const { source, clipped } = withBits(row(Uint16Array.of(0, 8, 9, 2048, 4095, 4096), 12), {
    bits: 8,
    onLog: (line) => said.push(line),
  });
  const { data } = await source.read();
  expect([data, clipped(), source.dtype]).toEqual([Uint8Array.of(0, 0, 1, 128, 255, 255), 1, "uint8"]);
  expect(said[0]).toContain("values 0 to 4095 become 0 to 255; about 16.1 values share one");
});

test("what fits stays as it is; floats and signed values need a range", async () => {
  const same = withBits(row(Uint16Array.of(0, 7, 4095), 12), { bits: 16 }).source;
  expect([(await same.read()).data, same.significantBits]).toEqual([Uint16Array.of(0, 7, 4095), 12]);
  for (const data of [Float32Array.of(0, 1), Int16Array.of(-5, 5)])
    expect(() => withBits(row(data), { bits: 8 })).toThrow("Name them: range (--range LOW,HIGH)");
  const { source, clipped } = withBits(row(Float32Array.of(-1, 0, 0.5, 2, Number.NaN)), {
    bits: 16,
    range: [0, 1],
  });
  expect([(await source.read()).data, clipped()]).toEqual([Uint16Array.of(0, 0, 32768, 65535, 0), 3]);
  expect(() => withBits(row(Float32Array.of(1)), { range: [0, 1] })).toThrow("only with bits");
  const labels = { ...row(Uint16Array.of(300)), isLabels: true };
  expect(() => withBits(labels, { bits: 8 })).toThrow("expected labels of at most 8 bits");
});

test("significant bits pass from file to file and set how far windows reach", async () => {
  const [zarr, tiff] = [join(folder, "a.zarr"), join(folder, "a.ome.tif")];
  await convertDataset(golden, zarr);
  const { omero } = JSON.parse(readFileSync(join(zarr, "zarr.json"), "utf8")).attributes.ome;
  expect(omero.channels.map(({ window }: { window: object }) => window)).toMatchObject([
    { min: 0, max: 4095 },
    { min: 0, max: 4095 },
  ]);
  await convertDataset(golden, tiff, { level: 1 });
  await using image = await openImage(tiff);
  expect([image.significantBits, image.levels[0].shape, image.levels[0].translation]).toEqual([
    12,
    [2, 4, 3],
    [0, -20, 10.75],
  ]);
  const eight = join(folder, "b.ome.tif");
  await convertDataset(golden, eight, { image: "s1", bits: 8, range: [1000, 1100] });
  await using scaled = await openImage(eight);
  expect([scaled.dtype, scaled.significantBits, (await scaled.read()).data[1]]).toEqual([
    "uint8",
    undefined,
    3,
  ]);
});

test("a picture by the bits of the file, or by its window", async () => {
  const dim = row(Uint16Array.of(0, 2048, 1024), 12);
  const drawn = await renderPicture(dim, { contrast: "file", scaleBar: false });
  expect(Array.from(drawn.data)).toEqual([0, 128, 64]);
  const windowed = { ...dim, channels: [{ window: { start: 0, end: 2048 } }] };
  expect(Array.from((await renderPicture(windowed, { contrast: "file" })).data)).toEqual([0, 255, 128]);
});

const { available } = requirement("shared-real");

test.skipIf(!available)("bits of NDTiff: image and level through a dataset too", async () => {
  const from = join(sharedReal, "ndtiff/v2/ndtiffv2.0_stitched_test");
  await using pyramid = await openImage(from);
  expect(pyramid.levels.length).toBeGreaterThan(2);
  for (const format of ["ndtiff", "ome-zarr", "ome-tiff"] as const) {
    const to = join(folder, `level.${format}`);
    await convertDataset(from, to, { level: 1, format });
    await using level = await openImage(to);
    expect((await level.read()).data).toEqual((await pyramid.read({ level: 1 })).data);
    await expect(convertDataset(from, to, { level: 99, format, overwrite: true })).rejects.toThrow(
      "expected a level from 0",
    );
    await expect(convertDataset(from, to, { image: "x", format, overwrite: true })).rejects.toThrow(
      'one of the images "0"',
    );
  }
});
