import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Axes, PixelArray } from "../../core/index.ts";
import { convertDataset } from "../convert/convert.ts";
import { createMemoryDataset } from "../dataset/memory.ts";
import { formatMrcHeader, type MrcHeader, type MrcMode, mrcRowBytes, parseMrcHeader } from "../mrc.ts";
import { toZyx, zyxShape } from "../mrcAxes.ts";
import { openMrc } from "../mrcFile.ts";
import { createNdtiffPyramid } from "../ndtiff/pyramidWriter.ts";
import { createNdtiff } from "../ndtiff/writer.ts";
import { npyHeader } from "../npy.ts";
import { readNpy } from "../npyFile.ts";
import { copyBox } from "./box.ts";
import { datasetSource } from "./dataset.ts";
import { memorySource } from "./memory.ts";
import { openImage, openImages } from "./open.ts";
import type { ImageSource } from "./source.ts";

let folder = "";
let count = 0;
const fresh = (ending: string) => join(folder, `image${count++}${ending}`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-source-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A box of values in C order, from those of all. */
function boxOf(
  data: PixelArray,
  shape: readonly number[],
  spans: readonly (readonly [number, number])[],
): number[] {
  const counts = spans.map(([from, to]) => to - from);
  const part = data.slice(
    0,
    counts.reduce((product, length) => product * length, 1),
  );
  copyBox(
    { data, shape, at: spans.map(([from]) => from) },
    { data: part, shape: counts, at: counts.map(() => 0) },
    counts,
  );
  return Array.from(part);
}

async function expectRegion(
  source: ImageSource,
  whole: PixelArray,
  cuts: readonly (readonly [number, number])[],
) {
  const { shape } = source.levels[0];
  const spans = shape.map((length, i): [number, number] => {
    const [from, to] = cuts[i].map((cut) => cut % (length + 1)).sort((a, b) => a - b);
    return [from, to];
  });
  const block = await source.read({
    region: Object.fromEntries(source.axes.map(({ name }, i) => [name, spans[i]])),
  });
  expect(Array.from(block.data)).toEqual(boxOf(whole, shape, spans));
  expect(block.shape).toEqual(spans.map(([from, to]) => to - from));
}

const cuts = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 5, maxLength: 5 });

const HEADER: MrcHeader = {
  ...parseMrcHeader(mrcBytes(), "test"),
};

function mrcBytes(): Uint8Array {
  const bytes = new Uint8Array(1024);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of [
    [0, 1],
    [4, 1],
    [8, 1],
    [12, 2],
    [64, 1],
    [68, 2],
    [72, 3],
  ])
    view.setInt32(at, value, true);
  bytes.set([0x44, 0x44], 212);
  return bytes;
}

/** A file of bytes without meaning, which are values in every mode. */
async function writeMrcOf(header: Partial<MrcHeader>): Promise<string> {
  const path = fresh(".mrc");
  const whole = { ...HEADER, ...header };
  const [sections, rows] = whole.shape;
  const values = new Uint8Array(whole.extendedBytes + sections * rows * mrcRowBytes(whole));
  // no NaN among 32-bit floats, which equal nothing
  for (let i = 0; i < values.length; i++) values[i] = whole.mode === 2 ? (i * 37) % 61 : (i * 37) % 123;
  await writeFile(path, Buffer.concat([formatMrcHeader(whole), values]));
  return path;
}

const ORDERS = [
  [1, 2, 3],
  [1, 3, 2],
  [2, 1, 3],
  [2, 3, 1],
  [3, 1, 2],
  [3, 2, 1],
] as const;

describe("MRC", () => {
  test("regions in every mode, byte order and order of axes are those of the whole", async () => {
    const side = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(side, side, side),
        fc.constantFrom<MrcMode>(0, 1, 2, 6, 12, 101),
        fc.record({ bigEndian: fc.boolean(), unsignedBytes: fc.boolean(), axes: fc.constantFrom(...ORDERS) }),
        cuts,
        async (shape, mode, { bigEndian, unsignedBytes, axes }, regions) => {
          const path = await writeMrcOf({
            shape,
            mode,
            bigEndian,
            axes,
            unsignedBytes: unsignedBytes && mode === 0,
            spaceGroup: 1,
            extendedBytes: 8 * (shape[0] % 3),
          });
          const file = await openMrc(path);
          const whole = toZyx(await file.readSections(0, shape[0]), file.header);
          await file.close();
          await using source = await openImage(path);
          expect(source.levels[0].shape).toEqual(zyxShape(file.header));
          const all = await source.read();
          expect(Array.from(all.data)).toEqual(Array.from(whole));
          await expectRegion(source, all.data, regions);
          await rm(path);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("a tomogram has Å, its place and its order", async () => {
    const path = await writeMrcOf({
      shape: [4, 6, 8],
      mode: 1,
      spaceGroup: 1,
      axes: [3, 2, 1],
      sampling: [4, 6, 8],
      cellA: [40, 60, 160],
      originA: [100, 0, -50],
      start: [1, 2, 3],
    });
    await using source = await openImage(path);
    expect(source).toMatchObject({
      dtype: "int16",
      axes: ["z", "y", "x"].map((name) => ({ name, kind: "space", unit: "angstrom" })),
      levels: [{ shape: [8, 6, 4], chunkShape: [8, 6, 1], scale: [20, 10, 10], translation: [-50, 0, 100] }],
    });
    expect(source.warnings).toHaveLength(1);
    expect(source.warnings[0]).toMatch(
      /header.origin \(100, 0, -50 Å\) and header.nxstart.*\(30, 20, 20 Å\) differ/,
    );
  });

  test("a map without an origin lies where it begins in its cell; sizes that are not given have no unit", async () => {
    const cell = { sampling: [8, 6, 4], cellA: [16, 12, 8], start: [-3, 0, 2] } as const;
    await using source = await openImage(await writeMrcOf({ shape: [4, 6, 8], spaceGroup: 1, ...cell }));
    expect(source.levels[0].translation).toEqual([4, 0, -6]);
    await using bare = await openImage(await writeMrcOf({ shape: [4, 6, 8], spaceGroup: 1 }));
    expect(bare.axes.map(({ unit }) => unit)).toEqual([undefined, undefined, undefined]);
    expect(bare.levels[0].scale).toEqual([1, 1, 1]);
  });

  test("stacks run along time, as datasets have them", async () => {
    const names = async (header: Partial<MrcHeader>) => {
      await using source = await openImage(await writeMrcOf(header));
      return [
        source.axes.map(({ name }) => name).join(),
        source.levels[0].shape.join(),
        source.warnings.length,
      ];
    };
    expect(await names({ shape: [6, 3, 4], spaceGroup: 0, kind: "stack" })).toEqual(["time,y,x", "6,3,4", 0]);
    expect(await names({ shape: [1, 3, 4], spaceGroup: 0 })).toEqual(["y,x", "3,4", 0]);
    expect(await names({ shape: [6, 3, 4], spaceGroup: 401, sampling: [4, 3, 2] })).toEqual([
      "time,z,y,x",
      "3,2,3,4",
      0,
    ]);
    expect(await names({ shape: [6, 3, 4], spaceGroup: 401, sampling: [4, 3, 4] })).toEqual([
      "z,y,x",
      "6,3,4",
      1,
    ]);
  });

  test("a file that is cut short, or becomes so, complex values: each one clear error", async () => {
    const path = await writeMrcOf({ shape: [4, 6, 8], spaceGroup: 1 });
    await using source = await openImage(path);
    await truncate(path, 1024 + 500);
    await expect(source.read({ region: { z: 3 } })).rejects.toMatchObject({ code: "format" });
    await expect(source.read({ region: { z: 0 } })).resolves.toMatchObject({ shape: [1, 6, 8] });
    await expect(openImages(path)).rejects.toThrow(/expected 1792 bytes .* found 1524.*truncated/);
    await expect(openImages(await writeMrcOf({ shape: [1, 2, 2], mode: 4 }))).rejects.toThrow(
      /real values, found 4 \(complex\)/,
    );
  });

  test("an abort ends a read", async () => {
    await using source = await openImage(await writeMrcOf({ shape: [64, 16, 16], spaceGroup: 1 }));
    const controller = new AbortController();
    const read = source.read({ region: { x: [0, 8] }, signal: controller.signal });
    controller.abort();
    await expect(read).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("npy", () => {
  test("regions in C and Fortran order and of every type are those of the whole", async () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 5 });
    const types = fc.constantFrom("b1", "u1", "i1", "u2", "i2", "u4", "i4", "f2", "f4", "f8");
    await fc.assert(
      fc.asyncProperty(shapes, types, fc.boolean(), cuts, async (shape, dtype, isFortran, regions) => {
        const path = fresh(".npy");
        const size = Number(dtype.slice(1)) * shape.reduce((product, length) => product * length, 1);
        const values = Uint8Array.from({ length: size }, (_, i) => (i * 37) % 61);
        const head = Buffer.from(npyHeader("f4", shape)).toString("latin1");
        const header = head.replace("'<f4'", `'>${dtype}'`);
        const text = isFortran ? header.replace("False", "True ") : header;
        await writeFile(path, Buffer.concat([Buffer.from(text, "latin1"), values]));
        const whole = await readNpy(path);
        await using source = await openImage(path);
        const all = await source.read();
        expect(Array.from(all.data)).toEqual(Array.from(whole.data as PixelArray));
        await expectRegion(source, all.data, regions);
        await rm(path);
      }),
      { numRuns: 150 },
    );
  });

  test("64-bit integers are numbers of float64, in parts too; beyond 2^53 they are refused with their place", async () => {
    const path = fresh(".npy");
    const values = BigInt64Array.from({ length: 24 }, (_, i) => BigInt(i - 3) * 10n ** 9n);
    const write = () =>
      writeFile(path, Buffer.concat([npyHeader("i8", [2, 3, 4]), new Uint8Array(values.buffer)]));
    await write();
    await using images = await openImages(path);
    await using source = await images.open();
    expect(source.dtype).toBe("float64");
    const all = (await source.read()).data;
    expect(Array.from(all)).toEqual(Array.from(values, Number));
    await expectRegion(source, all, [
      [1, 2],
      [1, 3],
      [1, 3],
    ]);
    values[23] = 2n ** 53n;
    await write();
    const part = { region: { z: 1, y: [1, 3] as const, x: [1, 4] as const } };
    await expect(source.read(part)).rejects.toThrow(
      /value \[1, 2, 3\]: expected int64 .* found 9007199254740992/,
    );
  });

  test("what is no image is refused", async () => {
    const path = fresh(".npy");
    await writeFile(path, Buffer.concat([npyHeader("c8", [2, 3]), new Uint8Array(48)]));
    await expect(openImages(path)).rejects.toThrow(
      /header.descr: expected values that are pixels, found complex numbers \(c8\)/,
    );
    await writeFile(path, Buffer.concat([npyHeader("u1", [6]), new Uint8Array(6)]));
    await expect(openImages(path)).rejects.toThrow(
      /header.shape: expected 2 to 5 dimensions, none empty, found \(6\)/,
    );
    await writeFile(path, Buffer.concat([npyHeader("u1", [2, 3]), new Uint8Array(5)]));
    await expect(openImages(path)).rejects.toMatchObject({ code: "format" });
  });
});

describe("datasets", () => {
  const image = (value: number, [width, height] = [4, 3]) => ({
    data: new Uint16Array(width * height).fill(value),
    width,
    height,
    channels: 1,
  });

  test("are what their arrays are, with names, units and what is missing as 0", async () => {
    const summaryMetadata = { PixelSize_um: 0.65, "z-step_um": 2, Interval_ms: 500 };
    const writer = createMemoryDataset({ summaryMetadata });
    for (const time of [0, 2])
      for (const [c, channel] of ["GFP", "DAPI"].entries())
        for (const z of [0, 1])
          if (time + c + z !== 3)
            await writer.put({
              axes: { z, channel, time },
              image: image(100 * time + 10 * c + z),
              metadata: {},
            });
    const source = await datasetSource(writer.dataset);
    expect(source.axes).toEqual([
      { name: "time", kind: "time", unit: "second", values: [0, 2] },
      { name: "channel", kind: "channel", values: ["GFP", "DAPI"] },
      { name: "z", kind: "space", unit: "micrometer" },
      { name: "y", kind: "space", unit: "micrometer" },
      { name: "x", kind: "space", unit: "micrometer" },
    ]);
    expect(source.levels[0]).toEqual({
      shape: [2, 2, 2, 3, 4],
      chunkShape: [1, 1, 1, 3, 4],
      scale: [0.5, 1, 2, 0.65, 0.65],
      translation: [0, 0, 0, 0, 0],
    });
    // as acquired; arrays sort names, as ndstorage's
    expect(source.channels).toEqual([{ name: "GFP" }, { name: "DAPI" }]);
    const array = writer.dataset.asArray();
    expect(array.axes).toEqual(source.axes.map(({ name }) => name));
    expect(array.coordinates.channel).toEqual(["DAPI", "GFP"]);
    for (const channel of [0, 1]) {
      const there = { channel: [1 - channel, 2 - channel] } as const;
      expect((await source.read({ region: { channel } })).data).toEqual((await array.read(there)).data);
      const part = await source.read({ region: { channel, time: 1, y: [1, 3], x: 2 } });
      const same = await array.read({ ...there, time: [1, 2], y: [1, 3], x: [2, 3] });
      expect(part.data).toEqual(same.data);
    }
  });

  test("channels stand in the order of acquisition in every format: as the summary lists them, else as they came", async () => {
    for (const [summary, expected] of [
      [{ ChNames: ["FITC", "Cy5", "DAPI"] }, ["FITC", "Cy5", "DAPI"]],
      [{}, ["Cy5", "DAPI", "FITC"]],
    ] as const) {
      const directory = fresh("");
      const writer = await createNdtiff({ directory, summaryMetadata: summary });
      for (const [i, channel] of ["Cy5", "DAPI", "FITC"].entries())
        await writer.put({ axes: { channel, time: 0 }, image: image(10 * i), metadata: {} });
      await writer.finish();
      await writer.dataset.close();
      const values = expected.map((name) => 10 * ["Cy5", "DAPI", "FITC"].indexOf(name));
      for (const to of [
        directory,
        fresh(".zarr"),
        fresh(".ome.tif"),
        fresh(".npy"),
        fresh("-sharded.zarr"),
      ]) {
        const isLaidOut = to.endsWith("-sharded.zarr");
        if (to !== directory) await convertDataset(directory, to, isLaidOut ? { zarr: { levels: 1 } } : {});
        await using source = await openImage(to);
        const { data } = await source.read({ region: { y: 0, x: 0 } });
        expect([to, Array.from(data)]).toEqual([to, values.map((value) => value + data[0] - values[0])]);
        if (!to.endsWith(".npy")) expect(source.channels.map(({ name }) => name)).toEqual(expected);
      }
    }
  });

  test("of several sizes are several images; images without an axis are told", async () => {
    const writer = await createNdtiff({ directory: fresh("") });
    await writer.put({
      axes: { time: 0, z: 0 },
      image: image(1),
      metadata: { PixelSizeUm: 0.1, ZPosition_um_Intended: 3 },
    });
    await writer.put({ axes: { time: 0, z: 2 }, image: image(3), metadata: { ZPosition_um_Intended: 6 } });
    await writer.put({ axes: { time: 0 }, image: image(5), metadata: {} });
    await writer.put({ axes: { time: 1 }, image: image(7, [2, 2]), metadata: {} });
    await writer.finish();
    await writer.dataset.close();
    await using images = await openImages(writer.dataset.name);
    expect(images).toMatchObject({ format: "ndtiff", images: ["4 x 3 uint16", "2 x 2 uint16"] });
    await using first = await images.open();
    expect(first.warnings).toEqual(["1 images have not all of the axes time, z and are left out"]);
    expect(first.levels[0].scale).toEqual([1, 1.5, 0.1, 0.1]);
    expect((await first.read({ region: { y: 0, x: 0 } })).data).toEqual(Uint16Array.from([1, 3]));
    await using second = await images.open("2 x 2 uint16");
    expect((await second.read()).data).toEqual(new Uint16Array(4).fill(7));
    await expect(images.open("x")).rejects.toThrow(
      /one of the images "4 x 3 uint16", "2 x 2 uint16", found "x"/,
    );
    await expect(datasetSource(writer.dataset)).rejects.toThrow(
      /one size and type, found 4 x 3 uint16; 2 x 2 uint16/,
    );
  });

  test("grow without their sources", async () => {
    const writer = createMemoryDataset();
    await expect(datasetSource(writer.dataset)).rejects.toMatchObject({ code: "missing" });
    await writer.put({ axes: { time: 0 }, image: image(1), metadata: {} });
    await writer.put({ axes: { time: 1 }, image: image(2), metadata: {} });
    const source = await datasetSource(writer.dataset);
    await writer.put({ axes: { time: 2 }, image: image(3), metadata: {} });
    expect(source.levels[0].shape).toEqual([2, 3, 4]);
    await source.close();
    expect(writer.dataset.hasImage({ time: 2 })).toBe(true);
    await expect(source.read()).rejects.toThrow(/a closed one/);
  });
});

describe("NDTiff pyramids", () => {
  const SIDE = 13;
  const plane = (y: number, x: number) => 4096 + 64 * y + x;

  async function pyramid(tiles: readonly Axes[], overlap: number): Promise<string> {
    const writer = await createNdtiffPyramid({
      directory: fresh(""),
      overlapPx: { x: overlap, y: overlap },
      summaryMetadata: { PixelSize_um: 0.5 },
    });
    const [step, trim] = [SIDE - overlap, Math.floor(overlap / 2)];
    for (const axes of tiles) {
      const data = Uint16Array.from({ length: SIDE * SIDE }, (_, i) =>
        plane(
          Number(axes.row) * step + Math.floor(i / SIDE) - trim,
          Number(axes.column) * step + (i % SIDE) - trim,
        ),
      );
      await writer.put({ axes, image: { data, width: SIDE, height: SIDE, channels: 1 }, metadata: {} });
    }
    await writer.finish();
    await writer.dataset.close();
    return writer.dataset.name;
  }

  test("are one plane with levels, each where the full resolution is", async () => {
    const tiles = [-1, 0, 1]
      .flatMap((row) => [0, 1, 2, 3].map((column) => ({ row, column })))
      .filter((_, i) => i !== 5);
    await using source = await openImage(await pyramid(tiles, 3));
    expect(source.axes.map(({ name, unit }) => `${name} ${unit}`)).toEqual(["y micrometer", "x micrometer"]);
    expect(source.levels.map(({ shape }) => shape)).toEqual([
      [30, 40],
      [15, 20],
      [8, 10],
    ]);
    expect(source.levels.map(({ scale }) => scale[0])).toEqual([0.5, 1, 2]);
    for (const [level, { shape, scale, translation }] of source.levels.entries()) {
      const { data } = await source.read({ level });
      for (const [i, value] of data.entries()) {
        const [row, column] = [Math.floor(i / shape[1]), i % shape[1]];
        // in pixels of the full resolution, whose first one is the pixel (-10, 0) of the whole plane
        const y = (translation[0] + row * scale[0]) / 0.5 - 10;
        const x = (translation[1] + column * scale[1]) / 0.5;
        const half = 2 ** (level - 1);
        const isWhole = y - half >= -10.5 && y + half <= 19.5 && x + half <= 39.5;
        const isGap = y + half > -0.5 && y - half < 9.5 && x + half > 9.5 && x - half < 19.5;
        if (!isWhole || (isGap && level > 0)) continue;
        const mean = isGap ? 0 : plane(y, x);
        // each level rounds down once
        if (mean - value > level || value > mean) expect([level, row, column, value]).toEqual([mean]);
      }
    }
  });

  test("a region of a level is that of the whole level", async () => {
    const tiles = [0, 1, 2].flatMap((row) => [-2, -1].map((column) => ({ row, column })));
    await using source = await openImage(await pyramid(tiles, 2));
    await fc.assert(
      fc.asyncProperty(fc.nat(source.levels.length - 1), cuts, async (level, regions) => {
        const whole = await source.read({ level });
        const one = memorySource(whole);
        const [y, x] = whole.shape.map((length, i) =>
          regions[i].map((cut) => cut % (length + 1)).sort((a, b) => a - b),
        );
        const region = { y: [y[0], y[1]], x: [x[0], x[1]] } as const;
        expect(await source.read({ level, region })).toEqual(await one.read({ region }));
      }),
      { numRuns: 60 },
    );
  });
});

test("what holds no images is refused by name", async () => {
  const path = fresh(".csv");
  await writeFile(path, "a,b\n1,2\n");
  await expect(openImages(path)).rejects.toThrow(/expected images: MRC, .* found a CSV table/);
  await expect(openImages(join(folder, "none"))).rejects.toMatchObject({ code: "missing" });
  expect((await readFile(path, "utf8")).length).toBe(8);
});

test("rows far apart are read by threads, the same as through the event loop; a file cut meanwhile is told", async () => {
  const shape = [40, 40, 3000] as const;
  const path = await writeMrcOf({ shape, mode: 2, spaceGroup: 1 });
  await using source = await openImage(path);
  const whole = await source.read();
  const spans = [
    [2, 38],
    [1, 39],
    [1501, 1533],
  ] as const;
  const region = { z: spans[0], y: spans[1], x: spans[2] };
  const several = await Promise.all([0, 1, 2].map(() => source.read({ region })));
  for (const block of several) expect(Array.from(block.data)).toEqual(boxOf(whole.data, shape, spans));
  // memory of the caller: the threads copy into it, and fill what is shared themselves
  for (const Memory of [ArrayBuffer, SharedArrayBuffer]) {
    const into = new Float32Array(new Memory(several[0].data.byteLength));
    expect((await source.read({ region, into })).data).toBe(into);
    expect(Array.from(into)).toEqual(boxOf(whole.data, shape, spans));
  }
  // bytes lie nearer to each other: they are read with what lies between them
  await using bytes = await openImage(await writeMrcOf({ shape, mode: 0, spaceGroup: 1 }));
  const all = await bytes.read();
  expect(Array.from((await bytes.read({ region })).data)).toEqual(boxOf(all.data, shape, spans));
  await truncate(path, 1024 + 20 * 40 * 3000 * 4);
  await expect(source.read({ region })).rejects.toThrow(
    /expected 128 bytes at offset \d+, found 0.*truncated/,
  );
});
