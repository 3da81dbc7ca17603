import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openMrc } from "../../src/io/index.ts";
import { vitrineHere } from "../support/command.ts";
import { motionPath, writeGoldenTable, writeMovie, writeMovieConfig } from "../support/movieCase.ts";
import { scratchFolder } from "../support/searchCase.ts";

const scratch = scratchFolder();
const table = writeGoldenTable(scratch);
const movie = writeMovie(scratch);

test("boxes of a movie, normalised and inverted, as a stack and a STAR file", async () => {
  const motion = ["--movie", movie, "--deformation", motionPath("deformation"), "--workers", "2"];
  const exposure = ["--pre-exposure", "1.5", "--fluence-per-frame", "2"];
  const args = ["extract", table, "--box", "60", "--out", "boxes.mrcs", "--normalize", "--invert"];
  const end = await vitrineHere([...args, ...motion, ...exposure, "--json"], { cwd: scratch });
  expect([end.code, end.stderr]).toEqual([
    0,
    expect.stringMatching(
      /^vitrine: boxes\.star: left out .*--full keeps it\nvitrine: \S*movie\.mrc: 3 of 9 boxes leave it and are padded.*\n$/,
    ),
  ]);
  expect(JSON.parse(end.stdout).results).toMatchObject({ particles: 9, files: ["boxes.mrcs", "boxes.star"] });
  const file = await openMrc(join(scratch, "boxes.mrcs"));
  const data = await file.readSections(0, 9);
  await file.close();
  // mean 0 beyond the radius; the rest holds bright particles
  expect(data.reduce((sum, value) => sum + value, 0)).toBeGreaterThan(0);
});

test.each([
  [["--movie", "m.mrc"], /option --movie needs --shifts <file\.csv> or --deformation <file\.csv>/],
  [["--movie", "m.mrc", "--shifts", "a", "--deformation", "b"], /'--shifts <file.csv>' cannot be used with/],
  [["--shifts", "a.csv"], /--fluence-per-frame and --workers need --movie <file>/],
  [["--fluence-per-frame", "1"], /need --movie <file>/],
  [["--fluence-per-frame", "-1"], /Expected a number of at least 0/],
  [["--background-radius", "20"], /option --background-radius needs --normalize/],
])("vitrine extract with %j is wrong use", async (args, message) => {
  const end = await vitrineHere(["extract", "a.csv", "--box", "40", ...args], { cwd: scratch });
  expect([end.code, end.stdout]).toEqual([2, ""]);
  expect(end.stderr).toMatch(message);
});

test("a table of shifts that belongs to another movie is one line, and nothing is written", async () => {
  const args = ["extract", table, "--box", "40", "--out", "none.mrcs", "--movie", movie];
  const end = await vitrineHere([...args, "--shifts", motionPath("deformation")], { cwd: scratch });
  expect([end.code, end.stdout]).toEqual([1, ""]);
  expect(end.stderr).toMatch(/deformation\.csv: expected the columns particle_index, frame.*\n$/);
  expect(existsSync(join(scratch, "none.mrcs"))).toBe(false);
});

test("vitrine refine takes a movie", async () => {
  const config = writeMovieConfig(scratch, { movie, motion: "shifts" });
  const end = await vitrineHere(["refine", config, "--json", "--workers", "2"], { cwd: scratch });
  expect(end.code).toBe(0);
  expect(JSON.parse(end.stdout).particles.length).toBe(9);
});
