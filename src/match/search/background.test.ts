import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readMap, scratchFolder, smallConfiguration, writeConfig } from "../../../test/support/searchCase.ts";
import { seededRandom } from "../../core/index.ts";
import { formatMrc } from "../../io/index.ts";
import { symmetryRotations } from "../../optics/index.ts";
import { runCoarseMatch } from "../coarse/coarseProgram.ts";
import { redrawMatch } from "../coarse/redrawMatch.ts";
import { readParticleStack } from "../particles/particleStack.ts";
import { simulateMicrograph } from "../simulate/simulateMicrograph.ts";
import { type Molecule, volumeFromMolecule } from "../simulate/simulateMolecule.ts";
import { runMatch } from "./program.ts";

const folder = scratchFolder();
const SIZE = 32;
const SHAPE = [160, 150] as const;
const PIXEL = 2;
const PLANTED = [
  { posX: 12, posY: 20, phiDeg: 20, thetaDeg: 40, psiDeg: 10, relativeDefocusA: 0 },
  { posX: 90, posY: 35, phiDeg: 70, thetaDeg: 80, psiDeg: 200, relativeDefocusA: 0 },
  { posX: 45, posY: 100, phiDeg: 10, thetaDeg: 60, psiDeg: 100, relativeDefocusA: 0 },
];

/** A shell of 24 equal parts, as a ferritin: it looks nearly the same from every side. */
function shell(): Molecule {
  const random = seededRandom(7);
  const part = Array.from({ length: 12 }, () => {
    const direction = [random.normal(), random.normal(), random.normal()];
    const length = Math.hypot(...direction);
    return direction.map((value) => (20 * value) / length);
  });
  const positions = symmetryRotations("O").flatMap((m) =>
    part.flatMap(([x, y, z]) => [0, 3, 6].map((row) => m[row] * x + m[row + 1] * y + m[row + 2] * z)),
  );
  return {
    positionsA: Float64Array.from(positions),
    weights: new Float64Array(positions.length / 3).fill(7),
    sigmaA: 3,
  };
}

function configured({ seed, signal }: { readonly seed: number; readonly signal: number }) {
  const configuration = smallConfiguration(folder, { image: SHAPE, template: SIZE });
  const optics = {
    ...{ voltageKv: 300, sphericalAberrationMm: 2.7, amplitudeContrast: 0.07 },
    ...{ defocusUA: 9000, defocusVA: 8600, astigmatismAngleDeg: 25 },
  };
  const molecule = shell();
  const micrograph = simulateMicrograph(molecule, PLANTED, {
    ...{ shape: SHAPE, pixelSizeA: PIXEL, boxSize: SIZE, optics, signal, seed },
  });
  writeFileSync(configuration.micrograph_path, formatMrc({ ...micrograph, voxelSizeA: PIXEL }));
  const volume = volumeFromMolecule(molecule, { boxSize: SIZE, voxelSizeA: PIXEL });
  writeFileSync(configuration.template_volume_path, formatMrc(volume));
  return writeConfig(folder, {
    ...configuration,
    defocus_search_config: { enabled: false },
    orientation_search_config: { symmetry: "O", psi_step: 30, theta_step: 20 },
  });
}

const config = configured({ seed: 3, signal: 12 });
const options = {
  ...{ workers: 1, overwrite: true, maskRadiusPx: SIZE / 2, particlesPath: join(folder, "p.csv") },
};

test("a template of high symmetry, whose z-scores vanish, is found over the background", async () => {
  const own = await runMatch(config, options);
  expect(own.particles.filter(isPlanted)).toHaveLength(0);
  const found = await runMatch(config, { ...options, background: true });
  expect(found.particles.filter(isPlanted)).toHaveLength(3);
  expect(found.particles).toHaveLength(3);
  // what comes after sees the same mean and deviation
  const [mean, deviation] = [readMap(folder, "correlation_average"), readMap(folder, "correlation_variance")];
  expect([new Set(mean).size, new Set(deviation).size]).toEqual([1, 1]);
  const { table } = await readParticleStack(options.particlesPath);
  const [row] = table.rows;
  const score = (Number(row.mip) - Number(row.correlation_mean)) / Number(row.correlation_variance);
  expect(Number(row.scaled_mip)).toBeCloseTo(score, 4);
  const drawn = await redrawMatch(config, { ...options, picturePath: join(folder, "again.png") });
  expect(drawn.particles).toEqual(found.particles);
});

test("noise has no particles over the background", async () => {
  // 4 micrographs with one false positive expected in all of them
  for (const seed of [1, 2, 3, 4]) {
    const noise = configured({ seed, signal: 1e-6 });
    const { particles } = await runMatch(noise, { ...options, background: true, falsePositives: 0.25 });
    expect(particles.length).toBeLessThan(2);
  }
});

test("a coarse pass, which chooses candidates by each pixel's own, refuses it", async () => {
  const config = configured({ seed: 3, signal: 12 });
  const coarse = runCoarseMatch(config, { ...options, background: true, factor: 2 });
  await expect(coarse).rejects.toThrow(/Leave out --background/);
});

function isPlanted({ x, y }: { readonly x: number; readonly y: number }): boolean {
  return PLANTED.some(({ posX, posY }) => Math.hypot(posX - x, posY - y) < 3);
}
