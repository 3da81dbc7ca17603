import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { caseMaker, filesBelow, OUTPUTS, vitrine, vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const smallSearch = caseMaker(scratchFolder());

/** Values of a result, without the time of writing in an MRC file's label and the folder of the case. */
function values(folder: string, file: string): string {
  const bytes = readFileSync(join(folder, file));
  if (file.endsWith(".mrc")) return bytes.subarray(1024).toString("base64");
  return bytes.toString().replaceAll(`${folder}/`, "");
}

test("4 tasks of this machine give byte for byte what one search gives", async () => {
  const [whole, tasks] = [smallSearch(), smallSearch()];
  expect((await vitrineHere([...whole.args, "--z-cutoff", "3.5"])).code).toBe(0);
  const args = [...tasks.args.slice(0, -2), "--z-cutoff", "3.5", "--engine", "local", "--tasks", "4"];
  const end = await vitrine([...args, "--json"]);
  expect([end.code, end.stderr]).toEqual([0, ""]);
  const { results } = JSON.parse(end.stdout);
  expect(results.micrographs).toMatchObject([{ configPath: tasks.config, correlations: 483 }]);
  for (const file of OUTPUTS)
    expect(values(tasks.folder, file) === values(whole.folder, file), file).toBe(true);
  const states = filesBelow(join(tasks.folder, "out/mip.mrc.parts"));
  expect(states).toEqual([1, 2, 3, 4].map((i) => `part-${i}-of-4.state`));
  const again = await vitrineHere(args);
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringMatching(/expected no file of this name, found one/),
  ]);
});

test("options of tasks without an engine, and of a cluster without one, are wrong use", async () => {
  const { args } = smallSearch();
  for (const [more, message] of [
    [["--tasks", "4"], /options of tasks need --engine local or --engine slurm/],
    [["--engine", "local", "--partition", "all"], /--partition, --account and --sbatch need --engine slurm/],
    [["--engine", "local", "--part", "1/2"], /--engine makes the parts itself/],
    [["--engine", "local", "--duration", "soon"], /Expected a time/],
  ] as const) {
    const end = await vitrine([...args, ...more]);
    expect([end.code, end.stderr]).toEqual([2, expect.stringMatching(message)]);
  }
});
