import { type Random, seededRandom, VitrineError, type Volume } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";

/** Atoms of a molecule, each a Gaussian blob; the origin lies near their centre of mass. */
export interface Molecule {
  /** (atoms, 3) xyz in Å. */
  readonly positionsA: Float64Array;
  /** Integral of each blob; electrons of a light atom. */
  readonly weights: Float64Array;
  /** Standard deviation of every blob, Å. */
  readonly sigmaA: number;
}

export interface MoleculeOptions {
  readonly seed: number;
  /** Some hundred to some thousand. */
  readonly atomCount: number;
  /** No atom lies farther from the origin, Å. */
  readonly radiusA: number;
  /** Width of an atom, Å; about one voxel or more keeps a sampled map free of aliases. */
  readonly sigmaA: number;
}

interface Lobe {
  readonly centre: readonly [number, number, number];
  readonly radius: number;
}

const ELECTRONS = [6, 6, 6, 7, 8, 8, 16]; // C, N, O and S, roughly as often as in proteins

/**
 * A synthetic globular molecule: atoms that fill five overlapping lobes of different sizes, so that it has no symmetry
 * and looks different from every side.
 *
 * @throws {VitrineError} range: no atoms, or a radius or width that is not above 0
 */
export function simulateMolecule(options: MoleculeOptions): Molecule {
  requireKnownOptions("simulateMolecule", options, {
    seed: true,
    atomCount: true,
    radiusA: true,
    sigmaA: true,
  });
  const { seed, atomCount, radiusA, sigmaA } = options;
  for (const [name, value] of Object.entries({ atomCount, radiusA, sigmaA })) {
    if (value > 0) continue;
    const at = `simulateMolecule(${name})`;
    throw new VitrineError({ code: "range", at, expected: "a number above 0", found: String(value) });
  }
  const random = seededRandom(seed);
  const lobes = makeLobes(random, radiusA);
  const positionsA = fillLobes(lobes, atomCount, random);
  const weights = Float64Array.from({ length: atomCount }, () => pick(ELECTRONS, random));
  centreWithin(positionsA, weights, radiusA);
  return { positionsA, weights, sigmaA };
}

/** A large lobe in the middle and four that overlap it and reach the border, each smaller than the one before. */
function makeLobes(random: Random, radiusA: number): Lobe[] {
  const lobes: Lobe[] = [{ centre: [0, 0, 0], radius: 0.5 * radiusA }];
  for (const size of [0.4, 0.34, 0.28, 0.22]) {
    const [x, y, z] = randomDirection(random);
    const distance = (0.96 - size) * radiusA;
    lobes.push({ centre: [x * distance, y * distance, z * distance], radius: size * radiusA });
  }
  return lobes;
}

/** Every lobe gets its share of the atoms by volume, evenly spread. */
function fillLobes(lobes: readonly Lobe[], atomCount: number, random: Random): Float64Array {
  const positions = new Float64Array(3 * atomCount);
  for (let atom = 0; atom < atomCount; atom++) {
    const { centre, radius } = lobes[lobeOfShare(lobes, (atom + 0.5) / atomCount)];
    const distance = radius * Math.cbrt(random.uniform());
    const direction = randomDirection(random);
    direction.forEach((value, axis) => {
      positions[3 * atom + axis] = centre[axis] + distance * value;
    });
  }
  return positions;
}

function lobeOfShare(lobes: readonly Lobe[], share: number): number {
  const volumes = lobes.map(({ radius }) => radius ** 3);
  let left = share * volumes.reduce((sum, volume) => sum + volume, 0);
  const index = volumes.findIndex((volume) => {
    left -= volume;
    return left <= 0;
  });
  return index < 0 ? lobes.length - 1 : index;
}

/** Moves the centre of mass to the origin, and shrinks the molecule if an atom then lies outside `radiusA`. */
function centreWithin(positions: Float64Array, weights: Float64Array, radiusA: number): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = [0, 0, 0];
  positions.forEach((value, i) => {
    mean[i % 3] += (value * weights[Math.floor(i / 3)]) / total;
  });
  positions.forEach((value, i) => {
    positions[i] = value - mean[i % 3];
  });
  let farthest = 0;
  for (let i = 0; i < positions.length; i += 3)
    farthest = Math.max(farthest, Math.hypot(positions[i], positions[i + 1], positions[i + 2]));
  const shrink = Math.min(1, radiusA / (farthest || 1));
  for (let i = 0; i < positions.length; i++) positions[i] *= shrink;
}

function randomDirection(random: Random): [number, number, number] {
  const z = 2 * random.uniform() - 1;
  const angle = 2 * Math.PI * random.uniform();
  const inPlane = Math.sqrt(1 - z * z);
  return [inPlane * Math.cos(angle), inPlane * Math.sin(angle), z];
}

function pick(values: readonly number[], random: Random): number {
  return values[Math.floor(random.uniform() * values.length)];
}

/**
 * Samples a molecule on a grid; the molecule's origin lies at voxel floor(n / 2).
 *
 * @param options  `boxSize`: n; `voxelSizeA`: Å
 * @returns        (n, n, n) zyx, density per voxel: its sum is the sum of the weights
 */
export function volumeFromMolecule(
  { positionsA, weights, sigmaA }: Molecule,
  options: { readonly boxSize: number; readonly voxelSizeA: number },
): Volume {
  requireKnownOptions("volumeFromMolecule", options, { boxSize: true, voxelSizeA: true });
  const { boxSize, voxelSizeA } = options;
  const data = new Float32Array(boxSize ** 3);
  const profiles = [0, 1, 2].map(() => new Float64Array(boxSize));
  for (let atom = 0; atom < weights.length; atom++) {
    const spans = profiles.map((profile, axis) => {
      const centre = positionsA[3 * atom + axis] / voxelSizeA + Math.floor(boxSize / 2);
      return gaussianProfile(profile, centre, sigmaA / voxelSizeA);
    });
    addBlob(data, profiles, { spans, weight: weights[atom] });
  }
  return { data, shape: [boxSize, boxSize, boxSize], voxelSizeA };
}

/** Begin and end of the pixels that a blob touches. */
export type Span = readonly [begin: number, end: number];

/** Fills `profile` with a normalised Gaussian where it is not negligible (5 sigma: 4e-6 of the peak). */
export function gaussianProfile(profile: Float64Array, centre: number, sigma: number): Span {
  const begin = Math.max(0, Math.ceil(centre - 5 * sigma));
  const end = Math.min(profile.length, Math.floor(centre + 5 * sigma) + 1);
  const norm = 1 / (sigma * Math.sqrt(2 * Math.PI));
  for (let i = begin; i < end; i++) profile[i] = norm * Math.exp(-0.5 * ((i - centre) / sigma) ** 2);
  return [begin, end];
}

function addBlob(
  data: Float32Array,
  [alongX, alongY, alongZ]: readonly Float64Array[],
  { spans: [spanX, spanY, spanZ], weight }: { readonly spans: readonly Span[]; readonly weight: number },
): void {
  const n = alongX.length;
  for (let z = spanZ[0]; z < spanZ[1]; z++) {
    for (let y = spanY[0]; y < spanY[1]; y++) {
      const row = (z * n + y) * n;
      const factor = weight * alongZ[z] * alongY[y];
      for (let x = spanX[0]; x < spanX[1]; x++) data[row + x] += factor * alongX[x];
    }
  }
}
