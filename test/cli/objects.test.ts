import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createExperiment, createStaticMapobjects, decodeMapobjects } from "../../src/experiment/index.ts";
import { openImage, writeTiff } from "../../src/io/index.ts";
import { vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const scratch = scratchFolder();

function feature(x: number, values: Record<string, number>) {
  const ring = [
    [x, 10],
    [x + 20, 10],
    [x + 20, 30],
    [x, 30],
    [x, 10],
  ];
  return {
    type: "Feature",
    geometry: { type: "Polygon", coordinates: [ring] },
    properties: { measurements: values },
  };
}

test("objects go in, are asked for, and come out", async () => {
  const folder = join(scratch, "screen");
  await (await createExperiment(folder)).close();
  const file = join(scratch, "cells.geojson");
  writeFileSync(
    file,
    JSON.stringify({
      type: "FeatureCollection",
      features: [0, 100, 200].map((x) => feature(x, { area: 400 })),
    }),
  );
  const imported = await vitrineHere(["objects", "import", folder, file, "--type", "Cells"]);
  expect([imported.code, imported.stdout]).toEqual([0, "Cells: 3 objects, 3 outlines; features area\n"]);
  const asked = ["objects", "query", folder, "--type", "Cells", "--window", "0,90,100,200"];
  const answer = JSON.parse((await vitrineHere([...asked, "--json"])).stdout);
  expect(answer).toMatchObject({
    type: "Cells",
    detail: "outlines",
    objects: 2,
    points: 10,
    ids: [2, 3],
    warnings: [],
  });
  const bytes = join(scratch, "cells.bin");
  const coarse = await vitrineHere([...asked, "--zoom", "1", "--max-zoom", "4", "--out", bytes]);
  expect(coarse.stdout).toBe(`Cells: 2 objects, outlines of 10 points: 2 3\n${bytes}\n`);
  expect(decodeMapobjects(readFileSync(bytes))).toMatchObject({
    origin: { y: 0, x: 90 },
    ids: new Uint32Array([2, 3]),
  });
  const shown = join(scratch, "shown.geojson");
  await vitrineHere([...asked, "--zoom", "0", "--max-zoom", "5", "--out", shown]);
  expect(JSON.parse(readFileSync(shown, "utf8")).features[0]).toEqual({
    type: "Feature",
    id: 2,
    geometry: { type: "Point", coordinates: [110, 20] },
    properties: { type: "Cells" },
  });
  for (const name of ["out.geojson", "out.csv", "out.parquet", "out.npy"]) {
    const out = join(scratch, name);
    const window = name.endsWith("npy") ? ["--window", "0,0,50,300"] : [];
    const exported = await vitrineHere(["objects", "export", folder, out, "--type", "Cells", ...window]);
    expect([exported.code, exported.stdout]).toEqual([
      0,
      `${out}: 3 objects, ${name.endsWith("npy") ? "50 x 300 pixels, values are ids" : "3 outlines"}\n`,
    ]);
    const again = await vitrineHere(["objects", "import", folder, out, "--type", name]);
    expect(again.stdout).toMatch(`${name}: 3 objects, 3 outlines`);
  }
  await vitrineHere(["objects", "rename", folder, "out.npy", "Drawn"]);
  await vitrineHere(["objects", "delete", folder, "out.csv"]);
  expect((await vitrineHere(["objects", "list", folder])).stdout).toBe(
    [
      "Cells: 3 objects (t all, z all: 3); area\n",
      "out.geojson: 3 objects (t all, z all: 3); area\n",
      "out.parquet: 3 objects (t all, z all: 3); area\n",
      "Drawn: 3 objects (t all, z all: 3)\n",
    ].join(""),
  );
});

test("labels of a site go to its place, and come out of it", async () => {
  const folder = join(scratch, "sites");
  const experiment = await createExperiment(folder);
  await experiment.query
    .insertInto("plates")
    .values({ name: "P", nRows: 8, nColumns: 12, description: "" })
    .execute();
  await experiment.query
    .insertInto("wells")
    .values({ plateId: 1, name: "B03", rowIndex: 1, columnIndex: 2, description: "{}" })
    .execute();
  await experiment.query
    .insertInto("sites")
    .values({ wellId: 1, siteIndex: 4, height: 20, width: 30 })
    .execute();
  const box = { id: 1, y: 500, x: 700, height: 20, width: 30 };
  await createStaticMapobjects(experiment, { plates: [box], wells: [box], sites: [box], maxZoom: 3 });
  await experiment.close();
  const data = new Uint16Array(600);
  data.fill(3, 40, 50);
  const labels = join(scratch, "labels.tif");
  await writeTiff(labels, { pages: [{ data, width: 30, height: 20, channels: 1 }] });
  const site = ["--well", "B03", "--site", "4"];
  await vitrineHere(["objects", "import", folder, labels, "--type", "Nuclei", ...site]);
  const where = await vitrineHere([
    "objects",
    "query",
    folder,
    "--type",
    "Nuclei",
    "--window",
    "501,710,1,1",
    "--json",
  ]);
  expect(JSON.parse(where.stdout)).toMatchObject({ objects: 1 });
  const out = join(scratch, "again.tif");
  await vitrineHere(["objects", "export", folder, out, "--type", "Nuclei", ...site]);
  await using image = await openImage(out);
  expect([...(await image.read()).data]).toEqual([...data]);
});

test("what is wrong is said in one line", async () => {
  const folder = join(scratch, "faults");
  await (await createExperiment(folder)).close();
  const fail = async (...args: readonly string[]) => {
    const { code, stderr } = await vitrineHere(["objects", ...args]);
    return `${code} ${stderr.replaceAll(scratch, "DIR").split("\n")[0]}`;
  };
  expect(await fail("query", folder, "--type", "Cells", "--window", "0,0,1,1")).toBe(
    '1 vitrine: map objects Cells: expected one of the types (there are none), found "Cells".',
  );
  expect(await fail("query", folder, "--type", "Cells")).toMatch(
    /^2 error: expected --window, or --plate, --well or --site/,
  );
  expect(await fail("query", folder, "--type", "Cells", "--window", "1,2")).toMatch(
    /^2 .*Expected y,x,height,width/,
  );
  expect(await fail("import", folder, join(scratch, "none.geojson"), "--type", "Cells")).toMatch(
    /^1 vitrine: DIR\/none.geojson: expected /,
  );
  expect(await fail("import", folder, join(scratch, "none.geojson"), "--type", "Wells")).toMatch(
    /expected the name of a type of your own/,
  );
  expect(await fail("delete", folder, "Sites")).toMatch(
    /^1 vitrine: map objects Sites: expected the name of a type of your own/,
  );
});
