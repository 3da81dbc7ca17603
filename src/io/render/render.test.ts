import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MemorySourceOptions, memorySource } from "../source/memory.ts";
import type { ImageSource, SourceRead } from "../source/source.ts";
import { renderPicture } from "./render.ts";

const UM = "micrometer";
const FIVE = [
  { name: "time", kind: "time" },
  { name: "channel", kind: "channel" },
  { name: "z", kind: "space", unit: UM },
  { name: "y", kind: "space", unit: UM },
  { name: "x", kind: "space", unit: UM },
] as const;

/** (2, 3, 4, 6, 8): value = 1000 t + 100 c + 10 z, and 1 more at the right half. */
function fiveAxes(options: MemorySourceOptions = {}): ImageSource {
  const shape = [2, 3, 4, 6, 8];
  const data = Uint16Array.from({ length: 1152 }, (_, i) => {
    const [x, z, c, t] = [i % 8, Math.floor(i / 48) % 4, Math.floor(i / 192) % 3, Math.floor(i / 576)];
    return 1000 * t + 100 * c + 10 * z + (x < 4 ? 0 : 1);
  });
  const names = FIVE.map(({ name }) => name);
  const channels = ["DAPI", "FITC", "Cy5"].map((name) => ({ name }));
  return memorySource({ data, axes: names, shape }, { name: "five", axes: FIVE, channels, ...options });
}

function plane(
  data: Float32Array | Uint8Array | Uint32Array,
  width: number,
  options: MemorySourceOptions = {},
) {
  return memorySource({ data, axes: ["y", "x"], shape: [data.length / width, width] }, options);
}

const bare = { scaleBar: false, labels: false } as const;
const at = { t: 0, c: "DAPI", z: 0 };

describe("planes", () => {
  test("are found by index, by value and by the short names of axes", async () => {
    const range = [0, 2000] as const;
    const grey = async (where: Record<string, number | string>) =>
      (await renderPicture(fiveAxes(), { ...bare, at: where, range })).data[0];
    expect(await grey({ t: 1, c: "FITC", z: 3 })).toBe(Math.round((1130 / 2000) * 255));
    expect(await grey({ time: 1, channel: 1, z: 3 })).toBe(Math.round((1130 / 2000) * 255));
    const axes = FIVE.map((axis) => (axis.name === "z" ? { ...axis, values: [-1, 0, 1, 2] } : axis));
    const valued = await renderPicture(fiveAxes({ axes }), { ...bare, at: { t: 0, c: 0, z: -1 }, range });
    expect(valued.data[0]).toBe(0);
  });

  test("of axes that nobody names are chosen with a word", async () => {
    const said: string[] = [];
    const picture = await renderPicture(fiveAxes(), { onLog: (message) => said.push(message) });
    expect(said).toMatchInlineSnapshot(`
      [
        "five: time 0 of 2 is drawn; at (--at time=…), project or montage choose",
        "five: z 1 of 4 is drawn; at (--at z=…), project or montage choose",
        "five: the picture is too small for a scale bar; zoom (--zoom N) enlarges it",
      ]
    `);
    expect(picture.shown.map(({ name, color }) => [name, color])).toEqual([
      ["DAPI", "00FF00"],
      ["FITC", "FF00FF"],
      ["Cy5", "00FFFF"],
    ]);
  });

  test.each([
    ["max", 30],
    ["min", 0],
    ["mean", 15],
    ["sum", 60],
  ] as const)("an axis is joined by its %s", async (by, value) => {
    const options = { ...bare, at: { t: 0, c: 0 }, project: { axis: "z", by }, range: [0, 100] } as const;
    const { data } = await renderPicture(fiveAxes(), options);
    expect(data[0]).toBe(Math.round(2.55 * value));
  });
});

describe("contrast", () => {
  test("of the data's own per cents, NaN aside and black, said once", async () => {
    const data = Float32Array.from({ length: 1000 }, (_, i) => (i === 7 ? Number.NaN : i));
    const said: string[] = [];
    const onLog = (message: string) => said.push(message);
    const picture = await renderPicture(plane(data, 50), { ...bare, contrast: [10, 90], onLog });
    expect(picture.shown).toEqual([{ name: "", color: "FFFFFF", range: [101, 899] }]);
    expect([picture.data[7], picture.data[101], picture.data[899], picture.data[999]]).toEqual([
      0, 0, 255, 255,
    ]);
    expect(said).toEqual(["memory: 1 pixels of the picture have no value (NaN); they are black"]);
  });

  test("even, empty of numbers, or of few bright pixels: all can be drawn", async () => {
    for (const [data, range] of [
      [new Float32Array(64).fill(3), [3, 4]],
      [new Float32Array(64).fill(Number.NaN), [0, 1]],
      [Float32Array.from({ length: 64 }, (_, i) => (i === 5 ? 1 : 0)), [0, 1]],
    ] as const) {
      const { shown } = await renderPicture(plane(data, 8), { ...bare, contrast: [5, 95] });
      expect(shown[0].range).toEqual(range);
    }
  });

  test("infinite values are full and black, and do not count", async () => {
    const data = Float32Array.of(Number.NEGATIVE_INFINITY, 1, 2, Number.POSITIVE_INFINITY);
    const { data: pixels } = await renderPicture(plane(data, 4), { ...bare, contrast: [0, 100] });
    expect([...pixels]).toEqual([0, 0, 255, 255]);
  });
});

describe("colours", () => {
  test("of the file where they differ, those that are asked for, else of a row", async () => {
    const channels = ["0000FF", "00FF00", "FF0000"].map((color) => ({ color }));
    const colors = async (options: object, chosen?: string[]) =>
      (
        await renderPicture(fiveAxes(options), {
          at: { t: 0, z: 0 },
          ...(chosen !== undefined && { colors: chosen }),
        })
      ).shown.map(({ color }) => color);
    expect(await colors({ channels })).toEqual(["0000FF", "00FF00", "FF0000"]);
    expect(await colors({ channels: channels.map(() => ({ color: "FFFFFF" })) })).toEqual([
      "00FF00",
      "FF00FF",
      "00FFFF",
    ]);
    expect(await colors({}, ["#ff0000", "00ff00", "0000ff"])).toEqual(["FF0000", "00FF00", "0000FF"]);
  });

  test("light of channels adds", async () => {
    const data = Uint8Array.of(0, 255, 0, 255, 0, 0, 255, 255); // two channels of four pixels
    const source = memorySource({ data, axes: ["channel", "y", "x"], shape: [2, 1, 4] });
    const picture = await renderPicture(source, { ...bare, range: [0, 255], colors: ["FF0000", "00FF00"] });
    expect([...picture.data]).toEqual([0, 0, 0, 255, 0, 0, 0, 255, 0, 255, 255, 0]);
  });

  test("bytes of a colour image stay", async () => {
    const data = Uint8Array.from({ length: 4 * 5 * 3 }, (_, i) => (i * 7) % 256);
    const source = memorySource({ data, axes: ["y", "x", "sample"], shape: [4, 5, 3] });
    const picture = await renderPicture(source, bare);
    expect([picture.channels, picture.data]).toEqual([3, data]);
  });

  test("labels are one colour an object, and never mixed by shrinking", async () => {
    const data = Uint32Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? 0 : 20_000_000 + (i % 2)));
    const large = await renderPicture(plane(data, 16, { isLabels: true }), bare);
    const small = await renderPicture(plane(data, 16, { isLabels: true }), { ...bare, maxSize: 4 });
    const colors = (pixels: Uint8Array) =>
      new Set(Array.from({ length: pixels.length / 3 }, (_, i) => pixels.slice(3 * i, 3 * i + 3).join()));
    expect(colors(large.data).size).toBe(3);
    for (const color of colors(small.data)) expect(colors(large.data)).toContain(color);
  });
});

describe("size", () => {
  test("the level that suits is read, and nothing above it", async () => {
    const read: SourceRead[] = [];
    const levels = [64, 32, 16].map((side) => new Uint8Array(side * side).fill(side));
    const source = memorySource(
      { data: levels[0], axes: ["y", "x"], shape: [64, 64] },
      {
        lower: [
          { data: levels[1], shape: [32, 32], factors: [2, 2] },
          { data: levels[2], shape: [16, 16], factors: [4, 4] },
        ],
      },
    );
    const watched: ImageSource = { ...source, read: (what = {}) => source.read(read[read.push(what) - 1]) };
    const sizes = [];
    for (const maxSize of [100, 64, 40, 32, 20, 16, 7]) {
      const { width, level, shrunk } = await renderPicture(watched, { ...bare, maxSize });
      expect(width).toBeLessThanOrEqual(Math.max(maxSize, 7));
      sizes.push([maxSize, level, shrunk, width]);
    }
    expect(sizes).toEqual([
      [100, 0, 1, 64],
      [64, 0, 1, 64],
      [40, 0, 2, 32],
      [32, 1, 1, 32],
      [20, 1, 2, 16],
      [16, 2, 1, 16],
      [7, 2, 3, 6],
    ]);
    expect(read.map(({ level }) => level)).toEqual([0, 0, 0, 1, 1, 2, 2]);
  });

  test("a shrunk picture is the mean of whole blocks, whatever the sides", async () => {
    const side = fc.integer({ min: 1, max: 30 });
    await fc.assert(
      fc.asyncProperty(side, side, fc.integer({ min: 1, max: 12 }), async (height, width, maxSize) => {
        const data = Float32Array.from({ length: height * width }, (_, i) => (i * 37) % 251);
        const picture = await renderPicture(plane(data, width), { ...bare, maxSize, range: [0, 255] });
        const k = picture.shrunk;
        expect([picture.height, picture.width]).toEqual([Math.ceil(height / k), Math.ceil(width / k)]);
        const block: number[] = [];
        for (let y = 0; y < Math.min(k, height); y++)
          for (let x = 0; x < Math.min(k, width); x++) block.push(data[y * width + x]);
        const mean = block.reduce((sum, value) => sum + value, 0) / block.length;
        expect(Math.abs(picture.data[0] - mean)).toBeLessThanOrEqual(0.5 + 1e-4);
      }),
      { numRuns: 60 },
    );
  });

  test("a plane of any size is read by tiles of bounded size", async () => {
    // 12,000 x 8,000 pixels that nobody holds
    const shape = [3, 8_000, 12_000];
    let largest = 0;
    const source: ImageSource = {
      ...plane(new Uint8Array(1), 1),
      axes: FIVE.slice(2),
      levels: [{ shape, chunkShape: [1, 256, 256], scale: [1, 1, 1], translation: [0, 0, 0] }],
      async read({ region = {} } = {}) {
        const lengths = ["z", "y", "x"].map((name) => {
          const part = region[name];
          return typeof part === "number" ? 1 : part[1] - part[0];
        });
        const length = lengths.reduce((product, count) => product * count, 1);
        largest = Math.max(largest, length);
        return { data: new Uint8Array(length).fill(9), axes: ["z", "y", "x"], shape: lengths };
      },
    };
    const picture = await renderPicture(source, { ...bare, at: { z: 0 }, maxSize: 300, range: [0, 255] });
    expect([picture.width, picture.height, picture.shrunk]).toEqual([300, 200, 40]);
    expect(picture.data.every((value) => value === 9)).toBe(true);
    expect(largest).toBeLessThanOrEqual(2 ** 21);
  });

  test("zoom repeats pixels", async () => {
    const picture = await renderPicture(plane(Uint8Array.of(0, 255), 2), {
      ...bare,
      zoom: 2,
      range: [0, 255],
    });
    expect([picture.width, picture.height, [...picture.data]]).toEqual([
      4,
      2,
      [0, 0, 255, 255, 0, 0, 255, 255],
    ]);
  });
});

describe("montages", () => {
  test("panels of one axis near a square, of two as rows and columns, labelled", async () => {
    const one = await renderPicture(fiveAxes(), {
      ...bare,
      at: { t: 0, c: 0 },
      montage: ["z"],
      range: [0, 30],
    });
    expect([one.width, one.height]).toEqual([2 * 8 + 4, 2 * 6 + 4]);
    expect([one.data[0], one.data[12], one.data[10 * 20], one.data[8]]).toEqual([0, 85, 170, 255]);
    const two = await renderPicture(fiveAxes(), { ...bare, at: { z: 0 }, montage: ["t", "c"] });
    expect([two.width, two.height]).toEqual([3 * 8 + 2 * 4, 2 * 6 + 4]);
    const plain = await renderPicture(fiveAxes(), { at, zoom: 20 });
    const zoomed = { at: { t: 0, z: 0 }, montage: ["c"], zoom: 20 };
    const labelled = await renderPicture(fiveAxes(), zoomed);
    expect(labelled.data).not.toEqual((await renderPicture(fiveAxes(), { ...zoomed, labels: false })).data);
    expect(plain.shown.map(({ name }) => name)).toEqual(["DAPI"]);
    expect(labelled.shown.map(({ name }) => name)).toEqual(["DAPI", "FITC", "Cy5"]);
  });

  test("of many planes some are chosen evenly, with a word", async () => {
    const said: string[] = [];
    const source = memorySource({ data: new Uint8Array(400), axes: ["z", "y", "x"], shape: [100, 2, 2] });
    await renderPicture(source, {
      ...bare,
      labels: true,
      montage: ["z"],
      panels: 9,
      onLog: (message) => said.push(message),
    });
    expect(said).toEqual([
      "memory: 9 planes of 100, evenly chosen, are drawn; more with panels (--panels N)",
    ]);
  });
});

test("a scale bar has a round length in the unit of the file, and none where there is none", async () => {
  const data = new Uint8Array(200 * 300);
  const axes = FIVE.slice(3);
  const source = plane(data, 300, { axes, scale: [0.1, 0.1] });
  const { data: pixels } = await renderPicture(source, { range: [0, 1] });
  const rows = Array.from({ length: 200 }, (_, y) => pixels.subarray(300 * y, 300 * y + 300));
  const widest = Math.max(...rows.map((row) => row.filter((value) => value > 200).length));
  expect(Math.abs(widest - 50)).toBeLessThanOrEqual(5); // 5 µm of 0.1 µm, and the round ends of the pen
  expect((await renderPicture(plane(data, 300), { range: [0, 1] })).data.every((value) => value === 0)).toBe(
    true,
  );
  const said: string[] = [];
  const unknown: string[] = [];
  const tell = { range: [0, 1], onLog: (message: string) => unknown.push(message) } as const;
  await renderPicture(plane(data, 300), tell);
  expect(unknown).toEqual([expect.stringMatching(/no size of a pixel.*--pixel-size Å.*--no-scale-bar/)]);
  // the same picture, whether the file or the caller says that a pixel is 0.1 µm
  const told = await renderPicture(plane(data, 300), { ...tell, pixelSizeA: 1000 });
  expect(told.data).toEqual(pixels);
  await renderPicture(plane(data, 300), { ...tell, scaleBar: false });
  expect(unknown).toHaveLength(1);
  await renderPicture(fiveAxes(), { at, onLog: (message) => said.push(message) });
  expect(said).toEqual(["five: the picture is too small for a scale bar; zoom (--zoom N) enlarges it"]);
});

test("what does not suit the image is one clear error each", async () => {
  const stop = AbortSignal.abort(new Error("received SIGINT"));
  const messages = [];
  for (const options of [
    { at: { q: 1 } },
    { at: { z: 4 } },
    { at: { c: "GFP" } },
    { at: { z: 1 }, project: { axis: "z", by: "max" } },
    { montage: ["t", "c", "z"] },
    { contrast: [90, 10] },
    { range: [1, 1] },
    { colors: ["red", "blue", "green"] },
    { colors: ["00FF00"] },
    { maxSize: 0 },
    { level: 3 },
    { signal: stop },
  ] as const) {
    const error = await renderPicture(fiveAxes(), options).catch((caught: Error) => caught);
    messages.push(String(error));
  }
  expect(messages).toMatchInlineSnapshot(`
    [
      "VitrineError: five: expected one of the axes time, channel, z, found q.",
      "VitrineError: five z: expected an index from 0 to 3, found 4.",
      "VitrineError: five channel: expected an index from 0 to 2 or one of DAPI, FITC, Cy5, found GFP.",
      "VitrineError: five: expected every axis fixed, projected or in a montage, once, found z twice.",
      "VitrineError: renderPicture(options).montage: expected one or two axes, found t, c, z.",
      "VitrineError: renderPicture(options).contrast: expected two per cents from 0 to 100, the first below the second, found 90, 10.",
      "VitrineError: renderPicture(options).range: expected two numbers, the first below the second, found 1, 1.",
      "VitrineError: renderPicture(options).colors: expected six hexadecimal digits, as 00FF00, found RED.",
      "VitrineError: renderPicture(options).colors: expected 3, one a channel that is drawn, found 1.",
      "VitrineError: renderPicture(options).maxSize: expected a whole number of at least 1, found 0.",
      "VitrineError: five: expected a level from 0 to 0, found 3.",
      "VitrineError: renderPicture: expected to finish, found an abort.",
    ]
  `);
});
