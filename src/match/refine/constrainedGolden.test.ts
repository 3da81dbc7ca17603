import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { type CsvTable, parseCsv } from "../../io/index.ts";
import { runConstrainedSearch } from "./constrainedProgram.ts";

const scratch = scratchFolder();
const golden = (file: string) => fileURLToPath(new URL(`../../../test/golden/${file}`, import.meta.url));
const extra = (file: string) => readFileSync(golden(`match-extra/constrained/${file}`), "utf8");

/** A golden search with all paths made absolute. */
async function search(name: string): Promise<CsvTable[]> {
  const paths = (text: string) =>
    text
      .replace(/\b\w+\.mrc\b/g, (file) => golden(`match/${file}`))
      .replace(/\b\w+\.csv\b/g, (file) => join(scratch, file));
  for (const table of ["plain", "refined", "poles"]) {
    writeFileSync(join(scratch, `${table}.csv`), paths(extra(`${table}.csv`)));
  }
  writeFileSync(join(scratch, `${name}.yaml`), paths(extra(`${name}.yaml`)));
  const options = { particlesPath: join(scratch, `${name}.csv`), workers: 2, compatBatch: 20 };
  const { files } = await runConstrainedSearch(join(scratch, `${name}.yaml`), options);
  return files.map((file) => parseCsv(readFileSync(file, "utf8"), file));
}

const numbers = (table: CsvTable, column: string) => table.rows.map((row) => Number(row[column]));
const largest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i])));

describe.each(["axis", "roll", "healpix", "disabled"])(
  "the golden search %s, as Leopard-EM does it",
  (name) => {
    const [expected, parameters, above] = ["", "_parameters", "_above_threshold"].map((end) =>
      parseCsv(extra(`${name}${end}.csv`), name),
    );
    let found: CsvTable[];
    beforeAll(async () => {
      found = await search(name);
    });

    test("scores are Leopard-EM's", () => {
      // float32 transforms on both sides; rounding of rotations that are multiples of 90° is repeated, or samples would be lost
      for (const column of ["refined_mip", "refined_scaled_mip"]) {
        expect(largest(numbers(found[0], column), numbers(expected, column))).toBeLessThan(1e-3);
      }
    });

    test("orientations are Leopard-EM's", () => {
      for (const column of ["refined_phi", "refined_theta", "refined_psi"]) {
        const turns = numbers(found[0], column).map((angle, i) => {
          const turn = (((angle - Number(expected.rows[i][column])) % 360) + 540) % 360;
          return Math.abs(turn - 180);
        });
        expect(Math.max(...turns)).toBeLessThan(0.01);
      }
    });

    test("all other columns are the same, in the same order", () => {
      expect(found[0].columns).toEqual(expected.columns);
      const isScore = (column: string) => /refined_(mip|scaled_mip|phi|theta|psi)|path$/.test(column);
      for (const column of expected.columns.filter((name) => !isScore(name))) {
        const cells = (table: CsvTable) => table.rows.map((row) => row[column]);
        expect([column, cells(found[0])]).toEqual([column, cells(expected)]);
      }
    });

    test("the cutoff is the same, and so are the rows above it", () => {
      const { threshold, ...counts } = found[1].rows[0];
      const { threshold: cutoff, ...others } = parameters.rows[0];
      expect(counts).toEqual(others);
      expect(Number(threshold)).toBeCloseTo(Number(cutoff), 12);
      expect(found[2].rows.map((row) => row[""])).toEqual(above.rows.map((row) => row[""]));
    });
  },
);
