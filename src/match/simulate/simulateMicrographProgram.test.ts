import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readMrcImage, writeMrc } from "../../io/index.ts";
import { parseMatchSettings } from "../config/config.ts";
import { readParticleStack } from "../particles/particleStack.ts";
import { runSimulateMicrograph, type SimulationOptions } from "./simulateMicrographProgram.ts";
import { simulateMolecule, volumeFromMolecule } from "./simulateMolecule.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-micrograph-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string) => join(folder, name);
const molecule = simulateMolecule({ seed: 2, atomCount: 200, radiusA: 25, sigmaA: 3 });
const volume = volumeFromMolecule(molecule, { boxSize: 32, voxelSizeA: 2.5 });
beforeAll(() => writeMrc(path("map.mrc"), volume));

const optics = {
  voltageKv: 200,
  sphericalAberrationMm: 1.4,
  amplitudeContrast: 0.08,
  phaseShiftDeg: 12,
  defocusUA: 9000,
  defocusVA: 8800,
  astigmatismAngleDeg: 40,
  bFactorA2: 25,
};
const options = (name: string): SimulationOptions => ({
  ...optics,
  micrographPath: path(`${name}.mrc`),
  truthPath: path(`${name}.csv`),
  configPath: path(`${name}.yaml`),
  shape: [120, 160],
  count: 3,
  noise: { kind: "dose", dosePerA2: 30 },
  defocusSpreadA: 300,
  symmetry: "D2",
  seed: 6,
  workers: 2,
});

test("writes the micrograph, the truth as a table of particles, and a search for them", async () => {
  const report = await runSimulateMicrograph(path("map.mrc"), options("all"));
  expect(report.files).toEqual([path("all.mrc"), path("all.csv"), path("all.yaml")]);
  expect(report.zScore).toBeGreaterThan(0);
  const image = await readMrcImage(path("all.mrc"));
  expect([image.shape, image.pixelSizeA]).toEqual([[120, 160], 2.5]);

  const { particles, table } = await readParticleStack(path("all.csv"));
  const poses = (
    list: readonly { posX: number; phiDeg: number; psiDeg: number; relativeDefocusA: number }[],
  ) => list.flatMap(({ posX, phiDeg, psiDeg, relativeDefocusA }) => [posX, phiDeg, psiDeg, relativeDefocusA]);
  const planted = poses(report.particles);
  expect(planted).toHaveLength(12);
  // angles and defocus stand in the table as float32
  poses(particles).forEach((value, i) => {
    expect(Math.abs(value - planted[i])).toBeLessThan(1e-4);
  });
  expect(particles[0].optics).toEqual(optics);
  expect([table.rows[0].scaled_mip, table.rows[0].mip]).toEqual(["", ""]);

  const settings = parseMatchSettings(readFileSync(path("all.yaml"), "utf8"), "all.yaml");
  expect(settings.optics).toMatchObject({ ...optics, pixelSizeA: 2.5 });
  expect([settings.templatePath, settings.micrographPath]).toEqual([path("map.mrc"), path("all.mrc")]);
  expect(settings.defocus).toMatchObject({ min: -300, max: 300, step: 150 });
  expect(settings.orientations).toEqual([{ psiStepDeg: 1.5, thetaStepDeg: 2.5, symmetry: "D2" }]);
  expect(settings.results.mip).toBe(path("all_mip.mrc"));
});

test("a seed gives the same bytes, whatever the number of threads", async () => {
  await runSimulateMicrograph(path("map.mrc"), { ...options("one"), workers: 1 });
  await runSimulateMicrograph(path("map.mrc"), options("two"));
  expect(readFileSync(path("one.mrc")).equals(readFileSync(path("two.mrc")))).toBe(true);
});

const REFUSED: [string, string, Partial<SimulationOptions>, RegExp][] = [
  ["a map that is not there", "none.mrc", {}, /none\.mrc: expected a readable file/],
  ["no cube", "flat.mrc", {}, /flat\.mrc: expected a cubic map, found 2 x 32 x 32/],
  ["an empty map", "zeros.mrc", {}, /zeros\.mrc: expected values other than 0, found only zeros/],
  ["a map with NaN", "nan.mrc", {}, /nan\.mrc: expected finite values, found NaN in voxel 77/],
  ["no voxel size", "unsized.mrc", {}, /a voxel size above 0 Å, found 0\. Give one with --pixel-size/],
  ["too many", "map.mrc", { count: 40 }, /room for 40 particles in 120 x 160/],
  ["no symmetry", "map.mrc", { symmetry: "Z3" }, /symmetry: expected C or D with its order, T, O or I/],
  ["no contrast", "map.mrc", { amplitudeContrast: 1.5 }, /amplitude_contrast_ratio/],
  ["the map's own path", "map.mrc", { micrographPath: path("map.mrc") }, /found an input/],
  ["a file that is there", "map.mrc", { micrographPath: path("flat.mrc") }, /flat\.mrc: .*--overwrite/],
];

test.each(REFUSED)("%s is refused and leaves nothing", async (_, map, changed, message) => {
  const zeros = new Float32Array(32 ** 3);
  const shape = [32, 32, 32] as const;
  const write = (name: string, content: Parameters<typeof writeMrc>[1]) =>
    writeMrc(path(name), content, { overwrite: true });
  await write("flat.mrc", {
    data: zeros.subarray(0, 2048),
    shape: [2, 32, 32],
    voxelSizeA: 2,
    kind: "volume",
  });
  await write("zeros.mrc", { data: zeros, shape, voxelSizeA: 2 });
  await write("nan.mrc", { data: zeros.map((_, i) => (i === 77 ? Number.NaN : 1)), shape, voxelSizeA: 2 });
  await write("unsized.mrc", { data: volume.data, shape, voxelSizeA: 0 });
  await expect(runSimulateMicrograph(path(map), { ...options("bad"), ...changed })).rejects.toThrow(message);
  expect(() => readFileSync(path("bad.csv"))).toThrow(/ENOENT/);
});
