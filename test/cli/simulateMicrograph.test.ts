import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readMrcImage, writeMrc } from "../../src/io/index.ts";
import { simulateMolecule, volumeFromMolecule } from "../../src/match/index.ts";
import { filesBelow, vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const cwd = scratchFolder();
const atoms = simulateMolecule({ seed: 3, atomCount: 200, radiusA: 25, sigmaA: 3 });
beforeAll(async () => {
  await writeMrc(join(cwd, "map.mrc"), volumeFromMolecule(atoms, { boxSize: 32, voxelSizeA: 2 }));
  const end = await vitrineHere(command, { cwd });
  expect([end.code, end.stderr]).toEqual([0, ""]);
  expect(end.stdout).toMatch(
    /^3 particles in 120 x 150 pixels, 30 electrons\/Å²; a perfect filter would give them z \d+\.\d\nwrote m\.mrc\nwrote truth\.csv\nwrote m\.yaml\n$/,
  );
});

const command = [
  ...["simulate-micrograph", "map.mrc", "--out", "m.mrc", "--defocus", "8000", "--size", "120x150"],
  ...["--particles", "3", "--dose", "30", "--seed", "4", "--config", "m.yaml", "--symmetry", "C3"],
];

describe("vitrine simulate-micrograph", () => {
  test("writes what its options say", async () => {
    const image = await readMrcImage(join(cwd, "m.mrc"));
    expect([image.shape, image.pixelSizeA]).toEqual([[120, 150], 2]);
    expect(image.data.every(Number.isInteger)).toBe(true);
    expect(readFileSync(join(cwd, "truth.csv"), "utf8").trim().split("\n")).toHaveLength(4);
    const config = readFileSync(join(cwd, "m.yaml"), "utf8");
    expect(config).toMatch(/symmetry: C3\n/);
    const estimate = await vitrineHere(["match", "m.yaml", "--estimate", "--json"], { cwd });
    expect(estimate.code).toBe(0);
  });

  test("--json is one line of JSON, nothing is replaced without being asked to", async () => {
    const again = await vitrineHere(command, { cwd });
    expect([again.code, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toMatch(
      /^vitrine: m\.mrc: expected no file of this name, found one\. .*--overwrite.*\n$/,
    );
    const { stdout } = await vitrineHere([...command, "--overwrite", "--json"], { cwd });
    const report = JSON.parse(stdout);
    expect([report.particles.length, report.files]).toEqual([3, ["m.mrc", "truth.csv", "m.yaml"]]);
    expect(report.zScore).toBeGreaterThan(0);
  });

  test("bad input is one line, and leaves no file", async () => {
    writeFileSync(join(cwd, "broken.mrc"), readFileSync(join(cwd, "map.mrc")).subarray(0, 3000));
    const before = filesBelow(cwd);
    const base = ["--out", "x.mrc", "--truth", "x.csv", "--defocus", "8000"];
    const cases: [string[], number, RegExp][] = [
      [["none.mrc", ...base], 1, /none\.mrc: expected a readable file/],
      [["broken.mrc", ...base], 1, /broken\.mrc/],
      [["m.mrc", ...base], 1, /m\.mrc: expected a cubic map, found 1 x 120 x 150/],
      [["map.mrc", ...base, "--particles", "999"], 1, /room for 999 particles in 512 x 512/],
      [["map.mrc", ...base, "--symmetry", "Q"], 1, /symmetry/],
      [["map.mrc", ...base, "--amplitude-contrast", "2"], 2, /Expected a number from 0 to 1/],
      [["map.mrc", "--out", "x.mrc"], 2, /required option '--defocus <Å>'/],
      [["map.mrc", ...base, "--size", "5by5"], 2, /Expected height and width/],
      [["map.mrc", ...base, "--dose", "0"], 2, /number above 0/],
      [["map.mrc", ...base, "--dose", "9", "--z-score", "9"], 2, /cannot be used with option '--dose/],
    ];
    for (const [args, code, message] of cases) {
      const end = await vitrineHere(["simulate-micrograph", ...args], { cwd });
      expect(end.stderr).toMatch(message);
      expect([end.code, end.stdout]).toEqual([code, ""]);
      if (code === 1)
        expect(
          end.stderr
            .trimEnd()
            .split("\n")
            .filter((line) => !line.includes("has no effect")),
        ).toHaveLength(1);
    }
    expect(filesBelow(cwd)).toEqual(before);
  });
});

describe("vitrine compare-particles", () => {
  test("a table and itself", async () => {
    const { stdout } = await vitrineHere(
      ["compare-particles", "truth.csv", "truth.csv", "--symmetry", "C3"],
      {
        cwd,
      },
    );
    expect(stdout).toMatch(
      /^planted 3, found 3, missed 0, others 0\n( {2}x .* off by 0\.0 px and 0\.0°\n){3}half /,
    );
    const json = await vitrineHere(["compare-particles", "truth.csv", "truth.csv", "--json"], { cwd });
    expect(JSON.parse(json.stdout).matches).toHaveLength(3);
  });

  test.each([
    [["none.csv", "truth.csv"], 1, /none\.csv: expected a file or folder/],
    [["truth.csv", "m.yaml"], 1, /m\.yaml.*expected/],
    [
      ["truth.csv", "truth.csv", "--symmetry", "K"],
      1,
      /expected C or D with its order, T, O or I, found "K"/,
    ],
    [["truth.csv", "truth.csv", "--near", "x"], 2, /Expected a number above 0/],
    [["truth.csv"], 2, /missing required argument 'planted\.csv'/],
  ] as [string[], number, RegExp][])("%j is refused", async (args, code, message) => {
    const end = await vitrineHere(["compare-particles", ...args], { cwd });
    expect(end.stderr).toMatch(message);
    expect([end.code, end.stdout]).toEqual([code, ""]);
  });
});
