/** Small plates of which users of other programs complained, each with the issue. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gridSites, makePlate, scratchFolder } from "../../test/support/plateCase.ts";
import type { Experiment } from "../experiment/index.ts";
import { type ImageCollection, type ImageSource, openImages, writeTiff } from "../io/index.ts";
import { composeBlock, openLayerImages, PyramidBuilder } from "./index.ts";
import { writePlates } from "./multiscale/writePlates.ts";

const scratch = scratchFolder("synthetic");
afterAll(() => scratch.remove());

const [HEIGHT, WIDTH] = [40, 2055];
const WELLS = ["B03", "B05", "C19", "P24"];
/** Values of a camera of 12 bits that grow to the right. */
const ramp = Uint16Array.from({ length: HEIGHT * WIDTH }, (_, i) => 2 * (i % WIDTH));

/** A TIFF file with its values, and all else, in the other byte order (MM). */
function bigEndian(data: Uint16Array, width: number, height: number): Uint8Array {
  const entries = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, 16],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 134],
    [277, 3, 1],
    [278, 4, height],
    [279, 4, 2 * data.length],
  ];
  const bytes = Buffer.alloc(134 + 2 * data.length);
  bytes.write("MM\0*\0\0\0\x08", 0, "latin1");
  bytes.writeUInt16BE(entries.length, 8);
  entries.forEach(([tag, type, value], i) => {
    const at = 10 + 12 * i;
    bytes.writeUInt16BE(tag, at);
    bytes.writeUInt16BE(type, at + 2);
    bytes.writeUInt32BE(1, at + 4);
    if (type === 3) bytes.writeUInt16BE(value, at + 8);
    else bytes.writeUInt32BE(value, at + 8);
  });
  data.forEach((value, i) => {
    bytes.writeUInt16BE(value, 134 + 2 * i);
  });
  return bytes;
}

let experiment: Experiment;
let layers: ImageCollection[] = [];
let images: ImageSource[] = [];
const said: string[] = [];
beforeAll(async () => {
  experiment = await makePlate(join(scratch.path, "screen"), {
    plates: [{ wells: WELLS.map((name) => ({ name, sites: gridSites(1, 1, [HEIGHT, WIDTH]) })) }],
    channels: [
      { name: "ramp", bitDepth: 12 },
      { name: "well", bitDepth: 12 },
    ],
    spacing: { wellSpacerSize: 505 }, // wells begin at whole blocks of JPEG
    pixels: ({ site, channel }) =>
      channel === "ramp" ? ramp : new Uint16Array(HEIGHT * WIDTH).fill(800 * (site + 1)),
  });
  const file = (well: string) => join(experiment.directory, `images/P0_${well}_0_ramp_0_0.tif`);
  writeFileSync(file("B05"), bigEndian(ramp, WIDTH, HEIGHT));
  const stray = { data: Float32Array.from(ramp), height: HEIGHT, width: WIDTH, channels: 1 };
  await writeTiff(file("P24"), { pages: [stray] }, { overwrite: true });
  const builder = new PyramidBuilder(experiment);
  await builder.init({ quality: 100, missingSites: "black" });
  const onLog = (message: string) => said.push(message);
  const { layers: made } = await builder.submit({ memory: 300 }, { engine: { kind: "local" }, onLog });
  layers = await Promise.all(made.map(({ path }) => openLayerImages(join(experiment.directory, path))));
  images = await Promise.all(layers.map((layer) => layer.open()));
});
afterAll(async () => {
  for (const layer of layers) await layer.close();
  await experiment.close();
});

/** Where a well begins: rows and columns without wells take no place. */
const cornerOf = (well: number) =>
  [
    [0, 0],
    [0, WIDTH + 505],
    [HEIGHT + 505, 2 * (WIDTH + 505)],
    [2 * (HEIGHT + 505), 3 * (WIDTH + 505)],
  ][well];

async function rowOf(source: ImageSource, well: number, level = 0): Promise<Uint8Array> {
  const [y, x] = cornerOf(well).map((place) => Math.floor(place / 2 ** level));
  const width = Math.ceil(WIDTH / 2 ** level);
  const middle = y + Math.floor(HEIGHT / 2 ** (level + 1));
  const { data } = await source.read({ level, region: { y: middle, x: [x, x + width] } });
  return Uint8Array.from(data);
}

test("wells that are missing move no other: each shows its own (bioformats#4005, fractal-tasks-core#51)", async () => {
  for (const well of WELLS.keys()) {
    const row = await rowOf(images[1], well);
    expect([row[5], row[WIDTH - 5]]).toEqual([row[5], row[5]]);
    expect(Math.abs(row[5] - Math.floor((800 * (well + 1) * 255) / 4094))).toBeLessThanOrEqual(1);
  }
});

test("an odd width is whole at every level, its last column neither lost nor stretched nor black (iohub#425)", async () => {
  for (const level of [0, 1, 2, 3]) {
    const row = await rowOf(images[0], 0, level);
    const grey = (column: number) => ((2 * column * 255) / 4094) * 2 ** level;
    for (const column of [0, 1, row.length >> 1, row.length - 2])
      expect([level, Math.abs(row[column] - grey(column)) < 3]).toEqual([level, true]);
    // the last of an odd number stands for itself alone
    expect(row[row.length - 1]).toBeGreaterThan(level === 0 ? 253 : 100);
  }
});

test("means of levels stay (fractal-tasks-core#42)", async () => {
  const mean = (row: Uint8Array) =>
    row.subarray(0, 1024 >> 0).reduce((sum, value) => sum + value, 0) / Math.min(row.length, 1024);
  const full = await rowOf(images[0], 0);
  const half = (await rowOf(images[0], 0, 1)).subarray(0, 512);
  expect(Math.abs(mean(half) / mean(full.subarray(0, 1024)) - 1)).toBeLessThan(0.005);
});

test("files of either byte order make the same layer (ashlar#228, bioformats2raw#197)", async () => {
  expect(await rowOf(images[0], 1)).toEqual(await rowOf(images[0], 0));
});

test("a stray image of 32 bits is blank and told; 12 bits reach from 0 to 4095 (bioformats#3908, #3591)", async () => {
  expect(new Set(await rowOf(images[0], 3))).toEqual(new Set([0]));
  expect(said).toContainEqual(
    expect.stringMatching(
      /well P24 site 0: .*expected pixels of type uint16, as the others of its layer, found float32/,
    ),
  );
  expect(images[0].metadata).toMatchObject({ minIntensity: 0, maxIntensity: 4095 });
});

test("a sparse channel's window reaches its few bright pixels (viv#582)", async () => {
  const side = 256;
  const data = Uint16Array.from({ length: side * side }, (_, i) => (i % 1000 === 7 ? 3000 : 98 + (i % 5)));
  await using sparse = await makePlate(join(scratch.path, "sparse"), {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 1, [side, side]) }] }],
    channels: [{ name: "GFP", bitDepth: 12 }],
    pixels: () => data,
  });
  const [path] = await writePlates(sparse);
  await using plate = await openImages(join(sparse.directory, path));
  await using field = await plate.open();
  const { start = 0, end = 0 } = field.channels[0].window ?? {};
  expect([start >= 90 && start <= 102, end > 1000]).toEqual([true, true]);
});

test("where sites are blended, holes of 0 make no other value of a world of 100 (ashlar#245)", () => {
  const site = (x: number) => {
    const data = new Uint16Array(40 * 60).fill(100);
    for (let i = 0; i < data.length; i += 7) data[i] = 0;
    return { y: 0, x, height: 40, width: 60, data };
  };
  for (const resample of ["round", "bilinear"] as const) {
    const block = { y: 0, x: 0, height: 40, width: 100, data: new Uint16Array(40 * 100) };
    composeBlock([site(0), site(39.6)], block, { blend: "linear", resample });
    expect([...new Set(block.data)].sort((a, b) => a - b)).toEqual([0, 100]);
  }
});
