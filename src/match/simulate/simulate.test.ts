import { expect, test } from "vitest";
import { matrixFromZyz, VitrineError } from "../../core/index.ts";
import type { OpticsParameters } from "../../optics/index.ts";
import { drawMolecule } from "./drawMolecule.ts";
import { scatterParticles } from "./scatterParticles.ts";
import { type PlantedParticle, simulateMicrograph } from "./simulateMicrograph.ts";
import { type Molecule, simulateMolecule, volumeFromMolecule } from "./simulateMolecule.ts";

const molecule = simulateMolecule({ seed: 1, atomCount: 400, radiusA: 40, sigmaA: 2.4 });
const centred = { phiDeg: 0, thetaDeg: 0, psiDeg: 0, shiftX: 0, shiftY: 0 };
const grid = { size: 64, pixelSizeA: 2 };
const optics: OpticsParameters = {
  voltageKv: 300,
  sphericalAberrationMm: 2.7,
  amplitudeContrast: 0.07,
  defocusUA: 6000,
  defocusVA: 5500,
  astigmatismAngleDeg: 30,
};

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));

function correlation(a: Float64Array, b: Float64Array): number {
  const dot = (p: Float64Array, q: Float64Array) => p.reduce((total, value, i) => total + value * q[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

test("a molecule repeats with its seed, is centred, and stays within its radius", () => {
  const { positionsA, weights } = molecule;
  expect(simulateMolecule({ seed: 1, atomCount: 400, radiusA: 40, sigmaA: 2.4 })).toEqual(molecule);
  for (const axis of [0, 1, 2])
    expect(sum(weights.map((weight, atom) => weight * positionsA[3 * atom + axis]))).toBeCloseTo(0, 8);
  const radii = Array.from(weights, (_, atom) => Math.hypot(...positionsA.subarray(3 * atom, 3 * atom + 3)));
  expect(Math.max(...radii)).toBeLessThanOrEqual(40 * (1 + 1e-12));
  expect(Math.max(...radii)).toBeGreaterThan(28); // it fills its box
});

test.each([64, 63])("the map of %i voxels holds all the density, about voxel floor(n / 2)", (boxSize) => {
  const volume = volumeFromMolecule(molecule, { boxSize, voxelSizeA: 2 });
  // float32 storage, and the cut at 5 sigma (6e-7 of each axis)
  expect(sum(volume.data) / sum(molecule.weights)).toBeCloseTo(1, 5);
  const centre = [0, 0, 0];
  const total = sum(molecule.weights);
  volume.data.forEach((value, i) => {
    const place = [i % boxSize, Math.floor(i / boxSize) % boxSize, Math.floor(i / boxSize ** 2)];
    place.forEach((p, axis) => {
      centre[axis] += (value * (p - Math.floor(boxSize / 2))) / total;
    });
  });
  expect(largest(centre)).toBeLessThan(1e-4);
});

test("drawn unrotated and without optics, it is the sum of its map along z", () => {
  const { data } = volumeFromMolecule(molecule, { boxSize: 64, voxelSizeA: 2 });
  const sums = new Float64Array(64 * 64);
  data.forEach((value, i) => {
    sums[i % (64 * 64)] += value;
  });
  const drawn = drawMolecule(molecule, centred, grid);
  // Both cut atoms at 5 sigma (4e-6 of a blob's peak); the map is float32.
  expect(largest(drawn.map((value, i) => value - sums[i])) / largest(sums)).toBeLessThan(1e-5);
});

test("an atom at x is seen at transpose(R) x, shifted", () => {
  const atom: Molecule = { positionsA: Float64Array.of(14, -9, 21), weights: Float64Array.of(1), sigmaA: 3 };
  const pose = { phiDeg: 25, thetaDeg: 70, psiDeg: -110, shiftX: 0.25, shiftY: -3.5 };
  const image = drawMolecule(atom, pose, grid);
  const m = matrixFromZyz(pose);
  const expected = [0, 1].map((column) => (14 * m[column] - 9 * m[3 + column] + 21 * m[6 + column]) / 2);
  const found = [0, 0];
  image.forEach((value, i) => {
    found[0] += value * ((i % 64) - 32);
    found[1] += value * (Math.floor(i / 64) - 32);
  });
  expect(found[0]).toBeCloseTo(expected[0] + 0.25, 4);
  expect(found[1]).toBeCloseTo(expected[1] - 3.5, 4);
});

test("with amplitude contrast alone the image is minus the projection, without its mean", () => {
  const amplitude = { ...optics, amplitudeContrast: 1, sphericalAberrationMm: 0, defocusUA: 0, defocusVA: 0 };
  const projection = drawMolecule(molecule, centred, grid);
  const mean = sum(projection) / projection.length;
  const image = drawMolecule(molecule, centred, { ...grid, optics: amplitude });
  // The CTF is stored as float32.
  expect(largest(image.map((value, i) => value + projection[i] - mean)) / largest(projection)).toBeLessThan(
    1e-6,
  );
});

test("views from different sides differ", () => {
  const views = [
    [0, 0],
    [0, 90],
    [90, 90],
    [0, 180],
  ].map(([phiDeg, thetaDeg]) =>
    drawMolecule(molecule, { ...centred, phiDeg, thetaDeg }, { ...grid, optics }),
  );
  for (let a = 0; a < views.length; a++)
    for (let b = 0; b < a; b++) expect(correlation(views[a], views[b])).toBeLessThan(0.6);
});

const setting = { shape: [180, 200], pixelSizeA: 2, boxSize: 48, optics, signal: 11, seed: 5 } as const;
const planted: PlantedParticle[] = [
  { posX: 0, posY: 40, phiDeg: 10, thetaDeg: 50, psiDeg: 0, relativeDefocusA: 0 },
  { posX: 100.5, posY: 132, phiDeg: 200, thetaDeg: 100, psiDeg: 77, relativeDefocusA: 300 },
];

test("without particles a micrograph is noise of variance 1", () => {
  const { data, shape, pixelSizeA } = simulateMicrograph(molecule, [], setting);
  expect([shape, pixelSizeA]).toEqual([[180, 200], 2]);
  const mean = sum(data) / data.length;
  expect(Math.abs(mean)).toBeLessThan(0.02); // 4 standard errors
  expect(Math.abs(sum(data.map((value) => (value - mean) ** 2)) / data.length - 1)).toBeLessThan(0.03);
});

test("particles add the stated signal around their centres", () => {
  const noise = simulateMicrograph(molecule, [], setting);
  const image = simulateMicrograph(molecule, planted, setting);
  const signal = image.data.map((value, i) => value - noise.data[i]);
  // Both norms together; a little of the border's particle falls off the image.
  const total = Math.sqrt(sum(signal.map((value) => value * value)) / 2);
  expect(total).toBeGreaterThan(0.97 * 11);
  expect(total).toBeLessThan(1.03 * 11);
  const inBoxes = signal.map((value, i) => {
    const [x, y] = [i % 200, Math.floor(i / 200)];
    const isInside = planted.some(
      ({ posX, posY }) => x >= posX && x < posX + 48 && y >= posY && y < posY + 48,
    );
    return isInside ? value * value : 0;
  });
  expect(Math.sqrt(sum(inBoxes) / 2)).toBeGreaterThan(0.9 * total);
});

test("a box outside the micrograph is refused", () => {
  const outside = [{ ...planted[0], posX: 153 }];
  expect(() => simulateMicrograph(molecule, outside, setting)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: simulateMicrograph(particles[0]): expected a box of 48 pixels inside 180 x 200, found its corner at x 153, y 40.]`,
  );
});

test("scattered particles: one at the border, two that overlap, the others apart; the same for the same seed", () => {
  const options = { count: 9, shape: [1024, 1024], boxSize: 96, seed: 3 } as const;
  const places = scatterParticles(options);
  expect(scatterParticles(options)).toEqual(places);
  expect(places).toHaveLength(9);
  expect(places[0].posX).toBe(0);
  const distance = (a: number, b: number) =>
    Math.hypot(places[a].posX - places[b].posX, places[a].posY - places[b].posY);
  expect(Math.abs(distance(1, 2) - 48)).toBeLessThan(1);
  for (let a = 0; a < 9; a++)
    for (let b = 0; b < a; b++) if (a !== 2 || b !== 1) expect(distance(a, b)).toBeGreaterThan(96);
  expect(() => scatterParticles({ ...options, count: 200 })).toThrow(VitrineError);
});

test("scattered particles may take their rotations from a grid", () => {
  const eulerAnglesDeg = Float32Array.of(10, 20, 30, 100, 110, 120);
  const options = { count: 6, shape: [600, 600], boxSize: 64, seed: 3, eulerAnglesDeg } as const;
  const angles = (jitterDeg: number) =>
    scatterParticles({ ...options, jitterDeg }).map(({ phiDeg, thetaDeg, psiDeg }) => [
      phiDeg,
      thetaDeg,
      psiDeg,
    ]);
  const both = [
    [10, 20, 30],
    [100, 110, 120],
  ];
  const exact = angles(0);
  for (const chosen of exact) expect(both).toContainEqual(chosen);
  expect(new Set(exact.map(String)).size).toBe(2);
  angles(2).forEach((chosen, i) => {
    chosen.forEach((angle, axis) => {
      expect(Math.abs(angle - exact[i][axis])).toBeLessThanOrEqual(2);
    });
    expect(chosen).not.toEqual(exact[i]);
  });
});
