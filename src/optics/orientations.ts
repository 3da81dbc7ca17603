import { VitrineError } from "../core/index.ts";
import { requireNumber } from "./frequencies.ts";

/** From and to, degrees. */
export type AngleRange = readonly [fromDeg: number, toDeg: number];

interface GridSteps {
  readonly psiStepDeg: number;
  readonly thetaStepDeg: number;
  /** "uniform" where absent; the other two are not available yet. */
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

export type OrientationGrid = SymmetryGrid | RangeGrid;

interface Ranges {
  readonly phi: AngleRange;
  readonly theta: AngleRange;
  readonly psi: AngleRange;
}

const DEGREE = Math.PI / 180;
const PER_DEGREE = 180 / Math.PI;

/** phi and theta of the part of the sphere that a polyhedral group leaves, degrees, as in Leopard-EM. */
const POLYHEDRAL: ReadonlyMap<string, AngleRange> = new Map([
  ["T", [180, 54.7356]],
  ["O", [90, 54.7356]],
  ["I", [180, 31.7]],
]);

/**
 * Orientations of nearly equal distance: rings of constant theta whose points lie about thetaStep apart, times psi.
 *
 * Rings run from the smallest theta up to less than thetaMax + thetaStep (so a step that does not divide the range
 * goes beyond it, as in Leopard-EM). On a ring the step of phi is thetaStep / sin(theta), fitted so that it divides
 * the range. psi excludes the end of its range. Order: psi slowest, then theta, then phi.
 *
 * @returns (n, 3) angles (phi, theta, psi) in degrees, float64, C order
 * @throws {VitrineError} range: a step not above 0, a range that runs backwards; unsupported: a symmetry other than
 * Cn, Dn, T, O, I, or a base grid other than the uniform one
 * Source: torch-so3's uniform grid, reproduced with its arithmetic (radians, NumPy's arange and round half to even),
 * on which the number of points depends; symmetry ranges as in Leopard-EM.
 */
export function uniformOrientations(grid: OrientationGrid): Float64Array<ArrayBuffer> {
  const { rings, psi } = prepareGrid(grid);
  const out = new Float64Array(3 * countPoints(rings) * psi.count);
  let at = 0;
  for (let k = 0; k < psi.count; k++) {
    const psiDeg = psi.start + k * psi.step;
    for (const { thetaDeg, phi } of rings) {
      for (let i = 0; i < phi.count; i++) {
        out[at++] = (phi.start + i * phi.step) * PER_DEGREE;
        out[at++] = thetaDeg;
        out[at++] = psiDeg;
      }
    }
  }
  return out;
}

/** How many orientations `uniformOrientations` gives, without making them. Throws as that does. */
export function countUniformOrientations(grid: OrientationGrid): number {
  const { rings, psi } = prepareGrid(grid);
  return countPoints(rings) * psi.count;
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

/** Equally spaced values: start, start + step, ... */
interface Progression {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

interface Ring {
  readonly thetaDeg: number;
  /** Radians. */
  readonly phi: Progression;
}

function countPoints(rings: readonly Ring[]): number {
  return rings.reduce((sum, { phi }) => sum + phi.count, 0);
}

/** NumPy's arange: start <= value < stop up to rounding, which is kept, in the count and in the step. */
function arange(start: number, stop: number, step: number): Progression {
  return { start, step: start + step - start, count: Math.max(0, Math.ceil((stop - start) / step)) };
}

function prepareGrid(grid: OrientationGrid): { rings: Ring[]; psi: Progression } {
  const { psiStepDeg, thetaStepDeg, baseGrid = "uniform" } = grid;
  if (baseGrid !== "uniform") throw unsupportedBaseGrid(baseGrid);
  requireNumber(psiStepDeg, psiStepDeg > 0, { at: "orientations psiStepDeg", expected: "degrees above 0" });
  requireNumber(thetaStepDeg, thetaStepDeg > 0, {
    at: "orientations thetaStepDeg",
    expected: "degrees above 0",
  });
  const { phi, theta, psi } = angleRanges(grid);
  const thetas = arange(theta[0], theta[1] + thetaStepDeg, thetaStepDeg);
  const rings = Array.from({ length: thetas.count }, (_, i) =>
    ring((thetas.start + i * thetas.step) * DEGREE, thetaStepDeg * DEGREE, phi),
  );
  const single = { start: psi[0], step: 0, count: 1 };
  return { rings, psi: psi[0] === psi[1] ? single : arange(psi[0], psi[1], psiStepDeg) };
}

function ring(theta: number, thetaStep: number, [phiFromDeg, phiToDeg]: AngleRange): Ring {
  const [from, to] = [phiFromDeg * DEGREE, phiToDeg * DEGREE];
  const thetaDeg = theta * PER_DEGREE;
  if (from === to) return { thetaDeg, phi: { start: from, step: 0, count: 1 } };
  // At the pole all phi are one orientation; a range around 0 is represented by it.
  if (Math.abs(theta) < 1e-10 && from < 0 && to >= 0)
    return { thetaDeg, phi: { start: 0, step: 0, count: 1 } };
  const extent = to - from;
  const wanted = Math.min(Math.abs(thetaStep / (Math.sin(theta) + 1e-6)), extent);
  return { thetaDeg, phi: arange(from, to, extent / roundHalfEven(extent / wanted)) };
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
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

function unsupportedBaseGrid(baseGrid: string): VitrineError {
  const hint = "HEALPix and cartesian grids are not available yet";
  const fault = { code: "unsupported", at: "orientations baseGrid", expected: '"uniform"' } as const;
  return new VitrineError({ ...fault, found: JSON.stringify(baseGrid), hint });
}
