/** Map objects grouped and changed from the command line, as the page does by clicks. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/core/index.ts";
import {
  addMapobjects,
  createExperiment,
  type Mapobject,
  openExperiment,
  readMapobjectColumns,
  readMapobjects,
} from "../../src/experiment/index.ts";
import { parseCsv } from "../../src/io/index.ts";
import { vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const scratch = scratchFolder();

/** 30 small objects on the left, 20 large ones on the right, and one without features. */
async function withCells(name: string): Promise<string> {
  const folder = join(scratch, name);
  await using experiment = await createExperiment(folder);
  const random = seededRandom(4);
  const objects = Array.from({ length: 50 }, (_, i) => {
    const [x, area] = i < 30 ? [10, 100] : [500, 400];
    const place = [x + 5 * random.uniform(), 10 * i] as const;
    return {
      segmentations: [{ geometry: { type: "Point" as const, coordinates: place } }],
      features: [{ values: { area: area + 10 * random.normal(), mean: area + 10 * random.normal() } }],
    };
  });
  const bare = {
    segmentations: [{ geometry: { type: "Point" as const, coordinates: [900, 900] as const } }],
  };
  await addMapobjects(experiment, { type: "Cells", objects: [...objects, bare] });
  return folder;
}

const objects = (...args: readonly string[]) => vitrineHere(["objects", ...args]);

/** Results of a command, without warnings. */
async function resultsOf(...args: readonly string[]) {
  const { code, stdout, stderr } = await objects(...args, "--json");
  expect([code, stderr.split("\n").filter((line) => !line.endsWith("in no group"))]).toEqual([0, [""]]);
  return JSON.parse(stdout).results;
}

/** The class of each object, by its number. */
async function classesIn(folder: string): Promise<Record<number, string | null>> {
  await using experiment = await openExperiment(folder, { isReadOnly: true });
  const { ids, classes, classOf } = await readMapobjectColumns(experiment, { type: "Cells" });
  return Object.fromEntries(Array.from(ids, (id, i) => [id, classes[classOf[i]]?.name ?? null]));
}

async function countsOf(folder: string): Promise<Record<string, number>> {
  const all = Object.values(await classesIn(folder)).map((name) => name ?? "none");
  return Object.fromEntries(
    [...new Set(all)].map((name) => [name, all.filter((one) => one === name).length]),
  );
}

test("clusters are told, written, kept as classes, and taken back", async () => {
  const folder = await withCells("clusters");
  const call = ["cluster", folder, "--type", "Cells", "--features", "area,mean", "--clusters", "2"];
  const told = await objects(...call);
  expect(told.stdout).toMatch(
    /^Cells cluster 1: 30 objects; means area [\d.]+, mean [\d.]+\nCells cluster 2: 20 objects; .*\n$/,
  );
  expect(told.stderr).toBe("vitrine: Cells: 1 object lacks one of the features area, mean: in no group\n");
  expect(await countsOf(folder)).toEqual({ none: 51 });

  const [out, undo] = [join(scratch, "clusters.csv"), join(scratch, "undo.json")];
  const kept = await resultsOf(...call, "--assign", "--out", out, "--undo", undo);
  expect(kept).toMatchObject({ assigned: 50, leftOut: 1, file: out, undo });
  expect(kept.groups.map(({ objects: count }: { objects: number }) => count)).toEqual([30, 20]);
  expect(await countsOf(folder)).toEqual({ "cluster 1": 30, "cluster 2": 20, none: 1 });
  const { rows } = parseCsv(readFileSync(out, "utf8"), out);
  const classes = await classesIn(folder);
  expect(rows.every((row) => classes[Number(row.id)] === row.class)).toBe(true);
  expect(rows).toHaveLength(50);

  expect((await objects("edit", folder, undo)).stdout).toBe(
    "Cells: 0 added, 0 changed, 0 removed, 50 classified\n",
  );
  expect(await countsOf(folder)).toEqual({ none: 51 });
});

test("classes are given by conditions, places and numbers, learned from examples, and taken away", async () => {
  const folder = await withCells("classes");
  const given = ["assign", folder, "--type", "Cells"];
  const dry = await objects(...given, "--class", "large", "--where", "area>=300", "--dry-run");
  expect(dry.stdout).toBe("dry run: 20 objects of Cells in class large\n");
  expect(await countsOf(folder)).toEqual({ none: 51 });
  expect((await objects(...given, "--class", "large", "--color", "E69F00", "--ids", "31-33")).stdout).toBe(
    "3 objects of Cells in class large\n",
  );
  // a part of the map, and a feature: both hold
  const left = ["--window", "0,0,95,100", "--where", "mean<300"];
  expect((await resultsOf(...given, "--class", "small", ...left)).ids).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
  ]);

  const learned = await resultsOf(
    "classify",
    folder,
    "--type",
    "Cells",
    "--features",
    "area,mean",
    "--neighbours",
    "3",
    "--assign",
  );
  expect(learned).toMatchObject({ examples: 13, accuracy: 1, assigned: 37, leftOut: 1 });
  expect(await countsOf(folder)).toEqual({ small: 30, large: 20, none: 1 });

  expect(
    (await objects(...given, "--no-class", "--of-class", "large", "--where", "area<400")).stdout,
  ).toMatch(/^\d+ objects of Cells without a class\n$/);
  expect((await countsOf(folder)).large).toBeLessThan(20);
});

test("objects are removed, and come back with their numbers, features and classes", async () => {
  const folder = await withCells("removed");
  await objects("assign", folder, "--type", "Cells", "--class", "large", "--where", "area>300");
  const all = async () => {
    await using experiment = await openExperiment(folder, { isReadOnly: true });
    const found: Mapobject[] = [];
    for await (const object of readMapobjects(experiment, "Cells")) found.push(object);
    return found;
  };
  const before = await all();
  const call = ["remove", folder, "--type", "Cells", "--where", "area>300", "--ids", "1-40"];
  expect(await resultsOf(...call, "--dry-run")).toMatchObject({
    isDryRun: true,
    ids: [31, 32, 33, 34, 35, 36, 37, 38, 39, 40],
  });
  expect(await all()).toEqual(before);
  const undo = join(scratch, "removed.json");
  expect((await objects(...call, "--undo", undo)).stdout).toBe(`10 objects of Cells removed\n${undo}\n`);
  expect(await all()).toHaveLength(41);
  // a file that is there is not replaced, and then nothing is changed
  const again = await objects("remove", folder, "--type", "Cells", "--ids", "1", "--undo", undo);
  expect([again.code, (await all()).length]).toEqual([1, 41]);
  const dry = await objects("edit", folder, undo, "--dry-run");
  expect(dry.stdout).toBe("dry run: Cells: 10 added, 0 changed, 0 removed, 0 classified\n");
  expect(await all()).toHaveLength(41);
  await objects("edit", folder, undo);
  expect(await all()).toEqual(before);
});

test("an edit of a file adds and moves objects", async () => {
  const folder = await withCells("edited");
  const file = join(scratch, "edit.json");
  const point = (x: number) => [{ geometry: { type: "Point", coordinates: [x, 1] } }];
  writeFileSync(
    file,
    JSON.stringify({
      type: "Cells",
      add: [{ name: "mine", segmentations: point(700) }],
      change: [{ id: 1, segmentations: point(800) }],
    }),
  );
  expect(await resultsOf("edit", folder, file)).toMatchObject({ added: [52], changed: 1 });
  const found = await resultsOf("query", folder, "--type", "Cells", "--window", "0,690,5,200");
  expect(found.ids).toEqual([1, 52]);
});
