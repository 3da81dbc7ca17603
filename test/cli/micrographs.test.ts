import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseCsv } from "../../src/io/index.ts";
import { dyingAt, filesBelow, vitrine, vitrineHere } from "../support/command.ts";
import { expectSameResults, manyCase as makeCase, values } from "../support/manyCase.ts";
import { type Configuration, scratchFolder } from "../support/searchCase.ts";

const scratch = scratchFolder();

const manyCase = (name: string, change?: (configuration: Configuration) => void) =>
  makeCase(scratch, name, change);

test("a pattern of micrographs: results of each under its name, one joint table, a line each", async () => {
  const { folder, args, micrographs, table, config, options } = manyCase("pattern");
  const end = await vitrineHere(args);
  expect([end.code, end.stderr]).toEqual([0, ""]);
  const joint = parseCsv(readFileSync(table, "utf8"), table);
  expect(end.stdout).toMatch(
    new RegExp(`^${joint.rows.length} particles in 3 micrographs\n  ${micrographs[0]} +\\d+ above z 3.50\n`),
  );
  const stems = ["a", "b", "c"];
  const own = stems.map((stem) => join(folder, `out/particles_${stem}.csv`));
  const rows = own.flatMap((path) => parseCsv(readFileSync(path, "utf8"), path).rows);
  expect(joint.rows.map((row) => row.particle_index)).toEqual(rows.map((_, i) => String(i)));
  const without = (all: typeof rows) => all.map(({ particle_index: _, ...row }) => row);
  expect(without([...joint.rows])).toEqual(without(rows));
  expect([...new Set(joint.rows.map((row) => row.micrograph_path))]).toEqual(micrographs);
  expect(joint.rows[0].mip_path).toBe(join(folder, "out/mip_a.mrc"));
  expect(filesBelow(join(folder, "out")).filter((file) => file.startsWith("mip"))).toEqual(
    stems.map((stem) => `mip_${stem}.mrc`),
  );
  // each is what a search of that micrograph alone gives
  const alone = manyCase("alone", (configuration) => {
    configuration.micrograph_path = micrographs[1];
  });
  await vitrineHere(["match", alone.config, "--particles", alone.table, ...alone.options.slice(2)]);
  expect(values(join(folder, "out/mip_b.mrc")).equals(values(join(alone.folder, "out/mip.mrc")))).toBe(true);
  const again = await vitrineHere(args);
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringMatching(/particles\.csv: expected no file of this name/),
  ]);
  const twice = await vitrineHere(["match", config, config, ...options]);
  expect(twice.stderr).toMatch(/config\.yaml: expected each file once/);
});

test("several configurations keep their own maps, have tables of their own and a joint one; maps in one place are refused", async () => {
  const first = manyCase("first");
  const second = manyCase("second");
  const rename = (path: string, name: string) => {
    const to = join(scratch, name);
    writeFileSync(to, readFileSync(path));
    return to;
  };
  const configs = [rename(first.config, "one.yaml"), rename(second.config, "two.yaml")];
  const end = await vitrineHere(["match", ...configs, ...first.options, "--json"]);
  const { results } = JSON.parse(end.stdout);
  expect(results.micrographs.map((one: { configPath: string }) => one.configPath)).toEqual(configs);
  expect(filesBelow(join(first.folder, "out")).filter((file) => file.endsWith(".csv"))).toEqual([
    "particles.csv",
    "particles_one.csv",
    "particles_two.csv",
  ]);
  expect(existsSync(join(second.folder, "out/mip.mrc"))).toBe(true);
  const third = manyCase("third");
  const same = [rename(third.config, "three.yaml"), rename(third.config, "four.yaml")];
  const clash = await vitrineHere(["match", ...same, ...third.options]);
  expect([clash.code, clash.stderr]).toEqual([
    1,
    expect.stringMatching(/mip\.mrc: expected one result of this name, found two results/),
  ]);
});

test("a CTF table gives each micrograph its own defocus, which its rows say", async () => {
  const { folder, args, table } = manyCase("ctf");
  const star = join(folder, "micrographs_ctf.star");
  const rows = ["mics/a.mrc 9000 8600 25", "mics/b.mrc 12000 11000 40"].join("\n");
  const names = ["rlnMicrographName", "rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle"];
  writeFileSync(star, `data_micrographs\n\nloop_\n${names.map((name) => `_${name}`).join("\n")}\n${rows}\n`);
  args.splice(3, 1, star);
  const end = await vitrineHere(args);
  expect([end.code, end.stderr]).toEqual([0, ""]);
  const joint = parseCsv(readFileSync(table, "utf8"), table);
  const defocus = joint.rows.map((row) =>
    [row.micrograph_path, row.defocus_u, row.defocus_v, row.astigmatism_angle].join(),
  );
  expect([...new Set(defocus)]).toEqual([
    `${join(folder, "mics/a.mrc")},9000.0,8600.0,25.0`,
    `${join(folder, "mics/b.mrc")},12000.0,11000.0,40.0`,
  ]);
});

test("three micrographs, killed in the second and resumed, give the bytes of a run without a break", async () => {
  const whole = manyCase("whole");
  const killed = manyCase("killed");
  expect((await vitrineHere(whole.args)).code).toBe(0);
  const nodeArgs = dyingAt("/mip_b.mrc.checkpoint");
  expect((await vitrine([...killed.args, "--checkpoint", "0"], { nodeArgs })).signal).toBe("SIGKILL");
  const first = readFileSync(join(killed.folder, "out/mip_a.mrc"));
  const careless = await vitrineHere(killed.args);
  expect([careless.code, careless.stderr]).toEqual([
    1,
    expect.stringMatching(
      /particles\.csv\.run: expected no earlier run, found its record\. Continue with --resume/,
    ),
  ]);
  const end = await vitrineHere([...killed.args, "--resume"]);
  expect(end.stderr).toMatch(
    /mics\/a\.mrc is done already\n.*continuing at block \d+ of \d+ from .*mip_b\.mrc\.checkpoint/,
  );
  expect(end.code).toBe(0);
  expect(readFileSync(join(killed.folder, "out/mip_a.mrc")).equals(first)).toBe(true); // not searched again
  expectSameResults(killed.folder, whole.folder);
});

test("where the first micrograph is refused, nothing stays that would have to be resumed", async () => {
  const { args, table, micrographs } = manyCase("refused");
  const whole = readFileSync(micrographs[0]);
  for (const wrong of ["no MRC", whole.subarray(0, 1500)]) {
    writeFileSync(micrographs[0], wrong);
    const end = await vitrineHere(args);
    expect([end.code, existsSync(`${table}.run`)], end.stderr).toEqual([1, false]);
  }
  writeFileSync(micrographs[0], whole);
  const again = await vitrineHere(args);
  expect([again.code, again.stderr]).toEqual([0, ""]);
});

test("what an earlier run did of other inputs is not gone on with", async () => {
  const { folder, args, table, micrographs } = manyCase("foreign");
  expect((await vitrineHere(args)).code).toBe(0);
  const report = {
    micrographPath: "a",
    configPath: "c",
    particles: 0,
    zCutoff: 1,
    correlations: 1,
    files: [],
  };
  const record = { version: 1, kernels: "wasm simd", done: { _a: { identity: "0", report } }, current: null };
  writeFileSync(`${table}.run`, JSON.stringify(record));
  const end = await vitrineHere([...args, "--resume", "--overwrite"]);
  expect(end.stderr).toContain(
    "particles.csv.run: expected searches of these configurations and micrographs, found another of a",
  );
  expect([end.code, micrographs.length, folder.length > 0]).toEqual([1, 3, true]);
});
