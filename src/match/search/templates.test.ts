import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { filesOf, MAPS, mapPaths, scratchFolder, writeConfig } from "../../../test/support/searchCase.ts";
import { seededRandom } from "../../core/index.ts";
import { formatMrc, parseCsv } from "../../io/index.ts";
import { runCoarseMatch } from "../coarse/coarseProgram.ts";
import { parseMatchSettings, searchSpace } from "../config/config.ts";
import { PARTICLE_COLUMNS } from "../particles/particles.ts";
import { type PeakChoice, shareAmong } from "../peaks/peaksChoice.ts";
import { runOptimizeBFactor } from "../refine/optimizeBFactor.ts";
import { scatterParticles } from "../simulate/scatterParticles.ts";
import { simulateMicrograph } from "../simulate/simulateMicrograph.ts";
import { simulateMolecule, volumeFromMolecule } from "../simulate/simulateMolecule.ts";
import { collectMatch } from "./collect.ts";
import { estimateMatch } from "./estimate.ts";
import type { MatchOptions } from "./job.ts";
import { runMatch } from "./program.ts";
import { suffixed } from "./resultNames.ts";
import type { TemplatesReport } from "./templatesResults.ts";

const scratch = scratchFolder();
const SHAPE = [300, 340] as const;
const OPTIONS = { workers: 2, exactSlices: true };

/** Of unlike sizes. */
const TEMPLATES = [
  { path: join(scratch, "large.mrc"), boxSize: 50, seed: 4, radiusA: 44 },
  { path: join(scratch, "small.v2.mrc"), boxSize: 46, seed: 12, radiusA: 40 },
];
const paths = TEMPLATES.map(({ path }) => path);

const configuration = {
  micrograph_path: join(scratch, "micrograph.mrc"),
  template_volume_path: paths as string | string[],
  optics_group: {
    label: "test",
    pixel_size: 2,
    voltage: 300,
    defocus_u: 9000,
    defocus_v: 8600,
    astigmatism_angle: 25,
  },
  defocus_search_config: { enabled: false },
  orientation_search_config: { psi_step: 30, theta_step: 30, symmetry: "C3" },
  preprocessing_filters: {},
};

function noiseOf(seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: SHAPE[0] * SHAPE[1] }, () => random.normal());
}

/** Two particles of each template in one micrograph; their centres. */
const planted = (() => {
  const text = JSON.stringify({ ...configuration, match_template_result: mapPaths(scratch) });
  const settings = parseMatchSettings(text, "test");
  const { eulerAnglesDeg } = searchSpace(settings);
  const scattered = scatterParticles({ count: 5, shape: SHAPE, boxSize: 50, seed: 3, eulerAnglesDeg });
  const places = scattered.filter((_, i) => i !== 2); // which overlaps another
  const images = TEMPLATES.map(({ path, boxSize, seed, radiusA }, k) => {
    const molecule = simulateMolecule({ seed, atomCount: 200, radiusA, sigmaA: 2.2 });
    writeFileSync(path, formatMrc(volumeFromMolecule(molecule, { boxSize, voxelSizeA: 2 })));
    const own = places.filter((_, i) => i % 2 === k);
    const how = { shape: SHAPE, pixelSizeA: 2, boxSize: 50, optics: settings.optics, signal: 30, seed: 9 };
    return simulateMicrograph(molecule, own, how).data;
  });
  // each image has the noise of the seed
  const data = noiseOf(9).map((value, i) => images[0][i] + images[1][i] - value);
  writeFileSync(configuration.micrograph_path, formatMrc({ data, shape: SHAPE, voxelSizeA: 2 }));
  return places.map(({ posX, posY }, i) => ({ x: posX + 25, y: posY + 25, path: paths[i % 2] }));
})();

/** A folder for the results of one run; `more` changes its configuration. */
function place(name: string, more: object = {}) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const config = writeConfig(folder, { ...configuration, match_template_result: mapPaths(folder), ...more });
  const particlesPath = join(folder, "particles.csv");
  return { folder, config, particlesPath, options: { ...OPTIONS, particlesPath } };
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
  expect(sorted(places)).toEqual(sorted(planted));
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

test("with a coarse pass each template has its particles, and the joint table is the same", async () => {
  const run = place("coarse");
  const options = { ...run.options, factor: 2, samples: 1000, candidates: 40 };
  const report = await runCoarseMatch(run.config, options);
  expect(report.coarse.map(({ sampled }) => sampled)).toEqual([192, 192]);
  expect("templates" in report && report.templates.map(({ particles }) => particles)).toEqual([2, 2]);
  const columns = ["pos_x", "pos_y", "phi", "theta", "psi", "template_path", "total_correlations"];
  const poses = (path: string) => table(path).rows.map((row) => columns.map((column) => row[column]));
  expect(poses(run.particlesPath)).toEqual(poses(both.particlesPath));
  expect([...report.files].sort()).toEqual(
    filesOf(run.folder)
      .filter((file) => file !== "config.yaml")
      .map((file) => join(run.folder, file)),
  );
  expect(filesOf(run.folder)).toContain("scaled_mip_small.v2_coarse2.mrc");
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

test("two templates of one name are refused, and lists where one is meant", async () => {
  const twice = place("twice", { template_volume_path: [paths[0], join(scratch, "other", "large.map")] });
  await expect(runMatch(twice.config, twice.options)).rejects.toThrow(
    /template_volume_path: expected files whose names differ, since results are named after them, found two of the name large\.$/,
  );
  const list = place("list");
  const resultsPath = join(list.folder, "b.csv");
  await expect(runOptimizeBFactor(list.config, { workers: 1, resultsPath })).rejects.toThrow(
    /template_volume_path: expected one template, found 2\. Take each by itself\.$/,
  );
  const empty = place("empty", { template_volume_path: [] });
  await expect(runMatch(empty.config, empty.options)).rejects.toMatchObject({ code: "range" });
  expect(["twice", "list", "empty"].map((name) => filesOf(join(scratch, name)))).toEqual(
    Array(3).fill(["config.yaml"]),
  );
});
