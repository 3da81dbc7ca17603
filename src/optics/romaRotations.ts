import { requireKnownOptions } from "../core/index.ts";

/** Rotation matrices to the last bit as Leopard-EM has them: roma's formulas in float32, with torch's sine and cosine. */

const f = Math.fround;
/**
 * Odd polynomial for the sine on [-pi/2, pi/2] in float64, good to 0.1 units in the last place of float32: what the vector
 * library under torch evaluates. Least squares over 6 million of its values; it then gives the same float32 for all
 * but 1 in 8,000 arguments, and for every angle that is a multiple of half a degree.
 */
const SINE = [-0.1666665955157755, 0.008333066223316532, -0.00019809600574369437, 2.605775997467947e-6];

function oddSeries(t: number): number {
  const s = t * t;
  return t + t * s * (SINE[0] + s * (SINE[1] + s * (SINE[2] + s * SINE[3])));
}

/** float32 sine of x in [0, pi] as torch gives it on a processor with MKL. */
export function torchSin(x: number): number {
  return f(x <= Math.PI / 2 ? oddSeries(x) : -oddSeries(x - Math.PI));
}

/** float32 cosine of x in [0, pi] as torch gives it on a processor with MKL. */
export function torchCos(x: number): number {
  return f(oddSeries(Math.PI / 2 - x));
}

/** Below this, roma takes a Taylor series for sin(x) / x in float32. */
const SINC_THRESHOLD = f(0.14030775603867165);

/** Half-angle sine and cosine of one Euler angle in degrees, the way of a rotation vector. */
function halfAngle(angleDeg: number): { s: number; c: number } {
  const angle = f(f(angleDeg) * f(Math.PI / 180));
  const half = f(Math.sqrt(f(angle * angle)) / 2);
  const squared = f(half * half);
  const small = f(f(1 - f(squared / 6)) + f(f(squared * squared) / 120));
  const sinc = half < SINC_THRESHOLD ? small : f(torchSin(half) / half);
  return { s: f(f(sinc / 2) * angle), c: torchCos(half) };
}

/** Writes the row-major matrix of one orientation. */
function writeMatrix(phiDeg: number, thetaDeg: number, psiDeg: number, into: Float32Array): void {
  const [phi, theta, psi] = [halfAngle(phiDeg), halfAngle(thetaDeg), halfAngle(psiDeg)];
  const [px, py] = [-f(phi.s * theta.s), f(phi.c * theta.s)];
  const [pz, pw] = [f(theta.c * phi.s), f(phi.c * theta.c)];
  const raw = [
    f(f(psi.c * px) + f(py * psi.s)),
    f(f(psi.c * py) - f(px * psi.s)),
    f(f(pw * psi.s) + f(psi.c * pz)),
    f(f(pw * psi.c) - f(pz * psi.s)),
  ];
  const squares = raw.map((v) => f(v * v));
  const norm = f(Math.sqrt(f(f(f(squares[0] + squares[1]) + squares[2]) + squares[3])));
  const [x, y, z, w] = raw.map((v) => f(v / norm));
  const [x2, y2, z2, w2] = [f(x * x), f(y * y), f(z * z), f(w * w)];
  const [xy, zw, xz] = [f(x * y), f(z * w), f(x * z)];
  const [yw, yz, xw] = [f(y * w), f(y * z), f(x * w)];
  into.set([
    f(f(f(x2 - y2) - z2) + w2),
    2 * f(xy - zw),
    2 * f(xz + yw),
    2 * f(xy + zw),
    f(f(f(-x2 + y2) - z2) + w2),
    2 * f(yz - xw),
    2 * f(xz - yw),
    2 * f(yz + xw),
    f(f(f(-x2 - y2) + z2) + w2),
  ]);
}

/**
 * Rotation matrices exactly as Leopard-EM 1.2 computes them on a CPU: ZYZ angles in float32 through quaternions, entries
 * below 1e-8 set to 0. Where an x frequency should be 0 its float32 rounding decides which samples Leopard-EM drops, so
 * its maps can only be reproduced from the same bits.
 *
 * @param eulerDeg (n, 3) phi, theta, psi in degrees; read as float32
 * @param options  `keepsTiny`: leave entries below 1e-8, for factors of a product
 * @returns        (n, 9) row-major matrices acting on xyz columns
 * Source: roma 1.8 (`euler_to_rotmat`), torch-fourier-slice 0.6 (the threshold).
 */
export function romaRotationMatrices(
  eulerDeg: Float32Array | Float64Array,
  options: { readonly keepsTiny?: boolean } = {},
): Float32Array {
  requireKnownOptions("romaRotationMatrices", options, { keepsTiny: true });
  const { keepsTiny = false } = options;
  const matrices = new Float32Array(3 * eulerDeg.length);
  for (let i = 0; i < eulerDeg.length; i += 3) {
    const matrix = matrices.subarray(3 * i, 3 * i + 9);
    writeMatrix(eulerDeg[i], eulerDeg[i + 1], eulerDeg[i + 2], matrix);
    if (keepsTiny) continue;
    for (let k = 0; k < 9; k++) if (Math.abs(matrix[k]) < 1e-8) matrix[k] = 0;
  }
  return matrices;
}
