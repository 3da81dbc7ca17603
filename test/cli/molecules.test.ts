import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { vitrineHere } from "../support/command.ts";

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "vitrine-molecules-"));
  await writeFile(
    join(cwd, "m.csv"),
    "z,y,x,zvec,yvec,xvec,score\n29.835,54,73.98,1.642168,1.104093,0.45733,0.5\n",
  );
});
afterAll(() => rm(cwd, { recursive: true }));

test("molecules of acryo become a table of RELION 5, and come back", async () => {
  const about = ["--pixel-size", "1.35", "--tomogram-size", "1000,1000,400", "--tomogram", "TS_01"];
  const written = await vitrineHere(["convert", "m.csv", "m.star", ...about], { cwd });
  expect(written).toMatchObject({ code: 0, stdout: "wrote m.star: 1 molecule\n" });
  expect(written.stderr).toContain("left out score");
  expect(await readFile(join(cwd, "m.star"), "utf8")).toMatch(/TS_01 +64.8000 +-135.0000 +28.3500/);
  const back = await vitrineHere(["convert", "m.star", "back.csv", ...about, "--json"], { cwd });
  expect(JSON.parse(back.stdout)).toMatchObject({ results: { molecules: 1 }, warnings: [] });
  const [, row] = (await readFile(join(cwd, "back.csv"), "utf8")).split("\n");
  expect(
    row
      .split(",")
      .slice(0, 6)
      .map((cell) => Number(cell).toFixed(3)),
  ).toEqual(["29.835", "54.000", "73.980", "1.642", "1.104", "0.457"]);
});

test("what is missing is named with its option", async () => {
  const failed = await vitrineHere(["convert", "m.csv", "n.star"], { cwd });
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("Give the name of the one tomogram with --tomogram");
  const noPixel = await vitrineHere(["convert", "m.csv", "n.tbl"], { cwd });
  expect(noPixel.stderr).toContain("Give it with --pixel-size");
});
