import { VitrineError } from "../../core/index.ts";
import { erf } from "../peaks/errorFunction.ts";
import { type ScatteringFactor, scatteringFactor } from "./simulateMapFactors.ts";

/**
 * h² / (2π m e) in V Å²: what turns a scattering factor in Å, spread over a volume in Å³, into a potential in V.
 * Source: Kirkland 2010, Advanced Computing in Electron Microscopy, eq. 5.9 and C.15.
 */
export const VOLT_ANGSTROM2 = 47.87765;

/** What of an atom makes its potential. */
export interface PotentialAtom {
  /** Å. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Symbol, in any case. */
  readonly element: string;
  /** Share of the molecules that have it, 0 to 1. */
  readonly occupancy: number;
  /** Å². */
  readonly bFactorA2: number;
}

/** An atom on a grid: five Gaussians about one point. */
export interface GridAtom {
  /** Position along x, y, z in voxels of the grid. */
  readonly centre: readonly [number, number, number];
  /** Integral of each Gaussian, in volts times voxels. */
  readonly weights: readonly number[];
  /** 1 / (√2 σ) of each Gaussian, in 1/voxels; negligible beyond {@link REACH} of its inverse. */
  readonly sharpness: readonly number[];
}

/** A Gaussian ends where 1e-7 of it lies beyond, on each side of an axis. */
const REACH = 3.68;

/** Cubes of voxels; the origin of the atoms' coordinates lies at the centre of voxel `origin` of each axis. */
export interface AtomGrid {
  readonly size: number;
  readonly voxelSizeA: number;
  readonly origin: number;
}

/**
 * Puts atoms on a grid. The potential of one is Σ aᵢ (4π/Bᵢ)^(3/2) exp(-4π² r²/Bᵢ), with Bᵢ = bᵢ + B: a Gaussian of
 * variance Bᵢ / 8π².
 *
 * @throws {VitrineError} unsupported: an element without scattering factor; range: coordinates, B-factors or occupancies that
 *   are not finite, or a B-factor that makes an atom sharper than a point
 */
export function placeAtoms(
  atoms: readonly PotentialAtom[],
  { voxelSizeA, origin }: AtomGrid,
  at: string,
): GridAtom[] {
  const factors = new Map<string, ScatteringFactor>();
  return atoms.map(({ x, y, z, element, occupancy, bFactorA2 }, i) => {
    let factor = factors.get(element);
    if (factor === undefined) {
      factor = scatteringFactor(element, `${at}[${i}].element`);
      factors.set(element, factor);
    }
    const isGood =
      [x, y, z, occupancy, bFactorA2].every(Number.isFinite) && Math.min(...factor.b) + bFactorA2 > 0;
    if (!isGood) throw badAtom(`${at}[${i}]`, [x, y, z, occupancy, bFactorA2]);
    const scale = (VOLT_ANGSTROM2 * occupancy) / voxelSizeA ** 3;
    return {
      centre: [x / voxelSizeA + origin, y / voxelSizeA + origin, z / voxelSizeA + origin],
      weights: factor.a.map((a) => a * scale),
      sharpness: factor.b.map((b) => (2 * Math.PI * voxelSizeA) / Math.sqrt(b + bFactorA2)),
    };
  });
}

function badAtom(at: string, [x, y, z, occupancy, bFactorA2]: readonly number[]): VitrineError {
  return new VitrineError({
    code: "range",
    at,
    expected: "finite numbers, and a B-factor that leaves the atom a width",
    found: `x ${x}, y ${y}, z ${z}, occupancy ${occupancy}, B ${bFactorA2}`,
  });
}

/** The most voxels that an atom reaches to either side. */
export function reachOf({ sharpness }: GridAtom): number {
  return REACH / Math.min(...sharpness) + 1;
}

/** One Gaussian's integral over each voxel along an axis. */
interface Profile {
  begin: number;
  end: number;
  readonly values: Float64Array;
}

/**
 * Adds atoms to sections `firstSection` and on of a grid: to each voxel the mean of the potential inside it, exactly,
 * as the product of three differences of error functions. What falls outside is left out.
 *
 * @param sections (k, size, size) zyx, volts; added to
 */
export function addAtoms(
  sections: Float32Array,
  atoms: readonly GridAtom[],
  { size, firstSection }: { readonly size: number; readonly firstSection: number },
): void {
  const lastSection = firstSection + sections.length / (size * size);
  const profile = (): Profile => ({ begin: 0, end: 0, values: new Float64Array(size + 1) });
  const [alongX, alongY, alongZ] = [profile(), profile(), profile()];
  for (const { centre, weights, sharpness } of atoms) {
    for (let i = 0; i < weights.length; i++) {
      fillProfile(alongZ, {
        centre: centre[2],
        sharpness: sharpness[i],
        begin: firstSection,
        end: lastSection,
      });
      if (alongZ.end <= alongZ.begin) continue;
      fillProfile(alongY, { centre: centre[1], sharpness: sharpness[i], begin: 0, end: size });
      fillProfile(alongX, { centre: centre[0], sharpness: sharpness[i], begin: 0, end: size });
      for (let z = alongZ.begin; z < alongZ.end; z++) {
        const factor = weights[i] * alongZ.values[z - alongZ.begin];
        const section = (z - firstSection) * size * size;
        for (let y = alongY.begin; y < alongY.end; y++) {
          addRow(sections, alongX, section + y * size, factor * alongY.values[y - alongY.begin]);
        }
      }
    }
  }
}

function addRow(data: Float32Array, { begin, end, values }: Profile, at: number, factor: number): void {
  for (let x = begin, k = 0; x < end; x++, k++) data[at + x] += factor * values[k];
}

/** Integrals over the voxels from `begin` to `end` that the Gaussian reaches; voxel i spans i - 1/2 to i + 1/2. */
function fillProfile(
  profile: Profile,
  what: { readonly centre: number; readonly sharpness: number; readonly begin: number; readonly end: number },
): void {
  const { centre, sharpness } = what;
  const reach = REACH / sharpness;
  profile.begin = Math.max(what.begin, Math.floor(centre - reach + 0.5));
  profile.end = Math.min(what.end, Math.ceil(centre + reach + 0.5));
  let below = tabulatedErf((profile.begin - 0.5 - centre) * sharpness);
  for (let i = profile.begin; i < profile.end; i++) {
    const above = tabulatedErf((i + 0.5 - centre) * sharpness);
    profile.values[i - profile.begin] = 0.5 * (above - below);
    below = above;
  }
}

/** Steps of the table per unit, and where erf is 1 to float64. */
const STEPS = 256;
const END = 6;
let table: Float64Array | undefined;

/** erf by cubic interpolation between tabulated values and slopes: |error| < 5e-12 (h⁴/384 times the fourth derivative). */
function tabulatedErf(x: number): number {
  table ??= Float64Array.from({ length: 2 * (END * STEPS + 2) }, (_, i) => {
    const node = (i >> 1) / STEPS;
    return i % 2 === 0 ? erf(node) : ((2 / Math.sqrt(Math.PI)) * Math.exp(-node * node)) / STEPS;
  });
  const position = Math.abs(x) * STEPS;
  if (position >= END * STEPS) return x < 0 ? -1 : 1;
  const node = Math.floor(position);
  const t = position - node;
  const y0 = table[2 * node];
  const m0 = table[2 * node + 1];
  const m1 = table[2 * node + 3];
  const rise = table[2 * node + 2] - y0;
  const value = y0 + t * (m0 + t * (3 * rise - 2 * m0 - m1 + t * (m0 + m1 - 2 * rise)));
  return x < 0 ? -value : value;
}
