import { join } from "node:path";
import { expect, test } from "vitest";
import { caseMaker, filesBelow, OUTPUTS, vitrine, vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const smallSearch = caseMaker(scratchFolder());

test("2 tasks of this machine leave the results of a search, what they said, and no states of parts", async () => {
  const { args, config, folder } = smallSearch();
  const tasks = [...args.slice(0, -2), "--z-cutoff", "3.5", "--engine", "local", "--tasks", "2"];
  const end = await vitrine([...tasks, "--json"]);
  expect(end.code).toBe(0);
  const { results } = JSON.parse(end.stdout);
  expect(results.micrographs).toMatchObject([{ configPath: config, correlations: 483 }]);
  const files = filesBelow(folder).filter((file) => file.startsWith("out/"));
  expect(files.filter((file) => !file.includes(".jobs/"))).toEqual(OUTPUTS);
  const collected = await vitrineHere(["jobs", "collect", join(folder, "out/particles.csv.jobs/match")]);
  expect(JSON.parse(collected.stdout)).toEqual(results);
  const again = await vitrineHere(tasks);
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringMatching(/expected no file of this name, found one/),
  ]);
});

test.each([
  [["--tasks", "4"], /options of tasks need --engine local or --engine slurm/],
  [["--keep-parts"], /options of tasks need --engine local or --engine slurm/],
  [["--engine", "local", "--partition", "all"], /--partition, --account and --sbatch need --engine slurm/],
  [["--engine", "local", "--part", "1/2"], /--engine makes the parts itself/],
  [["--engine", "local", "--duration", "soon"], /Expected a time/],
  [
    ["--part", "1/2", "--micrographs", "*.mrc"],
    /--part takes one micrograph; --engine local or --engine slurm with --tasks/,
  ],
])("match %j is wrong use", async (more, message) => {
  const end = await vitrineHere([...smallSearch().args, ...more]);
  expect([end.code, end.stderr]).toEqual([2, expect.stringMatching(message)]);
});

test("a coarse pass is not divided: several tasks of it are refused before anything runs", async () => {
  const { args, folder } = smallSearch();
  const end = await vitrineHere([...args, "--coarse", "2", "--engine", "local", "--tasks", "2"]);
  expect([end.code, end.stderr]).toEqual([2, expect.stringMatching(/one task a micrograph/)]);
  expect(filesBelow(folder)).toEqual(["config.yaml", "image.mrc", "volume.mrc"]);
});
