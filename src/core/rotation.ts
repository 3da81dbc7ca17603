/** Row-major 3x3 rotation acting on xyz columns. */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number];

/** ZYZ Euler angles in degrees (RELION, cisTEM): R = Rz(phi) Ry(theta) Rz(psi). */
export interface EulerZyz {
  readonly phiDeg: number;
  readonly thetaDeg: number;
  readonly psiDeg: number;
}

const DEGREE = Math.PI / 180;

/**
 * The rotation of intrinsic ZYZ Euler angles, in float64.
 *
 * @returns row-major R = Rz(phi) Ry(theta) Rz(psi), acting on xyz columns
 * Source: Baker & Heymann 2005, J Struct Biol 151:182 (the 3DEM convention).
 */
export function matrixFromZyz({ phiDeg, thetaDeg, psiDeg }: EulerZyz): Matrix3 {
  const [cf, sf] = [Math.cos(phiDeg * DEGREE), Math.sin(phiDeg * DEGREE)];
  const [ct, st] = [Math.cos(thetaDeg * DEGREE), Math.sin(thetaDeg * DEGREE)];
  const [cp, sp] = [Math.cos(psiDeg * DEGREE), Math.sin(psiDeg * DEGREE)];
  return [
    cf * ct * cp - sf * sp,
    -cf * ct * sp - sf * cp,
    cf * st,
    sf * ct * cp + cf * sp,
    -sf * ct * sp + cf * cp,
    sf * st,
    -st * cp,
    st * sp,
    ct,
  ];
}

/** Matrix product a b of two row-major 3x3 matrices. */
export function multiplyMatrices(a: Matrix3, b: Matrix3): Matrix3 {
  const row = (r: number, c: number) => a[3 * r] * b[c] + a[3 * r + 1] * b[c + 3] + a[3 * r + 2] * b[c + 6];
  return [row(0, 0), row(0, 1), row(0, 2), row(1, 0), row(1, 1), row(1, 2), row(2, 0), row(2, 1), row(2, 2)];
}

/** The transpose, which is the inverse of a rotation. */
export function transposeMatrix(m: Matrix3): Matrix3 {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

/**
 * ZYZ Euler angles of a rotation; theta in [0, 180], phi and psi in (-180, 180].
 * At the poles, where only phi ± psi is defined, psi is 0.
 */
export function zyzFromMatrix(m: Matrix3): EulerZyz {
  const sinTheta = Math.hypot(m[2], m[5]);
  if (sinTheta < 1e-9) {
    const phiDeg = Math.atan2(m[8] > 0 ? m[3] : -m[3], m[8] > 0 ? m[0] : -m[0]) / DEGREE;
    return { phiDeg, thetaDeg: m[8] > 0 ? 0 : 180, psiDeg: 0 };
  }
  return {
    phiDeg: Math.atan2(m[5], m[2]) / DEGREE,
    thetaDeg: Math.atan2(sinTheta, m[8]) / DEGREE,
    psiDeg: Math.atan2(m[7], -m[6]) / DEGREE,
  };
}
