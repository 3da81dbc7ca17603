import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { readText } from "../../io/index.ts";
import type { DeformationField } from "../../optics/index.ts";
import type { MovieSettings } from "../config/refineConfig.ts";
import { boxConventions } from "../leopard/boxes.ts";
import type { BoxPosition } from "../particles/boxes.ts";
import { parseDeformationTable } from "../particles/deformationTable.ts";
import { parseParticleShifts } from "../particles/particleShifts.ts";
import type { StackParticle } from "../particles/particleStack.ts";
import type { TiffOptions } from "../search/searchInputs.ts";
import { type Movie, openMovie } from "./movie.ts";
import type { ParticleMovie } from "./movieBoxes.ts";

/** Whose boxes are cut out of a movie. */
export interface MovieParticles {
  /** Of one micrograph, at one voltage. */
  readonly particles: readonly StackParticle[];
  /** Where they lie in it, pixels. */
  readonly centres: readonly BoxPosition[];
  /** Interpolate a deformation field as Leopard-EM does. */
  readonly compat?: boolean;
  readonly tiff?: TiffOptions;
}

const KEYS: OptionKeys<MovieParticles> = { particles: true, centres: true, compat: true, tiff: true };

/**
 * Opens a movie and reads how the particles of a table move in it. Whoever opened it closes `movie`.
 *
 * @throws {VitrineError} as `openMovie`, `parseParticleShifts`, `parseDeformationTable`; unsupported: particles of several
 *   micrographs or voltages
 */
export async function openParticleMovie(
  settings: MovieSettings,
  placed: MovieParticles,
): Promise<ParticleMovie> {
  requireKnownOptions("openParticleMovie", placed, KEYS);
  const { particles } = placed;
  requireOne(particles, ({ micrographPath }) => micrographPath, `the micrograph of ${settings.path}`);
  requireOne(particles, ({ optics }) => `${optics.voltageKv} kV`, "the voltage of the first row");
  const movie = await openMovie(settings.path, placed.tiff);
  try {
    const exposure = {
      dosePerFrameA2: settings.dosePerFrameA2,
      preExposureA2: settings.preExposureA2,
      ...(particles.length > 0 && { voltageKv: particles[0].optics.voltageKv }),
    };
    const shiftsPx = await readShifts(settings.motion, movie, placed);
    return { movie, shiftsPx, pixelSizesA: particles.map(({ pixelSizeA }) => pixelSizeA), exposure };
  } catch (error) {
    await movie.close();
    throw error;
  }
}

async function readShifts(
  motion: MovieSettings["motion"],
  movie: Movie,
  placed: MovieParticles,
): Promise<Float64Array> {
  if (motion.kind === "aligned") return new Float64Array(2 * movie.frames * placed.particles.length);
  const { kind, path } = motion;
  const text = await readText(path);
  if (kind === "deformation") return fieldShifts(parseDeformationTable(text, path), movie, placed);
  return parseParticleShifts(text, path, { frames: movie.frames, particles: placed.particles.length });
}

/** The field tells where the specimen went: images are moved back. One pixel size for the whole movie, as in Leopard-EM. */
function fieldShifts(
  field: DeformationField,
  { frames, shape: [height, width] }: Movie,
  { particles, centres, compat = false }: MovieParticles,
): Float64Array {
  const { deformationAt } = boxConventions(compat).movie;
  const shifts = new Float64Array(2 * frames * centres.length);
  for (let frame = 0; frame < frames; frame++) {
    centres.forEach(({ y, x }, i) => {
      const at = [fraction(frame, frames), fraction(y, height), fraction(x, width)] as const;
      const [yA, xA] = deformationAt(field, at);
      const index = 2 * (frame * centres.length + i);
      shifts[index] = -yA / particles[0].pixelSizeA;
      shifts[index + 1] = -xA / particles[0].pixelSizeA;
    });
  }
  return shifts;
}

/** Where `index` of `count` lies, from 0 to 1. */
function fraction(index: number, count: number): number {
  return count === 1 ? 0 : index / (count - 1);
}

function requireOne(
  particles: readonly StackParticle[],
  nameOf: (particle: StackParticle) => string,
  expected: string,
): void {
  const other = particles.find((particle) => nameOf(particle) !== nameOf(particles[0]));
  if (other === undefined) return;
  throw new VitrineError({
    code: "unsupported",
    at: other.at,
    expected: `${expected}, ${nameOf(particles[0])}`,
    found: nameOf(other),
    hint: "Divide the table: a movie is of one micrograph",
  });
}
