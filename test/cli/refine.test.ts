import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { vitrine } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const scratch = scratchFolder();
const golden = (file: string) => fileURLToPath(new URL(`../golden/match/${file}`, import.meta.url));

/** A golden refinement in a folder of its own, more or less finely. */
function refinement(name: string, edit: (config: string) => string = (text) => text): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const absolute = (file: string) =>
    readFileSync(golden(file), "utf8").replace(/\b\w+\.mrc\b/g, (path) => golden(path));
  writeFileSync(join(folder, "search1_particles.csv"), absolute("search1_particles.csv"));
  writeFileSync(join(folder, "config.yaml"), edit(absolute("refine1_config.yaml")));
  return folder;
}

test("a refinement, what it prints and what it writes", async () => {
  const cwd = refinement("plain");
  const end = await vitrine(["refine", "config.yaml", "--compat", "--workers", "2"], { cwd });
  expect([end.code, end.stderr.match(/has no effect/g)?.length]).toEqual([0, 3]);
  expect(end.stdout.split("\n")[0]).toBe("9 particles refined (2205 correlations, WASM SIMD)");
  expect(end.stdout).toMatch(/wrote refined_particles\.csv\n$/);
  expect(readFileSync(join(cwd, "refined_particles.csv"), "utf8").split("\n").length).toBe(11);
  const again = await vitrine(["refine", "config.yaml"], { cwd });
  expect([again.code, again.stdout]).toEqual([1, ""]);
  expect(again.stderr).toMatch(
    /refined_particles\.csv: expected no file of this name, found one\. Allow it with --overwrite/,
  );
});

test("--json is one line of JSON", async () => {
  const cwd = refinement("json");
  const end = await vitrine(["refine", "config.yaml", "--json", "--particles", "out/r.csv"], { cwd });
  const report = JSON.parse(end.stdout);
  expect([report.particles.length, report.correlations, report.files]).toEqual([9, 2205, ["out/r.csv"]]);
});

test.each(["--gradient", "--gradient-only"])("%s tells what it added to each z-score", async (mode) => {
  const cwd = refinement(mode.slice(2));
  const end = await vitrine(["refine", "config.yaml", mode, "--json"], { cwd });
  const { particles, correlations } = JSON.parse(end.stdout);
  expect(correlations).toBe(mode === "--gradient" ? 2205 : 9);
  for (const { zScore, zScoreGain, evaluations } of particles) {
    expect(zScoreGain).toBeGreaterThan(0);
    expect(zScore).toBeGreaterThan(zScoreGain);
    expect(evaluations).toBeGreaterThan(1);
  }
});

test("--gradient-only in words", async () => {
  const text = await vitrine(["refine", "config.yaml", "--gradient-only"], { cwd: refinement("words") });
  expect(text.stdout).toMatch(
    /\nby gradient: z-scores higher by 0\.\d\d, \d+\.\d poses tried for each \(means\)\n/,
  );
  expect(text.stdout).toMatch(/shift x -?\d\.\d\d y -?\d\.\d\d {2}phi/);
});

test("Ctrl-C ends it at once and leaves no table", async () => {
  const cwd = refinement("abort", (text) => text.replaceAll("step_fine: 3.0", "step_fine: 0.3"));
  const end = await vitrine(["refine", "config.yaml"], {
    cwd,
    onStderr: (text, kill) => {
      if (text.includes("backend")) setTimeout(() => kill("SIGINT"), 1500);
    },
  });
  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(/expected to finish, found an abort\. received SIGINT\.\n$/);
  expect(existsSync(join(cwd, "refined_particles.csv"))).toBe(false);
});

test.each([
  [["refine"], /missing required argument 'config\.yaml'/],
  [["constrained-search", "a.yaml", "--false-positives", "0"], /Expected a number above 0/],
  [["refine", "a.yaml", "--resume"], /option --resume needs --engine local or --engine slurm/],
  [["refine", "a.yaml", "--gradient", "--compat"], /'--gradient' cannot be used with option '--compat'/],
  [["refine", "a.yaml", "--gradient", "--gradient-only"], /cannot be used with option '--gradient'/],
])("vitrine %j is wrong use", async (args, message) => {
  const end = await vitrine(args);
  expect([end.code, end.stdout]).toEqual([2, ""]);
  expect(end.stderr).toMatch(message);
});

test("a configuration that is not there is one line", async () => {
  const end = await vitrine(["constrained-search", "absent.yaml"], { cwd: scratch });
  expect([end.code, end.stdout]).toEqual([1, ""]);
  expect(end.stderr).toMatch(/^vitrine: absent\.yaml: expected a readable file.*\n$/);
});
