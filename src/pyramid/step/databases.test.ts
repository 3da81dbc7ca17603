import { openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeDatabases } from "../../../test/support/databases.ts";
import { gridSites, makePlate, type PlateCase } from "../../../test/support/plateCase.ts";
import { describeExperiment, openExperiment } from "../../experiment/index.ts";
import { computeIllumination, drawPlate, PyramidBuilder, registerExperiment } from "../index.ts";

const engine = { kind: "local" } as const;
const plate: PlateCase = {
  plates: [{ wells: [{ name: "B02", sites: gridSites(2, 2, [90, 110]) }] }],
  channels: [{ name: "DAPI", bitDepth: 12 }],
  spacing: { horizontalSiteDisplacement: -20, verticalSiteDisplacement: -20 },
  pixels: ({ site, height, width }) =>
    Uint16Array.from({ length: height * width }, (_, i) => 200 + ((i * (31 + site)) % 1900)),
};

describeDatabases("the whole step", ({ isSkipped, isPostgres, where, path }) => {
  test("statistics, places, batches, jobs, layers and objects, while others read", {
    concurrent: true,
    skip: isSkipped,
  }, async () => {
    const directory = path("screen");
    await using experiment = await makePlate(directory, plate, where());
    await using reader = await openExperiment(directory, { ...where(), isReadOnly: true });
    const before = await describeExperiment(reader);
    expect(before).toMatchObject({ database: isPostgres ? "postgres" : "sqlite", images: 4, layers: 0 });
    await computeIllumination(experiment, { images: 4 }, { engine });
    await registerExperiment(experiment, { workers: 1 });
    const builder = new PyramidBuilder(experiment);
    await builder.init({ clip: true, illumcorr: true, blend: "linear" });
    const { layers } = await builder.submit({ memory: 300 }, { engine });
    expect(layers).toMatchObject([{ name: "DAPI, t 0, z 0", tiles: 2 }]);
    expect(await describeExperiment(reader)).toMatchObject({
      layers: 1,
      objects: { Plates: 1, Wells: 1, Sites: 4 },
    });
    expect(await drawPlate(reader, { maxSize: 400 })).toMatchObject({ wells: 1, missing: [] });
    await builder.cleanup();
    expect(await describeExperiment(reader)).toMatchObject({ layers: 0, objects: {} });
  });

  test("a database that another writer holds is said to be busy, and nothing is lost", {
    concurrent: true,
    skip: isSkipped,
  }, async () => {
    const directory = path("held");
    await using experiment = await makePlate(directory, plate, where());
    await using other = await openExperiment(directory, where());
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const writing = other.transaction(async (query) => {
      await query.insertInto("mapobjectTypes").values({ name: "Cells" }).execute();
      await other.reserveIds(query, "channelLayers", 1);
      await held;
    });
    const builder = new PyramidBuilder(experiment);
    await expect(builder.init()).rejects.toMatchObject({ code: "busy" });
    release();
    await writing;
    await builder.init();
    expect(await describeExperiment(experiment)).toMatchObject({ objects: { Cells: 0 } });
  });

  test("a damaged page of the database is told, with what to do", {
    concurrent: true,
    skip: isSkipped || isPostgres,
  }, async () => {
    const directory = path("damaged");
    await (await makePlate(directory, plate)).close();
    const file = join(directory, "experiment.db");
    const handle = openSync(file, "r+");
    const size = readFileSync(file).length;
    for (let page = 4096; page < size; page += 4096)
      writeSync(handle, Buffer.alloc(4096, 0xa5), 0, 4096, page);
    await using experiment = await openExperiment(directory).catch((error) => {
      expect(error).toMatchObject({ code: "format" });
      return undefined;
    });
    if (experiment === undefined) return;
    await expect(new PyramidBuilder(experiment).init()).rejects.toThrow(
      /experiment.db: expected a database that can be read, found .*malformed.*Restore it from a copy/,
    );
  });
});
