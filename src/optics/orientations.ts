import { type OptionKeys, requireKnownOptions, VitrineError } from "../core/index.ts";
import {
  type AngleRange,
  cartesianDirections,
  healpixDirectionsWithin,
  uniformDirections,
} from "./directions.ts";
import { requireNumber } from "./frequencies.ts";
import { arange, MOST_ORIENTATIONS, type Progression, requireFewEnough, valueAt } from "./progression.ts";

interface GridSteps {
  readonly psiStepDeg: number;
  readonly thetaStepDeg: number;
  /** For "cartesian" alone, the others space phi by themselves; 2.5 where absent. */
  readonly phiStepDeg?: number;
  /** How directions (phi, theta) are spread; "uniform" where absent. */
  readonly baseGrid?: "uniform" | "healpix" | "cartesian";
}

/** A grid over what a symmetry leaves: "C1", "C7", "D2", "T", "O", "I". */
export interface SymmetryGrid extends GridSteps {
  readonly symmetry: string;
}

/** A grid over ranges given by hand. A range without extent gives one value. */
export interface RangeGrid extends GridSteps {
  readonly phiRangeDeg: AngleRange;
  readonly thetaRangeDeg: AngleRange;
  readonly psiRangeDeg: AngleRange;
}

const STEP_KEYS: OptionKeys<GridSteps> = {
  psiStepDeg: true,
  thetaStepDeg: true,
  phiStepDeg: true,
  baseGrid: true,
};

const SYMMETRY_KEYS: OptionKeys<SymmetryGrid> = { ...STEP_KEYS, symmetry: true };

const RANGE_KEYS: OptionKeys<RangeGrid> = {
  ...STEP_KEYS,
  phiRangeDeg: true,
  thetaRangeDeg: true,
  psiRangeDeg: true,
};

export type OrientationGrid = SymmetryGrid | RangeGrid;

interface Ranges {
  readonly phi: AngleRange;
  readonly theta: AngleRange;
  readonly psi: AngleRange;
}

/** phi and theta of the part of the sphere that a polyhedral group leaves, degrees, as in Leopard-EM. */
const POLYHEDRAL: ReadonlyMap<string, AngleRange> = new Map([
  ["T", [180, 54.7356]],
  ["O", [90, 54.7356]],
  ["I", [180, 31.7]],
]);

/**
 * The orientations of a grid: directions (phi, theta), times psi.
 *
 * - uniform: rings of constant theta whose points lie about thetaStep apart. Rings run from the smallest theta up to less
 *   than thetaMax + thetaStep (so a step that does not divide the range goes beyond it, as in Leopard-EM). On a ring the
 *   step of phi is thetaStep / sin(theta), fitted so that it divides the range.
 * - healpix: the pixel centres of HEALPix within the ranges, ends included. There are at least as many on the sphere as
 *   squares of thetaStep. phi counts from 0 to 360: of a range that begins below 0 only the rest is covered, as in Leopard-EM.
 * - cartesian: phi by phiStep (slower), theta by thetaStep, the ends of their ranges excluded. It crowds at the poles.
 *
 * psi is slowest and excludes the end of its range.
 *
 * @returns (n, 3) angles (phi, theta, psi) in degrees, float64, C order
 * @throws {VitrineError} range: a step not above 0 or that makes more than 2^28 orientations, a range that runs backwards, or no
 * pixel of HEALPix within the ranges;
 * unsupported: a symmetry other than Cn, Dn, T, O, I
 * Source: torch-so3's grids, reproduced with their arithmetic (NumPy's and torch's arange, round half to even), on which
 * the number of points depends; symmetry ranges as in Leopard-EM.
 */
export function uniformOrientations(grid: OrientationGrid): Float64Array<ArrayBuffer> {
  const { directions, psi } = prepareGrid(grid);
  const out = new Float64Array((directions.length / 2) * 3 * psi.count);
  let at = 0;
  for (let k = 0; k < psi.count; k++) {
    const psiDeg = valueAt(psi, k);
    for (let i = 0; i < directions.length; i += 2) {
      out[at++] = directions[i];
      out[at++] = directions[i + 1];
      out[at++] = psiDeg;
    }
  }
  return out;
}

/** How many orientations `uniformOrientations` gives, without making them. Throws as that does. */
export function countUniformOrientations(grid: OrientationGrid): number {
  const { directions, psi } = prepareGrid(grid);
  return (directions.length / 2) * psi.count;
}

/** Several grids as one search: their orientations one after the other, (n, 3). */
export function joinOrientations(grids: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const joined = new Float64Array(grids.reduce((sum, angles) => sum + angles.length, 0));
  let at = 0;
  for (const angles of grids) {
    joined.set(angles, at);
    at += angles.length;
  }
  return joined;
}

function prepareGrid(grid: OrientationGrid): { directions: Float64Array; psi: Progression } {
  if ("symmetry" in grid) requireKnownOptions("orientations", grid, SYMMETRY_KEYS);
  else requireKnownOptions("orientations", grid, RANGE_KEYS);
  requireStep(grid.psiStepDeg, "psiStepDeg");
  requireStep(grid.thetaStepDeg, "thetaStepDeg");
  const ranges = angleRanges(grid);
  const directions = gridDirections(grid, ranges);
  const psi = arange(ranges.psi, grid.psiStepDeg);
  requireFewEnough((directions.length / 2) * psi.count, MOST_ORIENTATIONS, "orientations psiStepDeg");
  return { directions, psi };
}

function gridDirections(grid: OrientationGrid, { phi, theta }: Ranges): Float64Array {
  const { thetaStepDeg, phiStepDeg = 2.5, baseGrid = "uniform" } = grid;
  switch (baseGrid) {
    case "uniform":
      return uniformDirections(phi, theta, thetaStepDeg);
    case "healpix":
      return healpixDirectionsWithin(phi, theta, thetaStepDeg);
    case "cartesian":
      requireStep(phiStepDeg, "phiStepDeg");
      return cartesianDirections(arange(phi, phiStepDeg), arange(theta, thetaStepDeg));
  }
}

function requireStep(step: number, name: string): void {
  requireNumber(step, step > 0, { at: `orientations ${name}`, expected: "degrees above 0" });
}

function angleRanges(grid: OrientationGrid): Ranges {
  if ("symmetry" in grid) return symmetryRanges(grid.symmetry);
  const ranges = { phi: grid.phiRangeDeg, theta: grid.thetaRangeDeg, psi: grid.psiRangeDeg };
  for (const [name, [from, to]] of Object.entries(ranges)) {
    const at = `orientations ${name}RangeDeg`;
    requireNumber(from, true, { at, expected: "a finite start" });
    requireNumber(to, to >= from, { at, expected: `an end not below ${from}` });
  }
  return ranges;
}

function symmetryRanges(symmetry: string): Ranges {
  const [phiTo, thetaTo] = symmetryExtent(symmetry);
  return { phi: [0, phiTo], theta: [0, thetaTo], psi: [0, 360] };
}

/** Ends of phi and theta, degrees. */
function symmetryExtent(symmetry: string): AngleRange {
  const polyhedral = POLYHEDRAL.get(symmetry);
  if (polyhedral !== undefined) return polyhedral;
  const axial = /^([CD])([1-9]\d*)$/.exec(symmetry);
  if (axial === null) throw unknownSymmetry(symmetry);
  return [360 / Number(axial[2]), axial[1] === "C" ? 180 : 90];
}

function unknownSymmetry(symmetry: string): VitrineError {
  const expected = "C or D with its order, T, O or I";
  const found = JSON.stringify(symmetry);
  return new VitrineError({ code: "unsupported", at: "orientations symmetry", expected, found });
}
