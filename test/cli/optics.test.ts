import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { vitrineHere } from "../support/command.ts";
import { scratchFolder, smallConfiguration, writeConfig } from "../support/searchCase.ts";

const scratch = scratchFolder();
const STAR = "data_\nloop_\n_rlnResolutionInversePixel\n_rlnMtfValue\n0 1\n0.25 0.7\n0.5 0.4\n";
const golden = (file: string) => fileURLToPath(new URL(`../golden/match/${file}`, import.meta.url));

/** A folder with a small search of these fields of the optics. */
function search(name: string, fields: Record<string, unknown>): string {
  const cwd = join(scratch, name);
  mkdirSync(cwd);
  const configuration = smallConfiguration(cwd, { image: [48, 52], template: 16 });
  writeConfig(cwd, { ...configuration, optics_group: { ...configuration.optics_group, ...fields } });
  writeFileSync(join(cwd, "camera.star"), STAR);
  return cwd;
}

test("a search reads the camera's MTF relative to the working directory, and not with --compat", async () => {
  const cwd = search("plain", { mtf_reference: "camera.star", chromatic_aberration: 2.7, energy_spread: 2 });
  const run = (...more: string[]) => vitrineHere(["match", "config.yaml", "--overwrite", ...more], { cwd });
  const known = await run();
  expect([known.code, known.stderr.includes("no effect")]).toEqual([0, false]);
  const map = readFileSync(join(cwd, "mip.mrc"));
  const compat = await run("--compat");
  expect(compat.code).toBe(0);
  const left = ["chromatic_aberration", "mtf_reference", "energy_spread"];
  for (const field of left) expect(compat.stderr).toContain(`optics_group.${field} has no effect here`);
  expect(readFileSync(join(cwd, "mip.mrc")).equals(map)).toBe(false);
});

test.each([
  [{ mtf_reference: "none.star" }, /none\.star: expected a readable file/],
  [{ energy_spred: 1 }, /optics_group\.energy_spred: expected a known key.*"energy_spread"/],
])("a search with %j fails and says why", async (fields, message) => {
  const cwd = search(`bad ${JSON.stringify(fields).replace(/\W/g, "")}`, fields);
  const end = await vitrineHere(["match", "config.yaml"], { cwd });
  expect([end.code, end.stdout]).toEqual([1, ""]);
  expect(end.stderr).toMatch(message);
});

test("files on particles have an optics group of what their tables do not tell", async () => {
  const cwd = join(scratch, "refine");
  mkdirSync(cwd);
  const absolute = (file: string) =>
    readFileSync(golden(file), "utf8").replace(/\b\w+\.mrc\b/g, (path) => golden(path));
  writeFileSync(join(cwd, "search1_particles.csv"), absolute("search1_particles.csv"));
  writeFileSync(join(cwd, "camera.star"), STAR);
  const refine = async (lines: string) => {
    writeFileSync(join(cwd, "config.yaml"), `${absolute("refine1_config.yaml")}\noptics_group:\n${lines}\n`);
    return vitrineHere(["refine", "config.yaml", "--overwrite", "--json"], { cwd });
  };
  const scores = async (lines: string) => {
    const end = await refine(lines);
    expect(end.code).toBe(0);
    return JSON.parse(end.stdout).particles.map(({ zScore }: { zScore: number }) => zScore);
  };
  expect(await scores("  mtf_reference: camera.star")).not.toEqual(await scores("  beam_tilt_x: 0"));
  const missing = await refine("  mtf_reference: none.star");
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("none.star")]);
});
