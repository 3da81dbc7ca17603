import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseMrcHeader, readMrcVolume } from "../../src/io/index.ts";
import { readTiltSeries } from "../../src/subtomogram/index.ts";
import { vitrineHere } from "../support/command.ts";
import { tiltSeriesGolden } from "../support/tiltSeriesCase.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-reconstruct-"));
  copyFileSync(tiltSeriesGolden("acryo.json"), join(folder, "series.json"));
  copyFileSync(tiltSeriesGolden("tilts.mrc"), join(folder, "tilts.mrc"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const call = (...args: string[]) => vitrineHere(["reconstruct", "series.json", ...args], { cwd: folder });

test("a tomogram of a tilt series, with its picture, and molecules found in it where they are", async () => {
  const size = ["--tomogram-size", "24,26,20", "--ctf", "none", "--patch", "16"];
  const made = await call(...size, "--out", "t.mrc", "--picture", "t.png");
  expect(made.stderr).toBe("");
  expect(made.stdout).toBe(
    "reconstructed 20 x 26 x 24 voxels (z, y, x) of 0.5 nm of 13 tilts: t.mrc, t.png\n",
  );
  expect(existsSync(join(folder, "t.png"))).toBe(true);
  const { data, shape } = await readMrcVolume(join(folder, "t.mrc"));
  expect([
    shape,
    parseMrcHeader(readFileSync(join(folder, "t.mrc")).subarray(0, 1024), "t.mrc").spaceGroup,
  ]).toEqual([[20, 26, 24], 1]);
  // A Gaussian of the series lies at its centre, voxel n // 2 of each axis.
  const { detectorCentre } = await readTiltSeries(join(folder, "series.json"));
  expect(detectorCentre).toBe("floor");
  const highest = data.reduce((best, value, i) => (value > data[best] ? i : best), 0);
  const place = [Math.floor(highest / (26 * 24)), Math.floor(highest / 24) % 26, highest % 24];
  place.forEach((at, axis) => {
    expect(Math.abs(at - [10, 13, 12][axis])).toBeLessThanOrEqual(3);
  });
});

test("coarser, dark, of the other hand", async () => {
  const size = ["--tomogram-size", "24,26,20", "--ctf", "none", "--scale", "1", "--patch", "8"];
  const bright = await call(...size, "--out", "bright.mrc");
  const dark = await call(...size, "--out", "dark.mrc", "--keep-contrast");
  const mirrored = await call(...size, "--out", "mirrored.mrc", "--mirror");
  expect([bright.code, dark.code, mirrored.code]).toEqual([0, 0, 0]);
  const [a, b, c] = await Promise.all(
    ["bright", "dark", "mirrored"].map((name) => readMrcVolume(join(folder, `${name}.mrc`))),
  );
  expect(a.shape).toEqual([10, 13, 12]);
  expect(Array.from(b.data)).toEqual(Array.from(a.data, (value) => -value || value));
  expect(Array.from(c.data)).not.toEqual(Array.from(a.data));
});

test("wrong calls", async () => {
  const missing = await call("--out", "x.mrc");
  expect(missing.stderr).toContain("expected the tomogram's size, from whose centre tilt series count");
  const small = await call("--out", "x.mrc", "--tomogram-size", "24,26,20", "--patch", "4");
  expect(small.stderr).toContain("expected a whole number from 8, found 4");
  const there = await call("--out", "bright.mrc", "--tomogram-size", "24,26,20");
  expect(there.stderr).toContain("--overwrite");
  expect([missing.code, small.code, there.code]).toEqual([1, 1, 1]);
});
