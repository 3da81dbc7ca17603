import { type OptionKeys, requireKnownOptions } from "../core/index.ts";
import type { AngleRange } from "./directions.ts";
import { requireNumber } from "./frequencies.ts";
import { arange, MOST_ANGLES, MOST_ORIENTATIONS, requireFewEnough, valueAt } from "./progression.ts";

/** Rotations about z together with tilts about axes in the xy plane, degrees. Defaults are torch-so3's. */
export interface RollGrid {
  /** Rotation about z; 0.5 and -10 to 10 where absent. */
  readonly psiStepDeg?: number;
  readonly psiRangeDeg?: AngleRange;
  /** Tilt about the roll axis; 0.5 and -10 to 10 where absent. */
  readonly thetaStepDeg?: number;
  readonly thetaRangeDeg?: AngleRange;
  /** One axis; where absent, axes at every rollStepDeg from 0 to less than 180 degrees from x. */
  readonly rollAxis?: readonly [x: number, y: number];
  /** 2 where absent. */
  readonly rollStepDeg?: number;
}

const KEYS: OptionKeys<RollGrid> = {
  psiStepDeg: true,
  psiRangeDeg: true,
  thetaStepDeg: true,
  thetaRangeDeg: true,
  rollAxis: true,
  rollStepDeg: true,
};

/** The ends of psi and theta are included despite rounding. */
const END = 1e-6;

const f = Math.fround;

/**
 * Small rotations Rz(roll + psi) Ry(theta) Rz(-roll): a tilt by theta about the axis at the angle `roll` (counted from y, as
 * ZYZ angles do), then a turn by psi about z. Roll axes are slowest, psi is fastest.
 *
 * @returns (n, 3) angles (phi, theta, psi) in degrees, phi in [0, 360), psi = 360 - roll; values of float32
 * @throws {VitrineError} range: a step not above 0 or that makes more than 2^28, a range that runs backwards, an axis of length 0
 * Source: torch-so3's `get_roll_angles` with its float32 arithmetic.
 */
export function rollOrientations(grid: RollGrid = {}): Float64Array<ArrayBuffer> {
  requireKnownOptions("rollOrientations", grid, KEYS);
  const psi = spread("psi", grid.psiRangeDeg, grid.psiStepDeg);
  const theta = spread("theta", grid.thetaRangeDeg, grid.thetaStepDeg);
  const roll = grid.rollAxis === undefined ? rollAngles(grid.rollStepDeg ?? 2) : [axisAngle(grid.rollAxis)];
  const count = roll.length * theta.length * psi.length;
  requireFewEnough(count, MOST_ORIENTATIONS, "rollOrientations");
  const out = new Float64Array(3 * count);
  let at = 0;
  for (const rollDeg of roll) {
    for (const thetaDeg of theta) {
      for (const psiDeg of psi) {
        out[at++] = turn(f(rollDeg + psiDeg));
        out[at++] = thetaDeg;
        out[at++] = f(360 - rollDeg);
      }
    }
  }
  return out;
}

function spread(name: "psi" | "theta", [from, to]: AngleRange = [-10, 10], step = 0.5): number[] {
  const at = `rollOrientations ${name}`;
  requireNumber(step, step > 0, { at: `${at}StepDeg`, expected: "degrees above 0" });
  requireNumber(from, true, { at: `${at}RangeDeg`, expected: "a finite start" });
  requireNumber(to, to >= from, { at: `${at}RangeDeg`, expected: `an end not below ${from}` });
  return values([from, to + END], step);
}

function rollAngles(step: number): number[] {
  requireNumber(step, step > 0, { at: "rollOrientations rollStepDeg", expected: "degrees above 0" });
  return values([0, 180], step);
}

function values(range: AngleRange, step: number): number[] {
  const progression = arange(range, step);
  requireFewEnough(progression.count, MOST_ANGLES, "rollOrientations");
  return Array.from({ length: progression.count }, (_, i) => f(valueAt(progression, i)));
}

function axisAngle([x, y]: readonly [number, number]): number {
  const length = Math.hypot(x, y);
  requireNumber(length, length > 0, { at: "rollOrientations rollAxis", expected: "a length above 0" });
  const angle = f(f(Math.atan2(f(y), f(x))) * (180 / Math.PI));
  return angle < 0 ? f(angle + 180) : angle;
}

function turn(angleDeg: number): number {
  const rest = angleDeg % 360;
  return rest < 0 ? f(rest + 360) : rest;
}
