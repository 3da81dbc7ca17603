import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../../test/support/postgres.ts";
import { requirement } from "../../../test/support/require.ts";
import {
  createExperiment,
  createStaticMapobjects,
  deleteStaticMapobjects,
  describeExperiment,
} from "../index.ts";
import { parseWkb } from "./wkb.ts";

const { available } = requirement("postgres");
const scratch = mkdtempSync(join(tmpdir(), "vitrine-static-"));
let server: PostgresServer | undefined;

beforeAll(async () => {
  if (available) server = await startPostgres();
});

afterAll(() => {
  server?.[Symbol.dispose]();
  rmSync(scratch, { recursive: true, force: true });
});

const MAP = {
  plates: [{ id: 3, y: 0, x: 0, height: 100, width: 200 }],
  wells: [],
  sites: [
    { id: 5, y: 10, x: 20, height: 30, width: 40 },
    { id: 6, y: 10, x: 60, height: 2, width: 3 },
  ],
  maxZoom: 12,
};

describe.each([
  { name: "SQLite", isOn: true },
  { name: "PostgreSQL", isOn: available },
])("static map objects on $name", ({ name, isOn }) => {
  test.skipIf(!isOn)("are made, made again and removed beside a user's own", async () => {
    const where = name === "SQLite" || !server ? {} : { databaseUrl: server.url };
    await using experiment = await createExperiment(join(scratch, name), where);
    const { query } = experiment;
    await query.insertInto("mapobjectTypes").values({ name: "Cells" }).execute();
    await createStaticMapobjects(experiment, MAP);
    await createStaticMapobjects(experiment, MAP);
    expect((await describeExperiment(experiment)).objects).toEqual({
      Cells: 0,
      Plates: 1,
      Wells: 0,
      Sites: 2,
    });
    const rows = await query
      .selectFrom("mapobjectSegmentations as s")
      .innerJoin("mapobjects as o", "o.id", "s.mapobjectId")
      .innerJoin("segmentationLayers as l", "l.id", "s.segmentationLayerId")
      .select([
        "o.refId",
        "s.geometry",
        "s.minY",
        "s.maxX",
        "l.polygonThresh",
        "l.centroidThresh",
        "l.tpoint",
      ])
      .orderBy("o.id")
      .execute();
    const rings = rows.map(({ geometry }) => parseWkb(new Uint8Array(geometry)));
    expect(rows.map(({ geometry, ...row }) => row)).toEqual([
      { refId: 3, minY: 1, maxX: 198, polygonThresh: 0, centroidThresh: 0, tpoint: -1 },
      { refId: 5, minY: 11, maxX: 58, polygonThresh: 4, centroidThresh: 0, tpoint: -1 },
      { refId: 6, minY: 10, maxX: 63, polygonThresh: 4, centroidThresh: 0, tpoint: -1 },
    ]);
    expect(rings[1]).toEqual({
      kind: "polygons",
      polygons: [[Float64Array.of(58, 11, 21, 11, 21, 38, 58, 38, 58, 11)]],
    });
    await deleteStaticMapobjects(experiment);
    expect((await describeExperiment(experiment)).objects).toEqual({ Cells: 0 });
    const left = await query.selectFrom("mapobjectSegmentations").select("id").execute();
    expect(left).toEqual([]);
  });
});
