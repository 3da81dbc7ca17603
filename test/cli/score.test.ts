import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeMrc } from "../../src/io/index.ts";
import { readMoleculesCsv } from "../../src/subtomogram/index.ts";
import { vitrineHere } from "../support/command.ts";
import { subtomogramGolden } from "../support/subtomogramCase.ts";
import { tiltSeriesGolden } from "../support/tiltSeriesCase.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-score-"));
  copyFileSync(tiltSeriesGolden("acryo.json"), join(folder, "series.json"));
  copyFileSync(tiltSeriesGolden("tilts.mrc"), join(folder, "tilts.mrc"));
  copyFileSync(tiltSeriesGolden("molecules.csv"), join(folder, "molecules.csv"));
  // Two Gaussians: what the golden scores of images are of.
  const data = Float32Array.from({ length: 3375 }, (_, i) => {
    const [z, y, x] = [Math.floor(i / 225) - 7, (Math.floor(i / 15) % 15) - 7, (i % 15) - 7];
    const second = 0.6 * Math.exp(-((z - 2) ** 2 + (y + 2) ** 2 + (x - 2) ** 2) / 5);
    return Math.exp(-(z ** 2 + (y - 1) ** 2 + (x + 1) ** 2) / 8) + second;
  });
  await writeMrc(join(folder, "template.mrc"), { data, shape: [15, 15, 15], voxelSizeA: 5 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const call = (...args: string[]) => vitrineHere(["score", ...args], { cwd: folder });
const scores = (name: string) => JSON.parse(readFileSync(subtomogramGolden(name), "utf8"));

test("scores of two templates in a tomogram are acryo's", async () => {
  const input = [subtomogramGolden("tomo.npy"), "--molecules", subtomogramGolden("molecules_start.csv")];
  const templates = ["A", "B"].map((name) => subtomogramGolden(`template_${name}.npy`));
  const scales = ["--scale", "0.5", "--template-scale", "0.5"];
  const made = await call(
    ...input,
    "--template",
    ...templates,
    ...scales,
    "--model",
    "ncc",
    "--out",
    "two.csv",
  );
  expect([made.stderr, made.code]).toEqual(["", 0]);
  expect(made.stdout).toMatch(
    /^template 0: mean score 0\.\d{4} of \d+ molecules\ntemplate 1: .*\ntwo\.csv\n$/,
  );
  const { features } = await readMoleculesCsv(join(folder, "two.csv"));
  const wanted: number[][] = scores("scores.json").ncc_plain;
  wanted.forEach((column, t) => {
    column.forEach((score, i) => {
      expect(Math.abs(Number(features[`score-${t}`][i]) - score)).toBeLessThan(1e-4);
    });
  });
});

test("scores in each image of a tilt series, beside that of the box", async () => {
  const input = ["series.json", "--molecules", "molecules.csv", "--tomogram-size", "1,1,1", "--ctf", "none"];
  const how = [
    "--template",
    "template.mrc",
    "--cutoff",
    "0.25",
    "--each-tilt",
    "--out",
    "tilts.csv",
    "--json",
  ];
  const made = await call(...input, ...how);
  expect(made.code).toBe(0);
  const { molecules, meanScores, meanTiltScores } = JSON.parse(made.stdout);
  const { features } = await readMoleculesCsv(join(folder, "tilts.csv"));
  const tilts = Object.keys(features).filter((name) => name.startsWith("score-tilt-"));
  expect([meanScores.length, meanTiltScores[0].length, tilts.length]).toEqual([1, 13, 13]);
  const column = tilts.map((name) => features[name].reduce<number>((sum, value) => sum + Number(value), 0));
  meanTiltScores[0].forEach((mean: number, tilt: number) => {
    expect(mean).toBeCloseTo(column[tilt] / molecules, 6);
  });
});

test("images of a tomogram, and models that images are not compared by", async () => {
  const input = [
    "--molecules",
    "molecules.csv",
    "--template",
    "template.mrc",
    "--out",
    "no.csv",
    "--each-tilt",
  ];
  const tomogram = await call(subtomogramGolden("tomo.npy"), "--scale", "0.5", ...input);
  expect(tomogram.stderr).toContain(
    "expected a tilt series, to compare its images by themselves, found a tomogram",
  );
  const series = ["series.json", "--tomogram-size", "1,1,1", "--ctf", "none", "--model", "pcc"];
  expect((await call(...series, ...input)).stderr).toContain(
    "model: expected zncc or ncc for single images, found pcc.",
  );
});
