import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { pixelBytes } from "../../core/index.ts";
import { openMrc } from "../mrcFile.ts";
import { sourceAxis } from "../source/axes.ts";
import { type MemorySourceOptions, memorySource } from "../source/memory.ts";
import { openImage } from "../source/open.ts";
import type { ImageSource } from "../source/source.ts";
import { convertDataset } from "./convert.ts";
import { leftOut } from "./losses.ts";
import type { ConvertFormat, ConvertOptions } from "./options.ts";
import { writeSource } from "./write.ts";

const cases = fileURLToPath(new URL("../../../test/golden/cases/mrc", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vitrine-kept-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (ending: string) => join(folder, `${files++}${ending}`);

const FORMATS = {
  mrc: ".mrc",
  npy: ".npy",
  tiff: ".tif",
  "ome-tiff": ".ome.tif",
  ndtiff: "",
  "ome-zarr": ".zarr",
} as const satisfies Partial<Record<ConvertFormat, string>>;
type Format = keyof typeof FORMATS;
const ALL = Object.keys(FORMATS) as Format[];

const SHAPE = [2, 3, 4, 5, 6];
const AXES = [
  sourceAxis("time", { unit: "second" }),
  sourceAxis("channel", { values: ["Cy3", "DAPI", "FITC"] }),
  sourceAxis("z", { unit: "micrometer" }),
  sourceAxis("y", { unit: "micrometer" }),
  sourceAxis("x", { unit: "micrometer" }),
];

/** A small image with everything that files can say. */
function fiveAxes(options: MemorySourceOptions = {}): ImageSource {
  const data = Uint16Array.from({ length: 720 }, (_, i) => (i * 7919) % 65536);
  return memorySource(
    { data, axes: AXES.map(({ name }) => name), shape: SHAPE },
    {
      name: "five",
      axes: AXES,
      scale: [2, 1, 0.5, 0.11, 0.11],
      translation: [0, 0, 0, 10, 20],
      channels: [{ name: "Cy3" }, { name: "DAPI", color: "0000FF" }, { name: "FITC" }],
      metadata: { Operator: "K" },
      ...options,
    },
  );
}

test("OME-Zarr in the version, shards and levels that are asked for", async () => {
  const from = newPath(".mrc");
  const data = Float32Array.from({ length: 700 * 600 }, (_, i) => i % 977);
  await writeSource(memorySource({ data, axes: ["y", "x"], shape: [700, 600] }), from, {
    format: "mrc",
    overwrite: false,
  });
  const old = await convert(from, "ome-zarr", { zarr: { version: "0.4", levels: 4 } });
  const sharded = await convert(from, "ome-zarr", { zarr: { shardPx: 1024 } });
  for (const [path, levels] of [
    [old, 4],
    [sharded, 3],
  ] as const) {
    await using image = await openImage(path);
    const read = (await image.read()).data;
    expect([image.levels.length, Buffer.compare(pixelBytes(read), pixelBytes(data))]).toEqual([levels, 0]);
  }
  expect([existsSync(join(old, ".zattrs")), existsSync(join(sharded, "0", "c", "0", "1"))]).toEqual([
    true,
    false,
  ]);
  const both = convert(from, "ome-zarr", { zarr: { version: "0.4", shardPx: 512 } });
  await expect(both).rejects.toMatchObject({ code: "unsupported" });
});

async function write(source: ImageSource, format: Format): Promise<string> {
  const path = newPath(FORMATS[format]);
  await writeSource(source, path, { format, overwrite: false });
  return path;
}

async function convert(from: string, to: Format, options: ConvertOptions = {}): Promise<string> {
  const path = newPath(FORMATS[to]);
  await convertDataset(from, path, { ...options, format: to });
  return path;
}

async function read(path: string) {
  await using image = await openImage(path);
  const { axes, dtype, levels, channels } = image;
  return { axes, dtype, level: levels[0], channels, data: (await image.read()).data };
}

describe("every pair of formats keeps all values of five axes", () => {
  test.each(ALL.flatMap((from) => ALL.map((to) => [from, to] as const)))("%s to %s", async (from, to) => {
    const whole = await fiveAxes().read();
    const there = await convert(await write(fiveAxes(), from), to, { tiffRows: "keep" });
    const { data, dtype, level } = await read(there);
    expect([dtype, level.shape.at(-1), level.shape.at(-2)]).toEqual(["uint16", 6, 5]);
    expect(data).toEqual(whole.data);
  });
});

describe("write, read, write is the same bytes", () => {
  test.each(["mrc", "npy", "tiff"] as const)("%s", async (format) => {
    const first = await write(fiveAxes(), format);
    const second = await convert(first, format);
    expect(Buffer.compare(readFileSync(first), readFileSync(second))).toBe(0);
  });
});

test("what is kept: a table", async () => {
  const rows: string[] = [];
  for (const format of ALL) {
    const { axes, level, channels } = await read(await write(fiveAxes(), format));
    const said = axes.map(({ name, unit }, i) => {
      const step = unit === undefined ? "" : ` ${level.scale[i]} ${unit}`;
      const start = level.translation[i] === 0 ? "" : ` from ${level.translation[i]}`;
      return `${name} ${level.shape[i]}${step}${start}`;
    });
    const names = channels.map(({ name, color }) => [name, color].filter((part) => part).join(" "));
    rows.push(`${format}: ${said.join(", ")}; ${names.join(", ")}`);
  }
  expect(rows).toMatchInlineSnapshot(`
    [
      "mrc: time 6, z 4 5000 angstrom, y 5 1100 angstrom from 100000, x 6 1100 angstrom from 200000; ",
      "npy: time 2, channel 3, z 4, y 5, x 6; ",
      "tiff: time 24, y 5 0.11 micrometer, x 6 0.11 micrometer; ",
      "ome-tiff: time 2 2 second, channel 3, z 4 0.5 micrometer, y 5 0.11 micrometer from 10, x 6 0.11 micrometer from 20; Cy3, DAPI 0000FF, FITC",
      "ndtiff: time 2 2 second, channel 3, z 4 0.5 micrometer, y 5 0.11 micrometer, x 6 0.11 micrometer; Cy3, DAPI, FITC",
      "ome-zarr: time 2 2 second, channel 3, z 4 0.5 micrometer, y 5 0.11 micrometer from 10, x 6 0.11 micrometer from 20; Cy3 FFFF00, DAPI 0000FF, FITC 00FF00",
    ]
  `);
});

test("what is said: a line each, with what keeps it", () => {
  const lines = ALL.flatMap((format) => leftOut(fiveAxes(), `out${FORMATS[format]}`, format));
  expect(lines).toMatchInlineSnapshot(`
    [
      "out.mrc: MRC has no place for the names of axes (channel); format (--format) ome-zarr or ndtiff keeps it",
      "out.mrc: MRC has no place for names of channels (Cy3, DAPI, FITC); format (--format) ome-zarr or ome-tiff keeps it",
      "out.mrc: MRC has no place for colours of channels; format (--format) ome-zarr or ome-tiff keeps it",
      "out.mrc: MRC has no place for the time between images (2 s); format (--format) ome-zarr or ome-tiff keeps it",
      "out.mrc: MRC has no place for further metadata (Operator)",
      "out.npy: .npy has no place for the names of axes (time, channel, z); format (--format) ome-zarr or ndtiff keeps it",
      "out.npy: .npy has no place for names of channels (Cy3, DAPI, FITC); format (--format) ome-zarr or ome-tiff keeps it",
      "out.npy: .npy has no place for colours of channels; format (--format) ome-zarr or ome-tiff keeps it",
      "out.npy: .npy has no place for the size of a pixel (0.11 µm); format (--format) ome-zarr or ome-tiff keeps it",
      "out.npy: .npy has no place for the step along z (0.5 µm); format (--format) mrc or ome-zarr or ome-tiff keeps it",
      "out.npy: .npy has no place for the time between images (2 s); format (--format) ome-zarr or ome-tiff keeps it",
      "out.npy: .npy has no place for the place of the first pixel (20, 10, 0 µm along x, y, z); format (--format) mrc or ome-zarr or ome-tiff keeps it",
      "out.npy: .npy has no place for further metadata (Operator)",
      "out.tif: TIFF has no place for the names of axes (time, channel, z); format (--format) ome-zarr or ndtiff keeps it",
      "out.tif: TIFF has no place for names of channels (Cy3, DAPI, FITC); format (--format) ome-zarr or ome-tiff keeps it",
      "out.tif: TIFF has no place for colours of channels; format (--format) ome-zarr or ome-tiff keeps it",
      "out.tif: TIFF has no place for the step along z (0.5 µm); format (--format) mrc or ome-zarr or ome-tiff keeps it",
      "out.tif: TIFF has no place for the time between images (2 s); format (--format) ome-zarr or ome-tiff keeps it",
      "out.tif: TIFF has no place for the place of the first pixel (20, 10, 0 µm along x, y, z); format (--format) mrc or ome-zarr or ome-tiff keeps it",
      "out.tif: TIFF has no place for further metadata (Operator)",
      "out.ome.tif: OME-TIFF has no place for further metadata (Operator)",
      "out: NDTiff has no place for colours of channels; format (--format) ome-zarr or ome-tiff keeps it",
      "out: NDTiff has no place for the place of the first pixel (20, 10, 0 µm along x, y, z); format (--format) mrc or ome-zarr or ome-tiff keeps it",
      "out: NDTiff has no place for further metadata (Operator)",
      "out.zarr: OME-Zarr has no place for further metadata (Operator)",
    ]
  `);
  const plain = memorySource({ data: new Uint8Array(4), axes: ["y", "x"], shape: [2, 2] });
  expect(ALL.flatMap((format) => leftOut(plain, "out", format))).toEqual([]);
});

describe("MRC to MRC keeps", () => {
  test("voxels that are no cubes, origin, start, and the bytes after that", async () => {
    for (const name of ["aniso.mrc", "org.mrc"]) {
      const first = newPath(".mrc");
      copyFileSync(join(cases, name), first);
      const second = await convert(first, "mrc");
      const third = await convert(second, "mrc");
      const headers = [];
      for (const path of [first, second]) {
        const file = await openMrc(path);
        const { voxelSizeA, originA, start, kind, shape, mode } = file.header;
        headers.push({ voxelSizeA, originA, start, kind, shape, mode });
        await file.close();
      }
      expect(headers[1]).toEqual(headers[0]);
      expect(Buffer.compare(readFileSync(second), readFileSync(third))).toBe(0);
      expect((await read(second)).data).toEqual((await read(first)).data);
    }
    const aniso = await openMrc(join(cases, "aniso.mrc"));
    expect(aniso.header.voxelSizeA).toEqual([1, 1, 3]);
    await aniso.close();
    const org = await openMrc(join(cases, "org.mrc"));
    expect([org.header.originA, org.header.start]).toEqual([
      [10, 20, 30],
      [7, 8, 9],
    ]);
    await org.close();
  });

  test("volumes of a series as a stack of volumes", async () => {
    const shape = [3, 4, 2, 2];
    const data = Float32Array.from({ length: 48 }, (_, i) => i / 4);
    const axes = ["time", "z", "y", "x"].map((name) =>
      sourceAxis(name, name === "time" ? {} : { unit: "angstrom" }),
    );
    const source = memorySource(
      { data, axes: axes.map(({ name }) => name), shape },
      { axes, scale: [1, 3, 2, 2] },
    );
    const { level, axes: found, data: values } = await read(await write(source, "mrc"));
    expect([level.shape, level.scale, found.map(({ name }) => name)]).toEqual([
      shape,
      [1, 3, 2, 2],
      ["time", "z", "y", "x"],
    ]);
    expect(values).toEqual(data);
  });
});

describe("a part", () => {
  test("of an axis, by value or index; of a level; and its errors", async () => {
    const zarr = await write(fiveAxes(), "ome-zarr");
    const { data, axes } = await read(await convert(zarr, "npy", { at: { t: 1, c: "FITC" } }));
    expect(axes.map(({ name }) => name)).toEqual(["z", "y", "x"]);
    expect(data).toEqual((await fiveAxes().read({ region: { time: 1, channel: 2 } })).data);
    const errors = [];
    for (const options of [{ at: { q: 1 } }, { at: { t: 2 } }, { level: 1 }, { image: "B03" }])
      errors.push(String(await convert(zarr, "npy", options).catch((error: Error) => error)));
    expect(errors.map((text) => text.replaceAll(zarr, "five.zarr"))).toMatchInlineSnapshot(`
      [
        "VitrineError: five.zarr: expected one of the axes time, channel, z, found q.",
        "VitrineError: five.zarr time: expected an index from 0 to 1, found 2.",
        "VitrineError: five.zarr: expected a level from 0 to 0, found 1.",
        "VitrineError: five.zarr image: expected one of 0, found "B03".",
      ]
    `);
  });
});
