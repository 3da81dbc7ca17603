import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readAtoms } from "./atoms/read.ts";
import { readCsvTable } from "./csvTable.ts";
import { readStar } from "./star/format.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-text-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A file of this text in UTF-16 with its mark. */
function written(name: string, text: string, order: "little" | "big"): string {
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  const path = join(scratch, `${order}-${name}`);
  writeFileSync(path, order === "big" ? bytes.swap16() : bytes);
  return path;
}

const golden = (name: string) =>
  readFileSync(new URL(`../../test/golden/match-extra/atoms/${name}`, import.meta.url), "utf8");

test.each(["little", "big"] as const)(
  "tables and atoms in UTF-16, %s bytes first, are read by its mark",
  async (order) => {
    const table = await readCsvTable(written("a.csv", "y,x,name\n1,2.5,é\n-4,5,b\n", order));
    expect(table).toEqual(await readCsvTable(plain("b.csv", "y,x,name\n1,2.5,é\n-4,5,b\n")));
    for (const name of ["odd.pdb", "odd.cif"]) {
      const { models } = await readAtoms(written(name, golden(name), order));
      expect(models).toEqual((await readAtoms(plain(name, golden(name)))).models);
    }
  },
);

test("STAR in UTF-16 is refused by that name", async () => {
  const path = written("a.star", "data_\n_a 1\n", "little");
  await expect(readStar(path)).rejects.toThrow(/expected UTF-8 text, found UTF-16\. Save it as UTF-8\./);
});

function plain(name: string, text: string): string {
  const path = join(scratch, `plain-${name}`);
  writeFileSync(path, text);
  return path;
}
