import { type Backend, resampleImages } from "../../compute/index.ts";
import { type OptionKeys, requireKnownOptions, VitrineError, type Volume } from "../../core/index.ts";
import { type Mtf, mtfGain, requireMtf } from "../../optics/index.ts";
import {
  type AtomGrid,
  addAtoms,
  type GridAtom,
  type PotentialAtom,
  placeAtoms,
  reachOf,
} from "./simulateMapAtoms.ts";
import { exposureGain, filterRadially, type MapExposure, requireExposure } from "./simulateMapFilters.ts";

/** Keys of {@link MapOptions}. */
export const MAP_KEYS: OptionKeys<MapOptions> = {
  boxSize: true,
  pixelSizeA: true,
  centerAtoms: true,
  removeHydrogens: true,
  bFactorScaling: true,
  additionalBFactorA2: true,
  upsampling: true,
  exposure: true,
  mtf: true,
  cutOutside: true,
  signal: true,
};

/** How atoms become a map; names as ttsim3d's where they mean the same. */
export interface MapOptions {
  /** n of the (n, n, n) map. */
  readonly boxSize: number;
  readonly pixelSizeA: number;
  /** Move the mean of the atoms' positions to the map's centre; default true. Else their origin lies there. */
  readonly centerAtoms?: boolean;
  /** Default false. */
  readonly removeHydrogens?: boolean;
  /** Multiplies every B-factor; default 1. (ttsim3d has a further factor of 1/4: give 0.25 for its maps.) */
  readonly bFactorScaling?: number;
  /** Added to every B-factor afterwards, Å²; default 0. */
  readonly additionalBFactorA2?: number;
  /**
   * Voxels of the finer grid, along each axis of one voxel, on which the potential is averaged before the spectrum is
   * cut to the map's. 1: each voxel is the mean of the potential inside it. Default: 1 for pixels to 0.75 Å, 2 to 1.5 Å, else 4.
   */
  readonly upsampling?: number;
  /** Dose filter; none where absent. */
  readonly exposure?: MapExposure;
  /** Camera's transfer function, multiplied onto the spectrum; none where absent. (ttsim3d applies that of a K2 unless told not to.) */
  readonly mtf?: Mtf;
  /** Leave out what lies outside the box; default false: an error. */
  readonly cutOutside?: boolean;
  readonly signal?: AbortSignal;
}

const CALL = "simulateMap()";
/** Floats of finer sections that are made at a time: 64 MiB. */
const PIECE = 2 ** 24;
/** Voxels along an edge of the finer grid. */
const LARGEST = 4096;

/**
 * The electrostatic potential of a structure in volts, as electrons see it: five Gaussians an atom, widened by its B-factor,
 * averaged over voxels exactly. The sum of the map times a voxel's volume is 47.878 V Å² Σ occupancy f(0), whatever the
 * grid and the dose filter. Atoms lie in vacuum: solvent is left out.
 *
 * ttsim3d's values are the phase shift of a voxel in radians times 1.043: 1.043 λ pixelSizeA / 47.878 V Å² times these (at
 * 300 kV and 1 Å: 4.29e-4).
 *
 * @param backend  for Fourier transforms: of finer grids and of the dose filter
 * @param atoms  Å; one model
 * @returns      (n, n, n) zyx, volts; the centre lies at voxel floor(n / 2)
 * @throws {VitrineError} missing: no atoms; range: an option outside its limits, atoms outside the box; unsupported: an
 *   element without scattering factor; aborted
 *
 * Accuracy: each voxel within 1e-6 of an atom's peak (erf tails are cut at 1e-7, sums are float32).
 * Source: Peng et al. 1996, Acta Cryst. A52:257 (factors); Himes & Grigorieff 2021, IUCrJ 8:943, eq. 12 (voxels);
 * Grant & Grigorieff 2015, eLife 4:e06980 (exposure).
 */
export async function simulateMap(
  backend: Backend,
  atoms: readonly PotentialAtom[],
  options: MapOptions,
): Promise<Volume> {
  requireKnownOptions("simulateMap", options, MAP_KEYS);
  const { boxSize, pixelSizeA, exposure, mtf, signal } = options;
  const fold = upsamplingOf(options);
  checkOptions(options, fold);
  const grid = {
    size: fold * boxSize,
    voxelSizeA: pixelSizeA / fold,
    origin: fold * Math.floor(boxSize / 2),
  };
  const placed = placeAtoms(chooseAtoms(atoms, options), grid, "simulateMap().atoms");
  if (!options.cutOutside) requireInside(placed, grid);
  const data =
    fold === 1
      ? sampleSections(placed, grid, [0, boxSize])
      : await sampleFinely(backend, placed, { grid, fold, signal });
  if (exposure !== undefined || mtf !== undefined) {
    const gain = (frequency: number) =>
      (exposure === undefined ? 1 : exposureGain(frequency / pixelSizeA, exposure)) *
      (mtf === undefined ? 1 : mtfGain(mtf, frequency));
    await filterRadially(backend, data, { size: boxSize, gain, signal });
  }
  return { data, shape: [boxSize, boxSize, boxSize], voxelSizeA: pixelSizeA };
}

/** What `upsampling` is; its default is that of ttsim3d for boxes that it would not run out of memory with. */
export function upsamplingOf({
  upsampling,
  pixelSizeA,
}: Pick<MapOptions, "upsampling" | "pixelSizeA">): number {
  if (upsampling !== undefined) return upsampling;
  return pixelSizeA > 1.5 ? 4 : pixelSizeA > 0.75 ? 2 : 1;
}

function checkOptions(options: MapOptions, fold: number): void {
  const { boxSize, pixelSizeA, bFactorScaling = 1, additionalBFactorA2 = 0, exposure } = options;
  const isCount = (value: number) => Number.isInteger(value) && value >= 1;
  const limits = [
    ["boxSize", boxSize, isCount(boxSize) && boxSize <= 2048, "a whole number from 1 to 2048"],
    ["pixelSizeA", pixelSizeA, pixelSizeA > 0, "Å above 0"],
    ["bFactorScaling", bFactorScaling, bFactorScaling >= 0, "0 or more"],
    ["additionalBFactorA2", additionalBFactorA2, true, "Å²"],
    [
      "upsampling",
      fold,
      isCount(fold) && fold * boxSize <= LARGEST,
      `a whole number from 1, times the box at most ${LARGEST}`,
    ],
  ] as const;
  for (const [name, value, holds, expected] of limits) {
    if (holds && Number.isFinite(value)) continue;
    throw new VitrineError({ code: "range", at: `${CALL}.${name}`, expected, found: String(value) });
  }
  if (exposure !== undefined) requireExposure(exposure, `${CALL}.exposure`);
  if (options.mtf !== undefined) requireMtf(options.mtf, `${CALL}.mtf`);
}

function chooseAtoms(atoms: readonly PotentialAtom[], options: MapOptions): PotentialAtom[] {
  const {
    centerAtoms = true,
    removeHydrogens = false,
    bFactorScaling = 1,
    additionalBFactorA2 = 0,
  } = options;
  const [x, y, z] = centerAtoms ? meanPosition(atoms) : [0, 0, 0];
  const chosen = removeHydrogens ? atoms.filter(({ element }) => !/^[hd]$/i.test(element)) : atoms;
  if (chosen.length === 0) {
    const found = atoms.length === 0 ? "none" : `${atoms.length} hydrogens, which are left out`;
    throw new VitrineError({ code: "missing", at: "simulateMap().atoms", expected: "atoms", found });
  }
  return chosen.map((atom) => ({
    element: atom.element,
    occupancy: atom.occupancy,
    x: atom.x - x,
    y: atom.y - y,
    z: atom.z - z,
    bFactorA2: atom.bFactorA2 * bFactorScaling + additionalBFactorA2,
  }));
}

function meanPosition(atoms: readonly PotentialAtom[]): [number, number, number] {
  const mean = (axis: "x" | "y" | "z") => atoms.reduce((sum, atom) => sum + atom[axis], 0) / atoms.length;
  return [mean("x"), mean("y"), mean("z")];
}

function requireInside(placed: readonly GridAtom[], { size, voxelSizeA, origin }: AtomGrid): void {
  const isInside = ({ centre }: GridAtom) => centre.every((at) => at >= -0.5 && at <= size - 0.5);
  const outside = placed.filter((atom) => !isInside(atom));
  if (outside.length === 0) return;
  let farthest = 0;
  for (const { centre } of outside)
    for (const at of centre) farthest = Math.max(farthest, Math.abs(at - origin));
  throw new VitrineError({
    code: "range",
    at: "simulateMap().atoms",
    expected: `all inside a box of ${(size * voxelSizeA).toFixed(1)} Å about the centre`,
    found: `${outside.length} of ${placed.length} outside, up to ${(farthest * voxelSizeA).toFixed(1)} Å from it`,
    hint: "Take a larger box, or leave them out with cutOutside (--cut-outside)",
  });
}

/** Sections `first` to `last` (exclusive) of the grid. */
function sampleSections(
  placed: readonly GridAtom[],
  { size }: AtomGrid,
  [first, last]: readonly [number, number],
): Float32Array {
  const sections = new Float32Array((last - first) * size * size);
  const near = placed.filter((atom) => {
    const reach = reachOf(atom);
    return atom.centre[2] > first - reach && atom.centre[2] < last + reach;
  });
  addAtoms(sections, near, { size, firstSection: first });
  return sections;
}

/**
 * Samples on the finer grid and cuts the spectrum: along y and x a few sections at a time, then along z a few rows at a
 * time, so that the finer grid never exists as a whole.
 */
async function sampleFinely(
  backend: Backend,
  placed: readonly GridAtom[],
  { grid, fold, signal }: { grid: AtomGrid; fold: number; signal: AbortSignal | undefined },
): Promise<Float32Array> {
  const fine = grid.size;
  const n = fine / fold;
  const options = signal === undefined ? {} : { signal };
  const columns = new Float32Array(fine * n * n);
  const step = Math.max(1, Math.floor(PIECE / fine ** 2));
  for (let z = 0; z < fine; z += step) {
    const sections = sampleSections(placed, grid, [z, Math.min(fine, z + step)]);
    const shapes = { from: [fine, fine], to: [n, n] } as const;
    columns.set(await resampleImages(backend, sections, shapes, options), z * n * n);
  }
  const map = new Float32Array(n ** 3);
  const rows = Math.max(1, Math.floor(PIECE / (fine * n)));
  for (let y = 0; y < n; y += rows) {
    const count = Math.min(rows, n - y);
    const piece = new Float32Array(count * fine * n);
    turn(columns, piece, { from: [fine, n, y], to: [count, fine, 0], width: n });
    const cut = await resampleImages(backend, piece, { from: [fine, n], to: [n, n] }, options);
    turn(cut, map, { from: [count, n, 0], to: [n, n, y], width: n });
  }
  return map;
}

interface Turn {
  /** Planes, rows a plane, and the first row that is read. */
  readonly from: readonly [planes: number, rows: number, first: number];
  /** Planes, rows a plane, and the first row that is written. */
  readonly to: readonly [planes: number, rows: number, first: number];
  /** Floats of a row. */
  readonly width: number;
}

/** Copies rows so that row r of plane p becomes row p of plane r. */
function turn(source: Float32Array, target: Float32Array, { from, to, width }: Turn): void {
  const [planes, rowsFrom, first] = from;
  const [planesTo, rowsTo, firstTo] = to;
  const rows = Math.min(planesTo, rowsFrom - first);
  for (let p = 0; p < planes; p++) {
    for (let r = 0; r < rows; r++) {
      const at = (p * rowsFrom + first + r) * width;
      target.set(source.subarray(at, at + width), (r * rowsTo + firstTo + p) * width);
    }
  }
}
