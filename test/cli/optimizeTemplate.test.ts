import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { vitrineHere } from "../support/command.ts";
import { writeOptimizeCase } from "../support/optimizeCase.ts";
import { filesOf, scratchFolder } from "../support/searchCase.ts";

const scratch = scratchFolder();

/** Three coarse and three fine pixel sizes. */
function optimizeCase(name: string): string {
  const folder = join(scratch, name);
  const search = (step: number) => ({
    enabled: true,
    pixel_size_min: -step,
    pixel_size_max: step,
    pixel_size_step: step,
  });
  writeOptimizeCase(folder, {
    nominalA: 1.4,
    trueA: 1.41,
    seed: 4,
    configuration: {
      pixel_size_coarse_search: search(0.02),
      pixel_size_fine_search: search(0.01),
      computational_config: { gpu_ids: 0, num_cpus: 1 },
    },
  });
  return folder;
}

test("a search, what it prints and what it writes", async () => {
  const cwd = optimizeCase("plain");
  const end = await vitrineHere(["optimize-template", "config.yaml", "--workers", "2"], { cwd });
  expect([end.code, end.stderr.match(/has no effect/g)?.length]).toEqual([0, 2]);
  expect(end.stderr).toMatch(/vitrine: pixel size 1\.380 Å: mean z-score \d+\.\d{3}\n/);
  expect(end.stdout).toMatch(/^best pixel size 1\.41 Å, mean z-score \d+\.\d{3} \(6 sizes, 8 particles\)\n/);
  expect(end.stdout).toMatch(/ {2}coarse {2}1\.38 Å {2}mean z-score .*\n/);
  expect(end.stdout).toMatch(
    /wrote optimize_template_results\.txt\nwrote optimize_template_results_all\.csv\n$/,
  );
  expect(readFileSync(join(cwd, "optimize_template_results.txt"), "utf8")).toBe(
    "Optimal template px: 1.410 Å",
  );
  const again = await vitrineHere(["optimize-template", "config.yaml"], { cwd });
  expect([again.code, again.stdout]).toEqual([1, ""]);
  expect(again.stderr).toMatch(
    /optimize_template_results\.txt: expected no file of this name, found one\. Allow it with --overwrite/,
  );
});

test("--json is one line of JSON; particles chosen, tables and another place", async () => {
  const cwd = optimizeCase("json");
  const args = [
    "--json",
    "--results",
    "out/best.txt",
    "--tables",
    "--best-n",
    "3",
    "--min-snr",
    "12",
    "--compat",
  ];
  const end = await vitrineHere(["optimize-template", "config.yaml", ...args], { cwd });
  const report = JSON.parse(end.stdout);
  expect([end.code, report.particles, report.trials.length]).toEqual([0, 8, 6]);
  expect(report.files.slice(0, 2)).toEqual(["out/best.txt", "out/best_all.csv"]);
  expect(filesOf(join(cwd, "out")).sort()).toEqual(report.files.map((file: string) => file.slice(4)).sort());
});

test("bad input is one line, and leaves no file", async () => {
  const cwd = optimizeCase("bad");
  const text = readFileSync(join(cwd, "config.yaml"), "utf8");
  const write = (name: string, from: string, to: string) =>
    writeFileSync(join(cwd, name), text.replace(from, to));
  write("typo.yaml", "pdb_filepath", "pdb_file");
  write("side.yaml", "volume_shape:\n    - 48", "volume_shape:\n    - 50");
  write("atoms.yaml", "atoms.pdb", "image.mrc");
  const before = filesOf(cwd);
  const cases: [string[], number, RegExp][] = [
    [["absent.yaml"], 1, /absent\.yaml: expected a readable file/],
    [["typo.yaml"], 1, /typo\.yaml simulator\.pdb_file/],
    [["side.yaml"], 1, /side\.yaml simulator\.volume_shape: expected a cube, found 50 x 48 x 48/],
    [["atoms.yaml"], 1, /image\.mrc/],
    [["config.yaml", "--min-snr", "30"], 1, /a z-score of at least 30, found 20 at most/],
    [
      ["config.yaml", "--results", join(cwd, "particles.csv"), "--overwrite"],
      1,
      /particles\.csv: expected one result/,
    ],
    [[], 2, /missing required argument 'config\.yaml'/],
    [["config.yaml", "--best-n", "0"], 2, /Expected a whole number of at least 1/],
    [["config.yaml", "--min-snr", "high"], 2, /Expected a number above 0/],
    [["config.yaml", "--patience", "1.5"], 2, /Expected a whole number/],
    [["config.yaml", "--resume"], 2, /unknown option '--resume'/],
  ];
  for (const [args, code, message] of cases) {
    const end = await vitrineHere(["optimize-template", ...args], { cwd });
    expect([end.code, end.stdout]).toEqual([code, ""]);
    expect(end.stderr).toMatch(message);
    const complaints = end.stderr
      .trimEnd()
      .split("\n")
      .filter((line) => !line.includes("has no effect"));
    if (code === 1) expect(complaints).toHaveLength(1);
  }
  expect(filesOf(cwd)).toEqual(before);
});

test("--help explains it", async () => {
  const end = await vitrineHere(["optimize-template", "--help"]);
  expect([end.code, end.stderr]).toEqual([0, ""]);
  for (const option of ["--results", "--tables", "--min-snr", "--best-n", "--patience", "--compat", "--json"])
    expect(end.stdout).toContain(option);
});
