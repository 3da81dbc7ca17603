import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gridSites, makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { createPool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { writeNpy } from "../../io/index.ts";
import type { IlluminationModel } from "../illumination/models.ts";
import { illuminationPaths } from "../illumination/places.ts";
import { readIlluminationModel, readStatistics } from "../illumination/store.ts";
import {
  addImage,
  clipRange,
  computeIllumination,
  correctIllumination,
  createTiles,
  emptyStatistics,
  openLayerArchive,
  PyramidBuilder,
  percentileOf,
  placePlates,
  scaleTable,
} from "../index.ts";

const scratch = scratchFolder("stats");
afterAll(() => scratch.remove());

const [HEIGHT, WIDTH, SITES] = [96, 128, 30];
const DARK = 100;
const engine = { kind: "local", tasks: 2 } as const;

/** Light that falls off to the corners, mean about 1. */
const light = Float64Array.from({ length: HEIGHT * WIDTH }, (_, i) => {
  const [y, x] = [Math.floor(i / WIDTH) / HEIGHT - 0.4, (i % WIDTH) / WIDTH - 0.6];
  return 1.18 - 1.1 * (y * y + x * x);
});

/** Background with noise and some cells under the light; site 3 is dark, site 5 is written over by the test. */
const images = Array.from({ length: SITES }, (_, site) => {
  const random = seededRandom(site + 1);
  const scene = new Float64Array(HEIGHT * WIDTH).fill(400);
  for (let cell = 0; cell < 6; cell++) {
    const [cy, cx] = [random.uniform() * HEIGHT, random.uniform() * WIDTH];
    scene.forEach((_, i) => {
      const d = (Math.floor(i / WIDTH) - cy) ** 2 + ((i % WIDTH) - cx) ** 2;
      if (d < 40) scene[i] += 900;
    });
  }
  const lamp = site === 3 ? 0 : 1;
  return Uint16Array.from(
    scene,
    (value, i) => DARK + Math.max(0, lamp * value * light[i] + 8 * random.normal()),
  );
});
const isGood = (site: number) => site !== 3 && site !== 5;

let experiment: Experiment;
beforeAll(async () => {
  const directory = join(scratch.path, "screen");
  experiment = await makePlate(directory, {
    plates: [{ wells: [{ name: "C04", sites: gridSites(5, 6, [HEIGHT, WIDTH]) }] }],
    channels: [{ name: "DAPI", bitDepth: 16 }],
    pixels: ({ site }) => images[site],
  });
  writeFileSync(join(directory, "images/P0_C04_5_DAPI_0_0.tif"), "damaged");
});
afterAll(() => experiment.close());

test("statistics are those of all images that belong; bad ones are named and left out", async () => {
  const logged: string[] = [];
  const [channel] = await computeIllumination(
    experiment,
    { model: "median", dark: DARK, batchSize: 16 },
    { engine, onLog: (message) => logged.push(message) },
  );
  expect(channel).toMatchObject({ channel: "DAPI", images: SITES - 2, models: ["zscore", "median"] });
  expect(channel.odd).toEqual(["plate P0 well C04 site 3, t 0, z 0"]);
  expect(channel.unreadable).toEqual([expect.stringContaining("site 5, t 0, z 0: ")]);
  expect(logged).toContainEqual(expect.stringContaining("1 image is far darker or brighter"));
  expect(logged).toContainEqual(expect.stringMatching(/left out: plate P0 well C04 site 5.*P0_C04_5_DAPI/));
  const whole = emptyStatistics({ height: HEIGHT, width: WIDTH });
  images.forEach((image, site) => {
    if (isGood(site)) addImage(whole, image);
  });
  const { statistics = "" } = await illuminationPaths(experiment.directory, 1);
  const stored = await readStatistics(statistics);
  expect(stored.count).toBe(whole.count);
  for (const name of ["mean", "squares", "percentileSums"] as const)
    stored[name].forEach((value, i) => {
      // sums in another order
      if (Math.abs(value - whole[name][i]) > 1e-9 * Math.max(1, Math.abs(value)))
        throw new Error(`${name} ${i}: ${value} and ${whole[name][i]}`);
    });
  expect(percentileOf(stored, 99.9)).toBe(percentileOf(whole, 99.9));
  expect(readdirSync(join(experiment.directory, "jobs"))).toEqual([]);
});

test("planted light is found, and taken out of the layers on every pixel of every tile", async () => {
  const { median = "" } = await illuminationPaths(experiment.directory, 1);
  const model = await readIlluminationModel(median);
  if (model.kind !== "flatfield") throw new Error("no flat field");
  const mean = light.reduce((sum, value) => sum + value, 0) / light.length;
  const rms = Math.sqrt(
    light.reduce((sum, value, i) => sum + (value / mean - model.flat[i]) ** 2, 0) / light.length,
  );
  expect(rms).toBeLessThan(0.025);
  await requireLayersOf(model, "median");
});

/** Every tile of the layer is that of images that a model corrected. */
async function requireLayersOf(model: IlluminationModel, illumcorrModel: "median" | "files"): Promise<void> {
  await experiment.query.updateTable("sites").set({ omitted: 1 }).where("siteIndex", "=", 5).execute();
  const builder = new PyramidBuilder(experiment);
  await builder.init({ illumcorr: true, illumcorrModel, clip: true, quality: 90 });
  const [{ path }] = (await builder.submit({ memory: 300 }, { engine })).layers;
  const { statistics = "" } = await illuminationPaths(experiment.directory, 1);
  const stored = await readStatistics(statistics);
  const sites = gridSites(5, 6, [HEIGHT, WIDTH]).map(({ cell, ...size }, id) => ({
    ...{ id, y: cell![0], x: cell![1], ...size },
  }));
  const map = placePlates([{ id: 1, wells: [{ id: 1, name: "C04", sites }] }]);
  const pixels = new Uint16Array(map.height * map.width);
  for (const { id, y, x } of map.sites) {
    if (id === 5) continue;
    const corrected = correctIllumination(images[id], model);
    for (let row = 0; row < HEIGHT; row++)
      pixels.set(corrected.subarray(row * WIDTH, (row + 1) * WIDTH), (y + row) * map.width + x);
  }
  await using pool = await createPool({ workers: 1 });
  const plan = createTiles(pool, {
    height: map.height,
    width: map.width,
    type: "uint16",
    levels: 3,
    areTilesFull: true,
  });
  plan.set("lookup", scaleTable(clipRange({ bitDepth: 16, clip: true }, stored)));
  plan.set("pixels", pixels);
  await using archive = await openLayerArchive(join(experiment.directory, path));
  for (const { bytes, ...place } of await plan.run({ quality: 90 }))
    expect(await archive.readTile(place)).toEqual(bytes);
}

test("a lab's own map of the light is normalised and kept, with a word; one of another size is refused", async () => {
  const flat = join(scratch.path, "flat.npy");
  await writeNpy(flat, { data: Float32Array.from(light, (value) => 500 * value), shape: [HEIGHT, WIDTH] });
  const logged: string[] = [];
  const options = { model: "files", flat, dark: DARK, images: 4 } as const;
  const [{ models }] = await computeIllumination(experiment, options, {
    engine,
    onLog: (message) => logged.push(message),
  });
  expect(models).toEqual(["zscore", "files"]);
  expect(logged).toContainEqual(expect.stringContaining("flat.npy"));
  const { files = "" } = await illuminationPaths(experiment.directory, 1);
  const model = await readIlluminationModel(files);
  const mean = light.reduce((sum, value) => sum + value, 0) / light.length;
  if (model.kind !== "flatfield") throw new Error("no flat field");
  expect(model.dark).toBe(DARK);
  expect(Math.max(...model.flat.map((value, i) => Math.abs(value - light[i] / mean)))).toBeLessThan(1e-5);
  await requireLayersOf(model, "files");
  await writeNpy(join(scratch.path, "small.npy"), { data: new Float32Array(4).fill(1), shape: [2, 2] });
  const small = { ...options, flat: join(scratch.path, "small.npy") };
  await expect(computeIllumination(experiment, small, { engine })).rejects.toMatchObject({ code: "shape" });
  await expect(computeIllumination(experiment, { model: "files" })).rejects.toThrow("flat or dark");
});

test("a map that is not there is told before any work; one that has no effect gets a word", async () => {
  const logged: string[] = [];
  const onLog = (message: string) => logged.push(message);
  const dark = join(scratch.path, "none.npy");
  const refused = computeIllumination(experiment, { model: "median", dark }, { engine, onLog });
  await expect(refused).rejects.toThrow(
    `${dark}: expected a readable file, found no such file. Check the path.`,
  );
  expect(logged).toEqual([]);
  await computeIllumination(experiment, { dark: 100, images: 2 }, { engine, onLog });
  expect(logged[0]).toBe(
    "dark (--dark) has no effect with TissueMAPS' correction (zscore), which has no flat field",
  );
});

test("a model that was not made, and a channel that is not there, are told with what to do", async () => {
  const builder = new PyramidBuilder(experiment);
  await expect(builder.init({ illumcorr: true, illumcorrModel: "basic" })).rejects.toThrow(
    "channel DAPI: expected its illumination (basic), found none. Make it first: vitrine illuminati EXPERIMENT stats --illumcorr-model basic.",
  );
  await expect(computeIllumination(experiment, { channels: ["dapi"] })).rejects.toThrow(
    'expected one of DAPI, found "dapi"',
  );
});

test("images that do not differ make no correction by their spread, which is said", async () => {
  const [height, width, border] = [60, 60, 50];
  const random = seededRandom(11);
  await using still = await makePlate(join(scratch.path, "still"), {
    plates: [{ wells: [{ name: "A01", sites: gridSites(2, 2, [height, width]) }] }],
    channels: [
      { name: "empty", bitDepth: 16 },
      { name: "masked", bitDepth: 16 },
    ],
    // A mask of the camera: the first columns are 100 in every image.
    pixels: ({ channel }) =>
      Uint16Array.from({ length: height * width }, (_, i) =>
        channel === "empty" ? 777 : i % width < border ? 100 : 100 + 200 * random.uniform(),
      ),
  });
  const logged: string[] = [];
  const onLog = (message: string) => logged.push(message);
  const made = await computeIllumination(still, { model: "zscore" }, { engine, onLog });
  expect(made.map(({ models }) => models)).toEqual([[], ["zscore"]]);
  expect(logged).toContain(
    "channel empty: all images are alike: TissueMAPS' correction (zscore) cannot be made of them",
  );
  await expect(new PyramidBuilder(still).init({ illumcorr: true })).rejects.toThrow(
    "channel empty: expected statistics of two images or more that differ, for TissueMAPS' correction (zscore), found one image, or all alike. " +
      "Leave the channel out: --illumcorr-exceptions empty.",
  );
  // Smoothing by a sigma of 5 reaches 20 pixels far.
  expect(logged).toContain(
    `channel masked: ${(border - 20) * height} of ${height * width} pixels and all around them are the same in every image: ` +
      "TissueMAPS' correction (zscore) makes them black or white; basic and median do not",
  );
});
