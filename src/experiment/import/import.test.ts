import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { makeFolder, writeTiff } from "../../io/index.ts";
import { createExperiment, describeExperiment, importImages, planImport } from "../index.ts";
import { compilePattern, formatPattern, imageOfParts, matchPattern } from "./pattern.ts";
import { placeSites } from "./place.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-import-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let made = 0;

/** A folder with a tiny image a name. */
async function folderOf(names: readonly string[], data: Uint16Array | Float32Array = new Uint16Array(6)) {
  const folder = join(scratch, `plate${made++}`);
  for (const name of names) {
    await makeFolder(dirname(join(folder, name)));
    await writeTiff(join(folder, name), { pages: [{ data, width: 3, height: 2, channels: 1 }] });
  }
  return folder;
}

describe("patterns", () => {
  test("a name that a pattern writes reads back", () => {
    const number = fc.nat(99999).map(String);
    const parts = fc.record({
      plate: fc.stringMatching(/^[A-Za-z0-9-]{1,8}$/),
      well: fc.stringMatching(/^[A-Z]{1,2}[1-9]\d?$/),
      channel: fc.stringMatching(/^[A-Za-z0-9-]{1,8}$/),
      ...{ y: fc.integer({ min: -99, max: 99 }).map(String), x: number, t: number, z: number, cycle: number },
    });
    const pattern = "{plate}_c{cycle}_{well}_y{y}_x{x}_{channel}_t{t}_z{z}.tif";
    const compiled = compilePattern(pattern);
    fc.assert(
      fc.property(parts, (given) => {
        expect({ ...matchPattern(compiled, `a/b/${formatPattern(pattern, given)}`) }).toEqual(given);
      }),
    );
  });

  test.each([
    ["TissueMAPS' groups", "^.*_(?P<w>[A-Z]\\d{2})_s(?P<s>\\d+)_(?P<c>\\w+)\\.tif", "p_B03_s12_DAPI.tif"],
    ["filepattern", "p_{r:d}_c{col:dd}_s{s:d+}_{channel:c+}.tif", "p_2_c03_s12_DAPI.tif"],
  ])("%s", (_, pattern, name) => {
    const parts = matchPattern(compilePattern(pattern), name) ?? {};
    const { well, site, channel } = imageOfParts(name, parts, "P") ?? {};
    expect({ well, site, channel }).toEqual({
      well: { rowIndex: 1, columnIndex: 2 },
      site: 12,
      channel: "DAPI",
    });
  });

  test.each([
    ["{plat}_{well}.tif", "plate, well"],
    ["{well}_{well}.tif", "each part once"],
    ["a.tif", "parts in braces"],
    ["(?<wat>A)", "groups named"],
  ])("%s is refused", (pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(message);
  });

  test("rows beyond Z, numbered rows", () => {
    const wellOf = (parts: Record<string, string>) => imageOfParts("a", parts, "P")?.well;
    expect(wellOf({ row: "AF", col: "48" })).toEqual({ rowIndex: 31, columnIndex: 47 });
    expect(wellOf({ row: "27", col: "1" })).toEqual({ rowIndex: 26, columnIndex: 0 });
    expect(wellOf({ row: "0", col: "1" })).toBeUndefined();
  });
});

const PATTERN = "{plate}_{well}_y{y}_x{x}_{channel}_t{t}_z{z}.tif";

function names(wells: readonly string[], sites: readonly (readonly [number, number])[]): string[] {
  return wells.flatMap((well) =>
    sites.flatMap(([y, x]) => ["DAPI", "GFP"].map((channel) => `P_${well}_y${y}_x${x}_${channel}_t1_z1.tif`)),
  );
}

const GRID = [-1, 0, 1].flatMap((y) => [0, 1, 2].map((x) => [y, x] as const));

describe("a folder with a pattern", () => {
  test("is imported, linked, once; then only if told so", async () => {
    const folder = await folderOf(names(["A01", "B03"], GRID));
    const plan = await planImport(folder, { pattern: PATTERN, format: [8, 12] });
    expect(plan).toMatchObject({ unmatched: [], warnings: [] });
    expect(plan.missing).toEqual([
      "plate P: no images of the wells A02 A03 B01 B02, between those that have some",
    ]);
    const directory = join(scratch, "linked");
    await using experiment = await createExperiment(directory);
    expect(await importImages(experiment, plan)).toMatchObject({
      wells: 2,
      sites: 18,
      images: 36,
      copied: 0,
    });
    const sites = await experiment.query.selectFrom("sites").selectAll().where("siteIndex", "=", 5).execute();
    expect(sites[0]).toMatchObject({ gridRow: 1, gridColumn: 2, height: 2, width: 3 });
    const images = await experiment.query.selectFrom("imageFiles").selectAll().orderBy("id").execute();
    expect(images[0].path).toBe(join(folder, "P_A01_y-1_x0_DAPI_t1_z1.tif"));
    await expect(importImages(experiment, plan)).rejects.toThrow(
      "plate P cycle 0: expected no images of it in the experiment, found 36. Replace them with --overwrite, or import these as another cycle (--cycle) or plate (--plate).",
    );
    await importImages(experiment, plan, { overwrite: true });
    const options = { pattern: PATTERN, format: [8, 12], cycleIndex: 1, experiment } as const;
    const next = await planImport(folder, options);
    await importImages(experiment, next);
    const summary = await describeExperiment(experiment);
    expect(summary).toMatchObject({ images: 72, cycles: 2, channels: ["DAPI", "GFP", "1_DAPI", "1_GFP"] });
    expect(summary.plates[0].wells).toEqual([
      { name: "A01", sites: 9, images: 36 },
      { name: "B03", sites: 9, images: 36 },
    ]);
  });

  test("copied where it is told so; of a copy that fails nothing stays", async () => {
    const folder = await folderOf(names(["A01"], GRID.slice(0, 1)));
    const plan = await planImport(folder, { pattern: PATTERN });
    const directory = join(scratch, "copied");
    await using experiment = await createExperiment(directory);
    rmSync(plan.content.images[1].path);
    await expect(importImages(experiment, plan, { copy: true })).rejects.toMatchObject({ code: "storage" });
    const copies = join(directory, "images", folder.slice(scratch.length + 1));
    expect(existsSync(join(copies, "P_A01_y-1_x0_DAPI_t1_z1.tif"))).toBe(false);
    const rest = await planImport(folder, { pattern: PATTERN });
    expect(await importImages(experiment, rest, { copy: true })).toMatchObject({ copied: 1 });
    const [image] = await experiment.query.selectFrom("imageFiles").selectAll().execute();
    expect(existsSync(join(directory, image.path))).toBe(true);
    expect(image.path).toMatch(/^images\//);
  });

  test("a missing site moves no other and is told (mobie#1017)", async () => {
    const all = names(["A01", "A02"], GRID);
    const whole = await planImport(await folderOf(all), { pattern: PATTERN });
    const cut = await planImport(await folderOf(all.filter((name) => !/A02_y0_x1/.test(name))), {
      pattern: PATTERN,
    });
    expect(cut.missing).toEqual(["plate P: no site 4 in A02"]);
    const isGone = ({ well, siteIndex }: { well: string; siteIndex: number }) =>
      well === "A02" && siteIndex === 4;
    expect(cut.content.sites).toEqual(whole.content.sites.filter((site) => !isGone(site)));
  });

  test("wells that follow one another are told by the first and the last; sites may be of several sizes", async () => {
    const all = names(["A01", "AF48"], GRID.slice(0, 2));
    const folder = await folderOf(all.filter((name) => !name.startsWith("P_A01_y-1_x0_")));
    for (const channel of ["DAPI", "GFP"])
      await writeTiff(join(folder, `P_A01_y-1_x0_${channel}_t1_z1.tif`), {
        pages: [{ data: new Uint16Array(20), width: 5, height: 4, channels: 1 }],
      });
    const plan = await planImport(folder, { pattern: PATTERN, format: [32, 48] });
    expect(plan.warnings).toEqual([]);
    expect(plan.missing).toContain(
      "plate P: no images of the wells A02 to AF47, between those that have some",
    );
    expect(plan.content.sites.map(({ height, width }) => [height, width])).toContainEqual([4, 5]);
  });

  test("time points that were never taken and one between are told (waveorder#25)", async () => {
    const times = [1, 2, 4].map((t) => `P_A01_y0_x0_DAPI_t${t}_z1.tif`);
    const { missing } = await planImport(await folderOf(times), { pattern: PATTERN });
    expect(missing).toEqual(["plate P: no images of the time point 2"]);
  });

  test("channels with other numbers of z planes are whole (bioformats#4270)", async () => {
    const stack = [1, 2, 3].map((z) => `P_A01_y0_x0_DAPI_t1_z${z}.tif`);
    const plan = await planImport(await folderOf([...stack, "P_A01_y0_x0_GFP_t1_z1.tif"]), {
      pattern: PATTERN,
    });
    expect(plan.missing).toEqual([]);
    expect(plan.content.images).toHaveLength(4);
  });

  test("what cannot be read, is of another type, is double or is not matched is named and left out", async () => {
    const folder = await folderOf(names(["A01"], GRID.slice(0, 2)));
    const stray = join(folder, "P_A01_y-1_x2_DAPI_t1_z1.tif");
    await writeTiff(stray, { pages: [{ data: new Float32Array(6), width: 3, height: 2, channels: 1 }] });
    writeFileSync(join(folder, "P_A01_y-1_x2_GFP_t1_z1.tif"), "no image");
    await makeFolder(join(folder, "again"));
    const page = { data: new Uint16Array(6), width: 3, height: 2, channels: 1 };
    await writeTiff(join(folder, "again", "P_A01_y-1_x0_DAPI_t1_z1.tif"), { pages: [page] });
    await writeTiff(join(folder, "other.tif"), { pages: [page] });
    const plan = await planImport(folder, { pattern: PATTERN, format: [8, 12] });
    expect(plan.unmatched).toEqual(["other.tif"]);
    expect(plan.content.images).toHaveLength(4);
    expect(plan.warnings).toHaveLength(3);
    expect(plan.warnings[0]).toContain("P_A01_y-1_x2_GFP_t1_z1.tif cannot be read and is left out");
    expect(plan.warnings[1]).toContain("float32, but uint16 are the others of its channel");
    expect(plan.warnings[2]).toContain("the same plane as");
  });
});

test("a table tells what names do not", async () => {
  const folder = await folderOf(["a.tif", "b.tif"]);
  const table = join(scratch, "images.csv");
  writeFileSync(table, "path,well,site,channel,yUm,xUm\na.tif,B3,0,DAPI,-5,-2\nb.tif,B3,1,DAPI,-5,1\n");
  const plan = await planImport(folder, { table, pixelSizeUm: 1, format: [8, 12] });
  expect(plan.warnings).toEqual([]);
  expect(plan.content.sites).toMatchObject([
    { positionPx: [0, 0], grid: [0, 0], positionUm: [-5, -2] },
    { positionPx: [0, 3], grid: [0, 1] },
  ]);
  await using experiment = await createExperiment(join(scratch, "sized"), { pixelSizeUm: 0.5 });
  const known = await planImport(folder, { table, experiment, format: [8, 12] });
  expect(known.content.sites[1].positionPx).toEqual([0, 6]); // the experiment's, where nothing tells
  writeFileSync(table, "path,wel\na.tif,B3\n");
  await expect(planImport(folder, { table })).rejects.toThrow('found "wel" (did you mean "well"?)');
});

test("sites of which nothing tells the place are told, unless a layout does", async () => {
  const folder = await folderOf([0, 1, 2, 3].map((site) => `P_A01_s${site}.tif`));
  const plan = await planImport(folder, { pattern: "{plate}_{well}_s{site}.tif", format: [8, 12] });
  expect(plan.warnings).toEqual([
    "plate P well A01: no position of the sites 0, 1, 2, 3: give --layout ROWSxCOLUMNS, or a table",
  ]);
  const layout = { rows: 2, columns: 2, isSnake: true };
  const placed = await planImport(folder, { pattern: "{plate}_{well}_s{site}.tif", format: [8, 12], layout });
  expect(placed.warnings).toEqual([]);
  expect(placed.content.sites.map(({ grid }) => grid)).toEqual([
    [0, 0],
    [0, 1],
    [1, 1],
    [1, 0],
  ]);
});

test("a folder of which nothing is known says what to do", async () => {
  await expect(planImport(join(scratch, "none"))).rejects.toMatchObject({ code: "missing" });
  const folder = await folderOf(["x.tif"]);
  await expect(planImport(folder, { pattern: PATTERN })).rejects.toMatchObject({ code: "undeterminable" });
});

test("a link to a folder above is no folder of images; an import can be stopped", async () => {
  const folder = await folderOf(names(["A01"], GRID.slice(0, 1)));
  symlinkSync(folder, join(folder, "again"));
  const plan = await planImport(folder, { pattern: PATTERN, format: [8, 12] });
  expect(plan.unmatched).toEqual(["again"]);
  expect(plan.content.images).toHaveLength(2);
  const signal = AbortSignal.abort();
  await expect(planImport(folder, { pattern: PATTERN, signal })).rejects.toMatchObject({ code: "aborted" });
  await using experiment = await createExperiment(join(scratch, "stopped"));
  await expect(importImages(experiment, plan, { copy: true, signal })).rejects.toMatchObject({
    code: "aborted",
  });
  expect((await describeExperiment(experiment)).images).toBe(0);
});

test("stage positions: a grid within a pixel, other places, sites of several sizes", () => {
  const site = (y: number, x: number, side = 2560) => ({
    positionUm: [y, x] as const,
    height: side,
    width: side,
  });
  // 2,560 pixels of 0.1625 µm are 416.0 µm (fractal-tasks-core#91)
  const row = [0, 416, 831.9, 1247.9, 1663.9].map((x) => site(-3, x - 800));
  expect(placeSites(row, 0.1625).positionsPx.map(([, x]) => x)).toEqual([0, 2560, 5120, 7680, 10240]);
  const overlapping = placeSites([site(0, 0), site(0, 400)], 0.1625);
  expect(overlapping).toEqual({
    positionsPx: [
      [0, 0],
      [0, 2462],
    ],
    overlaps: 1,
  });
  // centres in one line: the smaller one's corner is lower
  expect(placeSites([site(0, 0, 10), site(0, 20, 6)], 1).positionsPx).toEqual([
    [0, 0],
    [2, 22],
  ]);
});
