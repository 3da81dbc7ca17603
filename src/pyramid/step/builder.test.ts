import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gridSites, makePlate, type PlateCase, scratchFolder } from "../../../test/support/plateCase.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { describeExperiment, type Experiment } from "../../experiment/index.ts";
import { stepLog } from "../../jobs/index.ts";
import { createTiles, openLayerArchive, PyramidBuilder, placePlates, scaleTable } from "../index.ts";

const scratch = scratchFolder("builder");
let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
});
afterAll(async () => {
  await pool.dispose();
  scratch.remove();
});

const engine = { kind: "local", tasks: 2 } as const;
const [HEIGHT, WIDTH] = [180, 300];

function sitePixels({ site, tpoint }: { readonly site: number; readonly tpoint: number }): Uint16Array {
  return Uint16Array.from(
    { length: HEIGHT * WIDTH },
    (_, i) => 200 + ((i * (site + 3) + 911 * tpoint) % 3000),
  );
}

/** Twelve wells in a row, so that the map is wider than a block; one site is missing, sites overlap. */
const wide: PlateCase = {
  plates: [
    {
      wells: [1, 2, 3, 5, 8, 9, 10, 12].map((column) => ({
        name: `B${String(column).padStart(2, "0")}`,
        sites: gridSites(2, 2, [HEIGHT, WIDTH]).filter((_, i) => column !== 3 || i !== 1),
      })),
    },
  ],
  channels: [{ name: "DAPI", bitDepth: 12 }],
  tpoints: 2,
  spacing: { wellSpacerSize: 200, verticalSiteDisplacement: -20, horizontalSiteDisplacement: -31 },
  pixels: (of) => (of.site === 5 && of.tpoint === 1 ? undefined : sitePixels(of)),
};

/** Every tile of the ideal paste of all sites, as the encoder makes it of the whole map at once. */
async function idealTiles(tpoint: number) {
  const wells = wide.plates[0].wells.map(({ name, sites }, id) => ({
    id,
    name,
    sites: sites.map(({ cell, height, width }) => ({ id: 0, y: cell![0], x: cell![1], height, width })),
  }));
  const map = placePlates([{ id: 1, wells }], {
    wellSpacer: 200,
    verticalSiteDisplacement: -20,
    horizontalSiteDisplacement: -31,
  });
  const whole = new Uint16Array(map.height * map.width);
  map.sites.forEach(({ y, x }, site) => {
    if (site === 5 && tpoint === 1) return;
    const pixels = sitePixels({ site, tpoint });
    for (let row = 0; row < HEIGHT; row++)
      whole.set(pixels.subarray(row * WIDTH, (row + 1) * WIDTH), (y + row) * map.width + x);
  });
  const plan = createTiles(pool, {
    height: map.height,
    width: map.width,
    type: "uint16",
    levels: 6,
    areTilesFull: true,
  });
  plan.set("lookup", scaleTable({ lower: 0, upper: 4095 }));
  plan.set("pixels", whole);
  const tiles = await plan.run({ quality: 95 });
  plan.dispose();
  return tiles;
}

describe("a map of several blocks and phases", () => {
  let experiment: Experiment;
  let builder: PyramidBuilder;
  const logged: string[] = [];
  beforeAll(async () => {
    experiment = await makePlate(join(scratch.path, "wide"), wide);
    builder = new PyramidBuilder(experiment);
  });
  afterAll(() => experiment.close());

  test("init says what is missing and writes jobs that own their tiles", async () => {
    const report = await builder.init({ batchSize: 4 }, { onLog: (message) => logged.push(message) });
    expect(report.layers).toEqual(["DAPI, t 0, z 0", "DAPI, t 1, z 0"]);
    expect(report.phases.map(({ name }) => name)).toEqual(["levels-0-4", "levels-5-5"]);
    expect(logged).toEqual(["DAPI, t 1, z 0: a site has no image and stays black: plate P0 well B02 site 1"]);
    const blocks: string[] = [];
    const ids: number[] = [];
    for await (const batch of builder.createRunBatches({ batchSize: 4 })) {
      ids.push(batch.id);
      for (const { row, column } of batch.blocks)
        blocks.push(`${batch.layer.id} ${batch.level} ${row} ${column}`);
    }
    expect(new Set(blocks).size).toBe(blocks.length);
    expect(ids).toEqual(ids.map((_, i) => i + 1));
  });

  test("run jobs are phases of levels, in order", async () => {
    const empty = builder.createRunPhase(7, 3);
    expect(empty).toMatchObject({ kind: "MultiRunPhase", submissionId: 7, parentId: 3, phases: [] });
    const { phases } = await builder.createRunJobs("ada", empty, 2, "06:00:00", 2147, 1);
    expect(phases.map(({ levels }) => levels)).toEqual([[0, 1, 2, 3, 4], [5]]);
    expect(phases[0].jobs[0]).toEqual({
      ...{ id: 1, name: "illuminati_run-00_0000001", userName: "ada" },
      arguments: ["illuminati", experiment.directory, "-vv", "run", "--job", "1"],
      ...{ duration: "06:00:00", memory: 2147, cores: 1 },
    });
  });

  test("every tile of every level is that of the ideal paste, byte by byte; tiles without a site are not stored", async () => {
    const { layers } = await builder.submit({}, { engine });
    expect(layers.map(({ path }) => path)).toEqual([
      "layers/1-DAPI_t0_z0.pmtiles",
      "layers/1-DAPI_t1_z0.pmtiles",
    ]);
    for (const [tpoint, { path }] of layers.entries()) {
      await using archive = await openLayerArchive(join(experiment.directory, path));
      const ideal = await idealTiles(tpoint);
      expect(archive.metadata).toMatchObject({ minIntensity: 0, maxIntensity: 4095, tpoint });
      let stored = 0;
      for (const { bytes, ...place } of ideal) {
        if (!(await archive.hasTile(place))) continue;
        stored++;
        expect(await archive.readTile(place)).toEqual(bytes);
      }
      expect(stored).toBe(layers[tpoint].tiles);
      expect(stored).toBeGreaterThan(60);
      const sizes = ideal.map(({ bytes }) => bytes.length);
      expect(sizes.filter((size) => size > 2000).length).toBeLessThanOrEqual(stored);
    }
  });

  test("layers and map objects are rows; what is collected again is not double", async () => {
    await builder.collectJobOutput();
    const rows = await experiment.query.selectFrom("channelLayers").selectAll().orderBy("tpoint").execute();
    expect(rows).toMatchObject([
      { tpoint: 0, zplane: 0, minIntensity: 0, maxIntensity: 4095, maxZoom: 5 },
      { tpoint: 1 },
    ]);
    expect((await describeExperiment(experiment)).objects).toEqual({ Plates: 1, Wells: 8, Sites: 31 });
  });

  test("a job that runs again makes the same; one by its number", async () => {
    const before = readFileSync(join(experiment.directory, "layers/1-DAPI_t0_z0.pmtiles"));
    const batch = await builder.readBatch(2);
    expect(batch).toMatchObject({ id: 2, phase: "levels-0-4", index: 1, kind: "sites" });
    expect(await builder.runJob(batch, { assumeCleanState: true })).toMatchObject({ state: "done" });
    expect(await builder.runJob(batch, { assumeCleanState: false })).toMatchObject({ state: "done" });
    await builder.collectJobOutput(await builder.readCollectBatch());
    expect(readFileSync(join(experiment.directory, "layers/1-DAPI_t0_z0.pmtiles"))).toEqual(before);
    await expect(builder.readBatch(99)).rejects.toThrow(/expected a job from 1 to \d+, found none/);
  });

  test("cleanup leaves a user's own objects and images, and nothing of the step", async () => {
    await experiment.query.insertInto("mapobjectTypes").values({ name: "Cells" }).execute();
    await builder.cleanup();
    expect((await describeExperiment(experiment)).objects).toEqual({ Cells: 0 });
    expect(readdirSync(join(experiment.directory, "layers"))).toEqual([]);
    expect(existsSync(builder.stepPath)).toBe(false);
    await expect(builder.submit({}, { engine })).rejects.toThrow(
      /expected batches of illuminati, found none. Make them first: vitrine illuminati .* init/,
    );
  });
});

test("an unreadable site, and one of another size, fail their jobs alone, by name", async () => {
  const directory = join(scratch.path, "bad");
  await using experiment = await makePlate(directory, {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 3, [40, 4096]) }] }],
    channels: [{ name: "GFP", bitDepth: 16 }],
    pixels: ({ site, height, width }) => new Uint16Array(height * width).fill(100 * (site + 1)),
  });
  writeFileSync(join(directory, "images/P0_A01_1_GFP_0_0.tif"), "not a TIFF");
  const builder = new PyramidBuilder(experiment);
  await builder.init({ batchSize: 1 });
  await expect(builder.submit({}, { engine })).rejects.toThrow(
    /levels-0-4 1: .*plate P0 well A01 site 1: .*P0_A01_1_GFP_0_0.tif/,
  );
  const done = readdirSync(join(builder.stepPath, "results", "levels-0-4")).filter((name) =>
    /^\d+.json$/.test(name),
  );
  expect(done).toEqual(["0.json", "2.json"]);
  await expect(builder.collectJobOutput()).rejects.toMatchObject({ code: "worker" });
  const said: string[] = [];
  const onLog = (message: string, kind: string) => kind === "warning" && said.push(message);
  const { layers } = await builder.submit({ missingSites: "black" }, { engine, onLog });
  const missing = ["plate P0 well A01 site 1"];
  expect(layers).toMatchObject([{ missing }]);
  const why =
    /plate P0 well A01 site 1: .*P0_A01_1_GFP_0_0.tif.*: expected .*, found .*: the site stays black$/;
  expect(said).toEqual([
    expect.stringMatching(why),
    `GFP, t 0, z 0: a site could not be read and is black: ${missing}`,
  ]);
  await using archive = await openLayerArchive(join(directory, layers[0].path));
  const hasColumn = (column: number) => archive.hasTile({ level: 0, row: 0, column });
  expect(await Promise.all([15, 16, 31, 32].map(hasColumn))).toEqual([true, false, false, true]);
  expect(
    await builder.readBatch(2).then(({ phase, index }) => stepLog(builder.stepPath, { phase, index })),
  ).toMatch(/the site stays black/);
});
