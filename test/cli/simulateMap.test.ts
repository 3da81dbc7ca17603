import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readMrcVolume } from "../../src/io/index.ts";
import { filesBelow, vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const folder = scratchFolder();
const atoms = fileURLToPath(new URL("../golden/match-extra/chignolin.pdb", import.meta.url));

describe("vitrine simulate-map", () => {
  test("writes a map and says what it holds", async () => {
    const out = join(folder, "map.mrc");
    const args = ["simulate-map", atoms, "--pixel-size", "1", "--box", "32", "--out", out];
    const end = await vitrineHere([...args, "--additional-b-factor", "25", "--dose-end", "20", "--json"]);
    expect([end.code, end.stderr]).toEqual([0, ""]);
    const report = JSON.parse(end.stdout);
    expect(report).toMatchObject({ path: out, atoms: 138, boxSize: 32, pixelSizeA: 1 });
    const { data, shape, voxelSizeA } = await readMrcVolume(out);
    expect([shape, voxelSizeA]).toEqual([[32, 32, 32], 1]);
    expect(Math.max(...data)).toBeCloseTo(report.maximumV, 5);
    const again = await vitrineHere(args);
    expect(again.code).toBe(1);
    expect(again.stderr).toBe(
      `vitrine: ${out}: expected no file of this name, found one. Replace it with --overwrite, or choose another path.\n`,
    );
    const replaced = await vitrineHere([...args, "--overwrite", "--remove-hydrogens"]);
    expect(replaced.stdout).toMatch(/^wrote .*map\.mrc: 138 atoms in 32³ voxels of 1 Å, \S+ to \S+ V\n$/);
    const other = join(folder, "twin.mrc");
    await vitrineHere([...args.slice(0, -1), other, "--workers", "1", "--remove-hydrogens"]);
    expect(readFileSync(other).equals(readFileSync(out))).toBe(true);
  });

  test("bad input is one line, and leaves no file", async () => {
    const before = filesBelow(folder);
    const broken = join(folder, "broken.pdb");
    writeFileSync(broken, readFileSync(atoms, "latin1").replaceAll("          N  ", "          N++"));
    const out = join(folder, "none.mrc");
    const args = ["--pixel-size", "1", "--box", "32", "--out", out];
    const cases: [string[], number, RegExp][] = [
      [["nothing.pdb", ...args], 1, /nothing\.pdb/],
      [[atoms, ...args, "--model", "2"], 1, /expected a model from 1 to 1, found 2/],
      [[broken, ...args], 1, /expected a charge such as 2\+ in columns 79 and 80, found "\+\+"/],
      [[atoms, ...args.slice(0, 3), "8", ...args.slice(4)], 1, /outside.*--cut-outside/],
      [[atoms, ...args, "--dose-end", "5", "--dose-start", "9"], 1, /at least the start/],
      [[atoms, ...args, "--upsampling", "200"], 1, /upsampling/],
      [[atoms, "--box", "32", "--out", out], 2, /required option '--pixel-size/],
      [[atoms, ...args, "--upsampling", "0"], 2, /whole number/],
      [[atoms, ...args, "--dose-filter-modify-signal", "cube"], 2, /none, sqrt, rel_diff/],
    ];
    for (const [given, code, message] of cases) {
      const end = await vitrineHere(["simulate-map", ...given]);
      expect(end.stdout).toBe("");
      expect(end.stderr).toMatch(message);
      expect(end.code).toBe(code);
      if (code === 1) expect(end.stderr.trimEnd().split("\n")).toHaveLength(1);
    }
    expect(filesBelow(folder)).toEqual([...before, "broken.pdb"].sort());
  });
});
