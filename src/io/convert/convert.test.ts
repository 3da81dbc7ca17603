import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { Axes, PixelImage } from "../../core/index.ts";
import type { Dataset, JsonObject } from "../dataset/dataset.ts";
import { openMrc } from "../mrcFile.ts";
import { formatMrc } from "../mrcWrite.ts";
import { createNdtiff } from "../ndtiff/writer.ts";
import { formatNpy } from "../npy.ts";
import { readNpy } from "../npyFile.ts";
import { createOmeZarr } from "../omezarr/writer.ts";
import { convertDataset } from "./convert.ts";
import { openDataset } from "./open.ts";

const golden = fileURLToPath(new URL("../../../test/golden/acquire", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "vitrine-convert-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let folders = 0;
function newFolder(): string {
  const folder = join(scratch, String(folders++));
  mkdirSync(folder);
  return folder;
}

/** All that a dataset holds. */
async function contentOf(path: string) {
  const { dataset, bitDepth } = await openDataset(path);
  const images: { axes: Axes; image: PixelImage; metadata: JsonObject; bits: number | undefined }[] = [];
  for (const axes of dataset.imageCoordinates()) {
    const [image, metadata] = [await dataset.readImage(axes), await dataset.readMetadata(axes)];
    images.push({ axes, image, metadata, bits: bitDepth(axes) });
  }
  const { summaryMetadata, axes, axesTypes, channelNames } = dataset;
  await dataset.close();
  return { images, summaryMetadata, axes, axesTypes, channelNames };
}

async function valuesOf(dataset: Dataset): Promise<{ shape: readonly number[]; data: PixelImage["data"] }> {
  const { shape, data } = await dataset.asArray().read();
  await dataset.close();
  return { shape, data };
}

describe("NDTiff and OME-Zarr become each other without loss", () => {
  test.each([
    "tcz_u16",
    "pz_u8",
    "strpos_u16_sparse",
    "custom_axes_u16",
    "oddsize_u8",
    "rowcol_u16_overlap",
    "tcz_u16_crashed",
  ])("%s", async (name) => {
    const folder = newFolder();
    const [source, zarr, back] = [join(golden, name), join(folder, "a.zarr"), join(folder, "back")];
    const seen: number[] = [];
    const report = await convertDataset(source, zarr, {
      compression: "gzip",
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    const images = report.images;
    expect(report).toEqual({ from: "ndtiff", to: "ome-zarr", images, filled: 0 });
    expect([seen.length, seen.at(-1)]).toEqual([images, 1]);
    await convertDataset(zarr, back, { format: "ndtiff" });
    const original = await contentOf(source);
    expect(await contentOf(zarr)).toEqual(original);
    expect(await contentOf(back)).toEqual(original);
    expect(readdirSync(folder).sort()).toEqual(["a.zarr", "back"]);
  });

  test("bit depths and colours too", async () => {
    const folder = newFolder();
    const writer = await createNdtiff({ directory: join(folder, "a") });
    const grey = { data: Uint16Array.of(1, 4095), width: 2, height: 1, channels: 1 };
    const colour = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 1, height: 2, channels: 3 };
    await writer.put({ axes: { time: 0 }, image: grey, metadata: { Exposure: 10 }, bitDepth: 12 });
    await writer.put({ axes: { time: 1 }, image: colour, metadata: {} });
    await writer.finish();
    await writer.dataset.close();
    await convertDataset(join(folder, "a"), join(folder, "b.zarr"));
    await convertDataset(join(folder, "b.zarr"), join(folder, "c"), { format: "ndtiff" });
    const content = await contentOf(join(folder, "c"));
    expect(content).toEqual(await contentOf(join(folder, "a")));
    expect(content.images[0].bits).toBe(12);
  });
});

describe("arrays", () => {
  const values = (count: number) => Int16Array.from({ length: count }, (_, i) => ((i * 37) % 301) - 150);

  test("MRC, .npy and OME-Zarr keep values, shape and pixel size", async () => {
    const folder = newFolder();
    const path = (name: string) => join(folder, name);
    const data = values(3 * 4 * 5);
    writeFileSync(path("a.mrc"), formatMrc({ data, shape: [3, 4, 5], voxelSizeA: 1.25, mode: 1 }));
    for (const [from, to] of [
      ["a.mrc", "b.npy"],
      ["a.mrc", "c.zarr"],
      ["c.zarr", "d.mrc"],
      ["b.npy", "e.mrc"],
    ]) {
      expect(await convertDataset(path(from), path(to))).toMatchObject({ images: 3, filled: 0 });
    }
    expect(await readNpy(path("b.npy"))).toEqual({ dtype: "i2", shape: [3, 4, 5], data });
    for (const name of ["c.zarr", "d.mrc", "e.mrc"]) {
      const { dataset } = await openDataset(path(name));
      expect([name, await valuesOf(dataset)]).toEqual([name, { shape: [3, 4, 5], data }]);
    }
    const mrc = await openMrc(path("d.mrc"));
    expect(mrc.header).toMatchObject({ mode: 1, kind: "volume", voxelSizeA: [1.25, 1.25, 1.25] });
    await mrc.close();
  });

  test("every type of .npy that is pixels, in Fortran order and other byte orders, by its last dimensions", async () => {
    const folder = newFolder();
    const path = join(folder, "a.npy");
    for (const [data, dtype] of [
      [Uint8Array.from(values(24)), "uint8"],
      [Uint32Array.from(values(24)), "uint32"],
      [Float64Array.from(values(24)), "float64"],
    ] as const) {
      writeFileSync(path, formatNpy({ data, shape: [2, 1, 3, 4] }));
      const { dataset } = await openDataset(path);
      expect([dataset.axes, dataset.imageLayout({ channel: 1, z: 0 }).dtype]).toEqual([
        { channel: [0, 1], z: [0] },
        dtype,
      ]);
      expect((await valuesOf(dataset)).data).toEqual(data);
    }
    const fortran = formatNpy({ data: Uint16Array.of(1, 2, 3, 4, 5, 6), shape: [1, 3, 2] });
    const text = new TextDecoder("latin1").decode(fortran).replace("False", "True ");
    writeFileSync(
      path,
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
    );
    const { dataset } = await openDataset(path);
    expect((await valuesOf(dataset)).data).toEqual(Uint16Array.of(1, 4, 2, 5, 3, 6));
  });

  test("places without an image are zeros and counted", async () => {
    const out = join(newFolder(), "a.npy");
    const report = await convertDataset(join(golden, "strpos_u16_sparse"), out);
    expect(report).toMatchObject({ images: 8, filled: 1 });
    expect((await readNpy(out)).shape).toEqual([3, 3, 32, 48]);
  });
});

describe("what cannot be", () => {
  const source = join(golden, "pz_u8");

  test("an error leaves what was there, and nothing besides", async () => {
    const folder = newFolder();
    await using writer = await createOmeZarr({ directory: join(folder, "a.zarr") });
    const image = { data: Float32Array.of(1), width: 1, height: 1, channels: 1 };
    await writer.put({ axes: {}, image, metadata: {} });
    const out = join(folder, "out");
    await convertDataset(source, out, { format: "ndtiff" });
    const before = await contentOf(out);
    const options = { format: "ndtiff", overwrite: true } as const;
    await expect(convertDataset(join(folder, "a.zarr"), out, options)).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("ome-zarr"),
    });
    const stop = AbortSignal.abort(new Error("received SIGINT"));
    await expect(convertDataset(source, out, { ...options, signal: stop })).rejects.toMatchObject({
      code: "aborted",
    });
    const npy = convertDataset(source, join(folder, "b.npy"), { signal: stop });
    await expect(npy).rejects.toMatchObject({ code: "aborted" });
    expect(await contentOf(out)).toEqual(before);
    expect(readdirSync(folder).sort()).toEqual(["a.zarr", "out"]);
    await convertDataset(join(golden, "tcz_u16"), out, options);
    expect((await contentOf(out)).images.length).toBe(18);
  });

  test("only datasets are replaced", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "thesis.txt"), "years of work");
    const write = convertDataset(source, folder, { format: "ome-zarr", overwrite: true });
    await expect(write).rejects.toMatchObject({ code: "exists" });
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });

  test("each error names what was expected", async () => {
    const folder = newFolder();
    const path = (name: string) => join(folder, name);
    writeFileSync(path("a.npy"), formatNpy({ dtype: "c16", data: new Float64Array(8), shape: [2, 2] }));
    writeFileSync(path("b.npy"), formatNpy({ data: new Int32Array(4), shape: [2, 2] }));
    writeFileSync(path("c.txt"), "text");
    const messages = [];
    for (const [from, to] of [
      ["a.npy", "out.zarr"],
      ["b.npy", "out.mrc"],
      ["b.npy", "out"],
      ["b.npy", "./b.npy"],
      ["b.npy", "c.txt"],
      ["c.txt", "out.npy"],
      ["nothing", "out.npy"],
    ]) {
      const error = await convertDataset(path(from), path(to)).catch((caught: Error) => caught);
      messages.push(String(error).replaceAll(`${folder}/`, ""));
    }
    expect(messages).toMatchInlineSnapshot(`
      [
        "VitrineError: a.npy header.descr: expected values that are pixels, found complex numbers (c16). Save the real part or numpy.abs.",
        "VitrineError: out.mrc: expected grey values of int8, int16, float32, uint8, uint16, found int32. Write .npy or .zarr instead, which hold every type.",
        "VitrineError: out: expected a path that ends with .zarr, .mrc, .ome.tif, .tif, .npy or .png, found no ending. Name one with --format: ndtiff, ome-zarr, mrc, ome-tiff, tiff, npy or png; tables of particles become .csv, .star or .h5.",
        "VitrineError: b.npy: expected another path than that of the source, found the same.",
        "VitrineError: c.txt: expected a path that ends with .zarr, .mrc, .ome.tif, .tif, .npy or .png, found .txt. Name one with --format: ndtiff, ome-zarr, mrc, ome-tiff, tiff, npy or png; tables of particles become .csv, .star or .h5.",
        "VitrineError: c.txt: expected images: MRC, TIFF, .npy, an NDTiff folder or an OME-Zarr store, found text. Look whether it is the right file, or whether its download failed.",
        "VitrineError: nothing: expected a file or folder, found none. Check the path.",
      ]
    `);
  });
});
