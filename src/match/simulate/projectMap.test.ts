import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import type { OpticsParameters } from "../../optics/index.ts";
import { drawMolecule } from "./drawMolecule.ts";
import { MapProjector } from "./projectMap.ts";
import { simulateMolecule, volumeFromMolecule } from "./simulateMolecule.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

// Atoms of 1.75 voxels: 1e-7 of them lies beyond Nyquist, so that the map is what its atoms are.
const molecule = simulateMolecule({ seed: 4, atomCount: 300, radiusA: 38, sigmaA: 3.5 });
const map = volumeFromMolecule(molecule, { boxSize: 48, voxelSizeA: 2 });
const SIZE = 96;
/** What a Gaussian loses beyond its reach, and what folds back at Nyquist: exp(-8.9) is 1.4e-4. */
const ACCURACY = 2e-4;
const grid = { size: SIZE, pixelSizeA: 2 };
const pose = { phiDeg: 33, thetaDeg: 71, psiDeg: -140, shiftX: 0.3, shiftY: -2.6 };
const optics: OpticsParameters = {
  voltageKv: 300,
  sphericalAberrationMm: 2.7,
  amplitudeContrast: 0.1,
  defocusUA: 7000,
  defocusVA: 6500,
  astigmatismAngleDeg: 30,
};

const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  largest(Array.from(a, (value, i) => value - b[i])) / largest(b);

async function projector<T>(volume: typeof map, use: (projector: MapProjector) => Promise<T>): Promise<T> {
  const made = new MapProjector(pool, volume, SIZE);
  try {
    return await use(made);
  } finally {
    made.dispose();
  }
}

test("a projection is what atoms drawn one by one give, with and without the microscope", async () => {
  await projector(map, async (one) => {
    expect(difference(await one.project(pose), drawMolecule(molecule, pose, grid))).toBeLessThan(ACCURACY);
    const microscope = { optics, relativeDefocusA: 400 };
    const drawn = drawMolecule(molecule, pose, { ...grid, ...microscope });
    expect(difference(await one.project(pose, microscope), drawn)).toBeLessThan(ACCURACY);
    const tilted = { ...microscope, optics: { ...optics, beamTiltMrad: [3, -2] as const } };
    const coma = drawMolecule(molecule, pose, { ...grid, ...tilted });
    expect(difference(await one.project(pose, tilted), coma)).toBeLessThan(ACCURACY);
  });
});

test("an odd map lies about voxel floor(n / 2) too", async () => {
  const odd = volumeFromMolecule(molecule, { boxSize: 47, voxelSizeA: 2 });
  const image = await projector(odd, (one) => one.project(pose));
  expect(difference(image, drawMolecule(molecule, pose, grid))).toBeLessThan(ACCURACY);
});

test("unrotated it is the sum along z of every frequency within the circle", async () => {
  const image = await projector(map, (one) =>
    one.project({ ...pose, phiDeg: 0, thetaDeg: 0, psiDeg: 0, shiftX: 0, shiftY: 0 }),
  );
  const sums = new Float64Array(SIZE * SIZE);
  map.data.forEach((value, i) => {
    const [x, y] = [i % 48, Math.floor(i / 48) % 48];
    sums[(y + 24) * SIZE + x + 24] += value;
  });
  expect(difference(image, sums)).toBeLessThan(ACCURACY);
});

test("a map at the last frequency before Nyquist comes back whole", async () => {
  // The worst case of the spreading.
  const data = new Float32Array(16 ** 3);
  data[(8 * 16 + 8) * 16 + 8] = 1;
  const image = await projector({ data, shape: [16, 16, 16], voxelSizeA: 2 }, (one) =>
    one.project({ phiDeg: 0, thetaDeg: 0, psiDeg: 0, shiftX: 0.37, shiftY: 0 }),
  );
  let [re, im] = [0, 0];
  const frequency = (SIZE / 2 - 1) / SIZE;
  image.forEach((value, i) => {
    const angle = 2 * Math.PI * frequency * ((i % SIZE) - SIZE / 2 - 0.37);
    re += value * Math.cos(angle);
    im += value * Math.sin(angle);
  });
  expect(Math.hypot(re - 1, im)).toBeLessThan(ACCURACY);
});

test.each([
  [
    "no cube",
    { data: new Float32Array(24), shape: [2, 3, 4] as const },
    SIZE,
    /expected a cubic map, found 2 x 3 x 4/,
  ],
  [
    "NaN",
    { data: Float32Array.of(Number.NaN), shape: [1, 1, 1] as const },
    SIZE,
    /finite values, found NaN in voxel 0/,
  ],
  ["an odd image", { data: Float32Array.of(1), shape: [1, 1, 1] as const }, 31, /an even number, found 31/],
])("%s is refused", (_, volume, size, message) => {
  expect(() => new MapProjector(pool, { ...volume, voxelSizeA: 2 }, size)).toThrow(message);
});
