import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { filesOf, MAPS, scratchFolder, writeConfig } from "../../../test/support/searchCase.ts";
import { writeTemplatesCase } from "../../../test/support/templatesCase.ts";
import type { Progress } from "../../core/index.ts";
import { parseCsv, readMrcImage } from "../../io/index.ts";
import { PARTICLE_COLUMNS } from "../particles/particles.ts";
import { distinctPeaks } from "../peaks/distinctPeaks.ts";
import { findPeaks } from "../peaks/peaks.ts";
import { runRefine } from "../refine/refineProgram.ts";
import { runMatch } from "../search/program.ts";
import type { SearchReport } from "../search/results.ts";
import { type CoarseMatchOptions, runCoarseMatch } from "./coarseProgram.ts";

const scratch = scratchFolder();
const BOX = 50;
const SAMPLES = 100;
const FULL = { workers: 2, exactSlices: true };
const OPTIONS = { ...FULL, candidates: 60 };
const { configuration, planted, place } = writeTemplatesCase(scratch, {
  shape: [360, 421],
  templates: [{ file: "template.mrc", boxSize: BOX, seed: 4, radiusA: 44 }],
  particles: { count: 6, seed: 5 },
  signal: 20,
  configuration: {
    defocus_search_config: { enabled: true, defocus_min: -600, defocus_max: 0, defocus_step: 600 },
  },
});

/** Particles without their scores, in the order of their places. */
function posesOf({ particles }: SearchReport) {
  const poses = particles.map(({ zScore: _, ...pose }) => pose);
  return poses.sort((a, b) => a.y - b.y || a.x - b.x);
}

const textTable = (path: string) => parseCsv(readFileSync(path, "utf8"), path);

async function searchCoarsely(name: string, options: Partial<CoarseMatchOptions>) {
  const run = place(name);
  const { particlesPath } = run;
  const report = await runCoarseMatch(run.config, { ...OPTIONS, factor: 2, particlesPath, ...options });
  return { ...run, report };
}

let full: ReturnType<typeof place> & { report: SearchReport };
let coarse: Awaited<ReturnType<typeof searchCoarsely>>;
const told: Progress[] = [];
beforeAll(async () => {
  const run = place("full");
  const report = await runMatch(run.config, { ...FULL, particlesPath: run.particlesPath });
  if (report === null) throw new Error("no report");
  full = { ...run, report };
  coarse = await searchCoarsely("coarse", {
    samples: SAMPLES,
    onProgress: (progress) => told.push(progress),
  });
});

describe("a search with a coarse pass", () => {
  test("finds what the full search finds: the planted particles, place and pose", () => {
    const places = planted.map(({ posX, posY }) => [posY, posX]).sort((a, b) => a[0] - b[0]);
    expect(posesOf(full.report).map(({ y, x }) => [y, x])).toEqual(places);
    expect(posesOf(coarse.report)).toEqual(posesOf(full.report));
    expect(coarse.report.coarse[0].candidates).toBeGreaterThan(planted.length);
  });

  test("tells of pass, sample and candidates in one stream that only grows", () => {
    const done = told.map((one) => one.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(new Set(told.map(({ unit }) => unit))).toEqual(new Set(["correlations"]));
    expect(told.at(-1)?.done).toBeCloseTo(told.at(-1)?.total ?? Number.NaN, 6);
  });

  test("measures z-scores by a sample: within three errors of the full search's", () => {
    const scores = new Map(full.report.particles.map(({ y, x, zScore }) => [`${y} ${x}`, zScore]));
    for (const { y, x, zScore } of coarse.report.particles) {
      const ratio = zScore / (scores.get(`${y} ${x}`) ?? Number.NaN);
      expect(Math.abs(ratio - 1)).toBeLessThan(3 / Math.sqrt(2 * SAMPLES));
    }
    expect(coarse.report.zCutoff).toBeGreaterThan(full.report.zCutoff);
  });

  test("writes Leopard-EM's columns; mean and deviation of full size, from which a refinement goes on", async () => {
    const table = textTable(coarse.particlesPath);
    expect(table.columns).toEqual([...PARTICLE_COLUMNS]);
    const names = MAPS.map((map) => `${map}_coarse2.mrc`);
    const others = ["config.yaml", "correlation_average.mrc", "correlation_variance.mrc", "particles.csv"];
    expect(filesOf(coarse.folder)).toEqual([...names, ...others].sort());
    expect(coarse.report.files.length).toBe(11);
    const sizes = await Promise.all(
      ["correlation_average", "mip_coarse2"].map((map) => readMrcImage(join(coarse.folder, `${map}.mrc`))),
    );
    expect(sizes.map(({ shape, pixelSizeA }) => [shape, pixelSizeA])).toEqual([
      [[311, 372], 2],
      [[156, 187], 4],
    ]);
    const [row] = table.rows;
    expect(
      [row.mip_path, row.correlation_average_path].map((path) => path.slice(coarse.folder.length)),
    ).toEqual(["/mip_coarse2.mrc", "/correlation_average.mrc"]);
    const refine = writeConfig(coarse.folder, {
      template_volume_path: configuration.template_volume_path,
      particle_stack: {
        df_path: coarse.particlesPath,
        extracted_box_size: [BOX + 8, BOX + 8],
        original_template_size: [BOX, BOX],
      },
      defocus_refinement_config: { enabled: false },
      pixel_size_refinement_config: { enabled: false },
      orientation_refinement_config: { enabled: false },
      preprocessing_filters: {},
    });
    const { particles } = await runRefine(refine, {
      particlesPath: join(coarse.folder, "refined.csv"),
      workers: 2,
    });
    expect(particles.map(({ shiftX, shiftY }) => [shiftX, shiftY])).toEqual(planted.map(() => [0, 0]));
  });

  test("with a sample of all orientations gives the z-scores of the full search, in any factor", async () => {
    const { report, folder } = await searchCoarsely("all", { samples: 1e6, factor: 3 });
    expect(report.zCutoff).toBe(full.report.zCutoff);
    expect(posesOf(report)).toEqual(posesOf(full.report));
    // The same correlations by transforms of another length.
    report.particles.forEach(({ zScore }, i) => {
      expect(Math.abs(zScore - full.report.particles[i].zScore)).toBeLessThan(1e-5);
    });
    const maps = await Promise.all(
      [folder, full.folder].map((where) => readMrcImage(join(where, "correlation_variance.mrc"))),
    );
    expect(maps[0].data).toEqual(maps[1].data);
  });
});

test("pixel sizes, odd aberrations, magnification, filters and padded templates are those of the full search too", async () => {
  const more = {
    optics_group: {
      ...configuration.optics_group,
      beam_tilt_x: 0.4,
      mag_matrix: [1.01, 0.004, -0.003, 0.99],
    },
    defocus_search_config: { enabled: false },
    pixel_size_search_config: {
      enabled: true,
      pixel_size_min: -0.04,
      pixel_size_max: 0.04,
      pixel_size_step: 0.04,
    },
    orientation_search_config: { psi_step: 60, theta_step: 45, symmetry: "C3" },
    preprocessing_filters: {
      bandpass_filter: { enabled: true, low_freq_cutoff: 0.01, high_freq_cutoff: 0.4 },
    },
  };
  const [whole, larger] = [place("more", more), place("more-coarse", more)];
  const options = { ...FULL, templatePadding: 2, sincCorrection: true, zCutoff: 3.8 };
  const report = await runMatch(whole.config, { ...options, particlesPath: whole.particlesPath });
  const coarseOptions = { ...options, factor: 2, samples: 1000, candidates: 300 };
  const found = await runCoarseMatch(larger.config, {
    ...coarseOptions,
    particlesPath: larger.particlesPath,
  });
  expect(report).not.toBeNull();
  expect(found.particles.length).toBeGreaterThan(10);
  const columns = ["phi", "theta", "psi", "relative_defocus", "refined_pixel_size"];
  const byPlace = (path: string) =>
    new Map(textTable(path).rows.map((row) => [`${row.pos_x} ${row.pos_y}`, row] as const));
  const expected = byPlace(whole.particlesPath);
  for (const [where, row] of byPlace(larger.particlesPath)) {
    const same = expected.get(where) ?? {};
    expect(columns.map((column) => row[column])).toEqual(columns.map((column) => same[column]));
    // The same correlations by transforms of another length.
    expect(Math.abs(Number(row.scaled_mip) - Number(same.scaled_mip))).toBeLessThan(1e-5);
  }
  expect(new Set([...expected.values()].map((row) => row.refined_pixel_size)).size).toBeGreaterThan(1);
});

test("stopped and resumed, it writes the same table", async () => {
  const run = place("stopped");
  const options = { ...OPTIONS, factor: 2, samples: SAMPLES, particlesPath: run.particlesPath };
  const controller = new AbortController();
  const stop = (done: number) => done > 500 && controller.abort(new Error("enough"));
  const aborted = runCoarseMatch(run.config, {
    ...options,
    checkpointSeconds: 0,
    signal: controller.signal,
    onProgress: ({ done }) => stop(done),
  });
  await expect(aborted).rejects.toMatchObject({ code: "aborted" });
  expect(filesOf(run.folder)).toEqual(["config.yaml", "mip_coarse2.mrc.checkpoint"]);
  await expect(runCoarseMatch(run.config, options)).rejects.toMatchObject({ code: "exists" });
  const log: string[] = [];
  const resumed = { ...options, resume: true, onLog: (text: string) => log.push(text) };
  await runCoarseMatch(run.config, resumed);
  expect(log[0]).toMatch(/^continuing at block \d+ of \d+ from .*mip_coarse2\.mrc\.checkpoint$/);
  const rows = (path: string) =>
    textTable(path).rows.map((row) =>
      PARTICLE_COLUMNS.filter((name) => !/_path/.test(name)).map((name) => row[name]),
    );
  expect(rows(run.particlesPath)).toEqual(rows(coarse.particlesPath));
});

test.each([
  [
    { peaks: { kind: "fdr" } as const },
    /^coarse search: expected peaks by z-score, found peaks by fdr\. The others/,
  ],
  [
    { factor: 7 },
    /^coarse factor: expected a whole number from 2 to 6, an eighth of the template, found 7\.$/,
  ],
  [{ samples: 12 }, /^coarse samples: expected at least 30 orientations, found 12\.$/],
  [
    { candidates: 1e12 },
    /^gaussianCutoff\(\)\.falsePositives: expected a number above 0 and below \d+, found 1000000000000\.$/,
  ],
])("%j is refused", async (options, message) => {
  const name = `refused-${Object.keys(options)}`;
  await expect(searchCoarsely(name, options)).rejects.toThrow(message);
  expect(filesOf(join(scratch, name))).toEqual(["config.yaml"]);
});

test("peaks that are given one by one are thinned out as those of a map", () => {
  const shape = [40, 50] as const;
  const random = Array.from({ length: 120 }, (_, i) => ({
    y: (i * 17) % 40,
    x: (i * 29) % 50,
    zScore: Math.fround(5 + ((i * 37) % 113) / 10),
  }));
  const data = new Float32Array(40 * 50);
  for (const { y, x, zScore } of random) data[50 * y + x] = zScore;
  const given = random.filter(({ y, x, zScore }) => data[50 * y + x] === zScore);
  const expected = findPeaks({ data, shape }, { cutoff: 1, maskRadiusPx: 6 });
  expect(distinctPeaks(given, 6)).toEqual(expected);
  expect(expected.length).toBeLessThan(given.length);
});
