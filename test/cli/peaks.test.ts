import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findPeaks, findPeaksByFdr, findPeaksByPValue, gevCutoff } from "../../src/match/index.ts";
import { caseMaker, complaint, filesBelow, vitrineHere } from "../support/command.ts";
import { readMap, scratchFolder } from "../support/searchCase.ts";

const smallSearch = caseMaker(scratchFolder());

interface Report {
  readonly particles: readonly { readonly y: number; readonly x: number; readonly zScore: number }[];
  readonly zCutoff: number;
}

test("particles are chosen as --peaks says, by match and by match-collect", async () => {
  const { args, config, folder } = smallSearch();
  const table = join(folder, "out", "particles.csv");
  expect((await vitrineHere([...args, "--part", "1/1"])).code).toBe(0);
  const collect = async (...more: string[]): Promise<Report> => {
    const end = await vitrineHere([
      "match-collect",
      config,
      "--particles",
      table,
      "--overwrite",
      "--json",
      ...more,
    ]);
    expect(end.stderr).toBe("");
    const report: Report = JSON.parse(end.stdout);
    expect(readFileSync(table, "utf8").trim().split("\n")).toHaveLength(1 + report.particles.length);
    return report;
  };
  const places = (peaks: Report["particles"]) => peaks.map(({ y, x }) => [y, x]);

  const gev = await collect("--peaks", "gev", "--false-positives", "20");
  const shape = [81, 65] as const;
  const scaledMip = { data: readMap(join(folder, "out"), "scaled_mip"), shape };
  const mip = { data: readMap(join(folder, "out"), "mip"), shape };
  expect(gev.zCutoff).toBe(gevCutoff(scaledMip, { falsePositives: 20 }));
  expect(places(gev.particles)).toEqual(
    places(findPeaks(scaledMip, { cutoff: gev.zCutoff, maskRadiusPx: 5 })),
  );
  expect(gev.particles.length).toBeGreaterThan(0);

  const p = await collect("--peaks", "p", "--p-cutoff", "6", "--p-quadrant", "3", "--mask-radius", "7");
  const options = { cutoff: 6, quadrant: 3, maskRadiusPx: 7 } as const;
  expect(places(p.particles)).toEqual(places(findPeaksByPValue({ scaledMip, mip }, options)));
  expect(p.particles.length).toBeGreaterThan(0);
  expect(p.zCutoff).toBe(Math.min(...p.particles.map(({ zScore }) => zScore)));

  for (const rate of [0.05, 0.9]) {
    const fdr = await collect("--peaks", "fdr", "--fdr", `${rate}`);
    const expected = findPeaksByFdr(scaledMip, { rate, maskRadiusPx: 5 });
    expect([places(fdr.particles), fdr.zCutoff]).toEqual([places(expected.peaks), expected.cutoff]);
  }

  const whole = await vitrineHere([
    ...args,
    "--overwrite",
    "--json",
    "--peaks",
    "gev",
    "--false-positives",
    "20",
  ]);
  expect(JSON.parse(whole.stdout).particles).toEqual(gev.particles);
});

test("bad choices are refused before the search", async () => {
  const { args, folder } = smallSearch();
  const before = filesBelow(folder);
  const cutoff = await vitrineHere([...args, "--peaks", "gev", "--z-cutoff", "7"]);
  expect([cutoff.code, complaint(cutoff, folder)]).toEqual([
    1,
    "vitrine: --z-cutoff: expected none with peaks by gev, found 7. Leave out --z-cutoff.",
  ]);
  for (const [given, message] of [
    [["--peaks", "best"], "Allowed choices are z, p, gev, fdr"],
    [["--fdr", "1"], "between 0 and 1"],
    [["--p-quadrant", "2"], "Allowed choices are 1, 3"],
    [["--p-cutoff", "x"], "above 0"],
  ] as const) {
    const end = await vitrineHere([...args, ...given]);
    expect([end.code, end.stdout]).toEqual([2, ""]);
    expect(end.stderr).toContain(message);
  }
  expect(filesBelow(folder)).toEqual(before);
});
