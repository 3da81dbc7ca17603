import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  type Configuration,
  filesOf,
  mapPaths,
  scratchFolder,
  smallConfiguration,
  writeConfig,
} from "../../../test/support/searchCase.ts";
import { parseCsv } from "../../io/index.ts";
import { runMatch } from "../search/program.ts";
import { type BFactorOptions, runOptimizeBFactor } from "./optimizeBFactor.ts";

const scratch = scratchFolder();
/** Low enough for peaks in noise. */
const PEAKS = { workers: 2, maskRadiusPx: 6, zCutoff: 2.6 };

function smallSearch(name: string): { folder: string; configuration: Configuration } {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  return { folder, configuration: smallConfiguration(folder, { image: [60, 64], template: 16 }) };
}

/** z-scores of the particles that a search with this B-factor finds, best first. */
async function scoresAt(name: string, bFactorA2: number): Promise<number[]> {
  const { folder, configuration } = smallSearch(name);
  const optics = { ...configuration.optics_group, ctf_B_factor: bFactorA2 };
  const match = join(folder, `match-${bFactorA2}`);
  mkdirSync(match);
  const changed = { ...configuration, optics_group: optics, match_template_result: mapPaths(match) };
  const particlesPath = join(match, "particles.csv");
  await runMatch(writeConfig(match, changed), { ...PEAKS, particlesPath });
  const { rows } = parseCsv(readFileSync(particlesPath, "utf8"), particlesPath);
  return rows.map((row) => Number(row.scaled_mip));
}

const mean = (scores: readonly number[]) => scores.reduce((sum, score) => sum + score, 0) / scores.length;

async function optimize(name: string, options: BFactorOptions) {
  const { folder, configuration } = smallSearch(name);
  const config = writeConfig(folder, configuration);
  return runOptimizeBFactor(config, { ...PEAKS, resultsPath: join(folder, "b.csv"), ...options });
}

test("each B-factor has the metric of a search with it, and two that are no better end it", async () => {
  const bFactorsA2 = { min: 0, step: 60, max: 2400 };
  const { trials, bestBFactorA2, files } = await optimize("mean", { bFactorsA2 });
  for (const { bFactorA2, metric, particles } of trials.slice(0, 3)) {
    const scores = await scoresAt("mean", bFactorA2);
    expect(particles).toBe(scores.length);
    expect(metric).toBeCloseTo(mean(scores), 5);
  }
  const metrics = trials.map(({ metric }) => metric);
  const isNoBetter = metrics.map((metric, i) => i > 0 && metric <= metrics[i - 1]);
  const end = isNoBetter.findIndex((stale, i) => stale && isNoBetter[i - 1]);
  expect(trials.length).toBe(end < 0 ? 41 : end + 1);
  expect(bestBFactorA2).toBe(trials[metrics.indexOf(Math.max(...metrics))].bFactorA2);
  const table = parseCsv(readFileSync(files[0], "utf8"), files[0]);
  expect(table.columns).toEqual(["b_factor", "mean", "particles"]);
  expect(table.rows.map((row) => Number(row.mean))).toEqual(metrics);
  await expect(optimize("mean", { bFactorsA2 })).rejects.toMatchObject({ code: "exists" });
});

test("metrics are of the best, the worst, or the number", async () => {
  const scores = await scoresAt("metrics", 50);
  expect(scores.length).toBeGreaterThan(4);
  const wanted = { best: mean(scores.slice(0, 3)), worst: mean(scores.slice(-3)), count: scores.length };
  for (const metric of ["best", "worst", "count"] as const) {
    const options = { bFactorsA2: { min: 50, step: 10, max: 50 }, metric, count: 3, overwrite: true };
    const { trials } = await optimize("metrics", options);
    expect(trials.length).toBe(1);
    expect(trials[0].metric).toBeCloseTo(wanted[metric], 5);
  }
});

test("without particles the metric is 0", async () => {
  const { trials } = await optimize("none", { bFactorsA2: { min: 50, step: 10, max: 90 }, zCutoff: 1e3 });
  expect(trials).toEqual([50, 60, 70].map((bFactorA2) => ({ bFactorA2, metric: 0, particles: 0 })));
});

test("a list of templates is refused", async () => {
  const { folder, configuration } = smallSearch("list");
  const other = join(folder, "other.mrc");
  copyFileSync(configuration.template_volume_path, other);
  const template_volume_path = [configuration.template_volume_path, other];
  const config = writeConfig(folder, { ...configuration, template_volume_path });
  const files = filesOf(folder);
  const resultsPath = join(folder, "b.csv");
  await expect(runOptimizeBFactor(config, { workers: 1, resultsPath })).rejects.toThrow(
    /template_volume_path: expected one template, found 2\. Take each by itself\.$/,
  );
  expect(filesOf(folder)).toEqual(files);
});

test("B-factors that are none are refused", async () => {
  const bFactorsA2 = { min: 10, step: 0, max: 20 };
  await expect(optimize("refused", { bFactorsA2 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: B-factors: expected a start of at least 0, a step above 0 and an end not below the start, in Å², found 10 by 0 to 20.]`,
  );
});
