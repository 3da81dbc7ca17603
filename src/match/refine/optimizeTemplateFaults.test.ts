import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { SIDE, writeOptimizeCase } from "../../../test/support/optimizeCase.ts";
import { withoutSizes, writeStackOf } from "../../../test/support/particleStackFile.ts";
import { filesOf, scratchFolder } from "../../../test/support/searchCase.ts";
import { readConfig } from "../config/configPrograms.ts";
import { type OptimizeTemplateProgramOptions, runOptimizeTemplate } from "./optimizeTemplateProgram.ts";

const scratch = scratchFolder();

describe("bad input is refused in one line, before anything is made", () => {
  const folder = join(scratch, "bad");
  const original = { nominalA: 1.4, trueA: 1.4 };
  beforeAll(() => {
    writeOptimizeCase(folder, original);
  });
  const particles = () => readFileSync(join(folder, "particles.csv"), "utf8");
  const atoms = () => readFileSync(join(folder, "atoms.pdb"), "utf8");
  const edited = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  /** The configuration with some of its text replaced. */
  const configured = (...changes: readonly (readonly [string, string])[]) => {
    const text = readFileSync(join(folder, "config.yaml"), "utf8");
    return edited(
      "changed.yaml",
      changes.reduce((now, [from, to]) => now.replaceAll(from, to), text),
    );
  };
  const run = (config: string, options: OptimizeTemplateProgramOptions = {}) =>
    runOptimizeTemplate(config, { workers: 1, resultsPath: join(folder, "refused.txt"), ...options });

  test.each<[string, () => string, OptimizeTemplateProgramOptions, RegExp]>([
    [
      "no such configuration",
      () => join(folder, "absent.yaml"),
      {},
      /absent\.yaml: expected a readable file/,
    ],
    [
      "broken YAML",
      () => edited("broken.yaml", "simulator: [1, {"),
      {},
      /broken\.yaml line 1 .*expected YAML/,
    ],
    ["no such atoms", () => configured(["atoms.pdb", "absent.pdb"]), {}, /absent\.pdb/],
    [
      "a file without atoms",
      () => configured(["atoms.pdb", edited("none.pdb", "END\n").replace(`${folder}/`, "")]),
      {},
      /none\.pdb/,
    ],
    [
      "a charge that is none",
      () =>
        configured([
          "atoms.pdb",
          edited("odd.pdb", atoms().replace(/ C {2}\n/, " C++\n")).replace(`${folder}/`, ""),
        ]),
      {},
      /odd\.pdb line \d+: expected a charge/,
    ],
    ["no such table", () => configured(["particles.csv", "absent.csv"]), {}, /absent\.csv/],
    [
      "a table without rows",
      () =>
        configured([
          "particles.csv",
          edited("empty.csv", particles().split("\n", 1)[0]).replace(`${folder}/`, ""),
        ]),
      {},
      /empty\.csv: expected at least one particle, found none/,
    ],
    [
      "a template wider than the box",
      () => configured(["- 56", "- 40"]),
      {},
      /extracted_box_size: expected at least .*48 x 48, found 40 x 40/,
    ],
    [
      "a z-score that no particle reaches",
      () => join(folder, "config.yaml"),
      { minSnr: 25 },
      /particles\.csv: expected a particle with a z-score of at least 25, found 20 at most\. Lower it with --min-snr/,
    ],
    [
      "a patience of 0",
      () => join(folder, "config.yaml"),
      { patience: 0 },
      /patience: expected a whole number of at least 1, found 0/,
    ],
    [
      "atoms outside the box",
      () => configured([`- ${SIDE}`, "- 32"]),
      {},
      /atoms: expected all inside a box/,
    ],
    [
      "a camera's file that is not there",
      () => configured(["apply_dqe: false", "mtf_reference: absent.star"]),
      {},
      /absent\.star/,
    ],
  ])("%s", async (_, config, options, message) => {
    await expect(run(config(), options)).rejects.toThrow(message);
    expect(filesOf(folder).filter((name) => name.startsWith("refused"))).toEqual([]);
  });

  test("results that are there already, or that would fall on an input", async () => {
    const config = join(folder, "config.yaml");
    writeFileSync(join(folder, "old_all.csv"), "kept");
    await expect(run(config, { resultsPath: join(folder, "old.txt") })).rejects.toThrow(
      /old_all\.csv: expected no file of this name, found one\. Allow it with --overwrite/,
    );
    writeFileSync(join(folder, "old2_pix=1.415.csv"), "kept");
    const tables = { resultsPath: join(folder, "old2.txt"), writeTables: true };
    await expect(run(config, tables)).rejects.toThrow(/old2_pix=1\.415\.csv: expected no file/);
    expect(readFileSync(join(folder, "old_all.csv"), "utf8")).toBe("kept");
    const onInput = { resultsPath: join(folder, "atoms.pdb"), overwrite: true };
    await expect(run(config, onInput)).rejects.toThrow(
      /atoms\.pdb: expected one result of this name, found an input/,
    );
  });

  test("an abort leaves nothing", async () => {
    const signal = AbortSignal.abort();
    await expect(run(join(folder, "config.yaml"), { signal })).rejects.toMatchObject({ code: "aborted" });
    expect(filesOf(folder).filter((name) => name.startsWith("refused"))).toEqual([]);
  });
});

test("a stack of HDF5 says its sizes", async () => {
  const folder = join(scratch, "hdf5");
  writeOptimizeCase(folder, { nominalA: 1.4, trueA: 1.4 });
  const box = Number(
    /extracted_box_size:\s*(?:\[|- )(\d+)/.exec(readFileSync(join(folder, "config.yaml"), "utf8"))?.[1],
  );
  const [csv, h5, config] = ["particles.csv", "particles.h5", "unsized.yaml"].map((name) =>
    join(folder, name),
  );
  await writeStackOf(csv, h5, { box, template: SIDE });
  const sized = readFileSync(join(folder, "config.yaml"), "utf8");
  writeFileSync(config, withoutSizes(sized));
  const run = (path: string, name: string) =>
    runOptimizeTemplate(path, { workers: 2, resultsPath: join(folder, name) });
  const [found, expected] = [await run(config, "h5.txt"), await run(join(folder, "config.yaml"), "csv.txt")];
  expect(found.trials).toEqual(expected.trials);
  expect((await readConfig(config)).program).toBe("optimize-template");
});
