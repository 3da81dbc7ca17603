import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseMatchConfig } from "../../src/match/index.ts";
import { vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const scratch = scratchFolder();
const golden = (file: string) => fileURLToPath(new URL(`../golden/match/${file}`, import.meta.url));

/** A folder with golden configurations, and one that is wrong. */
function folderOf(name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  for (const file of ["search1_config.yaml", "refine1_config.yaml"])
    writeFileSync(join(folder, file), readFileSync(golden(file)));
  const text = readFileSync(golden("search1_config.yaml"), "utf8");
  writeFileSync(
    join(folder, "short.yaml"),
    text.replaceAll(/\n {2}(spherical|amplitude|ctf|phase)\w+: .*/g, ""),
  );
  writeFileSync(join(folder, "wrong.yaml"), text.replace("voltage: 300.0", "voltage: -3"));
  return folder;
}

test("a configuration is checked and printed with every default, which the program reads as the same", async () => {
  const cwd = folderOf("print");
  const end = await vitrineHere(["config", "short.yaml"], { cwd });
  expect(end.code).toBe(0);
  expect(end.stderr.match(/short\.yaml computational_config\.\w+ has no effect here/g)?.length).toBe(3);
  const read = (text: string) => parseMatchConfig(text, "test");
  expect(read(end.stdout)).toEqual(read(readFileSync(join(cwd, "short.yaml"), "utf8")));
  expect(end.stdout).toMatch(/ {2}spherical_aberration: 2\.7\n/);
  const json = await vitrineHere(["config", "short.yaml", "--json"], { cwd });
  const { results, warnings } = JSON.parse(json.stdout);
  expect([results, warnings.length]).toEqual([read(end.stdout), 3]);
});

test("it goes to a file as YAML or JSON, and never over another", async () => {
  const cwd = folderOf("out");
  const end = await vitrineHere(["config", "refine1_config.yaml", "--out", "a.json"], { cwd });
  expect([end.code, end.stdout]).toEqual([0, "wrote a.json: configuration of vitrine refine\n"]);
  const back = await vitrineHere(["config", "a.json", "--out", "b.yaml", "--json"], { cwd });
  expect(JSON.parse(back.stdout).results).toEqual({ path: "b.yaml", program: "refine" });
  expect(readFileSync(join(cwd, "b.yaml"), "utf8")).toMatch(
    /particle_stack:\n {2}df_path: search1_particles.csv/,
  );
  const again = await vitrineHere(["config", "a.json", "--out", "b.yaml"], { cwd });
  expect([again.code, again.stdout]).toEqual([1, ""]);
  expect(again.stderr).toMatch(/b\.yaml: expected .* found/);
  expect((await vitrineHere(["config", "a.json", "--out", "b.yaml", "--overwrite"], { cwd })).code).toBe(0);
});

test("a refinement runs from JSON as from YAML", async () => {
  const cwd = folderOf("run");
  const absolute = (text: string) => text.replace(/\b\w+\.mrc\b/g, (file) => golden(file));
  writeFileSync(
    join(cwd, "search1_particles.csv"),
    absolute(readFileSync(golden("search1_particles.csv"), "utf8")),
  );
  const config = absolute(readFileSync(golden("refine2_config.yaml"), "utf8"));
  writeFileSync(join(cwd, "r.yaml"), config.replace("defocus_step: 150.0", "defocus_step: 3e2"));
  expect((await vitrineHere(["config", "r.yaml", "--out", "r.json"], { cwd })).code).toBe(0);
  const tables: unknown[] = [];
  // One after the other: commands in this process share its output.
  for (const file of ["r.yaml", "r.json"]) {
    const end = await vitrineHere(["refine", file, "--particles", `${file}.csv`, "--workers", "1"], { cwd });
    tables.push([end.code, readFileSync(join(cwd, `${file}.csv`), "utf8")]);
  }
  expect(tables[0]).toEqual(tables[1]);
});

describe("wrong use and wrong files", () => {
  test.each([
    [["config"], 2, /missing required argument 'config'/],
    [
      ["config", "short.yaml", "--program", "optimise"],
      2,
      /Allowed choices are match, refine, constrained-search/,
    ],
    [["config", "short.yaml", "--out", "a.toml"], 2, /ends with \.yaml, \.yml or \.json/],
    [["config", "absent.yaml"], 1, /^vitrine: absent\.yaml: expected a readable file/],
    [
      ["config", "wrong.yaml"],
      1,
      /^vitrine: wrong\.yaml optics_group\.voltage: expected a number above 0, found -3\.\n$/,
    ],
    [
      ["config", "short.yaml", "--program", "refine"],
      1,
      /^vitrine: short\.yaml [\w.]+: expected a known key/,
    ],
    [
      ["config", "vague.yaml"],
      1,
      /^vitrine: vague\.yaml: expected the configuration of one of .* alike\. Name it with --program/,
    ],
  ])("%j", async (args, code, message) => {
    const cwd = join(scratch, "wrong");
    mkdirSync(cwd, { recursive: true });
    const text = readFileSync(golden("search1_config.yaml"), "utf8");
    writeFileSync(join(cwd, "short.yaml"), text);
    writeFileSync(join(cwd, "wrong.yaml"), text.replace("voltage: 300.0", "voltage: -3"));
    writeFileSync(join(cwd, "vague.yaml"), "preprocessing_filters: {}\n");
    const end = await vitrineHere(args, { cwd });
    expect([end.code, end.stdout]).toEqual([code, ""]);
    expect(end.stderr).toMatch(message);
  });
});
