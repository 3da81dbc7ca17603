import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { filesOf, MAPS, scratchFolder } from "../../../test/support/searchCase.ts";
import { twoTemplates } from "../../../test/support/templatesCase.ts";
import { parseCsv } from "../../io/index.ts";
import { PARTICLE_COLUMNS } from "../particles/particles.ts";
import { type PeakChoice, shareAmong } from "../peaks/peaksChoice.ts";
import { collectMatch } from "./collect.ts";
import { estimateMatch } from "./estimate.ts";
import type { MatchOptions } from "./matchOptions.ts";
import { runMatch } from "./program.ts";
import { suffixed } from "./resultNames.ts";
import type { TemplatesReport } from "./templatesResults.ts";

const scratch = scratchFolder();
const OPTIONS = { workers: 2, exactSlices: true };
const { paths, planted, place: placeOf } = twoTemplates(scratch);

function place(name: string, more: object = {}) {
  const run = placeOf(name, more);
  return { ...run, options: { ...OPTIONS, particlesPath: run.particlesPath } };
}

async function search(name: string, options: MatchOptions = {}, more: object = {}) {
  const run = place(name, more);
  return { ...run, report: await runMatch(run.config, { ...run.options, ...options }) };
}

const stems = ["large", "small.v2"];
const table = (path: string) => parseCsv(readFileSync(path, "utf8"), path);

/** The table without the paths of its folder. */
function rows(path: string): string[][] {
  const columns = PARTICLE_COLUMNS.filter((name) => !name.endsWith("_path") || name === "template_path");
  return table(path).rows.map((row) => columns.map((column) => row[column]));
}

function expectSameMaps(folder: string, reference: string, name: (map: string) => string): void {
  for (const map of MAPS) {
    const found = readFileSync(join(folder, `${name(map)}.mrc`));
    // The header holds a label with the time of writing; values begin after 1024 bytes.
    expect(found.subarray(1024).equals(readFileSync(join(reference, `${map}.mrc`)).subarray(1024)), map).toBe(
      true,
    );
  }
}

let both: Awaited<ReturnType<typeof search>>;
beforeAll(async () => {
  both = await search("both");
});

test("each particle is found by its own template, and the joint table names it", () => {
  const { columns, rows: found } = table(both.particlesPath);
  expect(columns).toEqual([...PARTICLE_COLUMNS]);
  const places = found.map((row) => ({
    x: Number(row.pos_x_img),
    y: Number(row.pos_y_img),
    path: row.template_path,
  }));
  const sorted = (list: typeof places) => [...list].sort((a, b) => a.y - b.y || a.x - b.x);
  const wanted = planted.map(({ posX, posY, templatePath }) => ({
    x: posX + 25,
    y: posY + 25,
    path: templatePath,
  }));
  expect(sorted(places)).toEqual(sorted(wanted));
  expect(found.map((row) => Number(row.particle_index))).toEqual([0, 1, 2, 3]);
  const scores = found.map((row) => Number(row.scaled_mip));
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(both.report).toMatchObject({
    correlations: 2 * 192,
    templates: paths.map((templatePath) => ({ templatePath })),
  });
});

test("maps and tables of each are those of a search by itself with half of the false particles", async () => {
  const names = [...MAPS.map((map) => `${map}.mrc`), "particles.csv"];
  const expected = stems.flatMap((stem) => names.map((name) => suffixed(name, `_${stem}`)));
  expect(filesOf(both.folder)).toEqual([...expected, "config.yaml", "particles.csv"].sort());
  for (const [i, stem] of stems.entries()) {
    const alone = await search(`alone-${stem}`, { falsePositives: 0.5 }, { template_volume_path: paths[i] });
    expectSameMaps(both.folder, alone.folder, (map) => `${map}_${stem}`);
    expect(rows(join(both.folder, `particles_${stem}.csv`))).toEqual(rows(alone.particlesPath));
    const { templates } = both.report as TemplatesReport;
    expect(templates[i].zCutoff).toBe(alone.report?.zCutoff);
  }
});

test("templates given one by one take the place of the configuration's", async () => {
  const given = await search("given", { templates: paths }, { template_volume_path: "none.mrc" });
  expect(rows(given.particlesPath)).toEqual(rows(both.particlesPath));
  const one = await search("one", { templates: [paths[1]] });
  expect(filesOf(one.folder)).toEqual(
    ["config.yaml", "particles.csv", ...MAPS.map((map) => `${map}.mrc`)].sort(),
  );
});

test("stopped in the second template and resumed, it gives the same", async () => {
  const run = place("stopped");
  const controller = new AbortController();
  const aborted = runMatch(run.config, {
    ...run.options,
    checkpointSeconds: 0,
    signal: controller.signal,
    onProgress: ({ done, total }) => done > 0.8 * total && controller.abort(new Error("enough")),
  });
  await expect(aborted).rejects.toMatchObject({ code: "aborted" });
  const checkpoints = stems.map((stem) => `mip_${stem}.mrc.checkpoint`);
  expect(filesOf(run.folder)).toEqual(["config.yaml", ...checkpoints]);
  await expect(runMatch(run.config, run.options)).rejects.toMatchObject({ code: "exists" });
  const log: string[] = [];
  await runMatch(run.config, { ...run.options, resume: true, onLog: (text) => log.push(text) });
  expect(log[0]).toMatch(/^continuing at block 3 of 3 from .*mip_large\.mrc\.checkpoint$/);
  expect(log[1]).toMatch(/^continuing at block [12] of 3 from .*mip_small\.v2\.mrc\.checkpoint$/);
  expect(rows(run.particlesPath)).toEqual(rows(both.particlesPath));
  expect(filesOf(run.folder)).toEqual(filesOf(both.folder));
});

test("in parts it gives the same; a part goes on with the templates that are not done", async () => {
  const run = place("parts");
  const part = (index: number) => ({ ...run.options, part: { index, count: 2 } });
  expect(await runMatch(run.config, part(1))).toBeNull();
  await expect(runMatch(run.config, part(1))).rejects.toMatchObject({ code: "exists" });
  await expect(collectMatch(run.config, run.options)).rejects.toMatchObject({ code: "missing" });
  expect(await runMatch(run.config, { ...part(1), resume: true })).toBeNull();
  await runMatch(run.config, part(2));
  const report = await collectMatch(run.config, run.options);
  expect("templates" in report && report.templates.map(({ particles }) => particles)).toEqual([2, 2]);
  expect(rows(run.particlesPath)).toEqual(rows(both.particlesPath));
});

test("false particles are shared in every way of choosing them", () => {
  const options = { maskRadiusPx: 5, falsePositives: 3 };
  expect(shareAmong(options, 3)).toEqual({ maskRadiusPx: 5, falsePositives: 1 });
  const shared = (peaks: PeakChoice) => shareAmong({ ...options, peaks }, 3).peaks;
  expect(shared({ kind: "gev" })).toEqual({ kind: "gev" });
  expect(shared({ kind: "p" })).toEqual({ kind: "p", cutoff: 8 + Math.log(3) });
  expect(shared({ kind: "p", cutoff: 9, quadrant: 3 })).toEqual({
    kind: "p",
    cutoff: 9 + Math.log(3),
    quadrant: 3,
  });
  expect(shared({ kind: "fdr", rate: 0.3 })).toEqual({ kind: "fdr", rate: 0.3 / 3 });
});

test("an estimate counts all templates", async () => {
  const estimate = await estimateMatch(place("estimate").config, OPTIONS);
  expect(estimate).toMatchObject({ correlations: 2 * 192, orientations: 192, templates: 2 });
});

test("two templates of one name are refused, and lists without any", async () => {
  const twice = place("twice", { template_volume_path: [paths[0], join(scratch, "other", "large.map")] });
  await expect(runMatch(twice.config, twice.options)).rejects.toThrow(
    /template_volume_path: expected files whose names differ, since results are named after them, found two of the name large\.$/,
  );
  const empty = place("empty", { template_volume_path: [] });
  await expect(runMatch(empty.config, empty.options)).rejects.toMatchObject({ code: "range" });
  expect(["twice", "empty"].map((name) => filesOf(join(scratch, name)))).toEqual(
    Array(2).fill(["config.yaml"]),
  );
});
