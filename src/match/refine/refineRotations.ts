import {
  type EulerZyz,
  type Matrix3,
  matrixFromZyz,
  multiplyMatrices,
  zyzFromMatrix,
} from "../../core/index.ts";

/** Entries below this are rounding, as in `rotationMatrices`. */
const NEGLIGIBLE = 1e-8;

const f = Math.fround;

/** Angles (n, 3) in degrees as rotations, in float64. */
export function offsetRotations(eulerAnglesDeg: Float64Array): Matrix3[] {
  return Array.from({ length: eulerAnglesDeg.length / 3 }, (_, i) => {
    const [phiDeg, thetaDeg, psiDeg] = eulerAnglesDeg.subarray(3 * i, 3 * i + 3);
    return matrixFromZyz({ phiDeg, thetaDeg, psiDeg });
  });
}

/**
 * A particle's rotation changed by each offset: offset times rotation, as rows of 9 values.
 *
 * By default both factors and every step of the product are rounded to float32, as in Leopard-EM: the last bit of a
 * rotation decides which samples of a slice it drops. `exact` rounds the product alone.
 */
export function changedRotations(
  particle: EulerZyz,
  offsets: readonly Matrix3[],
  { exact }: { exact: boolean },
): Float32Array {
  const rotation = matrixFromZyz(particle);
  const out = new Float32Array(9 * offsets.length);
  offsets.forEach((offset, i) => {
    const product = exact ? multiplyMatrices(offset, rotation) : multiplyFloat32(offset, rotation);
    for (let k = 0; k < 9; k++) out[9 * i + k] = Math.abs(product[k]) < NEGLIGIBLE ? 0 : product[k];
  });
  return out;
}

/** Matrix product a b, factors and every step rounded to float32. */
export function multiplyFloat32(a: Matrix3, b: Matrix3): Matrix3 {
  const term = (i: number, j: number) => f(f(a[i]) * f(b[j]));
  const row = (r: number, c: number) =>
    f(f(term(3 * r, c) + term(3 * r + 1, c + 3)) + term(3 * r + 2, c + 6));
  return [row(0, 0), row(0, 1), row(0, 2), row(1, 0), row(1, 1), row(1, 2), row(2, 0), row(2, 1), row(2, 2)];
}

/** Angles of the changed rotation: theta from 0 to 180 degrees, phi and psi from 0 to 360. */
export function changedAngles(particle: EulerZyz, offset: Matrix3): EulerZyz {
  return refinedAngles(multiplyMatrices(offset, matrixFromZyz(particle)));
}

/** Degrees from a pole within which only phi + psi or phi - psi is kept, as in Leopard-EM: 1e-7 radians. */
const POLE_DEG = (1e-7 * 180) / Math.PI;

/** Angles of a rotation, in the same ranges; psi is 0 at the poles. */
export function refinedAngles(rotation: Matrix3): EulerZyz {
  const { phiDeg, thetaDeg, psiDeg } = zyzFromMatrix(rotation);
  if (thetaDeg > POLE_DEG && thetaDeg < 180 - POLE_DEG) {
    return { phiDeg: positive(phiDeg), thetaDeg, psiDeg: positive(psiDeg) };
  }
  const turn = thetaDeg < 90 ? phiDeg + psiDeg : phiDeg - psiDeg;
  return { phiDeg: positive(turn % 360), thetaDeg, psiDeg: 0 };
}

function positive(angleDeg: number): number {
  return angleDeg < 0 ? angleDeg + 360 : angleDeg;
}
