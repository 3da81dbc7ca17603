import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { describeDatabases } from "../../test/support/databases.ts";
import { writeTiff } from "../io/index.ts";
import {
  addContent,
  createExperiment,
  describeExperiment,
  type Experiment,
  importImages,
  openExperiment,
  planImport,
} from "./index.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-experiment-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const PLATE = {
  plates: [{ name: "P1", nRows: 8, nColumns: 12, wells: [{ name: "B3" }, { name: "A01" }] }],
  cycles: [{ cycleIndex: 0 }],
  channels: [{ name: "DAPI", bitDepth: 16, color: "0000FF" }],
  sites: [
    { plate: "P1", well: "A1", siteIndex: 0, height: 512, width: 640, grid: [0, 0] as [number, number] },
    {
      plate: "P1",
      well: "A01",
      siteIndex: 1,
      height: 512,
      width: 640,
      positionUm: [-3.5, 12] as [number, number],
    },
  ],
  images: [
    {
      plate: "P1",
      well: "A01",
      siteIndex: 0,
      cycleIndex: 0,
      channel: "DAPI",
      tpoint: 0,
      zplane: 0,
      path: "a.tif",
    },
    {
      ...{ plate: "P1", well: "A01", siteIndex: 1, cycleIndex: 0, channel: "DAPI", tpoint: 0, zplane: 3 },
      ...{ path: "b.ome.tif", imageIndex: 2, plane: { channel: 1, z: 3 } },
    },
  ],
};

describeDatabases("an experiment", ({ isSkipped, isPostgres, where, create, path }) => {
  test.skipIf(isSkipped)("what was added is there when it is opened again", async () => {
    const directory = path("screen");
    {
      await using experiment = await createExperiment(directory, {
        ...where(),
        name: "screen",
        pixelSizeUm: 0.325,
      });
      await addContent(experiment, PLATE);
    }
    await using opened = await openExperiment(directory, { ...where(), isReadOnly: true });
    expect(await describeExperiment(opened)).toEqual({
      ...{ name: "screen", mode: "basic", wellSpacerSize: 500, pixelSizeUm: 0.325 },
      ...{ verticalSiteDisplacement: 0, horizontalSiteDisplacement: 0 },
      ...{
        directory,
        database: isPostgres ? "postgres" : "sqlite",
        channels: ["DAPI"],
        cycles: 1,
        timePoints: 1,
        zPlanes: 2,
      },
      ...{ images: 2, layers: 0, objects: {} },
      plates: [
        {
          ...{ name: "P1", nRows: 8, nColumns: 12 },
          wells: [
            { name: "A01", sites: 2, images: 2 },
            { name: "B03", sites: 0, images: 0 },
          ],
        },
      ],
    });
    const sites = await opened.query.selectFrom("sites").selectAll().orderBy("siteIndex").execute();
    expect(sites[0]).toMatchObject({
      gridRow: 0,
      gridColumn: 0,
      yPx: null,
      height: 512,
      width: 640,
      omitted: 0,
    });
    expect(sites[1]).toMatchObject({ gridRow: null, yUm: -3.5, xUm: 12 });
    const images = await opened.query.selectFrom("imageFiles").selectAll().orderBy("id").execute();
    expect(images[1]).toMatchObject({ path: "b.ome.tif", imageIndex: 2, plane: '{"channel":1,"z":3}' });
  });

  test.skipIf(isSkipped)(
    "an import joins what is there, is refused twice, and replaces if told so",
    async () => {
      const images = path("images");
      mkdirSync(images);
      const page = { data: new Uint16Array(6), width: 3, height: 2, channels: 1 };
      for (const name of ["P_A01_s1.tif", "P_B03_s1.tif"])
        await writeTiff(join(images, name), { pages: [page] });
      const options = { pattern: "{plate}_{well}_s{site}.tif", format: [8, 12], pixelSizeUm: 0.5 } as const;
      await using experiment = await create();
      await importImages(experiment, await planImport(images, options));
      await expect(importImages(experiment, await planImport(images, options))).rejects.toMatchObject({
        code: "exists",
      });
      await writeTiff(join(images, "P_C01_s2.tif"), { pages: [page] });
      await importImages(experiment, await planImport(images, options), { overwrite: true });
      await importImages(
        experiment,
        await planImport(images, { ...options, cycleIndex: 1, pixelSizeUm: 0.25, experiment }),
      );
      const summary = await describeExperiment(experiment);
      const channels = ["channel 0", "1_channel 0"];
      expect(summary).toMatchObject({ images: 6, cycles: 2, pixelSizeUm: 0.5, channels });
      expect(summary.plates[0].wells.map(({ name, sites }) => `${name} ${sites}`)).toEqual([
        "A01 1",
        "B03 1",
        "C01 1",
      ]);
    },
  );

  test.skipIf(isSkipped)("of content with one fault nothing is added", async () => {
    await using experiment = await create();
    const images = [...PLATE.images, { ...PLATE.images[0], zplane: 9, well: "H12" }];
    await expect(addContent(experiment, { ...PLATE, images })).rejects.toThrow(
      "image: site: expected one that the experiment has, found P1 H12 0. Add it first.",
    );
    expect((await describeExperiment(experiment)).plates).toEqual([]);
    await addContent(experiment, PLATE);
    await expect(addContent(experiment, { plates: PLATE.plates })).rejects.toMatchObject({ code: "exists" });
    await expect(addContent(experiment, { images: PLATE.images.slice(1) })).rejects.toMatchObject({
      code: "exists",
    });
    const outside = [{ name: "P2", nRows: 8, nColumns: 12, wells: [{ name: "I01" }] }];
    await expect(addContent(experiment, { plates: outside })).rejects.toThrow(
      "plate P2 well I01: expected a well of 8 rows and 12 columns, found row 9, column 1.",
    );
    const misspelt = { plats: [] } as object;
    await expect(addContent(experiment, misspelt)).rejects.toThrow('did you mean "plates"?');
    expect(await describeExperiment(experiment)).toMatchObject({ images: 2, plates: [{ name: "P1" }] });
  });

  test.skipIf(isSkipped)("an experiment that is opened to be read refuses changes", async () => {
    const directory = path("read");
    await (await create(directory)).close();
    await using opened = await openExperiment(directory, { ...where(), isReadOnly: true });
    await expect(addContent(opened, PLATE)).rejects.toMatchObject({ code: "storage" });
  });

  test.skipIf(isSkipped)("rows in bulk keep every value, and their numbers are their own", async () => {
    await using experiment = await create();
    const geometry = Uint8Array.from({ length: 300 }, (_, i) => i);
    await experiment.transaction(async (query) => {
      const type = await query
        .insertInto("mapobjectTypes")
        .values({ name: "cells", refType: null })
        .returning("id")
        .executeTakeFirstOrThrow();
      const layer = { mapobjectTypeId: type.id, tpoint: -1, zplane: -1, polygonThresh: 0, centroidThresh: 0 };
      const { id: segmentationLayerId } = await query
        .insertInto("segmentationLayers")
        .values(layer)
        .returning("id")
        .executeTakeFirstOrThrow();
      for (let round = 0; round < 2; round++) {
        const first = await experiment.reserveIds(query, "mapobjects", 12_000);
        const ids = Array.from({ length: 12_000 }, (_, i) => first + i);
        await experiment.insertRows(query, {
          table: "mapobjects",
          rows: ids.map((id) => ({ id, mapobjectTypeId: type.id, refId: null })),
        });
        const box = { minY: -3, minX: 0, maxY: 2 ** 30, maxX: 7 };
        const rows = ids.map((mapobjectId) => ({
          ...{ mapobjectId, segmentationLayerId, label: null, geometry },
          ...{ ...box, centroidY: 0.1, centroidX: 1e-300 },
        }));
        await experiment.insertRows(query, { table: "mapobjectSegmentations", rows });
      }
    });
    const { id } = await experiment.query
      .insertInto("mapobjects")
      .values({ mapobjectTypeId: 1, refId: 4 })
      .returning("id")
      .executeTakeFirstOrThrow();
    expect(id).toBe(24_001);
    expect((await describeExperiment(experiment)).objects).toEqual({ cells: 24_001 });
    const last = await experiment.query
      .selectFrom("mapobjectSegmentations")
      .selectAll()
      .where("mapobjectId", "=", 24_000)
      .executeTakeFirstOrThrow();
    expect(last).toMatchObject({ label: null, minY: -3, maxY: 2 ** 30, centroidY: 0.1, centroidX: 1e-300 });
    expect(new Uint8Array(last.geometry)).toEqual(geometry);
  });

  test.skipIf(isSkipped)("experiments know nothing of each other; no folder names its server", async () => {
    await using one = await create();
    await using two = await create();
    await addContent(one, PLATE);
    expect((await describeExperiment(two)).plates).toEqual([]);
    expect(readFileSync(join(one.directory, "experiment.json"), "utf8")).not.toContain("127.0.0.1");
  });
});

test("a folder without an experiment, with one, with a broken one; a server that is not there", async () => {
  const directory = join(scratch, "faults");
  await expect(openExperiment(directory)).rejects.toThrow(
    /expected an experiment \(experiment.json\), found none/,
  );
  await (await createExperiment(directory)).close();
  await expect(createExperiment(directory)).rejects.toMatchObject({ code: "exists" });
  await expect(openExperiment(directory, { readOnly: true } as object)).rejects.toThrow(
    'did you mean "isReadOnly"?',
  );
  writeFileSync(join(directory, "experiment.db"), "x".repeat(5000));
  await expect(openExperiment(directory)).rejects.toMatchObject({ code: "format" });
  writeFileSync(join(directory, "experiment.json"), "{");
  await expect(openExperiment(directory)).rejects.toThrow(/experiment.json line 1 column 2: expected JSON/);
  const nowhere = createExperiment(join(scratch, "nowhere"), {
    databaseUrl: "postgresql://u:secret@127.0.0.1:1/d",
  });
  await expect(nowhere).rejects.toThrow(
    /postgresql:\/\/127.0.0.1:1\/d: expected a PostgreSQL server that answers/,
  );
});

test("a second writer waits, and a reader sees what was there before", async () => {
  const directory = join(scratch, "two-writers");
  await using one = await createExperiment(directory);
  await using two = await openExperiment(directory);
  const order: string[] = [];
  let tell = () => {};
  const isHeld = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const first = one.transaction(async (query) => {
    await query.insertInto("cycles").values({ cycleIndex: 0, name: "a" }).execute();
    expect(await describeExperiment(two)).toMatchObject({ cycles: 0 });
    tell();
    await new Promise((resolve) => setTimeout(resolve, 200));
    order.push("first");
  });
  await isHeld;
  await addContent(two, { cycles: [{ cycleIndex: 1 }] });
  order.push("second");
  await first;
  expect(order).toEqual(["first", "second"]);
  expect(await describeExperiment(one)).toMatchObject({ cycles: 2 });
});

test("a writer that is killed loses nothing that it had acknowledged", async () => {
  const directory = join(scratch, "killed");
  await (await createExperiment(directory)).close();
  const acknowledged = await killWhileWriting(directory);
  await using opened: Experiment = await openExperiment(directory);
  const { cycles } = await describeExperiment(opened);
  expect(acknowledged).toBeGreaterThan(3);
  expect(cycles).toBeGreaterThanOrEqual(acknowledged);
  expect(cycles).toBeLessThanOrEqual(acknowledged + 1);
});

/** Starts a process that adds one cycle after another, kills it, and tells how many it had said were there. */
async function killWhileWriting(directory: string): Promise<number> {
  const code = `
    import { addContent, openExperiment } from "vitrine/experiment";
    const experiment = await openExperiment(process.argv[1]);
    for (let cycleIndex = 0; ; cycleIndex++) {
      await addContent(experiment, { cycles: [{ cycleIndex }] });
      process.stdout.write(".");
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let count = 0;
  child.stdout.on("data", (bytes: Buffer) => {
    count += bytes.length;
    if (count > 10) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.on("close", resolve));
  return count;
}
