import {
  type EulerZyz,
  type Image,
  type OptionKeys,
  requireKnownOptions,
  type Shape2,
  seededRandom,
  VitrineError,
} from "../../core/index.ts";
import type { OpticsParameters } from "../../optics/index.ts";
import { drawMolecule } from "./drawMolecule.ts";
import type { Molecule } from "./simulateMolecule.ts";

const MICROGRAPH_KEYS: OptionKeys<MicrographOptions> = {
  shape: true,
  pixelSizeA: true,
  boxSize: true,
  optics: true,
  signal: true,
  seed: true,
};

/** A particle of a simulated micrograph. */
export interface PlantedParticle extends EulerZyz {
  /** Left and top edge of the particle's box, pixels, as in a search's `pos_x` and `pos_y`; may be fractional. */
  readonly posX: number;
  readonly posY: number;
  /** Added to both defocus values of the optics, Å. */
  readonly relativeDefocusA: number;
}

export interface MicrographOptions {
  readonly shape: Shape2;
  readonly pixelSizeA: number;
  /** n of the (n, n, n) template: a particle's centre lies at its position plus floor(n / 2). */
  readonly boxSize: number;
  readonly optics: OpticsParameters;
  /**
   * Mean over the particles of sqrt(sum of squared signal), in units of the noise: the z-score that a perfect filter
   * would give in white noise. A search gives less, since its angles are on a grid.
   */
  readonly signal: number;
  /** Of the noise. */
  readonly seed: number;
}

/**
 * A micrograph of molecules in ice: projections of atoms, the microscope's CTF, white noise of variance 1. Protein is dark.
 *
 * Nothing here uses the search's transforms or slices: every atom is drawn where the rotation puts it, so that a found
 * pose is an independent check.
 *
 * @param molecule   what is seen
 * @param particles  where, at which rotation (an atom at x is seen at transpose(R) x), at which defocus
 * @throws {VitrineError} range: a box that does not lie inside the micrograph
 */
export function simulateMicrograph(
  molecule: Molecule,
  particles: readonly PlantedParticle[],
  options: MicrographOptions,
): Image {
  requireKnownOptions("simulateMicrograph", options, MICROGRAPH_KEYS);
  const { shape, pixelSizeA, boxSize, optics, signal, seed } = options;
  particles.forEach((particle, i) => {
    requireInside(particle, `simulateMicrograph(particles[${i}])`, { shape, boxSize });
  });
  const size = 2 * boxSize; // the CTF spreads a particle beyond its box
  const stamps = particles.map((particle) => {
    const { posX, posY, relativeDefocusA } = particle;
    const pose = { ...particle, shiftX: posX - Math.floor(posX), shiftY: posY - Math.floor(posY) };
    return drawMolecule(molecule, pose, { size, pixelSizeA, optics, relativeDefocusA });
  });
  const random = seededRandom(seed);
  const data = Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal());
  const scale = signal / (mean(stamps.map(norm)) || 1);
  const toStamp = Math.floor(boxSize / 2) - size / 2; // from the box's corner to the stamp's
  particles.forEach(({ posX, posY }, i) => {
    const position = { size, scale, top: Math.floor(posY) + toStamp, left: Math.floor(posX) + toStamp };
    addStamp({ data, shape }, stamps[i], position);
  });
  return { data, shape, pixelSizeA };
}

/** Where a stamp goes, and what it is multiplied with. */
export interface StampPosition {
  readonly size: number;
  readonly scale: number;
  readonly top: number;
  readonly left: number;
}

/** Adds a stamp to an image; what lies outside is cut off. */
export function addStamp(
  { data, shape: [height, width] }: Pick<Image, "data" | "shape">,
  stamp: ArrayLike<number>,
  { size, scale, top, left }: StampPosition,
): void {
  for (let y = Math.max(0, -top); y < Math.min(size, height - top); y++) {
    for (let x = Math.max(0, -left); x < Math.min(size, width - left); x++)
      data[(top + y) * width + left + x] += scale * stamp[y * size + x];
  }
}

/** @throws {VitrineError} range: a box that does not lie inside the micrograph */
export function requireInside(
  { posX, posY }: PlantedParticle,
  at: string,
  { shape, boxSize }: { readonly shape: Shape2; readonly boxSize: number },
): void {
  if (posX >= 0 && posY >= 0 && posX <= shape[1] - boxSize && posY <= shape[0] - boxSize) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: `a box of ${boxSize} pixels inside ${shape.join(" x ")}`,
    found: `its corner at x ${posX}, y ${posY}`,
  });
}

/** Root of the sum of squares. */
export function norm(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
