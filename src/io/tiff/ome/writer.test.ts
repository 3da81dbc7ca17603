import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { python, requirement } from "../../../../test/support/require.ts";
import {
  imageBytes,
  type PixelArray,
  type PixelType,
  pixelBytes,
  pixelView,
  seededRandom,
} from "../../../core/index.ts";
import { sourceAxis } from "../../source/axes.ts";
import { memorySource } from "../../source/memory.ts";
import { openTiffImages } from "../../source/tiff/open.ts";
import { CODECS } from "../codecs.ts";
import { packLzw } from "../encode.ts";
import { createOmeTiff, type OmeTiffOptions } from "./writer.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-ometiff-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] as const;

function pixels(shape: readonly number[], dtype: PixelType): PixelArray {
  const width = shape.reduce((product, side) => product * side, 1);
  const layout = { width, height: 1, channels: 1, dtype };
  const data = pixelView(layout, new ArrayBuffer(imageBytes(layout)));
  const scale = dtype.startsWith("float") ? 0.5 : 1;
  for (let i = 0; i < data.length; i++)
    data[i] = (((i * 7919) % 251) - (dtype.startsWith("u") ? 0 : 120)) * scale;
  return data;
}

async function write(options: Omit<OmeTiffOptions, "path" | "overwrite">, name: string, data: PixelArray) {
  const path = join(folder, name);
  await using writer = await createOmeTiff({ ...options, path, overwrite: true });
  await writer.write({}, data);
  await writer.finish();
  return path;
}

const names = (...all: string[]) => all.map((name) => sourceAxis(name));

test("what is written is read: any type, size, compression, colours, levels", async () => {
  const side = fc.integer({ min: 1, max: 70 });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(fc.integer({ min: 2, max: 3 }), side, side, fc.constantFrom(1, 3)),
      fc.constantFrom(...TYPES),
      fc.constantFrom("none", "lzw", "deflate"),
      async ([channels, height, width, samples], dtype, compression) => {
        const colours = samples > 1 ? [samples] : [];
        const shape = [channels, height, width, ...colours];
        const axes = names("channel", "y", "x", ...(samples > 1 ? ["sample"] : []));
        const data = pixels(shape, dtype);
        const path = await write(
          { axes, shape, dtype, compression, tile: 16, levels: 3 },
          "any.ome.tif",
          data.slice(),
        );
        await using images = await openTiffImages(path);
        await using image = await images.open();
        expect(images.warnings.concat(image.warnings)).toEqual([]);
        expect(image.axes.map(({ name }) => name)).toEqual(axes.map(({ name }) => name));
        const whole = await image.read();
        expect([whole.shape, whole.data]).toEqual([shape, data]);
        for (const [level, { shape: found }] of image.levels.entries()) {
          const half = (n: number) => Math.ceil(n / 2 ** level);
          expect(found).toEqual([channels, half(height), half(width), ...colours]);
          const all = await image.read({ level });
          const y = Math.floor(found[1] / 2);
          const row = await image.read({ level, region: { channel: 1, y } });
          const length = row.data.length;
          expect(row.data).toEqual(all.data.slice((found[1] + y) * length, (found[1] + y + 1) * length));
        }
      },
    ),
    { numRuns: 25 },
  );
});

test("LZW: short and long, in many tables", () => {
  const unpack = (packed: Uint8Array, length: number) => CODECS[5].decode(packed, length, "test");
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ minLength: 9000, maxLength: 20_000 }),
  );
  fc.assert(
    fc.property(bytes, (data) => {
      expect(Buffer.compare(unpack(packLzw(data), data.length), data)).toBe(0);
    }),
    { numRuns: 60 },
  );
  for (const length of [254, 255, 256, 257, 510, 3837, 3838, 3839, 3840, 3841, 9000]) {
    const data = Uint8Array.from({ length }, (_, i) => (i * i * 31 + (i >> 3)) & 255);
    expect(unpack(packLzw(data), length)).toEqual(data);
  }
});

test("bands of rows give the bytes of the whole; write, read, write gives the same bytes", async () => {
  const shape = [2, 37, 45];
  const data = pixels(shape, "uint16");
  const options = { axes: names("z", "y", "x"), shape, dtype: "uint16", tile: 16, levels: 2 } as const;
  const whole = await write(options, "whole.ome.tif", data);
  const path = join(folder, "bands.ome.tif");
  await using writer = await createOmeTiff({ ...options, path });
  for (let y = 0; y < 37; y += 5)
    for (const z of [0, 1]) {
      const end = Math.min(37, y + 5);
      await writer.write({ z, y: [y, end] }, data.slice((z * 37 + y) * 45, (z * 37 + end) * 45));
    }
  expect(existsSync(path)).toBe(false);
  await writer.finish();
  await using images = await openTiffImages(path);
  await using image = await images.open();
  expect((await image.read()).data).toEqual(data);
  await using first = await openTiffImages(whole);
  await using read = await first.open();
  const { axes, dtype } = read;
  const again = await write({ ...options, axes, dtype }, "again.ome.tif", (await read.read()).data);
  const { readFile } = await import("node:fs/promises");
  expect(await readFile(again)).toEqual(await readFile(whole));
});

test("names, units, channels, positions and series come back", async () => {
  const axes = [
    sourceAxis("position", { values: ["A1", "A2"] }),
    sourceAxis("time", { unit: "second" }),
    sourceAxis("channel"),
    sourceAxis("y", { unit: "micrometer" }),
    sourceAxis("x", { unit: "micrometer" }),
  ];
  const shape = [2, 2, 2, 4, 5];
  const channels = [
    { name: "DAPI & <co>", color: "0000FF", emissionNm: 461, excitationNm: 358 },
    { name: "GFP", color: "00FF00" },
  ];
  const metadata = {
    StageLabel: { Name: "p", X: 1.5, XUnit: "µm" },
    Planes: [{ TheZ: 0, TheT: 1, TheC: 0, DeltaT: 2.5, PositionX: 10 }],
  };
  const scale = [1, 2.5, 1, 0.325, 0.65];
  const data = pixels(shape, "uint16");
  const path = await write(
    { axes, shape, scale, dtype: "uint16", channels, metadata, name: "plate" },
    "n.ome.tif",
    data,
  );
  await using images = await openTiffImages(path);
  expect(images.images).toEqual(["plate position A1", "plate position A2"]);
  await using image = await images.open("plate position A2");
  expect(image.channels).toEqual(channels);
  expect(image.levels[0].scale).toEqual(scale.slice(1));
  expect(image.axes.map(({ unit }) => unit)).toEqual(axes.slice(1).map(({ unit }) => unit));
  expect(image.metadata).toMatchObject(metadata);
  expect((await image.read()).data).toEqual(data.slice(data.length / 2));
});

test("what is not written leaves no file; what never came is zero", async () => {
  const base = { axes: names("time", "y", "x"), shape: [2, 20, 20], dtype: "uint8", tile: 16 } as const;
  const path = join(folder, "part.ome.tif");
  const writer = await createOmeTiff({ ...base, path });
  await expect(writer.write({ time: 0, x: [0, 5] }, new Uint8Array(100))).rejects.toThrow(
    "expected whole rows of 20 pixels",
  );
  await writer.close();
  expect((await readdir(folder)).filter((name) => name.startsWith("part"))).toEqual([]);
  await using other = await createOmeTiff({ ...base, path });
  await other.write({ time: 1, y: [0, 5] }, new Uint8Array(100).fill(9));
  await expect(other.write({ time: 1, y: [6, 7] }, new Uint8Array(20))).rejects.toThrow(
    "expected row 5 next, found 6",
  );
  await using third = await createOmeTiff({ ...base, path });
  await third.write({ time: 1, y: [0, 5] }, new Uint8Array(100).fill(9));
  await third.finish();
  await using images = await openTiffImages(path);
  await using image = await images.open();
  const { data } = await image.read({ region: { x: 0 } });
  expect(Array.from(data)).toEqual(Array.from({ length: 40 }, (_, i) => (i >= 20 && i < 25 ? 9 : 0)));
  await expect(createOmeTiff({ ...base, path })).rejects.toThrow("expected no file of this name");
  await expect(createOmeTiff({ ...base, path: `${path}2`, axes: names("z", "other", "x") })).rejects.toThrow(
    "then y, x",
  );
});

const { available } = requirement("readers");

test.skipIf(!available)(
  "tifffile and libvips read the same pixels at every level, tifffile the same axes (needs readers)",
  async () => {
    const shape = [2, 3, 2, 101, 77];
    const axes = names("time", "channel", "z", "y", "x");
    const cases = [
      ["deflate", "uint16"],
      ["none", "float32"],
    ] as const;
    for (const [compression, dtype] of cases) {
      const data = pixels(shape, dtype);
      const path = await write(
        { axes, shape, dtype, compression, tile: 32, levels: 4 },
        `${dtype}.ome.tif`,
        data,
      );
      const code = [
        "import json, sys, tifffile, pyvips",
        "t = tifffile.TiffFile(sys.argv[1])",
        "s = t.series[0]",
        "pages = lambda i: pyvips.Image.new_from_file(sys.argv[1], n=-1, subifd=i - 1)",
        "same = [bool((pages(i).numpy().ravel() == l.asarray().ravel()).all()) for i, l in enumerate(s.levels)]",
        "print(json.dumps([len(t.series), s.axes, [[list(l.shape), l.asarray().ravel().astype(float).tolist()] for l in s.levels], same]))",
      ].join("\n");
      const options = { encoding: "utf8", maxBuffer: 2 ** 28 } as const;
      const [series, found, levels, vips] = JSON.parse(execFileSync(python, ["-c", code, path], options));
      expect([series, found, levels.length]).toEqual([1, "TCZYX", 4]);
      expect(vips).toEqual([true, true, true, true]);
      await using images = await openTiffImages(path);
      await using image = await images.open();
      for (const [level, [side, values]] of levels.entries()) {
        const own = await image.read({ level });
        expect(own.shape).toEqual(side);
        expect(Float64Array.from(own.data).every((value, i) => value === values[i])).toBe(true);
      }
    }
  },
);

test("1,000 random regions of every level are those of the whole level", async () => {
  const shape = [2, 3, 333, 517];
  const axes = names("channel", "z", "y", "x");
  const options = { axes, shape, dtype: "uint16", compression: "deflate", tile: 64, levels: 3 } as const;
  const path = await write(options, "regions.ome.tif", pixels(shape, "uint16"));
  await using images = await openTiffImages(path);
  await using image = await images.open();
  const random = seededRandom(8);
  const span = (length: number, most: number) => {
    const from = Math.floor(random.uniform() * length);
    return [from, Math.min(length, from + 1 + Math.floor(random.uniform() * most))] as const;
  };
  for (const [level, { shape: sides }] of image.levels.entries()) {
    const plain = memorySource(await image.read({ level }));
    for (let i = 0; i < 1000; i++) {
      const [channel, z, y, x] = sides.map((side) => span(side, 40));
      const region = { channel, z, y, x };
      const [found, expected] = [await image.read({ level, region }), await plain.read({ region })];
      // bytes: comparing values one by one takes longer than reading them
      if (!Buffer.from(pixelBytes(found.data)).equals(pixelBytes(expected.data)))
        expect([level, region, found]).toEqual([level, region, expected]);
    }
  }
});
