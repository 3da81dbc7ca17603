import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const golden = fileURLToPath(new URL("../golden", import.meta.url));
const scratch = scratchFolder();
const path = (name: string) => join(scratch, name);

describe("vitrine convert", () => {
  test("particles to RELION and back, letter by letter", async () => {
    copyFileSync(join(golden, "match/search1_particles.csv"), path("in.csv"));
    const there = await vitrineHere(["convert", path("in.csv"), path("out.star"), "--full"]);
    expect([there.code, there.stderr]).toEqual([0, ""]);
    expect(there.stdout).toMatch(/^wrote .*out\.star: \d+ particles\n$/);
    expect((await vitrineHere(["convert", path("out.star"), path("back.csv")])).code).toBe(0);
    expect(readFileSync(path("back.csv"), "utf8")).toBe(readFileSync(path("in.csv"), "utf8"));
    const again = await vitrineHere(["convert", path("out.star"), path("back.csv")]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("expected nothing of this name")]);
  });

  test("images are no table", async () => {
    const end = await vitrineHere(["convert", join(golden, "match/micrograph.mrc"), path("a.star")]);
    expect([end.code, end.stderr]).toEqual([
      1,
      expect.stringContaining(
        "micrograph.mrc: expected particles as a CSV, STAR or HDF5 file, or a .cs file of cryoSPARC, found an MRC file.",
      ),
    ]);
  });
});

test("vitrine info says what structures, tables of RELION and TIFF files hold", async () => {
  const extra = join(golden, "match-extra");
  const files = [join(extra, "atoms/odd.pdb"), join(extra, "tiff/zstd.tif"), path("out.star")];
  await vitrineHere([
    "convert",
    "--overwrite",
    join(golden, "match/search1_particles.csv"),
    path("out.star"),
  ]);
  const end = await vitrineHere(["info", ...files]);
  expect([end.code, end.stderr]).toEqual([0, ""]);
  const shown = end.stdout.replaceAll(`${extra}/`, "").replaceAll(`${scratch}/`, "");
  expect(shown.split("\n").slice(0, 11).join("\n")).toMatchInlineSnapshot(`
    "atoms/odd.pdb: PDB atoms
      models  2
      atoms   13: 7 C, 1 N, 1 H, 1 Zn, 1 Cl, 1 O, 1 D
      chains  2: A, B
      box     from -10.5, -2.25, -99.5 to 9, 9, 1000.13 Å
    tiff/zstd.tif: TIFF, 1317 bytes
      pages  1
      size   30 x 40 uint16
      pixel  not given
    out.star: STAR
      data_optics     no single values"
  `);
});
