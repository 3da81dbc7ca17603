import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openExperiment } from "../../src/experiment/index.ts";
import { vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const scratch = scratchFolder();

test("an experiment is made, filled and shown", async () => {
  const folder = join(scratch, "screen");
  const made = await vitrineHere(["experiment", "create", folder, "--pixel-size", "0.325", "--json"]);
  expect(JSON.parse(made.stdout)).toMatchObject({ name: "screen", pixelSizeUm: 0.325, wellSpacerSize: 500 });
  const plate = ["--plate", "P1", "--format", "384", "--wells", "A01,C3-D04", "--channel", "DAPI:12"];
  const added = await vitrineHere([
    "experiment",
    "add",
    folder,
    ...plate,
    "--channel",
    "GFP",
    "--cycles",
    "1",
  ]);
  expect([added.code, added.stderr]).toEqual([0, ""]);
  const site = { plate: "P1", well: "A01", siteIndex: 0, height: 8, width: 8 };
  writeFileSync(join(scratch, "more.json"), JSON.stringify({ sites: [site] }));
  await vitrineHere(["experiment", "add", folder, join(scratch, "more.json")]);
  const shown = await vitrineHere(["experiment", "show", folder]);
  expect(shown.stdout.replace(folder, "DIR")).toBe(`screen (DIR, sqlite)
0 images: channels DAPI, GFP; 1 cycle, 0 time points, 0 z planes
0 layers; no map objects
plate P1, 16 x 24: A01 C03 C04 D03 D04; 1 site
`);
});

test("what is wrong with a call is said in one line", async () => {
  const folder = join(scratch, "faults");
  const none = await vitrineHere(["experiment", "show", folder]);
  expect([none.code, none.stderr]).toEqual([
    1,
    `vitrine: ${folder}: expected an experiment (experiment.json), found none. Make one: vitrine experiment create ${folder}.\n`,
  ]);
  await vitrineHere(["experiment", "create", folder]);
  const outside = await vitrineHere([
    "experiment",
    "add",
    folder,
    "--plate",
    "P",
    "--format",
    "6",
    "--wells",
    "D1",
  ]);
  expect(outside.stderr).toContain(
    "plate P well D01: expected a well of 2 rows and 3 columns, found row 4, column 1.",
  );
  const noWell = await vitrineHere(["experiment", "add", folder, "--plate", "P", "--wells", "7"]);
  expect([noWell.code, noWell.stderr.split("\n")[0]]).toEqual([
    2,
    `error: option '--wells <list>' argument '7' is invalid. Expected names like A01, or A01-B03, found "7".`,
  ]);
  writeFileSync(join(scratch, "bad.json"), '{"sites": [{"plate": "P"}]}');
  const bad = await vitrineHere(["experiment", "add", folder, join(scratch, "bad.json")]);
  expect(bad.stderr).toMatch(/bad.json sites\[0\].well: expected .*, found nothing. Add it.\n/);
});

test("what acquire saves is imported with its positions by name and places", async () => {
  const folder = join(scratch, "own");
  mkdirSync(folder);
  const camera = { OnCameraCCDXSize: 32, OnCameraCCDYSize: 24 };
  writeFileSync(join(folder, "demo.json"), JSON.stringify({ properties: { Camera: camera } }));
  const stage = (name: string, x: number) => ({ name, x, y: 0 });
  const positions = [stage("B2_0000", 0), stage("B2_0001", 20.8), stage("C4_0000", 400)];
  const plan = { axis_order: "pc", channels: ["DAPI"], stage_positions: positions };
  writeFileSync(join(folder, "plan.json"), JSON.stringify(plan));
  const args = [
    "plan.json",
    "--microscope",
    "demo",
    "--config",
    "demo.json",
    "--dir",
    "data",
    "--name",
    "run",
  ];
  const saved = await vitrineHere(["acquire", ...args], { cwd: folder });
  expect([saved.code, saved.code === 0 ? "" : saved.stderr]).toEqual([0, ""]);
  const screen = join(folder, "screen");
  await vitrineHere(["experiment", "create", screen, "--pixel-size", "0.65"]);
  const imported = await vitrineHere(["import", screen, join(folder, "data"), "--format", "96", "--json"]);
  expect([imported.code, imported.code === 0 ? "" : imported.stderr]).toEqual([0, ""]);
  expect(JSON.parse(imported.stdout)).toMatchObject({
    wells: 2,
    sites: 3,
    images: 3,
    channels: ["DAPI"],
    pixelSizeUm: 0.65,
  });
  await using experiment = await openExperiment(screen, { isReadOnly: true });
  const sites = await experiment.query
    .selectFrom("sites")
    .innerJoin("wells", "wells.id", "sites.wellId")
    .select(["name", "siteIndex", "yPx", "xPx"])
    .orderBy("sites.id")
    .execute();
  expect(sites.map(({ name, siteIndex, yPx, xPx }) => [name, siteIndex, yPx, xPx])).toEqual([
    ["B02", 0, 0, 0],
    ["B02", 1, 0, 32],
    ["C04", 0, 0, 0],
  ]);
});
