import type { EulerZyz } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { angleBetweenDeg, symmetryRotations } from "../../optics/index.ts";
import type { Log } from "../../program/index.ts";
import { symmetryOption, toSymmetry } from "../config/configSearch.ts";
import {
  centresOf,
  FOREIGN_KEYS,
  type ForeignTableOptions,
  foreignOptions,
  type ParticleStack,
  readParticlePlaces,
} from "./particleStack.ts";

/** Where a particle lies and how it is turned. */
export interface ParticlePose extends EulerZyz {
  /** Top-left corner of the template, pixels. */
  readonly posX: number;
  readonly posY: number;
  /** Particles of different micrographs are never the same; absent: of the only one. */
  readonly micrographPath?: string;
}

/** How particles are compared. */
export interface CompareOptions {
  /** Of the molecule: views that are alike count as the same. Default "C1". */
  readonly symmetry?: string;
  /** Farther apart than this, two particles are not the same; default 3 pixels. */
  readonly nearPx?: number;
}

/** A planted particle and what was found there. */
export interface ParticleMatch<Found, Planted> {
  readonly planted: Planted;
  readonly found: Found;
  readonly distancePx: number;
  /** Of the smallest rotation between both poses, modulo the symmetry. */
  readonly angleDeg: number;
}

/** What was found against what was planted. */
export interface ParticleComparison<Found, Planted> {
  /** In the order of what was planted. */
  readonly matches: readonly ParticleMatch<Found, Planted>[];
  readonly missed: readonly Planted[];
  /** Found where nothing was planted. */
  readonly extra: readonly Found[];
}

/**
 * Pairs what was found with what was planted, the closest pairs first, each particle once.
 *
 * @throws {VitrineError} unsupported: no such symmetry
 */
export function compareParticles<Found extends ParticlePose, Planted extends ParticlePose>(
  found: readonly Found[],
  planted: readonly Planted[],
  options: CompareOptions = {},
): ParticleComparison<Found, Planted> {
  requireKnownOptions("compareParticles", options, { symmetry: true, nearPx: true });
  const { symmetry = "C1", nearPx = 3 } = options;
  const rotations = symmetryRotations(toSymmetry(symmetry, "symmetry"));
  const partners = new Map<Planted, { found: Found; distancePx: number }>();
  const taken = new Set<Found>();
  for (const pair of nearPairs(found, planted, nearPx)) {
    if (partners.has(pair.planted) || taken.has(pair.found)) continue;
    partners.set(pair.planted, pair);
    taken.add(pair.found);
  }
  const matches = planted.flatMap((particle) => {
    const partner = partners.get(particle);
    if (partner === undefined) return [];
    const { found, distancePx } = partner;
    return [{ planted: particle, found, distancePx, angleDeg: angleBetweenDeg(particle, found, rotations) }];
  });
  return {
    matches,
    missed: planted.filter((particle) => !partners.has(particle)),
    extra: found.filter((particle) => !taken.has(particle)),
  };
}

/** Every pair that may be one particle, the closest first. */
function nearPairs<Found extends ParticlePose, Planted extends ParticlePose>(
  found: readonly Found[],
  planted: readonly Planted[],
  nearPx: number,
) {
  const pairs: { found: Found; planted: Planted; distancePx: number }[] = [];
  for (const particle of planted) {
    for (const other of found) {
      if (fileName(other.micrographPath) !== fileName(particle.micrographPath)) continue;
      const distancePx = Math.hypot(other.posX - particle.posX, other.posY - particle.posY);
      if (distancePx <= nearPx) pairs.push({ found: other, planted: particle, distancePx });
    }
  }
  return pairs.sort((a, b) => a.distancePx - b.distancePx);
}

/** Two tables may reach one micrograph by different folders. */
export function fileName(path: string | undefined): string | undefined {
  return path?.replace(/^.*[/\\]/, "");
}

/** A particle of a table that is compared. */
export interface TableParticle extends ParticlePose {
  /** Row of the table, from 1. */
  readonly row: number;
  /** Refined where there is a refined one; NaN where the table has none. */
  readonly zScore: number;
}

/** A comparison of two tables. */
export type TableComparison = ParticleComparison<TableParticle, TableParticle>;

/**
 * Compares two particle tables, of searches, refinements or simulations; refined values count where there are some.
 *
 * @throws {VitrineError} as `readParticlePlaces` and {@link compareParticles}
 */
export async function compareParticleTables(
  foundPath: string,
  plantedPath: string,
  { onLog, ...options }: CompareOptions & ForeignTableOptions & { readonly onLog?: Log } = {},
): Promise<TableComparison> {
  requireKnownOptions("compareParticleTables", options, { symmetry: true, nearPx: true, ...FOREIGN_KEYS });
  if (options.symmetry !== undefined) symmetryOption(options.symmetry, "symmetry", onLog);
  const found = await readParticlePlaces(foundPath, { onLog, ...foreignOptions(options) });
  const planted = await readParticlePlaces(plantedPath, { onLog, ...foreignOptions(options) });
  warnOfPixels(found, planted, onLog);
  // Corners as searches write them, but where a table of another program knows centres alone, or templates differ in size.
  const hasNone = [found, planted].some(({ particles }) => particles.some(({ posX }) => Number.isNaN(posX)));
  const byCentre = hasNone || halfOf(found) !== halfOf(planted);
  const read = (stack: ParticleStack) => tableParticles(stack, byCentre);
  const { symmetry, nearPx } = options;
  return compareParticles(read(found), read(planted), {
    ...(symmetry !== undefined && { symmetry }),
    ...(nearPx !== undefined && { nearPx }),
  });
}

/** Positions are compared in pixels, which the two tables should count alike. */
function warnOfPixels(found: ParticleStack, planted: ParticleStack, onLog: Log | undefined): void {
  for (const particle of planted.particles) {
    const other = found.particles.find(
      ({ micrographPath, pixelSizeA }) =>
        fileName(micrographPath) === fileName(particle.micrographPath) &&
        Math.abs(pixelSizeA - particle.pixelSizeA) > 0.01 * particle.pixelSizeA,
    );
    if (other === undefined) continue;
    const [a, b] = [other.pixelSizeA, particle.pixelSizeA];
    const text = `${other.at}: pixels of ${a} Å, ${particle.at}: of ${b} Å; positions are compared as they are, in pixels`;
    onLog?.(text, "warning");
    return;
  }
}

/** How far a particle's centre lies from the corner of its template, pixels; undefined for no particles. */
function halfOf({ table }: ParticleStack): number | undefined {
  const [row] = table.rows;
  return row && Math.round(Number(row.pos_x_img) - Number(row.pos_x));
}

function tableParticles(stack: ParticleStack, byCentre: boolean): TableParticle[] {
  const { particles, table } = stack;
  const centres = byCentre ? centresOf(stack) : [];
  const column = table.columns.includes("refined_scaled_mip") ? "refined_scaled_mip" : "scaled_mip";
  return particles.map(({ phiDeg, thetaDeg, psiDeg, micrographPath, ...corner }, i) => {
    const [posX, posY] = byCentre ? [centres[i].x, centres[i].y] : [corner.posX, corner.posY];
    const text = (table.rows[i][column] ?? "").trim(); // other programs know none
    const zScore = text === "" ? Number.NaN : Number(text);
    return { row: i + 1, posX, posY, phiDeg, thetaDeg, psiDeg, micrographPath, zScore };
  });
}
