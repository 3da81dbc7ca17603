import { matrixFromZyz, VitrineError } from "../core/index.ts";

/** Entries below this are rounding of an axis-aligned rotation and become exactly 0. */
const NEGLIGIBLE = 1e-8;

/**
 * Rotation matrices of many ZYZ Euler angles: R = Rz(phi) Ry(theta) Rz(psi), acting on xyz columns. A projection
 * along R is p(x, y) = ∫ V(R (x, y, z)ᵀ) dz.
 *
 * Computed in float64 and rounded once, so an axis-aligned rotation has entries of exactly 0 and ±1 (Leopard-EM's
 * float32 arithmetic gives 1.0000001 there, which pushes its Nyquist samples out of the volume).
 *
 * @param euler (n, 3) angles (phi, theta, psi) in degrees
 * @returns     (n, 9) row-major matrices
 * @throws {VitrineError} shape: a length that is not a multiple of 3
 */
export function rotationMatrices(euler: Float64Array): Float32Array<ArrayBuffer> {
  if (euler.length % 3 !== 0) {
    const found = `${euler.length} values`;
    throw new VitrineError({ code: "shape", at: "rotationMatrices euler", expected: "(n, 3) angles", found });
  }
  const matrices = new Float32Array(3 * euler.length);
  for (let i = 0; i < euler.length; i += 3) {
    const matrix = matrixFromZyz({ phiDeg: euler[i], thetaDeg: euler[i + 1], psiDeg: euler[i + 2] });
    for (let k = 0; k < 9; k++) matrices[3 * i + k] = Math.abs(matrix[k]) < NEGLIGIBLE ? 0 : matrix[k];
  }
  return matrices;
}
