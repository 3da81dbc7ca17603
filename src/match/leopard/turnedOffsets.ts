import { type EulerZyz, type Matrix3, transposeMatrix } from "../../core/index.ts";
import { romaRotationMatrices } from "../../optics/index.ts";
import type { TurnedOffsets } from "../refine/constrainedGeometry.ts";
import { multiplyFloat32, offsetRotations } from "../refine/refineRotations.ts";

const f = Math.fround;
const PI = f(Math.PI);
const PER_RADIAN = f(180 / Math.PI);

/** Radians from 0 or 180 degrees within which roma takes theta for a pole. */
const POLE = f(1e-7);

/**
 * Offsets turned to an axis, axis times offset times its inverse, as Leopard-EM's constrained search has them. It turns the product
 * into angles in float32 and these into rotations again, each step with rounding that decides which samples of a slice it drops.
 *
 * @param offsetsDeg  (n, 3) phi, theta, psi
 * @param isFloat32   whether the grid's angles are float32 (roll grids) or float64
 * @returns           `offsets`: what its angles say, in float64; `sliceOffsets`: the same in its float32
 * Source: roma 1.8 (`rotmat_to_euler`, `euler_to_rotmat`).
 */
export function leopardTurnedOffsets(
  offsetsDeg: Float64Array,
  axis: EulerZyz,
  { isFloat32 }: { readonly isFloat32: boolean },
): TurnedOffsets {
  const [turn] = float32Rotations(Float64Array.of(axis.phiDeg, axis.thetaDeg, axis.psiDeg));
  const back = transposeMatrix(turn);
  const rotations = isFloat32 ? float32Rotations(offsetsDeg) : offsetRotations(offsetsDeg);
  const angles = new Float64Array(offsetsDeg.length);
  rotations.forEach((rotation, i) => {
    angles.set(romaAngles(multiplyFloat32(multiplyFloat32(turn, rotation), back)), 3 * i);
  });
  return { offsets: offsetRotations(angles), sliceOffsets: float32Rotations(angles) };
}

function float32Rotations(anglesDeg: Float64Array): Matrix3[] {
  const matrices = romaRotationMatrices(anglesDeg, { keepsTiny: true });
  return Array.from({ length: anglesDeg.length / 3 }, (_, i) => {
    const [a, b, c, d, e, f, g, h, k] = matrices.subarray(9 * i, 9 * i + 9);
    return [a, b, c, d, e, f, g, h, k];
  });
}

/** Degrees of phi, theta and psi of a rotation; phi and psi from -180 to 180. */
function romaAngles(matrix: Matrix3): readonly number[] {
  const [x, y, z, w] = romaQuaternion(matrix);
  const theta = f(2 * f(Math.atan2(hypotenuse(y, x), hypotenuse(w, z))));
  const [sum, difference] = [f(Math.atan2(z, w)), f(Math.atan2(-x, y))];
  const isLow = Math.abs(theta) <= POLE;
  const isHigh = Math.abs(f(theta - PI)) <= POLE;
  const phi = isLow ? 2 * sum : isHigh ? 2 * difference : f(sum + difference);
  const psi = isLow || isHigh ? 0 : f(sum - difference);
  return [phi, theta, psi].map((angle) => f(wrap(angle) * PER_RADIAN));
}

function hypotenuse(a: number, b: number): number {
  return f(Math.hypot(a, b));
}

function wrap(angle: number): number {
  if (angle < -Math.PI) return f(angle + f(2 * Math.PI));
  return angle > Math.PI ? f(angle - f(2 * Math.PI)) : angle;
}

/** x, y, z, w: four times the largest of them times all of them, normalised (Markley 2008, J. Guid. Control Dyn. 31:440). */
function romaQuaternion(m: Matrix3): readonly number[] {
  const plus = (a: number, b: number) => f(m[a] + m[b]);
  const minus = (a: number, b: number) => f(m[a] - m[b]);
  const [xy, xz, yz] = [plus(1, 3), plus(2, 6), plus(5, 7)];
  const [xw, yw, zw] = [minus(7, 5), minus(2, 6), minus(3, 1)];
  const squares = [
    f(f(f(1 + m[0]) - m[4]) - m[8]),
    f(f(f(1 + m[4]) - m[8]) - m[0]),
    f(f(f(1 + m[8]) - m[0]) - m[4]),
    f(f(f(1 + m[0]) + m[4]) + m[8]),
  ];
  const rows = [
    [squares[0], xy, xz, xw],
    [xy, squares[1], yz, yw],
    [xz, yz, squares[2], zw],
    [xw, yw, zw, squares[3]],
  ];
  const row = rows[squares.indexOf(Math.max(...squares))];
  const norm = f(Math.sqrt(row.reduce((total, value) => f(total + f(value * value)), 0)));
  return row.map((value) => f(value / norm));
}
