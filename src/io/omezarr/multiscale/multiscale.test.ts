import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { PixelArray, PixelType } from "../../../core/index.ts";
import { pixelBytes, pixelView, seededRandom } from "../../../core/index.ts";
import type { ArrayBlock } from "../../dataset/dataset.ts";
import { sourceAxis } from "../../source/axes.ts";
import { memorySource } from "../../source/memory.ts";
import type { ImageSource } from "../../source/source.ts";
import { openZarrImages } from "../../source/zarr/open.ts";
import { createOmeZarrCollection } from "./collection.ts";
import { crc32c } from "./crc32c.ts";
import { createOmeZarrLabels } from "./labels.ts";
import type { MultiscaleCompression, MultiscaleVersion, Reduction } from "./plan.ts";
import { createOmeZarrPlate } from "./plate.ts";
import { createOmeZarrImage, type OmeZarrImageOptions } from "./writer.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-multiscale-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let stores = 0;
const newStore = () => join(scratch, `${stores++}.zarr`);

const TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] as const;

function valuesOf(dtype: PixelType, shape: readonly number[], seed: number): PixelArray {
  const length = shape.reduce((product, side) => product * side, 1);
  const buffer = new ArrayBuffer(length * 8);
  const data = pixelView({ width: length, height: 1, channels: 1, dtype }, buffer);
  const random = seededRandom(seed);
  // whole values of every type's range, so that the sums of 32 bits overflow where they can
  const scale = dtype.startsWith("float") ? 1 : 2 ** (8 * data.BYTES_PER_ELEMENT);
  const least = dtype.startsWith("int") ? -scale / 2 : 0;
  for (let i = 0; i < length; i++) {
    const value = least + random.uniform() * scale;
    data[i] = dtype.startsWith("float") ? value : Math.floor(value);
  }
  return data;
}

/** The reduction as it is defined, a pixel at a time. */
function halved({ data, shape, axes }: ArrayBlock, reduction: Reduction): ArrayBlock {
  const [height, width] = shape.slice(-2);
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const planes = data.length / (height * width);
  const out = data.slice(0, planes * rows * columns);
  for (let p = 0; p < planes; p++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const there: number[] = [];
        for (const [dy, dx] of [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ]) {
          if (2 * y + dy >= height || 2 * x + dx >= width) continue;
          there.push(data[(p * height + 2 * y + dy) * width + 2 * x + dx]);
        }
        out[(p * rows + y) * columns + x] = reduced(
          there,
          reduction,
          data instanceof Float32Array || data instanceof Float64Array,
        );
      }
    }
  }
  return { data: out, axes, shape: [...shape.slice(0, -2), rows, columns] };
}

function reduced(there: readonly number[], reduction: Reduction, isFloat: boolean): number {
  if (reduction === "nearest") return there[0];
  if (reduction === "mode") {
    const counts = there.map((value) => there.filter((other) => other === value).length);
    return there[counts.indexOf(Math.max(...counts))];
  }
  // as the writer: a missing pixel is its neighbour again, so that float sums are of four
  const four =
    there.length === 4
      ? there
      : there.length === 2
        ? [...there, ...there]
        : [there[0], there[0], there[0], there[0]];
  const mean = (four[0] + four[1] + four[2] + four[3]) / 4;
  return isFloat ? mean : Math.floor(mean + 0.5);
}

const AXES = ["time", "channel", "z", "y", "x"] as const;

interface Case {
  readonly shape: readonly number[];
  readonly axes: readonly string[];
  readonly dtype: PixelType;
  readonly version: MultiscaleVersion;
  readonly compression: MultiscaleCompression;
  readonly chunkShape: readonly number[];
  readonly shardShape?: readonly number[];
  readonly levels: number;
  readonly reduction: Reduction;
  readonly seed: number;
}

const small = fc.integer({ min: 1, max: 3 });
const cases: fc.Arbitrary<Case> = fc
  .record({
    outer: fc.subarray(["time", "channel", "z"] as const),
    outerShape: fc.tuple(small, small, small),
    plane: fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 })),
    outerChunk: fc.tuple(small, small, small),
    planeChunk: fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
    shards: fc.option(fc.tuple(small, small, small, small, small)),
    dtype: fc.constantFrom(...TYPES),
    version: fc.constantFrom("0.4" as const, "0.5" as const),
    compression: fc.constantFrom("none" as const, "gzip" as const, "zstd" as const, "blosc" as const),
    levels: fc.integer({ min: 1, max: 4 }),
    reduction: fc.constantFrom("mean" as const, "mode" as const, "nearest" as const),
    seed: fc.nat(),
  })
  .map(({ outer, outerShape, plane, outerChunk, planeChunk, shards, ...others }) => {
    const n = outer.length;
    const chunkShape = [...outerChunk.slice(0, n), ...planeChunk];
    const shardShape = shards?.slice(0, n + 2).map((times, i) => times * chunkShape[i]);
    const isSharded = shardShape !== undefined && others.version === "0.5";
    return {
      ...others,
      axes: [...outer, "y", "x"],
      shape: [...outerShape.slice(0, n), ...plane],
      chunkShape,
      ...(isSharded && { shardShape }),
    };
  });

/** Writes in blocks: bands of rows, or tiles, in a random order. */
async function writeBlocks(
  source: ImageSource,
  options: Omit<OmeZarrImageOptions, "axes" | "shape" | "dtype">,
  seed: number,
): Promise<void> {
  const { axes, dtype, levels } = source;
  const [{ shape }] = levels;
  await using writer = await createOmeZarrImage({ ...options, axes, shape, dtype, threads: 0 });
  const random = seededRandom(seed);
  const [height, width] = shape.slice(-2);
  const step = [1 + Math.floor(random.uniform() * height), 1 + Math.floor(random.uniform() * width)];
  const regions = [];
  for (let y = 0; y < height; y += step[0]) {
    for (let x = 0; x < width; x += step[1]) {
      const y1 = Math.min(height, y + step[0]);
      regions.push({ y: [y, y1], x: [x, Math.min(width, x + step[1])] } as const);
    }
  }
  for (const region of regions.sort(() => random.uniform() - 0.5)) {
    await writer.write(region, (await source.read({ region })).data);
  }
  await writer.finish();
}

test("whatever shape, chunks, shards, type and codec: every level is the level above halved, read back by regions", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ axes, shape, dtype, seed, ...options }) => {
      const directory = newStore();
      let level: ArrayBlock = { data: valuesOf(dtype, shape, seed), axes, shape };
      const source = memorySource(level, { axes: axes.map((name) => sourceAxis(name)) });
      await writeBlocks(source, { directory, ...options }, seed);
      await using images = await openZarrImages(directory);
      await using image = await images.open();
      expect(image.levels.length).toBe(options.levels);
      for (let i = 0; i < options.levels; i++) {
        if (i > 0) level = halved(level, options.reduction);
        expect(await image.read({ level: i })).toEqual(level);
      }
      rmSync(directory, { recursive: true });
    }),
    { seed: 10, numRuns: 40 },
  );
});

test("1,000 random regions of every level are those of the plain array", async () => {
  const directory = newStore();
  const shape = [2, 3, 333, 517];
  const axes = ["channel", "z", "y", "x"].map((name) => sourceAxis(name));
  const data = valuesOf("uint16", shape, 3);
  const sharded = { chunkShape: [1, 2, 64, 64], shardShape: [1, 2, 128, 192] };
  await using writer = await createOmeZarrImage({
    directory,
    axes,
    shape,
    dtype: "uint16",
    ...sharded,
    threads: 0,
  });
  await writer.write({}, data);
  await writer.finish();
  await using images = await openZarrImages(directory);
  await using image = await images.open();
  expect(image.levels.map((level) => level.shape.slice(-2))).toEqual([
    [333, 517],
    [167, 259],
    [84, 130],
  ]);
  const random = seededRandom(8);
  const span = (length: number) => {
    const from = Math.floor(random.uniform() * length);
    return [from, from + 1 + Math.floor(random.uniform() * (length - from))] as const;
  };
  let block: ArrayBlock = { data, axes: axes.map(({ name }) => name), shape };
  for (const [level, { shape: sides }] of image.levels.entries()) {
    if (level > 0) block = halved(block, "mean");
    const plain = memorySource(block);
    for (let i = 0; i < 1000; i++) {
      const [c, z, y, x] = sides.map(span);
      const region = {
        channel: c,
        z,
        y: [y[0], Math.min(y[1], y[0] + 40)],
        x: [x[0], Math.min(x[1], x[0] + 40)],
      } as const;
      const [found, expected] = [await image.read({ level, region }), await plain.read({ region })];
      // bytes: comparing values one by one takes longer than reading them
      if (!Buffer.from(pixelBytes(found.data)).equals(pixelBytes(expected.data))) {
        expect([level, region, found]).toEqual([level, region, expected]);
      }
    }
  }
});

/** All files of a store with their bytes. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length), readFileSync(path).toString("base64")]),
  );
}

describe.each(["0.4", "0.5"] as const)("version %s", (version) => {
  const axes = [
    sourceAxis("time", { unit: "second" }),
    sourceAxis("channel"),
    sourceAxis("y", { unit: "micrometer" }),
    sourceAxis("x", { unit: "micrometer" }),
  ];
  const shape = [2, 2, 300, 280];
  const layout = {
    axes,
    shape,
    dtype: "uint16",
    scale: [2.5, 1, 0.1, 0.2],
    translation: [0, 0, 5, 7],
  } as const;
  const channels = [{ name: "DAPI" }, { name: "mine", color: "123456", window: { start: 1, end: 9 } }];

  test("axes, units, places, channels and windows come back; write, read, write gives the same bytes", async () => {
    const [first, second] = [newStore(), newStore()];
    const data = Uint16Array.from({ length: 2 * 2 * 300 * 280 }, (_, i) => i % 1000);
    await using one = await createOmeZarrImage({ ...layout, directory: first, name: "n", version, channels });
    await one.write({}, data);
    await one.finish();
    await using images = await openZarrImages(first);
    expect([images.images, images.labels, images.warnings]).toEqual([["0"], [], []]);
    await using image = await images.open();
    expect(image.axes).toEqual(
      axes.map((axis, i) => (i === 1 ? { ...axis, values: ["DAPI", "mine"] } : axis)),
    );
    expect(image.levels[1]).toMatchObject({ scale: [2.5, 1, 0.2, 0.4], translation: [0, 0, 5.05, 7.1] });
    expect(image.channels).toEqual([
      { name: "DAPI", color: "0000FF", window: { start: 1, end: 998, min: 0, max: 999 } },
      { name: "mine", color: "123456", window: { start: 1, end: 9, min: 0, max: 999 } },
    ]);
    const { levels, channels: read } = image;
    const { scale, translation } = levels[0];
    const again = { axes: image.axes, shape, dtype: image.dtype, scale, translation, channels: read };
    await using two = await createOmeZarrImage({ ...again, directory: second, name: "n", version });
    await two.write({}, (await image.read()).data);
    await two.finish();
    expect(filesOf(second)).toEqual(filesOf(first));
  });

  test("labels, by the most frequent value, beside their image", async () => {
    const directory = newStore();
    await using image = await createOmeZarrImage({ ...layout, directory, version });
    await image.write({}, new Uint16Array(2 * 2 * 300 * 280).fill(7));
    await image.finish();
    const labels = { axes: axes.slice(2), shape: [300, 280], dtype: "uint32" } as const;
    for (const name of ["cells", "nuclei"]) {
      await using writer = await createOmeZarrLabels({
        ...labels,
        directory,
        name,
        properties: [{ value: 1, area: 3 }],
      });
      await writer.write(
        {},
        Uint32Array.from({ length: 300 * 280 }, (_, i) => (i % 280) % 3),
      );
      await writer.finish();
    }
    await using images = await openZarrImages(directory);
    expect(images.labels).toEqual(["labels/cells", "labels/nuclei"]);
    await using cells = await images.open("labels/cells");
    expect([cells.isLabels, cells.channels, cells.levels.length]).toEqual([true, [], 2]);
    const { data } = await cells.read({ level: 1, region: { y: 0, x: [0, 6] } });
    expect([...data]).toEqual([0, 2, 1, 0, 2, 1]);
    expect(cells.metadata).toMatchObject({ "image-label": { properties: [{ "label-value": 1, area: 3 }] } });
    const wrong = createOmeZarrLabels({ ...labels, dtype: "float32", directory, name: "x" });
    await expect(wrong).rejects.toMatchObject({ code: "type" });
  });

  test("a plate lists wells and fields as they come, each where its path says", async () => {
    const directory = newStore();
    const named = {
      rows: ["A", "B", "C"],
      columns: ["1", "2", "10"],
      acquisitions: [{ id: 0, name: "first" }],
    };
    await using plate = await createOmeZarrPlate({ directory, version, name: "P", ...named, threads: 0 });
    for (const [i, [row, column]] of [
      ["C", "10"],
      ["A", "2"],
      ["C", "10"],
    ].entries()) {
      await using field = await plate.createField({ ...layout, row, column, acquisition: 0 });
      await field.write({ time: 1 }, new Uint16Array(2 * 300 * 280).fill(i + 1));
      await field.finish();
    }
    await using images = await openZarrImages(directory);
    expect(images.warnings).toEqual([]);
    expect(images.plate).toEqual({
      name: "P",
      rows: named.rows,
      columns: named.columns,
      acquisitions: { "0": "first" },
      fields: [
        { image: "A/2/0", well: "A02", rowIndex: 0, columnIndex: 1, field: 0, acquisition: 0 },
        { image: "C/10/0", well: "C10", rowIndex: 2, columnIndex: 2, field: 0, acquisition: 0 },
        { image: "C/10/1", well: "C10", rowIndex: 2, columnIndex: 2, field: 1, acquisition: 0 },
      ],
    });
    await using field = await images.open("C/10/1");
    const corner = await field.read({ region: { channel: 0, y: 0, x: 0 } });
    expect([...corner.data]).toEqual([0, 3]);
    await expect(plate.createField({ ...layout, row: "D", column: "1" })).rejects.toMatchObject({
      code: "missing",
    });
  });

  test("several images in one store", async () => {
    const directory = newStore();
    await using writer = await createOmeZarrCollection({ directory, version, threads: 0 });
    for (const value of [4, 5]) {
      await using image = await writer.createImage({ ...layout, name: `series ${value}` });
      await image.write({ time: 0, channel: 1, y: 9 }, new Uint16Array(280).fill(value));
      await image.finish();
    }
    await using images = await openZarrImages(directory);
    expect(images.images).toEqual(["0", "1"]);
    await using image = await images.open("1");
    expect([...(await image.read({ region: { time: 0, y: [8, 10], x: 3 } })).data]).toEqual([0, 0, 0, 5]);
  });
});

describe("what does not fit is refused by name", () => {
  const axes = ["y", "x"].map((name) => sourceAxis(name));
  const layout = { axes, shape: [20, 30], dtype: "uint8", threads: 0 } as const;
  test.each([
    [{ axes: ["x", "y"].map((name) => sourceAxis(name)) }, "unsupported", /axes: .*found x, y/],
    [
      { axes: ["y", "x", "sample"].map((name) => sourceAxis(name)), shape: [2, 2, 3] },
      "unsupported",
      /sample/,
    ],
    [{ shape: [20, 0] }, "shape", /lengths of at least 1/],
    [{ chunkShape: [1] }, "shape", /chunkShape/],
    [{ chunkShape: [4, 4], shardShape: [6, 4] }, "shape", /multiples of the chunk 4 x 4/],
    [{ version: "0.4", shardShape: [512, 512] }, "unsupported", /no shards/],
    [{ levels: 0 }, "range", /levels/],
  ] as const)("%j", async (more, code, message) => {
    const made = createOmeZarrImage({ ...layout, directory: newStore(), ...more });
    await expect(made).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("pixels twice, of another type or number, outside, after the end, more than memory", async () => {
    await using image = await createOmeZarrImage({ ...layout, directory: newStore(), chunkShape: [10, 30] });
    await image.write({ y: [0, 3] }, new Uint8Array(90));
    const again = (region: Parameters<typeof image.write>[0], data: PixelArray) => image.write(region, data);
    await expect(again({ y: [2, 4] }, new Uint8Array(60))).rejects.toMatchObject({ code: "exists" });
    await expect(again({ y: 5 }, new Int8Array(30))).rejects.toMatchObject({ code: "type" });
    await expect(again({ y: 5 }, new Uint8Array(29))).rejects.toMatchObject({ code: "shape" });
    await expect(again({ y: 20 }, new Uint8Array(30))).rejects.toMatchObject({ code: "range" });
    await expect(again({ z: 0 }, new Uint8Array(600))).rejects.toMatchObject({ code: "missing" });
    await image.finish();
    await image.finish();
    await expect(again({ y: 5 }, new Uint8Array(30))).rejects.toMatchObject({ code: "missing" });
    await expect(createOmeZarrImage({ ...layout, directory: image.directory })).rejects.toMatchObject({
      code: "exists",
    });
    const full = await createOmeZarrImage({ ...layout, directory: newStore(), memoryBytes: 100 });
    await expect(full.write({ y: 0 }, new Uint8Array(30))).rejects.toThrow(/memoryBytes/);
  });
});

test("threads and none give the same bytes", async () => {
  const axes = ["y", "x"].map((name) => sourceAxis(name));
  const data = valuesOf("float32", [700, 1200], 5);
  const [none, two] = [newStore(), newStore()];
  for (const [directory, threads] of [
    [none, 0],
    [two, 2],
  ] as const) {
    const layout = { axes, shape: [700, 1200], dtype: "float32", chunkShape: [101, 101] } as const;
    await using writer = await createOmeZarrImage({ ...layout, directory, name: "n", threads });
    await writer.write({}, data);
    await writer.finish();
  }
  expect(filesOf(two)).toEqual(filesOf(none));
});

test("pixels that never come are 0, whatever was in the memory of the bands before", async () => {
  const block = { axes: ["z", "y", "x"], shape: [3, 90, 70], data: new Uint16Array(3 * 90 * 70).fill(77) };
  const holes = [
    { z: [1, 2], y: [20, 33], x: [5, 9] },
    { z: [1, 2], y: [0, 90], x: [50, 70] },
    { z: [2, 3], y: [31, 64], x: [0, 70] },
  ] as const;
  const inHole = (z: number, y: number, x: number) =>
    holes.some((hole) => z >= hole.z[0] && within(y, hole.y) && within(x, hole.x) && z < hole.z[1]);
  for (let i = 0; i < block.data.length; i++)
    if (inHole(Math.floor(i / 6300), Math.floor(i / 70) % 90, i % 70)) block.data[i] = 0;
  for (const threads of [0, 2]) {
    const layout = {
      axes: block.axes.map((axis) => sourceAxis(axis)),
      shape: block.shape,
      dtype: "uint16",
    } as const;
    const options = { ...layout, chunkShape: [1, 16, 16], levels: 4, threads, directory: newStore() };
    const writer = await createOmeZarrImage(options);
    const source = memorySource(block);
    for (let z = 0; z < 3; z++)
      for (let y = 0; y < 90; y++)
        for (const x of runsWithout((column) => inHole(z, y, column), 70)) {
          const region = { z, y, x };
          await writer.write(region, (await source.read({ region })).data);
        }
    await writer.finish();
    await using images = await openZarrImages(options.directory);
    await using image = await images.open();
    let expected: ArrayBlock = block;
    for (const level of image.levels.keys()) {
      expect((await image.read({ level })).data).toEqual(expected.data);
      expected = halved(expected, "mean");
    }
  }
});

function within(place: number, [from, to]: readonly [number, number]): boolean {
  return place >= from && place < to;
}

/** Columns outside of holes, by runs. */
function runsWithout(isHole: (column: number) => boolean, width: number): [from: number, to: number][] {
  const runs: [number, number][] = [];
  for (let x = 0; x < width; x++) {
    if (isHole(x)) continue;
    const last = runs.at(-1);
    if (last?.[1] === x) last[1]++;
    else runs.push([x, x + 1]);
  }
  return runs;
}

test("CRC-32C of RFC 3720's example", () => {
  expect(crc32c(new Uint8Array(32)).toString(16)).toBe("8a9136aa");
});

test("all axes that OME-Zarr knows are written", async () => {
  const axes = AXES.map((name) => sourceAxis(name));
  await using image = await createOmeZarrImage({
    directory: newStore(),
    axes,
    shape: [1, 1, 1, 1, 1],
    dtype: "int32",
  });
  await image.write({}, Int32Array.of(-5));
  await image.finish();
  expect(image.levels.length).toBe(1);
});
