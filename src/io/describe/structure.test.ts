import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { describeFile } from "./describe.ts";

const golden = fileURLToPath(new URL("../../../test/golden/match-extra", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "vitrine-structures-"));
afterAll(() => rmSync(scratch, { recursive: true }));

test("STAR files by their blocks", async () => {
  const path = join(scratch, "a.star");
  writeFileSync(path, "data_general\n_a 1\ndata_\nloop_\n_b\n_c\n1 2\n3 4\n");
  expect(await describeFile(path)).toEqual({
    kind: "star",
    blocks: [
      { name: "general", values: ["a"], tables: [] },
      { name: "", values: [], tables: [{ columns: ["b", "c"], rows: 2 }] },
    ],
  });
});

test.each(["pdb", "cif"])("structures by models, elements, chains and size: %s", async (ending) => {
  expect(await describeFile(join(golden, `atoms/odd.${ending}`))).toEqual({
    kind: ending === "pdb" ? "pdb" : "mmcif",
    models: 2,
    atoms: 13,
    chains: ["A", "B"],
    elements: { C: 7, N: 1, H: 1, Zn: 1, Cl: 1, O: 1, D: 1 },
    boxA: [
      [-10.5, -2.25, -99.5],
      [9, 9, 1000.125],
    ],
  });
});

test("TIFF files by their pages, big-endian ones too", async () => {
  expect(await describeFile(join(golden, "tiff/lzw-movie-big-endian.tif"))).toMatchObject({
    kind: "tiff",
    pages: 3,
    layouts: [{ width: 30, height: 20, channels: 1, dtype: "int16", images: 3 }],
  });
});
